"""Lemmas on steps and landscape for all m, n and batches: real algebra in a few scalars, by z3.

One step (derived in ``symbolic.dynamics``): with ``S`` the energy of the active correlations of the
batch, ``s = 1 - alpha S`` and ``g = alpha (2 - N)``, those in the batch are multiplied by ``s + g``
and everything else by ``s``. Hence

    N' = s^2 (N - S) + (s + g)^2 S = N + alpha S (B - alpha S (4 - 3 N)),
    B = 4 (1 - N) + alpha (2 - N)^2,

whatever the dimension, and ``S <= N`` is all that is known of S. Full batch: ``a = eta / m``,
``S = C``, ``R = N - C``, ``u = 2 - N - C``. ReLU: sums over the positive correlations; R contains
the squares of the others. Lemmas on SGD's limit are in ``checks/smt_sgd.py``.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.formula import Arithmetic, evaluate_all
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.words import EvidenceKind

__all__ = ["BATCH", "BATCH_STEP", "FULL", "FULL_STEP", "LEMMAS"]

FACTORS = (("s", "1 - alpha*S"), ("g", "alpha*(2 - N)"))
BATCH_STEP = (*FACTORS, ("nextN", "s**2*(N - S) + (s + g)**2*S"))
BATCH = ("0 <= S <= N <= 21/20", "0 < alpha <= 1/5")
FULL_STEP = (
    ("u", "2 - 2*C - R"),
    ("M", "u**2 + R*C"),
    ("nextC", "(1 + a*u)**2*C"),
    ("nextR", "(1 - a*C)**2*R"),
)
FULL = ("C >= 0", "R >= 0", "u >= 0", "0 < a <= 1/4")

TRAP = (
    Lemma(
        "trap region",
        "N S alpha",
        BATCH,
        ("nextN <= 21/20", "s > 0", "s + g > s"),
        BATCH_STEP,
        (
            Variant("alpha up to 2/9", BATCH[1:], ("0 < alpha <= 2/9",)),
            Variant("another sign in g", where=(("g", "alpha*(2 + N)"),)),
        ),
    ),
    Lemma(
        "trap region, largest alpha",
        "N S alpha",
        (BATCH[0], "0 < alpha <= 80/361"),
        ("nextN <= 21/20", "s > 0", "s + g > s"),
        BATCH_STEP,
        (
            Variant(
                "a millionth beyond",
                ("0 < alpha <= 80/361",),
                ("80/361 < alpha <= 80/361 + 1/1000000",),
            ),
        ),
    ),
    Lemma(
        "wider trap region",
        "N S alpha",
        ("0 <= S <= N <= 6/5", "0 < alpha <= 1/2"),
        ("nextN <= 6/5", "s > 0", "s + g > s"),
        BATCH_STEP,
        (Variant("alpha up to 13/25", ("0 < alpha <= 1/2",), ("0 < alpha <= 13/25",)),),
    ),
    Lemma(
        "N' in the form that shows its sign",
        "N S alpha",
        (),
        ("nextN == N + alpha*S*(4*(1 - N) + alpha*(2 - N)**2 - alpha*S*(4 - 3*N))",),
        BATCH_STEP,
        (
            Variant(
                "4 - 2 N for 4 - 3 N",
                then=("nextN == N + alpha*S*(4*(1 - N) + alpha*(2 - N)**2 - alpha*S*(4 - 2*N))",),
            ),
        ),
    ),
)

SIGNS = (
    Lemma(
        "signs, without replacement",
        "N S alpha c",
        BATCH,
        (
            "not c > 0 or (s*c > 0 and (s + g)*c > 0)",
            "not c < 0 or (s*c < 0 and (s + g)*c < 0)",
            "not c == 0 or (s*c == 0 and (s + g)*c == 0)",
        ),
        FACTORS,
        (Variant("alpha up to 1", BATCH[1:], ("0 < alpha <= 1",)),),
    ),
    Lemma(
        "signs, with replacement",
        "N S alpha b mu",
        ("0 <= N <= 21/20", "0 <= S <= b*N", "b >= 1", "alpha > 0", "alpha*b <= 1/5", "mu >= 0"),
        ("s > 0", "s + mu*g > 0"),
        FACTORS,
        (Variant("alpha, not eta, up to 1/5", ("alpha*b <= 1/5",), ("alpha <= 1/5",)),),
    ),
    Lemma(
        # X = |x|^2, Y = |y|^2, P = <x, y>; |x - y|^2 = X - 2 P + Y.
        "a point between two others is no longer than the longer one",
        "X Y P t r",
        ("0 <= t <= 1", "X <= r", "Y <= r", "X - 2*P + Y >= 0"),
        ("t**2*X + 2*t*(1 - t)*P + (1 - t)**2*Y <= r",),
        variants=(Variant("no inner product behind P", ("X - 2*P + Y >= 0",)),),
    ),
    Lemma(
        # Two points, drawn b times: mu = b of the same, S = b N, a step of size eta on one point.
        "norm, with replacement, all draws equal",
        "N eta",
        ("0 <= N <= 21/20", "0 < eta <= 1/5"),
        ("(1 + 2*eta*(1 - N))**2*N <= 21/20",),
        variants=(Variant("eta up to 1", ("0 < eta <= 1/5",), ("0 < eta <= 1",)),),
    ),
)

X = "(1 - a*(4*C - u) - 4*a**2*u*C - a**3*C*M)"
Y = "(1 - a*(C - 4*u) - 2*a**2*u*C + 2*a**2*u**2)"
DESCENT = (
    Lemma(
        # 2m (L - L') - (eta/2) 2m |grad L|^2, with a C M = eta m |grad L|^2.
        "descent: what is to be shown, rewritten",
        "C R a",
        (),
        (
            "(C + R - 2)*C - (nextC + nextR - 2)*nextC - a*C*M"
            f" == a*C*(u**2*{X} + C*R*{Y})",
        ),
        FULL_STEP,
        (Variant("another R'", where=(("nextR", "(1 - a*C)*R"),)),),
    ),
    # The second region is the rest of |w|^2 <= 21/20.
    *(
        Lemma(
            f"descent: its two coefficients, {name}",
            "C R a",
            given,
            (f"{X} >= 0", f"{Y} > 0"),
            FULL_STEP[:2],
            (Variant(wider, given[-1:], (beyond,)),),
        )
        for name, given, wider, beyond in (
            (
                "N + C <= 2 and eta <= m/4",
                FULL,
                "a millionth beyond",
                "1/4 < a <= 1/4 + 1/1000000",
            ),
            (
                "N + C > 2, N <= 21/20 and eta <= m/5",
                ("C >= 0", "R >= 0", "u < 0", "C + R <= 21/20", "0 < a <= 1/5"),
                "a up to 3/10",
                "0 < a <= 3/10",
            ),
        )
    ),
    Lemma(
        "descent: the coefficients glued together",
        "fall a C R usquared X Y",
        ("fall == a*C*(usquared*X + C*R*Y)", "a > 0", "C >= 0", "R >= 0", "usquared >= 0",
         "X >= 0", "Y >= 0"),
        ("fall >= 0",),
        variants=(Variant("X may be negative", ("X >= 0",)),),
    ),
)  # fmt: skip

GROWTH = (
    Lemma(
        "while N + C <= 2, C does not fall and N + C <= 2 stays so",
        "C R a",
        FULL,
        ("nextC >= C", "2 - 2*nextC - nextR >= 0", "0 <= nextR <= R"),
        FULL_STEP,
        (
            Variant("a millionth beyond", FULL[-1:], ("1/4 < a <= 1/4 + 1/1000000",)),
            Variant("N + C beyond 2", ("u >= 0",), ("C + R <= 21/20",)),
        ),
    ),
    Lemma(
        "fixed points with C > 0",
        "C R a",
        ("C > 0", "R >= 0", "C + R <= 21/20", "0 < a <= 1/5", "nextC == C", "nextR == R"),
        ("C == 1", "R == 0"),
        FULL_STEP,
        (
            Variant("C = 0 allowed", ("C > 0",), ("C >= 0",)),
            Variant("C fixed, R not", ("nextR == R",)),
        ),
    ),
)

LANDSCAPE = (
    Lemma(
        # m^2 |grad L|^2 = C M.
        "critical points with C > 0",
        "C R",
        ("C > 0", "R >= 0", "C*M == 0"),
        ("C == 1", "R == 0"),
        FULL_STEP[:2],
        (Variant("C = 0 allowed", ("C > 0",), ("C >= 0",)),),
    ),
    Lemma(
        # 2m (L - L*) with L = 1/2 + (N - 2) C / (2m) and L* = 1/2 - 1/(2m).
        "loss gap",
        "C R",
        ("C >= 0", "R >= 0"),
        (
            "(C + R - 2)*C + 1 == (1 - C)**2 + C*R",
            "(C + R - 2)*C + 1 >= 0",
            "not (C + R - 2)*C + 1 == 0 or (C == 1 and R == 0)",
        ),
        variants=(Variant("R may be negative", ("R >= 0",)),),
    ),
)

LEMMAS = {
    "smt.trap_region": TRAP,
    "smt.signs": SIGNS,
    "smt.gd_descent": DESCENT,
    "smt.gd_growth": GROWTH,
    "smt.landscape": LANDSCAPE,
}


def _rational(value: sp.Expr) -> sp.Expr:
    return sp.Rational(value.numerator, value.denominator)


@check(
    "smt.notation",
    EvidenceKind.IDENTITY,
    bound="exact: the difference must be the zero polynomial",
    forms=(
        "dynamics.gd_active_energy",
        "dynamics.gd_rest_energy",
        "landscape.gradient_energy",
        "landscape.loss",
        "dynamics.active_factor",
        "dynamics.inactive_factor",
    ),
)
def notation(subject: Subject) -> Iterator[Margin]:
    """The abbreviations in the lemmas are the closed forms derived from the loss."""
    C, R, N, S, a, alpha = sp.symbols("C R N S a alpha", nonnegative=True)
    algebra = Arithmetic(_rational, all, any, lambda x: not x)
    full = evaluate_all(
        ("nextC", "nextR", "C*M", "(C + R - 2)*C"), {"C": C, "R": R, "a": a}, FULL_STEP, algebra
    )
    batch = evaluate_all(("s + g", "s"), {"S": S, "N": N, "alpha": alpha}, FACTORS, algebra)
    m = sp.Symbol("m", positive=True)
    forms = (
        ("dynamics.gd_active_energy", full[0], 1),
        ("dynamics.gd_rest_energy", full[1], 1),
        ("landscape.gradient_energy", full[2], m**2),
        ("landscape.loss", m + full[3], 2 * m),
        ("dynamics.active_factor", batch[0], 1),
        ("dynamics.inactive_factor", batch[1], 1),
    )
    for name, text, scale in forms:
        expression = subject.forms[name].expression
        plain = {
            v: {"C": C, "R": R, "N": N if "factor" in name else C + R, "S": S, "mu": 1, "m": m,
                "eta": a * m, "alpha": alpha}[v.name]
            for v in expression.free_symbols
        }  # fmt: skip
        rest = sp.expand(sp.simplify(scale * expression.subs(plain, simultaneous=True) - text))
        size = sum(abs(float(c)) for c in sp.Poly(rest, C, R, N, S, a, alpha, m).coeffs())
        yield Margin(f"{name} in the notation of the lemmas", size, 0.0)


@smt("smt.trap_region")
def trap_region() -> Iterator[Margin]:
    """One step on any batch without repetition, alpha <= 1/5: |w|^2 <= 21/20 is kept and all
    factors are positive, for all m, n and b, linear and ReLU; true up to alpha = 80/361, and for
    6/5 up to alpha = 1/2.
    """
    return lemmas(LEMMAS["smt.trap_region"])


@smt("smt.signs")
def signs() -> Iterator[Margin]:
    """Correlations keep their signs and zeros, without replacement for alpha <= 1/5, with
    replacement for eta <= 1/5, where the norm is bounded by convexity.
    """
    return lemmas(LEMMAS["smt.signs"])


@smt("smt.gd_descent")
def gd_descent() -> Iterator[Margin]:
    """GD: the two coefficients in the fall of the loss beyond (eta/2) |grad L|^2 are not negative,
    for eta <= m/4 and N + C <= 2, and for eta <= m/5 and |w|^2 <= 21/20.
    """
    return lemmas(LEMMAS["smt.gd_descent"])


@smt("smt.gd_growth")
def gd_growth() -> Iterator[Margin]:
    """GD: N + C <= 2 is kept for eta <= m/4, and there C does not fall; for eta <= m/5 no fixed
    point with C > 0 and |w|^2 <= 21/20 but the minima.
    """
    return lemmas(LEMMAS["smt.gd_growth"])


@smt("smt.landscape")
def landscape() -> Iterator[Margin]:
    """The gradient is zero with C > 0 only where C = N = 1, and the loss gap is 0 only there."""
    return lemmas(LEMMAS["smt.landscape"])

"""Convergence of gradient descent: the loss falls, N + C <= 2 is kept, the active energy grows.

Statements for all m, n and starts, as real algebra in the scalars of a step (``steps.FULL_STEP``):
``a = eta / m``, ``C`` the active energy, ``R = N - C``, ``u = 2 - N - C``. Two routes prove the
fall of the loss and the region that is kept: z3, and certificates that were found by linear
programming and are checked by multiplying out.

With ``M = m^2 |grad L|^2 / C = u^2 + R C`` and primes for the next step,

    2m (L - L') - a C M = a C (u^2 X + C R Y),
    X = 1 - a (4 C - u) - 4 a^2 u C - a^3 C M,
    Y = 1 - a (C - 4 u) - 2 a^2 u C + 2 a^2 u^2,

and X and Y are non-negative where ``C, R, u >= 0`` and ``a <= 1/4``: each is a sum of products of
these constraints. That region is invariant because

    u' = u (1 - 4 a C - 2 a^2 u C) + a C R (2 - a C).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from whichmin.verification.evidence.check import Margin
from whichmin.verification.provers.certificates import (
    Certificate,
    certificate_margins,
    certified,
    summands,
    times,
)
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.descent.steps import FULL_STEP

__all__: list[str] = []

FULL = ("C >= 0", "R >= 0", "u >= 0", "0 < a <= 1/4")


X = "(1 - a*(4*C - u) - 4*a**2*u*C - a**3*C*M)"
Y = "(1 - a*(C - 4*u) - 2*a**2*u*C + 2*a**2*u**2)"

FALL = (
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


@smt("smt.gd_descent")
def fall(statements: Sequence[Lemma] = FALL) -> Iterator[Margin]:
    """GD: the two coefficients in the fall of the loss beyond (eta/2) |grad L|^2 are not negative,
    for eta <= m/4 and N + C <= 2, and for eta <= m/5 and |w|^2 <= 21/20.
    """
    return lemmas(statements)


@smt("smt.gd_growth")
def growth(statements: Sequence[Lemma] = GROWTH) -> Iterator[Margin]:
    """GD: N + C <= 2 is kept for eta <= m/4, and there C does not fall; for eta <= m/5 no fixed
    point with C > 0 and |w|^2 <= 21/20 but the minima.
    """
    return lemmas(statements)


REGION = (("a", "a"), ("r", "1/4 - a"), ("C", "C"), ("R", "R"), ("u", "2 - 2*C - R"))
X_TERMS = summands(
    "1/2 u", "31/64 R", "1/128 R u", "1/128 R R", "1/128 C R u", "1/128 C R R", "4 r C",
    "1/16 r C C R", "7/16 a u u", "1/32 a u u u", "1/2 a R u", "1/32 a R u u", "4 a r C u",
    "1/4 a r C u u", "1/4 a r C C R", "1 a a r C u u", "1 a a r C C R",
)  # fmt: skip
Y_TERMS = summands(
    "3/4", "1/8 u", "1/8 R", "1 r C", "7/2 a u", "1/4 a u u", "1/4 a R u", "2 a r C u", "2 a a u u"
)

FALL_CERTIFICATE = Certificate(
    name="GD: the loss falls by at least (eta/2) |grad L|^2",
    variables="a C R",
    constraints=REGION,
    # 2m (L - L') - a C M with L = 1/2 + (N - 2) C / (2m), |grad L|^2 = C M / m^2.
    target="(C + R - 2)*C - (nextC + nextR - 2)*nextC - a*C*M",
    terms=times(X_TERMS, "a C", "u") + times(Y_TERMS, "a C C R"),
    where=FULL_STEP,
)

REGION_CERTIFICATE = Certificate(
    name="GD: N + C stays at most 2",
    variables="a C R",
    constraints=REGION,
    target="2 - 2*nextC - nextR",
    terms=times(
        summands(
            "3/8 u", "3/8 R", "1 r", "3 r C", "1/4 a u u", "1/2 a R", "1/4 a R u", "2 a r C u"
        ),
        "u",
    )
    + times(summands("7/4", "1/8 u", "1/8 R", "1 r C"), "a C R"),
    where=FULL_STEP,
)


@certified("certificates.gd_descent")
def fall_certified(certificate: Certificate = FALL_CERTIFICATE) -> Iterator[Margin]:
    """Gradient descent with eta <= m/4 from N + C <= 2: each step lowers the loss by at least
    (eta/2) |grad L|^2, for all m and n, linear and ReLU.
    """
    return certificate_margins(certificate)


@certified("certificates.gd_region")
def region_certified(certificate: Certificate = REGION_CERTIFICATE) -> Iterator[Margin]:
    """Gradient descent with eta <= m/4: N + C <= 2 is kept, for all m and n, linear and ReLU."""
    return certificate_margins(certificate)

"""Step sizes and starts beyond the published bounds: thresholds, period two, divergence."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import sympy as sp

from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.sgd.rational_sgd import Vector, exact_step
from whichmin.words import Activation, EvidenceKind

__all__ = ["BAD", "GROWTH", "RADIAL", "STABLE", "swings"]

F = Fraction
ROUNDING = 2.0**-51
PLANE: tuple[Vector, Vector] = ((F(1), F(0)), (F(0), F(1)))

# z is the squared norm of weights in the span; GD multiplies them by 1 + 2 a (1 - z), a = eta/m.
M = ("M", "z*(1 + 2*a - 2*a*z)**2")
RADIAL = (
    Lemma(
        "a short start grows and does not pass the minimum",
        "a z",
        ("0 < a <= 1/4", "0 < z < 1"),
        ("z < M <= 1", "1 + 2*a - 2*a*z > 0"),
        (M,),
        (Variant("steps up to 3/10", ("0 < a <= 1/4",), ("0 < a <= 3/10",)),),
    ),
    Lemma(
        "a start of squared norm between 1 and 1 + 1/(2 a) shrinks and keeps its sign",
        "a z",
        ("0 < a", "z > 1", "2*a*z < 1 + 2*a"),
        ("0 < M < z", "1 + 2*a - 2*a*z > 0"),
        (M,),
        (Variant("up to 1 + 1/a", ("2*a*z < 1 + 2*a",), ("a*z < 1 + a",)),),
    ),
    Lemma(
        "between 1 + 1/(2 a) and 1 + 1/a it shrinks and changes its sign",
        "a z",
        ("0 < a", "2*a*z > 1 + 2*a", "a*z < 1 + a"),
        ("M < z", "1 + 2*a - 2*a*z < 0"),
        (M,),
        (Variant("up to 1 + 2/a", ("a*z < 1 + a",), ("a*z < 2 + a",)),),
    ),
    Lemma(
        "for a <= 1 squared norms up to 1 + 1/a stay there",
        "a z",
        ("0 < a <= 1", "0 <= z", "a*z <= a + 1"),
        ("a*M <= a + 1",),
        (M,),
        (Variant("for a <= 6/5", ("0 < a <= 1",), ("0 < a <= 6/5",)),),
    ),
)

GROWTH = (
    Lemma(
        "GD, linear, any off-span part: beyond C = 1 + 1/a the energy grows by (1 + 2 a d)^2",
        "a C N d",
        ("0 < a", "C <= N", "0 <= d", "a*C >= a + 1 + a*d"),
        ("(1 - a*(C + N - 2))**2 >= (1 + 2*a*d)**2",),
        variants=(
            Variant("beyond 1 + 9/(10 a)",
                    ("a*C >= a + 1 + a*d",), ("a*C >= a + 9/10 + a*d",)),
        ),
    ),
)  # fmt: skip

# q is the energy that the neuron does not respond to, C the rest, S the batch's part of C.
BAD = (
    Lemma(
        "where q - 6 C >= 3 and q <= 4 the neuron stays, and all correlations fall",
        "a S C q",
        ("0 < a <= 1/5", "0 <= S <= C", "q <= 4", "q - 6*C >= 3"),
        (
            "0 < 1 - a*z <= 1 - a",
            "0 < 1 - a*S <= 1",
            "q*s**2 - 6*((C - S)*s**2 + S*(1 - a*z)**2) >= 3",
        ),
        (("z", "S + C + q - 2"), ("s", "1 - a*S")),
        (
            Variant("where q >= 2", ("q - 6*C >= 3",), ("q >= 2",)),
            Variant("where q - 2 C >= 3", ("q - 6*C >= 3",), ("q - 2*C >= 3",),
                    ("q*s**2 - 2*((C - S)*s**2 + S*(1 - a*z)**2) >= 3",)),
        ),
    ),
)  # fmt: skip

STABLE = (
    Lemma(
        "the orbit exists beyond b = 2 a = 1, and attracts while (1 + b)^2 < 5",
        "b",
        ("b > 1",),
        ("(b - 1)*(b + 3) > 0", "(1 + b)**2 >= 5 or -1 < 9 - 2*(1 + b)**2 < 1",
         "(1 + b)**2 >= 5 or -1 < 3 - 2*b < 4"),
        variants=(
            Variant("while (1 + b)^2 < 6", then=(
                "(1 + b)**2 >= 6 or -1 < 9 - 2*(1 + b)**2 < 1",)),
        ),
    ),
)  # fmt: skip


def _zero(what: str, expression: sp.Expr) -> Margin:
    left = sp.simplify(expression)
    return Margin(f"{what}: {left}", 0.0 if left == 0 else math.inf, 1.0)


@check("step_size.rates", EvidenceKind.IDENTITY, bound="the difference simplifies to 0")
def rates(radial: int = 4) -> Iterator[Margin]:
    """Factors of one step at a minimum: radial 1 - 4 a, off-span 1 - a, a = step size / batch.

    Linearise a step at a data point; ``radial`` is the 4 of the factor 1 - 4 a.
    """
    # Every minimum of the full loss can be turned into a data point: GD sees the span only.
    a = sp.symbols("a", positive=True)
    x, y, r = sp.symbols("x y r", real=True)  # in the batch, another point, off the span
    norm = x**2 + y**2 + r**2
    at = {x: 1, y: 0, r: 0}
    for batch, factors in (((x,), (1 - radial * a, 1 - a, 1 - a)), ((y,), (1, 1 + a, 1))):
        loss = sum((1 - 2 * v**2 + norm * v**2) / 2 for v in batch)
        after = [v - a * sp.diff(loss, v) for v in (x, y, r)]
        matrix = sp.Matrix([[sp.diff(f, v) for v in (x, y, r)] for f in after]).subs(at)
        told = f"one step on {batch[0]} at x = 1"
        yield _zero(told, sum(((matrix - sp.diag(*factors)).applyfunc(sp.Abs)), sp.S.Zero))
    both = sum((1 - 2 * v**2 + norm * v**2) / 2 for v in (x, y))
    after = [v - a * sp.diff(both, v) for v in (x, y, r)]
    matrix = sp.Matrix([[sp.diff(f, v) for v in (x, y, r)] for f in after]).subs(at)
    wanted = sp.diag(1 - radial * a, 1, 1 - a)
    yield _zero("GD at x = 1", sum((matrix - wanted).applyfunc(sp.Abs), sp.S.Zero))


@check("step_size.period_two", EvidenceKind.IDENTITY, bound="the remainder is the zero polynomial")
def period_two(product: int = 1) -> Iterator[Margin]:
    """Radial map of GD: a period-two orbit with x y = 1/b and x^2 + y^2 = 1 + 1/b, b = 2 eta/m; its
    multipliers.

    The orbit of r -> r (1 + b - b r^2), b = 2 eta/m; ``x y = product/b``.
    """
    b = sp.symbols("b", positive=True)
    root = sp.sqrt((1 - 1 / b) * (1 + 3 / b))
    x, y = sp.sqrt((1 + 1 / b + root) / 2), sp.sqrt((1 + 1 / b - root) / 2)
    # Polynomial form: z = x^2 is a root of z^2 - (1 + 1/b) z + product/b^2, and y^2 the other.
    z = sp.symbols("z")
    minimal = z**2 - (1 + 1 / b) * z + product / b**2
    squares = [((1 + 1 / b) + sign * root) / 2 for sign in (1, -1)]
    for k, value in enumerate(squares):
        yield _zero(f"square {k} is a root", sp.expand(minimal.subs(z, value)))
    image = sp.rem(
        sp.numer(sp.together(z * (1 + b - b * z) ** 2 - (1 + 1 / b - z))),
        sp.numer(sp.together(minimal)),
        z,
    )
    yield _zero("the map takes one square to the other", image)
    slope = sp.expand((1 + b - 3 * b * z) * (1 + b - 3 * b * (1 + 1 / b - z)))
    slope = sp.rem(
        sp.numer(sp.together(slope - (9 - 2 * (1 + b) ** 2))), sp.numer(sp.together(minimal)), z
    )
    yield _zero("derivative of two steps is 9 - 2 (1 + b)^2", slope)
    off = sp.expand((1 - b * z / 2) * (1 - b * (1 + 1 / b - z) / 2) - (3 - 2 * b) / 4)
    off = sp.rem(sp.numer(sp.together(off)), sp.numer(sp.together(minimal)), z)
    yield _zero("off-span factor of two steps is (3 - 2 b)/4", off)
    numbers = {b: sp.Rational(49, 40)}
    yield _zero(
        "b = 49/40: orbit 8/7, 5/7",
        (x.subs(numbers) - sp.Rational(8, 7)) ** 2 + (y.subs(numbers) - sp.Rational(5, 7)) ** 2,
    )


@smt("step_size.period_two_attracts")
def period_two_attracts() -> Iterator[Margin]:
    """The orbit exists for eta/m > 1/2 and attracts until 2 eta/m = sqrt 5 - 1."""
    return lemmas(STABLE)


counterexample = functools.partial(
    check, kind=EvidenceKind.COUNTEREXAMPLE, bound="exact: fractions"
)


def swings(
    start: Vector, step_size: Fraction, batches: Sequence[Sequence[Vector]], low: Fraction
) -> Iterator[Margin]:
    """Norms ``low`` and 8/7 in turns, from the definition, exactly."""
    w = start
    for t, batch in enumerate(batches):
        wanted = (low, F(8, 7))[t % 2] ** 2
        norm = sum((v * v for v in w), F(0))
        yield Margin(f"squared norm before step {t + 1}", float(abs(norm - wanted)), 0.0)
        yield differs(
            f"loss above the minimum, step {t + 1}", 0.0, float((1 - norm) ** 2 / 4), ROUNDING
        )
        w = exact_step(w, batch, step_size, Activation.LINEAR)
    yield Margin(
        "back at the start", float(max(abs(p - q) for p, q in zip(w, start, strict=True))), 0.0
    )


@counterexample("step_size.orbit")
def orbit() -> Iterator[Margin]:
    """GD with eta/m = 49/80 from (3/7, 4/7) has norms 5/7 and 8/7 in turns for ever."""
    return swings((F(3, 7), F(4, 7)), F(49, 40), (PLANE, PLANE), F(5, 7))


@counterexample("step_size.orbit_sgd")
def orbit_sgd() -> Iterator[Margin]:
    """SGD, one point a step, eta = 49/80, on the line of a data point: the same orbit."""
    return swings((F(5, 7), F(0)), F(49, 80), (PLANE[:1], PLANE[:1]), F(5, 7))


@smt("step_size.radial")
def radial() -> Iterator[Margin]:
    """GD in the span: monotone up to squared norm 1 + m/(2 eta), sign change up to 1 + m/eta."""
    return lemmas(RADIAL)


@smt("step_size.growth")
def growth() -> Iterator[Margin]:
    """Linear GD beyond C = 1 + m/eta grows for ever."""
    return lemmas(GROWTH)


_RAY = (
    (F(2), F(1, 5), "w0/|w0|"),
    (F(3), F(1, 5), "-w0/|w0|"),
    (F(4), F(1, 5), "diverges"),
    (F(1, 2), F(3), "diverges"),
    (F(3, 5), F(11, 5), "diverges"),
)


@counterexample("step_size.ray")
def ray(cases: Sequence[tuple[Fraction, Fraction, str]] = _RAY) -> Iterator[Margin]:
    """Exact runs until a radial lemma decides: starts of length 2, 3 and 4, long steps.

    GD from starts along (3, 4)/5: (length, step size, end), decided by the radial lemmas.
    """
    for length, step_size, end in cases:
        w: Vector = (length * F(3, 5), length * F(4, 5))
        rate, sign, z = step_size / 2, 1, length**2
        for t in itertools.count():
            if 2 * rate * z < 1 + 2 * rate and rate <= F(1, 4):
                found = "w0/|w0|" if sign > 0 else "-w0/|w0|"
                break
            if rate * z > 1 + rate:
                found = "diverges"
                break
            w = exact_step(w, PLANE, step_size, Activation.LINEAR)
            z, sign = sum((v * v for v in w), F(0)), 1 if w[0] > 0 else -1
            if t > 6:
                found = "undecided"
                break
        what = f"|w0| = {length}, step size {step_size}: {found}, decided at step {t}"
        yield Margin(what, 0.0 if found == end else math.inf, 1.0, 1, what)


@smt("step_size.bad_region")
def bad_region() -> Iterator[Margin]:
    """Starts with q - 6 C >= 3, q <= 4 (q off-span energy) lose all correlations, any batches."""
    return lemmas(BAD)


@counterexample("step_size.bad_minimum")
def bad_minimum(off: Fraction = Fraction(2)) -> Iterator[Margin]:
    """The start (1/5, 1/10, 2) lies in that region and stays.

    Certify that starts (1/5, +-1/10, off) lie in the region, also after steps of any batch.
    """
    for c in ((F(1, 5), F(1, 10)), (F(1, 5), F(-1, 10))):
        w: Vector = (*c, off)
        points = tuple((*p, F(0)) for p in PLANE)
        energy, rest = sum((v * v for v in c), F(0)), off * off
        what = f"start ({c[0]}, {c[1]}, {off}) lies in the region q - 6 C >= 3, q <= 4"
        yield Margin(what, 3.0, float(rest - 6 * energy), 1, what)
        yield Margin(f"{what}: q", float(rest), 4.0)
        for t, batch in enumerate((points, points[:1], points[1:])):
            w = exact_step(w, batch, F(1, 5), Activation.LINEAR)
            inside = w[2] ** 2 - 6 * (w[0] ** 2 + w[1] ** 2)
            yield Margin(f"after step {t + 1} it still does", 3.0, float(inside))
    yield differs("loss of the limit and of the minima", 0.25, 0.5, ROUNDING)


@counterexample("step_size.relu_dies")
def relu_dies(step_size: Fraction = Fraction(2)) -> Iterator[Margin]:
    """ReLU, step size 2: GD from (0.3, 0.4) is dead after two steps.

    Two steps of GD from (0.3, 0.4), from the definition, exactly.
    """
    w: Vector = (F(3, 10), F(2, 5))
    for _ in range(2):
        w = exact_step(w, PLANE, step_size, Activation.RELU)
    wanted = (F(-3, 32), F(-1, 8))
    off = max(abs(p - q) for p, q in zip(w, wanted, strict=True))
    what = "ReLU, step size 2: (0.3, 0.4) is at (-3/32, -1/8) after two steps, and dead"
    yield Margin(what, float(off), 0.0, 1, what)
    after = exact_step(w, PLANE, step_size, Activation.RELU)
    yield Margin(
        "and stays there", float(max(abs(p - q) for p, q in zip(w, after, strict=True))), 0.0
    )
    yield differs("loss there and at the minima", 0.25, 0.5, ROUNDING)


@check("step_size.dead_starts", EvidenceKind.ENUMERATION, bound="integers: no pattern may differ")
def dead_starts(activation: Activation = Activation.RELU) -> Iterator[Margin]:
    """ReLU stays where it is for every batch exactly if no correlation is positive: one sign
    pattern in 2^m.

    All sign patterns: ReLU stays put, for every batch, exactly if no correlation is positive.
    """
    for m in range(1, 7):
        basis = tuple(tuple(F(int(i == j)) for j in range(m)) for i in range(m))
        batches = [basis[:k] for k in range(1, m + 1)] + [basis[k : k + 1] for k in range(m)]
        dead, wrong = 0, 0
        for signs in itertools.product((-1, 1), repeat=m):
            w = tuple(F(s * (k + 1), 4 * m) for k, s in enumerate(signs))
            still = all(exact_step(w, batch, F(1, 5), activation) == w for batch in batches)
            dead += still
            wrong += still != (max(signs) < 0)
        what = f"m = {m}: {dead} of {2**m} sign patterns are dead"
        yield Margin(what, float(wrong + abs(dead - 1)), 0.0, 2**m, what)

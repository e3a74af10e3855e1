"""Step sizes and starts beyond the published bounds: thresholds, period two, divergence."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction

import sympy as sp

from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.exact import truth, vanishing
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.sgd.rational_sgd import (
    ETA,
    PLANE,
    ROUNDING,
    Vector,
    basis,
    distance,
    exact_step,
    squared_norm,
    trajectory,
    vector,
)
from whichmin.words import Activation, EvidenceKind

__all__: list[str] = []

F = Fraction

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
         "(1 + b)**2 >= 5 or -1 < 3 - 2*b < 4", "(1 + b)**2 <= 5 or 9 - 2*(1 + b)**2 < -1"),
        variants=(
            Variant("while (1 + b)^2 < 6", then=(
                "(1 + b)**2 >= 6 or -1 < 9 - 2*(1 + b)**2 < 1",)),
        ),
    ),
    Lemma(
        "its squared norms, the roots of a quadratic, are positive, one on each side of 1",
        "b z",
        ("b > 1",),
        ("z > 0 or b**2*z**2 - (b**2 + b)*z + 1 > 0", "b**2 - (b**2 + b) + 1 < 0"),
        variants=(Variant("for b >= 1", ("b > 1",), ("b >= 1",)),),
    ),
)  # fmt: skip


@check("step_size.rates", EvidenceKind.IDENTITY, bound="the difference simplifies to 0")
def rates(radial: int = 4) -> Iterator[Margin]:
    """Factors of one step at a minimum: radial 1 - 4 a, off-span 1 - a, a = step size / batch.

    Steps are linearised at a data point; ``radial`` is the 4 of the factor 1 - 4 a.
    """
    # Every minimum of the full loss can be turned into a data point: GD sees the span only.
    a = sp.symbols("a", positive=True)
    x, y, r = sp.symbols("x y r", real=True)  # a point, another point, off the span
    norm = x**2 + y**2 + r**2
    for batch, factors in (
        ((x,), (1 - radial * a, 1 - a, 1 - a)),
        ((y,), (1, 1 + a, 1)),
        ((x, y), (1 - radial * a, 1, 1 - a)),
    ):
        loss = sum((1 - 2 * v**2 + norm * v**2) / 2 for v in batch)
        after = sp.Matrix([v - a * sp.diff(loss, v) for v in (x, y, r)])
        matrix = after.jacobian([x, y, r]).subs({x: 1, y: 0, r: 0})
        off = (matrix - sp.diag(*factors)).applyfunc(sp.Abs)
        yield vanishing(f"one step on {batch} at x = 1", sum(off, sp.S.Zero))


@check("step_size.period_two", EvidenceKind.IDENTITY, bound="the remainder is the zero polynomial")
def period_two(product: int = 1) -> Iterator[Margin]:
    """The radial map of GD has a period-two orbit with x y = 1/b and x^2 + y^2 = 1 + 1/b, b = 2
    eta/m, and its multipliers are 9 - 2 (1 + b)^2 radially and (3 - 2 b)/4 off the span.

    The map is r -> r (1 + b - b r^2); ``x y = product/b``.
    """
    b, z = sp.symbols("b", positive=True), sp.Symbol("z")
    other = 1 + 1 / b - z
    # z = x^2 and y^2 are the roots of this polynomial.
    minimal = z**2 - (1 + 1 / b) * z + product / b**2

    def on_orbit(what: str, expression: sp.Expr) -> Margin:
        numerators = (sp.numer(sp.together(e)) for e in (sp.expand(expression), minimal))
        return vanishing(what, sp.rem(*numerators, z))

    root = sp.sqrt((1 - 1 / b) * (1 + 3 / b))
    squares = [(1 + 1 / b + sign * root) / 2 for sign in (1, -1)]
    for k, value in enumerate(squares):
        yield vanishing(f"square {k} is a root", sp.expand(minimal.subs(z, value)))
    yield on_orbit("the map takes one square to the other", z * (1 + b - b * z) ** 2 - other)
    slope = (1 + b - 3 * b * z) * (1 + b - 3 * b * other)
    yield on_orbit("derivative of two steps is 9 - 2 (1 + b)^2", slope - (9 - 2 * (1 + b) ** 2))
    off = (1 - b * z / 2) * (1 - b * other / 2)
    yield on_orbit("off-span factor of two steps is (3 - 2 b)/4", off - (3 - 2 * b) / 4)
    ends = [sp.sqrt(value.subs(b, sp.Rational(49, 40))) for value in squares]
    gap = (ends[0] - sp.Rational(8, 7)) ** 2 + (ends[1] - sp.Rational(5, 7)) ** 2
    yield vanishing("b = 49/40: orbit 8/7, 5/7", gap)


@smt("step_size.period_two_attracts")
def period_two_attracts(statements: Sequence[Lemma] = STABLE) -> Iterator[Margin]:
    """The orbit exists for eta/m > 1/2 and attracts along the radius and off the span exactly until
    2 eta/m = sqrt 5 - 1.
    """
    return lemmas(statements)


counterexample = functools.partial(
    check, kind=EvidenceKind.COUNTEREXAMPLE, bound="exact: fractions"
)


LOW = F(5, 7)


def _swings(
    start: Vector, step_size: Fraction, batch: Sequence[Vector], low: Fraction
) -> Iterator[Margin]:
    """Take two steps and find the norms ``low`` and 8/7, exactly."""
    w = start
    for t, wanted in enumerate((low, F(8, 7))):
        norm = squared_norm(w)
        yield Margin(f"squared norm before step {t + 1}", float(abs(norm - wanted**2)), 0.0)
        above = float((1 - norm) ** 2 / 4)
        yield differs(f"loss above the minimum, step {t + 1}", 0.0, above, ROUNDING)
        w = exact_step(w, batch, step_size, Activation.LINEAR)
    yield Margin("back at the start", float(distance(w, start)), 0.0)


@counterexample("step_size.orbit")
def orbit(low: Fraction = LOW) -> Iterator[Margin]:
    """GD with eta/m = 49/80 from (3/7, 4/7) has norms 5/7 and 8/7 in turns for ever."""
    return _swings(vector("3/7", "4/7"), F(49, 40), PLANE, low)


@counterexample("step_size.orbit_sgd")
def orbit_sgd(low: Fraction = LOW) -> Iterator[Margin]:
    """SGD, one point a step, eta = 49/80, on the line of a data point has the same orbit: norms 5/7
    and 8/7 in turns for ever.
    """
    return _swings(vector("5/7", 0), F(49, 80), PLANE[:1], low)


@smt("step_size.radial")
def radial(statements: Sequence[Lemma] = RADIAL) -> Iterator[Margin]:
    """GD in the span: monotone up to squared norm 1 + m/(2 eta), sign change up to 1 + m/eta."""
    return lemmas(statements)


@smt("step_size.growth")
def growth(statements: Sequence[Lemma] = GROWTH) -> Iterator[Margin]:
    """Linear GD beyond C = 1 + m/eta grows for ever."""
    return lemmas(statements)


_RAY = (
    (F(2), F(1, 5), "w0/|w0|"),
    (F(3), F(1, 5), "-w0/|w0|"),
    (F(4), F(1, 5), "diverges"),
    (F(1, 2), F(3), "diverges"),
    (F(3, 5), F(11, 5), "diverges"),
)


@counterexample("step_size.ray")
def ray(cases: Sequence[tuple[Fraction, Fraction, str]] = _RAY) -> Iterator[Margin]:
    """Exact runs of GD from starts of length 2, 3 and 4, and with long steps, end as the radial
    lemmas decide.

    Starts lie along (3, 4)/5: (length, step size, end).
    """
    for length, step_size, end in cases:
        w = vector(length * F(3, 5), length * F(4, 5))
        rate, sign, z = step_size / 2, 1, length**2
        for t in itertools.count():
            if 2 * rate * z < 1 + 2 * rate and rate <= F(1, 4):
                found = "w0/|w0|" if sign > 0 else "-w0/|w0|"
                break
            if rate * z > 1 + rate:
                found = "diverges"
                break
            w = exact_step(w, PLANE, step_size, Activation.LINEAR)
            z, sign = squared_norm(w), 1 if w[0] > 0 else -1
            if t > 6:
                found = "undecided"
                break
        what = f"|w0| = {length}, step size {step_size}: {found}, decided at step {t}"
        yield truth(what, found == end, 1, what)


@smt("step_size.bad_region")
def bad_region(statements: Sequence[Lemma] = BAD) -> Iterator[Margin]:
    """Starts with q - 6 C >= 3, q <= 4 (q off-span energy) lose all correlations, any batches."""
    return lemmas(statements)


@counterexample("step_size.bad_minimum")
def bad_minimum(off: Fraction = Fraction(2)) -> Iterator[Margin]:
    """Starts (1/5, 1/10, 2) and (1/5, -1/10, 2) lie in the region q - 6 C >= 3, q <= 4 and stay in
    it for steps on any batch.
    """
    points = tuple((*p, F(0)) for p in PLANE)
    for w in (vector("1/5", "1/10", off), vector("1/5", "-1/10", off)):
        what = f"start ({', '.join(map(str, w))}) lies in the region q - 6 C >= 3, q <= 4"
        yield Margin(what, 3.0, float(_inside(w)), 1, what)
        yield Margin(f"{what}: q", float(w[2] ** 2), 4.0)
        for t, batch in enumerate((points, points[:1], points[1:])):
            w = exact_step(w, batch, ETA, Activation.LINEAR)
            yield Margin(f"after step {t + 1} it still does", 3.0, float(_inside(w)))
    yield differs("loss of the limit and of the minima", 0.25, 0.5, ROUNDING)


def _inside(w: Vector) -> Fraction:
    """Compute ``q - 6 C`` of weights whose last coordinate is off the span."""
    return w[2] ** 2 - 6 * (w[0] ** 2 + w[1] ** 2)


@counterexample("step_size.relu_dies")
def relu_dies(step_size: Fraction = Fraction(2)) -> Iterator[Margin]:
    """ReLU, step size 2: GD from (0.3, 0.4) is dead after two steps."""
    w = trajectory(vector("3/10", "2/5"), [PLANE] * 2, Activation.RELU, step_size)
    what = "ReLU, step size 2: (0.3, 0.4) is at (-3/32, -1/8) after two steps, and dead"
    yield Margin(what, float(distance(w, vector("-3/32", "-1/8"))), 0.0, 1, what)
    after = exact_step(w, PLANE, step_size, Activation.RELU)
    yield Margin("and stays there", float(distance(w, after)), 0.0)
    yield differs("loss there and at the minima", 0.25, 0.5, ROUNDING)


@check("step_size.dead_starts", EvidenceKind.ENUMERATION, bound="integers: no pattern may differ")
def dead_starts(activation: Activation = Activation.RELU) -> Iterator[Margin]:
    """For m up to 6 a ReLU neuron stays where it is for every batch, of all sign patterns of its
    correlations, exactly if none is positive: one pattern in 2^m.
    """
    for m in range(1, 7):
        frame = basis(m)
        batches = [frame[:k] for k in range(1, m + 1)] + [frame[k : k + 1] for k in range(m)]
        dead, wrong = 0, 0
        for signs in itertools.product((-1, 1), repeat=m):
            w = tuple(F(s * (k + 1), 4 * m) for k, s in enumerate(signs))
            still = all(exact_step(w, batch, ETA, activation) == w for batch in batches)
            dead += still
            wrong += still != (max(signs) < 0)
        what = f"m = {m}: {dead} of {2**m} sign patterns are dead"
        yield Margin(what, float(wrong + abs(dead - 1)), 0.0, 2**m, what)

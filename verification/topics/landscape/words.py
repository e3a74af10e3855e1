"""Say the words of claims on the loss: minima, batches, data that are turned or not orthonormal."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from whichmin.verification.evidence.statement import Undecided, domain, number, word
from whichmin.verification.topics.vocabulary import Start, gradient, step

__all__ = ["Frame", "same_minima", "weights_at"]

Vector = tuple[Any, ...]

# Steps after which a run on other data has not settled, and what it then changes by at most.
_STEPS, _SETTLED = 4000, 1e-13


@dataclass(frozen=True)
class Frame:
    """Data points, or the images of the unit vectors under a linear map.

    Attributes:
        rows: The points.
    """

    rows: tuple[Vector, ...]

    def __str__(self) -> str:
        entries = ", ".join(str(v) for row in self.rows for v in row)
        return f"point_frame({len(self.rows)}, {entries})"


def _dot(left: Sequence[Any], right: Sequence[Any]) -> Any:
    return sum((p * q for p, q in zip(left, right, strict=True)), Fraction(0))


@word
def point_frame(count: Any, *entries: Any) -> Frame:
    """So many data points, given by their entries, point by point."""
    n = len(entries) // int(count)
    values = [Fraction(v) for v in entries]
    return Frame(tuple(tuple(values[i * n : (i + 1) * n]) for i in range(int(count))))


# ------------------------------------------------------------------------------------------
# Points of weight space
# ------------------------------------------------------------------------------------------


def _unit(draw: random.Random, count: int) -> list[Fraction]:
    """Draw a rational unit vector, by inverse stereographic projection."""
    if count == 1:
        return [Fraction(draw.choice([-1, 1]))]
    v = [Fraction(draw.randint(-6, 6), draw.randint(1, 6)) for _ in range(count - 1)]
    size = _dot(v, v)
    entries = [2 * q / (size + 1) for q in v] + [(size - 1) / (size + 1)]
    draw.shuffle(entries)
    return entries


def _minimum(draw: random.Random, m: int, n: int, activation: str) -> Start:
    among = sorted(draw.sample(range(m), draw.randint(1, m)))
    entries = [Fraction(0)] * n
    for i, value in zip(among, _unit(draw, len(among)), strict=True):
        entries[i] = abs(value) if activation == "relu" else value
    return Start(tuple(entries), m)


def _seeded(make: Any) -> st.SearchStrategy[Any]:
    return st.integers(0, 2**32 - 1).map(lambda seed: make(random.Random(seed)))  # noqa: S311


@domain
def minimum_points(
    activation: str = "linear", most: int = 4, off: int = 2
) -> st.SearchStrategy[Start]:
    """Global minima: combinations of up to ``most`` points whose squared coefficients add up to 1;
    for ReLU non-negative ones.
    """

    def make(draw: random.Random) -> Start:
        m = draw.randint(1, int(most))
        return _minimum(draw, m, m + draw.randint(0, int(off)), activation)

    return _seeded(make)


@domain
def same_minima(w: Start, activation: str = "linear") -> st.SearchStrategy[Start]:
    """Global minima for the data of ``w``."""
    return _seeded(lambda draw: _minimum(draw, w.m, len(w.w), activation))


@domain
def about_minima(activation: str = "linear") -> st.SearchStrategy[Start]:
    """Global minima, and such points with one entry changed."""

    def make(draw: random.Random) -> Start:
        m = draw.randint(1, 4)
        at = _minimum(draw, m, m + draw.randint(0, 2), activation)
        moved = list(at.w)
        if draw.random() < 0.5:
            moved[draw.randrange(len(moved))] *= draw.choice([-1, 0, 2])
        return Start(tuple(moved), m)

    return _seeded(make)


@domain
def weights_at(activation: str = "linear") -> st.SearchStrategy[Start]:
    """Weights of all kinds: starts, minima, data points, points next to those, edges of balls."""
    from whichmin.verification.topics.vocabulary import starts

    def make(draw: random.Random) -> Start:
        m = draw.randint(1, 4)
        if draw.random() < 0.2:  # hardly anything along one point, much elsewhere
            large = 1 + Fraction(draw.randint(-20, 100), 1000)
            entries = [Fraction(draw.randint(-10, 10), 100), large, Fraction(0)]
            return Start(tuple(entries), draw.randint(1, 3))
        if draw.random() < 0.1:
            return at_edge(draw.randint(1, 3), Fraction(draw.randint(-10, 10), 40))
        at = _minimum(draw, m, m + draw.randint(0, 2), draw.choice([activation, "linear"]))
        if draw.random() < 0.3:  # a data point or its negative
            entries = [Fraction(0)] * len(at.w)
            entries[draw.randrange(m)] = Fraction(draw.choice([1, -1]))
            at = Start(tuple(entries), m)
        if draw.random() < 0.3:
            moved = list(at.w)
            moved[draw.randrange(len(moved))] += Fraction(draw.randint(-3, 3), 10)
            at = Start(tuple(moved), m)
        elif draw.random() < 0.2:
            stretch = 1 + Fraction(draw.randint(-30, 30), 100)
            at = Start(tuple(stretch * v for v in at.w), m)
        return at

    return st.one_of(_seeded(make), starts())


@word
def is_mixture(w: Start, activation: str = "linear") -> bool:
    """Whether w is a combination of the points whose squared coefficients add up to 1; for ReLU
    with non-negative coefficients.
    """
    inside, off = w.w[: w.m], w.w[w.m :]
    fits = activation == "linear" or min(inside) >= 0
    return fits and not any(off) and sum(v * v for v in inside) == 1


@word
def is_data_point(w: Start, activation: str = "linear") -> bool:
    """Whether w is a data point, or for the linear neuron the negative of one."""
    sizes = w.w if activation == "relu" else tuple(map(abs, w.w))
    return sum(map(abs, w.w)) == 1 and 1 in sizes[: w.m]


@word
def along_first(w: Start, x: Any) -> Start:
    """The point x a_0, for the data of ``w``."""
    return Start((x, *(x * 0 for _ in w.w[1:])), w.m)


@word
def full_gradient(w: Start, activation: str = "linear") -> Vector:
    """The gradient of the loss: the mean of those of the samples."""
    each = [gradient(w, i, activation) for i in range(w.m)]
    return tuple(sum(column, Fraction(0)) / w.m for column in zip(*each, strict=True))


@word
def squared_length(v: Any) -> Any:
    """The sum of the squares of the entries."""
    entries = v.w if isinstance(v, Start) else v
    return _dot(entries, entries)


# ------------------------------------------------------------------------------------------
# Batches
# ------------------------------------------------------------------------------------------


@domain
def subsets_of_points(w: Start) -> st.SearchStrategy[tuple[int, ...]]:
    """Batches of distinct points, from one point to all."""
    subsets = [s for b in range(1, w.m + 1) for s in itertools.combinations(range(w.m), b)]
    return st.sampled_from(subsets)


@domain
def draws_of_points(w: Start) -> st.SearchStrategy[tuple[int, ...]]:
    """Batches of up to 6 points, each drawn from all with replacement."""

    def make(draw: random.Random) -> tuple[int, ...]:
        return tuple(draw.randrange(w.m) for _ in range(draw.randint(1, 6)))

    return st.one_of(_seeded(make), subsets_of_points(w))


@word
def repeated_draw(i: Any, b: Any) -> tuple[int, ...]:
    """The batch that is b times the point i."""
    return (int(i),) * int(b)


@word
def all_distinct(batch: Sequence[int]) -> bool:
    """Whether no point is twice in the batch."""
    return len(set(batch)) == len(batch)


@word
def represented(w: Start, batch: Sequence[int], activation: str = "linear") -> bool:
    """Whether some point of the batch has an active correlation: not 0, for ReLU positive."""
    return any(w.w[i] > 0 or (activation == "linear" and w.w[i] < 0) for i in batch)


@word
def on_sphere(w: Start, batch: Sequence[int], activation: str = "linear") -> bool:
    """Whether w is a unit vector in the span of the batch; ReLU: without negative correlations."""
    fits = activation == "linear" or min(w.w[: w.m]) >= 0
    return (
        fits and squared_length(w) == 1 and not any(v for p, v in enumerate(w.w) if p not in batch)
    )


@word
def never_moves(w: Start, b: Any, eta: Any, activation: str = "linear") -> bool:
    """Whether a step on no batch of b distinct points moves w."""
    batches = itertools.combinations(range(w.m), int(b))
    return all(step(w, batch, eta, activation) == w for batch in batches)


@word
def at_edge(b: Any, t: Any) -> Start:
    """Weights of squared norm 21/20 on b + 1 data points, of which c_0 = t/(5 + 5 t^2) alone is not
    0.
    """
    s = Fraction(t) / (5 + 5 * Fraction(t) ** 2)
    rest = (Fraction(1, 10) - s * t, Fraction(1, 5), Fraction(1))
    return Start((s, *(Fraction(0) for _ in range(int(b))), *rest), int(b) + 1)


# ------------------------------------------------------------------------------------------
# Other data
# ------------------------------------------------------------------------------------------


def _reflections(draw: random.Random, count: int) -> list[list[Fraction]]:
    """Draw an orthogonal matrix of fractions: two reflections, rows exchanged, signs."""
    rows = [[Fraction(int(i == j)) for j in range(count)] for i in range(count)]
    for _ in range(draw.randint(0, 2)):
        v = [Fraction(draw.randint(-3, 3)) for _ in range(count)]
        size = _dot(v, v)
        if size:
            rows = [
                [p - 2 * _dot(row, v) * q / size for p, q in zip(row, v, strict=True)]
                for row in rows
            ]
    draw.shuffle(rows)
    signs = [draw.choice([1, 1, 1, -1]) for _ in rows]
    return [[sign * p for p in row] for sign, row in zip(signs, rows, strict=True)]


@domain
def turns_in_span(w: Start) -> st.SearchStrategy[Frame]:
    """Other orthonormal points with the same span as the m data points."""
    off = (Fraction(0),) * (len(w.w) - w.m)
    return _seeded(lambda draw: Frame(tuple((*row, *off) for row in _reflections(draw, w.m))))


@domain
def orthogonal_points(w: Start) -> st.SearchStrategy[Frame]:
    """Orthogonal points of lengths from 1/2 to 2 with the same span as the m data points."""

    def make(draw: random.Random) -> Frame:
        sizes = [Fraction(draw.randint(1, 4), 2) for _ in range(w.m)]
        off = (Fraction(0),) * (len(w.w) - w.m)
        turn = _reflections(draw, w.m)
        rows = ((*(r * p for p in row), *off) for r, row in zip(sizes, turn, strict=True))
        return Frame(tuple(rows))

    return _seeded(make)


@domain
def turns_of_space(w: Start) -> st.SearchStrategy[Frame]:
    """Orthogonal maps of R^n, by the images of the unit vectors."""
    return _seeded(lambda draw: Frame(tuple(map(tuple, _reflections(draw, len(w.w))))))


@domain
def exchanges(w: Start) -> st.SearchStrategy[Frame]:
    """The data points in another order."""
    unit = [tuple(Fraction(int(p == i)) for p in range(len(w.w))) for i in range(w.m)]
    return st.permutations(unit).map(lambda rows: Frame(tuple(rows)))


@word
def turned_weights(w: Start, turn: Frame) -> Start:
    """The image of w under a linear map, given by the images of the unit vectors."""
    columns = zip(*turn.rows, strict=True)
    return Start(tuple(_dot(w.w, column) for column in columns), w.m)


@word
def stretched_points(w: Start, r: Any) -> Frame:
    """The data points of ``w``, each r times as long."""
    return Frame(
        tuple(tuple(r * Fraction(int(p == i)) for p in range(len(w.w))) for i in range(w.m))
    )


def _code(w: Sequence[Any], a: Sequence[Any], activation: str) -> Any:
    value = _dot(w, a)
    return value if activation == "linear" or value > 0 else value * 0


@word
def loss_on(data: Frame, w: Start, activation: str = "linear") -> Any:
    """The loss on these data points: half the mean of |a - w phi(<w, a>)|^2."""
    total = Fraction(0)
    for a in data.rows[: w.m]:
        code = _code(w.w, a, activation)
        total += sum((p - v * code) ** 2 for p, v in zip(a, w.w, strict=True))
    return total / (2 * w.m)


@word
def step_on(
    data: Frame, w: Start, batch: Sequence[int], eta: Any, activation: str = "linear"
) -> Start:
    """One step of SGD on the mean loss of a batch of these data points."""
    moved = list(w.w)
    for i in batch:
        a = data.rows[int(i)]
        code = _code(w.w, a, activation)
        if not code:
            continue  # the response and its slope are 0
        r = [p - v * code for p, v in zip(a, w.w, strict=True)]
        pull = _dot(w.w, r)
        for p in range(len(moved)):
            moved[p] = moved[p] + eta * (code * r[p] + pull * a[p]) / len(batch)
    return Start(tuple(moved), w.m)


@word
def gd_on(data: Frame, w: Start, eta: Any, activation: str = "linear") -> Start:
    """One step of full-batch gradient descent on these data points."""
    return step_on(data, w, range(w.m), eta, activation)


@word
def gd_end_on(data: Frame, w: Start, eta: Any, activation: str = "linear") -> Start:
    """Where full-batch gradient descent on these data points ends."""
    points = Frame(tuple(tuple(number(v) for v in row) for row in data.rows))
    at = Start(tuple(number(v) for v in w.w), w.m)
    for _ in range(_STEPS):
        now = gd_on(points, at, number(eta), activation)
        moved = max(abs(p - q) for p, q in zip(at.w, now.w, strict=True))
        at = now
        if moved <= _SETTLED:
            return at
    raise Undecided("the run has not settled")


# ------------------------------------------------------------------------------------------
# Least squares
# ------------------------------------------------------------------------------------------


@domain
def row_systems() -> st.SearchStrategy[Frame]:
    """One to three equations, which may depend on each other, in more unknowns: their rows."""

    def make(draw: random.Random) -> Frame:
        count = draw.randint(1, 3)
        n = count + draw.randint(1, 2)
        while True:
            rows = [tuple(Fraction(draw.randint(-2, 2)) for _ in range(n)) for _ in range(count)]
            if draw.random() < 0.2:
                rows[-1] = tuple(2 * v for v in rows[0])
            if all(map(any, rows)):
                return Frame(tuple(rows))

    return _seeded(make)


@domain
def unknown_values(rows: Frame) -> st.SearchStrategy[Start]:
    """Values of the unknowns of these equations."""
    n = len(rows.rows[0])
    return _seeded(
        lambda draw: Start(
            tuple(Fraction(draw.randint(-20, 20), 10) for _ in range(n)), len(rows.rows)
        )
    )


@word
def nearest_solution(rows: Frame, x: Start, w: Start) -> Start:
    """The solution of the equations that x solves which is nearest to w: exact, by Gram-Schmidt."""
    away = [p - q for p, q in zip(x.w, w.w, strict=True)]
    kept: list[list[Any]] = []
    for row in rows.rows:
        rest = list(row)
        for q in kept:
            share = _dot(rest, q) / _dot(q, q)
            rest = [p - share * v for p, v in zip(rest, q, strict=True)]
        if any(rest):
            kept.append(rest)
    at = list(w.w)
    for q in kept:
        share = _dot(away, q) / _dot(q, q)
        at = [p + share * v for p, v in zip(at, q, strict=True)]
    return Start(tuple(at), w.m)


@word
def least_squares_end(rows: Frame, x: Start, w: Start, b: Any, seed: Any) -> Start:
    """Where SGD from w ends on the least squares of the equations that x solves: batches of b of
    them without replacement, step size 1/(largest squared length of a row).

    Raises:
        Undecided: It has not reached a solution.
    """
    a = [[number(v) for v in row] for row in rows.rows]
    target = [number(_dot(row, x.w)) for row in rows.rows]
    rate = 1 / max(_dot(row, row) for row in a)
    at = [number(v) for v in w.w]
    draw = random.Random(int(seed))  # noqa: S311 - no secrets
    count = min(int(b), len(a))
    for _ in range(_STEPS):
        errors = [_dot(row, at) - y for row, y in zip(a, target, strict=True)]
        if max(map(abs, errors)) <= _SETTLED:
            return Start(tuple(at), w.m)
        batch = draw.sample(range(len(a)), count)
        at = [v - rate * sum(errors[i] * a[i][p] for i in batch) / count for p, v in enumerate(at)]
    raise Undecided("the run has not reached a solution")


@word
def largest_difference(v: Start, w: Start) -> Any:
    """The largest difference of two entries."""
    return max(abs(p - q) for p, q in zip(v.w, w.w, strict=True))

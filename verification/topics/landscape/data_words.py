"""Say the words of claims on data that are turned or not orthonormal, and on least squares."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from whichmin.verification.evidence.statement import Undecided, domain, number, word
from whichmin.verification.topics.landscape.words import dot, seeded
from whichmin.verification.topics.vocabulary import Start

__all__ = ["Frame"]

# Steps after which a run on other data has not settled, and what it then changes by at most.
_STEPS, _SETTLED = 4000, 1e-13


@dataclass(frozen=True)
class Frame:
    """Data points, or the images of the unit vectors under a linear map.

    Attributes:
        rows: The points.
    """

    rows: tuple[tuple[Any, ...], ...]

    def __str__(self) -> str:
        entries = ", ".join(str(v) for row in self.rows for v in row)
        return f"point_frame({len(self.rows)}, {entries})"


@word
def point_frame(count: Any, *entries: Any) -> Frame:
    """So many data points, given by their entries, point by point."""
    n = len(entries) // int(count)
    values = [Fraction(v) for v in entries]
    return Frame(tuple(tuple(values[i * n : (i + 1) * n]) for i in range(int(count))))


def _reflections(draw: random.Random, count: int) -> list[list[Fraction]]:
    """Draw an orthogonal matrix of fractions: two reflections, rows exchanged, signs."""
    rows = [[Fraction(int(i == j)) for j in range(count)] for i in range(count)]
    for _ in range(draw.randint(0, 2)):
        v = [Fraction(draw.randint(-3, 3)) for _ in range(count)]
        size = dot(v, v)
        if size:
            rows = [
                [p - 2 * dot(row, v) * q / size for p, q in zip(row, v, strict=True)]
                for row in rows
            ]
    draw.shuffle(rows)
    signs = [draw.choice([1, 1, 1, -1]) for _ in rows]
    return [[sign * p for p in row] for sign, row in zip(signs, rows, strict=True)]


@domain
def turns_in_span(w: Start) -> st.SearchStrategy[Frame]:
    """Other orthonormal points with the same span as the m data points."""
    off = (Fraction(0),) * (len(w.w) - w.m)
    return seeded(lambda draw: Frame(tuple((*row, *off) for row in _reflections(draw, w.m))))


@domain
def orthogonal_points(w: Start) -> st.SearchStrategy[Frame]:
    """Orthogonal points of lengths from 1/2 to 2 with the same span as the m data points."""

    def make(draw: random.Random) -> Frame:
        sizes = [Fraction(draw.randint(1, 4), 2) for _ in range(w.m)]
        off = (Fraction(0),) * (len(w.w) - w.m)
        turn = _reflections(draw, w.m)
        rows = ((*(r * p for p in row), *off) for r, row in zip(sizes, turn, strict=True))
        return Frame(tuple(rows))

    return seeded(make)


@domain
def turns_of_space(w: Start) -> st.SearchStrategy[Frame]:
    """Orthogonal maps of R^n, by the images of the unit vectors."""
    return seeded(lambda draw: Frame(tuple(map(tuple, _reflections(draw, len(w.w))))))


@domain
def exchanges(w: Start) -> st.SearchStrategy[Frame]:
    """The data points in another order."""
    unit = [tuple(Fraction(int(p == i)) for p in range(len(w.w))) for i in range(w.m)]
    return st.permutations(unit).map(lambda rows: Frame(tuple(rows)))


@word
def turned_weights(w: Start, turn: Frame) -> Start:
    """The image of w under a linear map, given by the images of the unit vectors."""
    columns = zip(*turn.rows, strict=True)
    return Start(tuple(dot(w.w, column) for column in columns), w.m)


@word
def stretched_points(w: Start, r: Any) -> Frame:
    """The data points of ``w``, each r times as long."""
    return Frame(
        tuple(tuple(r * Fraction(int(p == i)) for p in range(len(w.w))) for i in range(w.m))
    )


def _code(w: Sequence[Any], a: Sequence[Any], activation: str) -> Any:
    value = dot(w, a)
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
        pull = dot(w.w, r)
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

    return seeded(make)


@domain
def unknown_values(rows: Frame) -> st.SearchStrategy[Start]:
    """Values of the unknowns of these equations."""
    n = len(rows.rows[0])
    return seeded(
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
            share = dot(rest, q) / dot(q, q)
            rest = [p - share * v for p, v in zip(rest, q, strict=True)]
        if any(rest):
            kept.append(rest)
    at = list(w.w)
    for q in kept:
        share = dot(away, q) / dot(q, q)
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
    target = [number(dot(row, x.w)) for row in rows.rows]
    rate = 1 / max(dot(row, row) for row in a)
    at = [number(v) for v in w.w]
    draw = random.Random(int(seed))  # noqa: S311 - no secrets
    count = min(int(b), len(a))
    for _ in range(_STEPS):
        errors = [dot(row, at) - y for row, y in zip(a, target, strict=True)]
        if max(map(abs, errors)) <= _SETTLED:
            return Start(tuple(at), w.m)
        batch = draw.sample(range(len(a)), count)
        at = [v - rate * sum(errors[i] * a[i][p] for i in batch) / count for p, v in enumerate(at)]
    raise Undecided("the run has not reached a solution")


@word
def largest_difference(v: Start, w: Start) -> Any:
    """The largest difference of two entries."""
    return max(abs(p - q) for p, q in zip(v.w, w.w, strict=True))

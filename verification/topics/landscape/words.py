"""Say the words of claims on the loss: minima, weights of other kinds, batches."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from whichmin.verification.evidence.statement import domain, word
from whichmin.verification.topics.vocabulary import Start, gradient, starts, step

__all__ = ["dot", "same_minima", "seeded", "weights_at"]

Vector = tuple[Any, ...]


def dot(left: Sequence[Any], right: Sequence[Any]) -> Any:
    """Compute the inner product of two vectors.

    Args:
        left: A vector.
        right: Another one.

    Returns:
        The sum of the products of their entries.
    """
    return sum((p * q for p, q in zip(left, right, strict=True)), Fraction(0))


# ------------------------------------------------------------------------------------------
# Points of weight space
# ------------------------------------------------------------------------------------------


def _unit(draw: random.Random, count: int) -> list[Fraction]:
    """Draw a rational unit vector, by inverse stereographic projection."""
    if count == 1:
        return [Fraction(draw.choice([-1, 1]))]
    v = [Fraction(draw.randint(-6, 6), draw.randint(1, 6)) for _ in range(count - 1)]
    size = dot(v, v)
    entries = [2 * q / (size + 1) for q in v] + [(size - 1) / (size + 1)]
    draw.shuffle(entries)
    return entries


def _minimum(draw: random.Random, m: int, n: int, activation: str) -> Start:
    among = sorted(draw.sample(range(m), draw.randint(1, m)))
    entries = [Fraction(0)] * n
    for i, value in zip(among, _unit(draw, len(among)), strict=True):
        entries[i] = abs(value) if activation == "relu" else value
    return Start(tuple(entries), m)


def seeded(make: Callable[[random.Random], Any]) -> st.SearchStrategy[Any]:
    """Draw with a generator that has a seed: Hypothesis alone prefers simple cases.

    Args:
        make: Makes a case.

    Returns:
        A strategy that draws the seed.
    """
    return st.integers(0, 2**32 - 1).map(lambda seed: make(random.Random(seed)))  # noqa: S311 - a case


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

    return seeded(make)


@domain
def same_minima(w: Start, activation: str = "linear") -> st.SearchStrategy[Start]:
    """Global minima for the data of ``w``."""
    return seeded(lambda draw: _minimum(draw, w.m, len(w.w), activation))


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

    return seeded(make)


@domain
def weights_at(activation: str = "linear") -> st.SearchStrategy[Start]:
    """Weights of all kinds: starts, minima, data points, points next to those, edges of balls."""

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

    # Equal strategies would count once.
    return st.one_of(seeded(make), seeded(make), seeded(make), starts())


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
    return dot(entries, entries)


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

    return st.one_of(seeded(make), subsets_of_points(w))


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

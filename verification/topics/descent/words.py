"""Say the words of claims on gradient descent."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from whichmin.verification.evidence.statement import domain, number, word
from whichmin.verification.topics.vocabulary import Start, gd_step, sqrt, step

__all__: list[str] = []

# How far symmetric differences look: their error is of second order, rounding over it below 1e-10.
_NEAR = Fraction(1, 100000)


@word
def scaled_by(w: Start, factor: Any) -> Start:
    """The weights, each multiplied by the factor."""
    return Start(tuple(v * factor for v in w.w), w.m)


@word
def moved_at(w: Start, i: Any, r: Any) -> Start:
    """The weights with r added to entry i."""
    return Start(tuple(v + r if p == int(i) else v for p, v in enumerate(w.w)), w.m)


@word
def weights_of(w: Start) -> tuple[Any, ...]:
    """The n entries of the weights."""
    return w.w


@word
def active_part(w: Start, activation: str = "linear") -> Start:
    """The part of w along the active points: linear all of the span, ReLU c_i > 0."""
    kept = (
        v if p < w.m and (activation == "linear" or v > 0) else v * 0 for p, v in enumerate(w.w)
    )
    return Start(tuple(kept), w.m)


@word
def active_indices(w: Start, activation: str = "linear") -> tuple[int, ...]:
    """The indices of the points with an active correlation: not 0, for ReLU positive."""
    return tuple(i for i in range(w.m) if w.w[i] > 0 or (activation == "linear" and w.w[i] < 0))


@word
def idle_entries(w: Start, activation: str = "linear") -> tuple[int, ...]:
    """The entries off the span, for ReLU also those of points whose correlation is 0."""
    return tuple(p for p, v in enumerate(w.w) if p >= w.m or (activation == "relu" and v == 0))


@word
def normalised(w: Start) -> Start:
    """The unit vector w/|w|; no number where w is 0."""
    size = number(norm_of(w)) or number(math.nan)
    return Start(tuple(number(v) / size for v in w.w), w.m)


@word
def norm_of(w: Start) -> Any:
    """The norm |w|."""
    return sqrt(sum((v * v for v in w.w), Fraction(0)))


@word
def distance_between(v: Start, w: Start) -> Any:
    """The distance |v - w|."""
    return sqrt(sum((p - q) * (p - q) for p, q in zip(v.w, w.w, strict=True)))


@word
def gd_path(w: Start, eta: Any, count: Any, activation: str = "linear") -> tuple[Start, ...]:
    """The start and the weights after each of so many steps of gradient descent, in fractions."""
    path = [w]
    for _ in range(int(count)):
        path.append(gd_step(path[-1], eta, activation))
    return tuple(path)


@domain
def batches_that_hold(w: Start) -> st.SearchStrategy[tuple[int, ...]]:
    """Batches of distinct points that hold all points with a correlation other than 0."""
    needed = {i for i in range(w.m) if w.w[i]}
    found = [
        s
        for b in range(1, w.m + 1)
        for s in itertools.combinations(range(w.m), b)
        if needed <= set(s)
    ]
    return st.sampled_from(found)


@domain
def far_starts() -> st.SearchStrategy[Start]:
    """Starts with a part off the span, up to 4 long, in most of them about 7/4 to 2 long."""

    def make(seed: int) -> Start:
        draw = random.Random(seed)  # noqa: S311 - no secrets
        m = draw.randint(1, 4)
        reach = 100 * m if draw.random() < 0.8 else 10
        size = Fraction(draw.randint(1, 20), reach)
        inside = [size * Fraction(draw.randint(-10, 10), 10) for _ in range(m)]
        off = [Fraction(draw.randint(172, 202), 100), Fraction(draw.randint(0, 20), 100)]
        if draw.random() < 0.2:
            off = [Fraction(draw.randint(0, 30), 10) for _ in range(2)]
        return Start((*inside, *off[: draw.randint(1, 2)]), m)

    return st.integers(0, 2**32 - 1).map(make)


@word
def orbit_square(p: Any, which: Any) -> Any:
    """The larger (1) or the smaller (-1) root of z^2 - (1 + 1/p) z + 1/p^2."""
    return ((1 + 1 / p) + which * sqrt((1 + 1 / p) ** 2 - 4 / p**2)) / 2


@word
def orbit_start(w: Start, p: Any, which: Any) -> Start:
    """The multiple of w whose squared norm is the larger (1) or the smaller (-1) orbit_square."""
    return scaled_by(w, sqrt(orbit_square(p, which) / sum(v * v for v in w.w)))


@word
def radial_multiplier(w: Start, eta: Any) -> Any:
    """The derivative of |w''|, two steps of gradient descent later, by |w|: symmetric difference of
    relative size 1/100000.
    """
    ends = []
    for side in (1, -1):
        at = scaled_by(w, number(1 + side * _NEAR))
        ends.append(norm_of(gd_step(gd_step(at, eta), eta)))
    return (ends[0] - ends[1]) / (2 * number(_NEAR) * norm_of(w))


@word
def off_span_multiplier(w: Start, eta: Any) -> Any:
    """The factor by which two steps of gradient descent change a part of 1/100000 off the span."""
    at = Start((*map(number, w.w), number(_NEAR)), w.m)
    return gd_step(gd_step(at, eta), eta).w[-1] / number(_NEAR)


@word
def dead_patterns(m: Any, eta: Any) -> int:
    """How many of the 2^m sign patterns of m correlations no batch of one point, nor gradient
    descent, moves under ReLU.
    """
    count = int(m)
    dead = 0
    for signs in itertools.product((-1, 1), repeat=count):
        w = Start(tuple(Fraction(s, 2 * count) for s in signs), count)
        batches: list[Sequence[int]] = [(i,) for i in range(count)]
        batches.append(range(count))
        dead += all(step(w, batch, eta, "relu") == w for batch in batches)
    return dead


@word
def trace_of_hessian(w: Start, activation: str = "linear") -> Any:
    """The trace of the Hessian of the loss, second derivatives of inactive samples and at kinks
    being 0: (n + 4) c_i^2 + N - 2 of each active sample, over m.
    """
    norm = sum(v * v for v in w.w)
    active = [w.w[i] for i in active_indices(w, activation)]
    return sum((len(w.w) + 4) * v * v + norm - 2 for v in active) / w.m

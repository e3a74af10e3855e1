"""Say words of claims on other data: two points not orthogonal, turned data, two samples."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from whichmin.verification.evidence.statement import domain, number, word
from whichmin.verification.topics.sgd.words import (
    sgd_end,
)
from whichmin.verification.topics.vocabulary import Start, step

__all__: list[str] = []


@word
def plane_point(t: Any) -> tuple[Any, Any]:
    """The unit vector ((1 - t^2)/(1 + t^2), 2 t/(1 + t^2)) of the plane."""
    return (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)


@word
def plane_product(x: Any, y: Any) -> Any:
    """The inner product of two vectors of the plane."""
    return x[0] * y[0] + x[1] * y[1]


@word
def plane_gradient(w: Any, a: Any, activation: str = "linear") -> tuple[Any, Any]:
    """The gradient at w of the loss |a - w phi(<w, a>)|^2/2 of a point a of the plane."""
    value = plane_product(w, a)
    if activation == "relu" and not value > 0:
        return value * 0, value * 0
    r = (a[0] - w[0] * value, a[1] - w[1] * value)
    pull = plane_product(w, r)
    return -value * r[0] - pull * a[0], -value * r[1] - pull * a[1]


@domain
def plane_angles(s: Any) -> st.SearchStrategy[Fraction]:
    """Parameters of unit vectors, among them those equal, opposite and at right angles to s."""
    special = [s]
    special += [-1 / s] if s else []
    special += [(1 + s) / (1 - s)] if s != 1 else []
    special += [(s - 1) / (1 + s)] if s != -1 else []
    return st.one_of(
        st.sampled_from([Fraction(v) for v in special]),
        st.fractions(-4, 4, max_denominator=12),
        st.integers(0, 2**32 - 1).map(
            lambda seed: Fraction(random.Random(seed).randint(-99, 99), 25)  # noqa: S311 - a case
        ),
    )


@word
def turned_end(w: Start, t: Any, alpha: Any, seed: Any) -> tuple[Any, Any]:
    """The data point that SGD of one point a step ends at, its two points turned in their plane.

    They are (p, q) and (-q, p), where (p, q) is plane_point(t).
    """
    p, q = plane_point(t)
    seen = Start((p * w.w[0] + q * w.w[1], p * w.w[1] - q * w.w[0], *w.w[2:]), 2)
    end = sgd_end(seen, alpha, 1, seed)
    return p * end[0] - q * end[1], q * end[0] + p * end[1]


@domain
def sphere_points() -> st.SearchStrategy[Start]:
    """Unit vectors in the span of 1 to 4 data points, some of them data points or negatives."""

    def made(seed: int) -> Start:
        draw = random.Random(seed)  # noqa: S311 - no secrets
        m = draw.randint(1, 4)
        u = [Fraction(draw.randint(-8, 8), draw.randint(1, 4)) for _ in range(m - 1)]
        if draw.random() < 0.2:
            u = [Fraction(0)] * (m - 1)
        size = sum((v * v for v in u), Fraction(0))
        side = draw.choice([1, -1])
        weights = [*(2 * v / (size + 1) for v in u), side * (1 - size) / (size + 1)]
        if draw.random() < 0.6:
            weights = [abs(v) for v in weights]
        draw.shuffle(weights)
        return Start(tuple(weights), m)

    return st.integers(0, 2**32 - 1).map(made)


@word
def squared_gradient(w: Start, i: Any, activation: str = "linear") -> Any:
    """The squared length of the gradient of the loss of sample i, (w - step of size 1)^2."""
    moved = step(w, (int(i),), 1, activation)
    return sum((p - q) ** 2 for p, q in zip(w.w, moved.w, strict=True))


# ------------------------------------------------------------------------------------------
# Two samples with different minima
# ------------------------------------------------------------------------------------------


@word
def two_samples(w: Any, y: Any, eta: Any) -> Any:
    """One step from w on the loss (w - y)^2/2, w - eta (w - y)."""
    return w - eta * (w - y)


@word
def mean_square_reached(w: Any, y: Any, z: Any, eta: Any) -> Any:
    """The mean of (w - (y + z)/2)^2 after 1000 such steps, y and z drawn with equal chances."""
    keep, targets = 1 - number(eta), (number(y), number(z))
    mean, square = number(w), number(w) ** 2
    for _ in range(1000):
        moves = [number(eta) * target for target in targets]
        square = sum(keep**2 * square + 2 * keep * v * mean + v**2 for v in moves) / 2
        mean = sum(keep * mean + v for v in moves) / 2
    middle = sum(targets) / 2
    return square - 2 * middle * mean + middle**2

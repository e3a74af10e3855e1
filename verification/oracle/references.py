"""The model in exact rational arithmetic, for any rational data; independent of torch and SymPy.

With ``g(t) = phi(t)^2 / 2`` the loss of a point is ``|a|^2 / 2 + (N - 2) g(c)``, ``c = <w, a>``,
``N = |w|^2``, because ``t phi(t) = 2 g(t)`` for the identity and for the positive part. Hence

- gradient: ``(N - 2) phi a + phi^2 w`` (``g' = phi``, ``2 g = phi^2``, ``grad N = 2 w``);
- Hessian: ``(N - 2) g''(c) a a^T + 2 phi (a w^T + w a^T) + phi^2 I``, where ``g''(0)`` is kappa.

Everything here is the plain sum over the points; what a target divides by is its convention.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Matrix",
    "Vector",
    "correlations",
    "dot",
    "floats",
    "gradient",
    "hessian",
    "hessian_vector_product",
    "kinks",
    "loss",
    "point_gradients",
    "rounded",
    "step",
    "trace",
    "train",
]

Vector = tuple[Fraction, ...]
Matrix = tuple[Vector, ...]


def floats(value: Any) -> NDArray[np.float64]:
    """Round a number, vector or matrix of fractions to float64, once and correctly.

    Args:
        value: Fraction, or nested tuples of them; floats and arrays stay what they are.

    Returns:
        The array.
    """
    if isinstance(value, np.ndarray):
        return value.astype(np.float64)
    if isinstance(value, (tuple, list)):
        return np.array([floats(v) for v in value], dtype=np.float64)
    return np.array(float(value))


def rounded(value: Any, dtype: str = "float64") -> Any:
    """The fractions that a target really receives: rounded to its precision.

    Args:
        value: Fraction, or nested tuples of them.
        dtype: ``float64`` or ``float32``.

    Returns:
        The same nesting.
    """
    if isinstance(value, (tuple, list)):
        return tuple(rounded(v, dtype) for v in value)
    number = float(value)
    return Fraction(float(np.float32(number)) if dtype == "float32" else number)


def dot(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction:
    """Inner product."""
    return sum((p * q for p, q in zip(left, right, strict=True)), Fraction(0))


def correlations(w: Vector, data: Matrix) -> Vector:
    """The inner products of the weights with the points."""
    return tuple(dot(w, a) for a in data)


def kinks(w: Vector, data: Matrix) -> tuple[int, ...]:
    """Points whose inner product with the weights is exactly zero."""
    return tuple(i for i, c in enumerate(correlations(w, data)) if c == 0)


def _phi(c: Fraction, activation: str) -> Fraction:
    return c if activation == "linear" or c > 0 else Fraction(0)


def _curvature(c: Fraction, activation: str, kappa: Fraction) -> Fraction:
    if activation == "linear" or c > 0:
        return Fraction(1)
    return kappa if c == 0 else Fraction(0)


def loss(w: Vector, data: Matrix, activation: str) -> Fraction:
    """Sum over the points of ``|a - w phi|^2 / 2``, from the definition.

    Args:
        w: Weights, ``(n,)``.
        data: Points, ``(m, n)``.
        activation: ``linear`` or ``relu``.

    Returns:
        The sum.
    """
    total = Fraction(0)
    for a in data:
        phi = _phi(dot(w, a), activation)
        total += sum(((p - q * phi) ** 2 for p, q in zip(a, w, strict=True)), Fraction(0)) / 2
    return total


def point_gradients(w: Vector, data: Matrix, activation: str) -> Matrix:
    """The gradient of each point's loss: ``(m, n)``.

    Args:
        w: Weights.
        data: Points.
        activation: ``linear`` or ``relu``.

    Returns:
        One row per point.
    """
    norm = dot(w, w)
    rows = []
    for a in data:
        phi = _phi(dot(w, a), activation)
        rows.append(tuple((norm - 2) * phi * p + phi * phi * q for p, q in zip(a, w, strict=True)))
    return tuple(rows)


def gradient(w: Vector, data: Matrix, activation: str) -> Vector:
    """Sum of the points' gradients.

    Args:
        w: Weights.
        data: Points.
        activation: ``linear`` or ``relu``.

    Returns:
        The sum, ``(n,)``.
    """
    return tuple(
        sum(column, Fraction(0))
        for column in zip(*point_gradients(w, data, activation), strict=True)
    )


def hessian(w: Vector, data: Matrix, activation: str, kappa: Fraction) -> Matrix:
    """Sum of the points' second derivatives.

    Args:
        w: Weights.
        data: Points.
        activation: ``linear`` or ``relu``.
        kappa: Second derivative of ``relu(t)^2 / 2`` at 0.

    Returns:
        The matrix, ``(n, n)``.
    """
    n, norm = len(w), dot(w, w)
    total = [[Fraction(0)] * n for _ in range(n)]
    for a in data:
        c = dot(w, a)
        phi, curvature = _phi(c, activation), _curvature(c, activation, kappa)
        outer = (norm - 2) * curvature
        for p in range(n):
            for q in range(n):
                total[p][q] += outer * a[p] * a[q] + 2 * phi * (a[p] * w[q] + w[p] * a[q])
            total[p][p] += phi * phi
    return tuple(map(tuple, total))


def trace(w: Vector, data: Matrix, activation: str, kappa: Fraction) -> Fraction:
    """Trace of :func:`hessian`: ``(N - 2) g''|a|^2 + 4 phi c + n phi^2``, summed over the points.

    Args:
        w: Weights.
        data: Points.
        activation: ``linear`` or ``relu``.
        kappa: Second derivative of ``relu(t)^2 / 2`` at 0.

    Returns:
        The trace.
    """
    norm, total = dot(w, w), Fraction(0)
    for a in data:
        c = dot(w, a)
        phi = _phi(c, activation)
        total += (norm - 2) * _curvature(c, activation, kappa) * dot(a, a)
        total += 4 * phi * c + len(w) * phi * phi
    return total


def hessian_vector_product(
    w: Vector, data: Matrix, v: Vector, activation: str, kappa: Fraction
) -> Vector:
    """:func:`hessian` times a vector, without the matrix.

    Args:
        w: Weights.
        data: Points.
        v: Direction.
        activation: ``linear`` or ``relu``.
        kappa: Second derivative of ``relu(t)^2 / 2`` at 0.

    Returns:
        The product, ``(n,)``.
    """
    norm, along = dot(w, w), dot(w, v)
    total = [Fraction(0)] * len(w)
    for a in data:
        c, d = dot(w, a), dot(a, v)
        phi = _phi(c, activation)
        on_a = (norm - 2) * _curvature(c, activation, kappa) * d + 2 * phi * along
        for p in range(len(w)):
            total[p] += on_a * a[p] + 2 * phi * d * w[p] + phi * phi * v[p]
    return tuple(total)


def step(
    w: Vector, batch: Matrix, step_size: Fraction, activation: str, factor: Fraction
) -> Vector:
    """One step of gradient descent on ``factor`` times the sum over a batch.

    Args:
        w: Weights.
        batch: Rows; one that occurs twice counts twice.
        step_size: Step size.
        activation: ``linear`` or ``relu``.
        factor: ``1 / b`` for the mean.

    Returns:
        The next weights.
    """
    slope = gradient(w, batch, activation)
    return tuple(p - step_size * factor * g for p, g in zip(w, slope, strict=True))


def train(
    w: Vector,
    data: Matrix,
    batches: Sequence[Sequence[int]],
    step_size: Fraction,
    activation: str,
    factors: Sequence[Fraction],
) -> Matrix:
    """All weights of a run, the start included.

    Args:
        w: Weights at the start.
        data: Points.
        batches: Indices of the rows of each step.
        step_size: Step size.
        activation: ``linear`` or ``relu``.
        factors: Factor of the sum over the batch, for each step.

    Returns:
        ``(steps + 1, n)``.
    """
    path = [w]
    for batch, factor in zip(batches, factors, strict=True):
        rows = tuple(data[i] for i in batch)
        path.append(step(path[-1], rows, step_size, activation, factor))
    return tuple(path)

r"""Compute the model in exact rational arithmetic, for any rational data, without torch and SymPy.

With :math:`g(t) = \varphi(t)^2 / 2`, :math:`c = \langle w, a \rangle` and :math:`N = |w|^2` the
loss of a point is

.. math:: \ell = \tfrac12 |a|^2 + (N - 2)\, g(c) ,

because :math:`t\, \varphi(t) = 2 g(t)` for the identity and for the positive part. Gradient and
Hessian follow with :math:`g' = \varphi`, :math:`2 g = \varphi^2` and :math:`\nabla N = 2 w`:

.. math:: \nabla \ell = (N - 2)\, \varphi\, a + \varphi^2\, w, \qquad
          \nabla^2 \ell = (N - 2)\, g''(c)\, a a^\top
          + 2 \varphi\, (a w^\top + w a^\top) + \varphi^2 I ,

where :math:`g''(0)` is kappa. Everything here is the plain sum over the points; what a target
divides it by is its convention.
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
    """Round fractions to a target's precision: the values that it really receives.

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
    """Compute the inner product of two vectors."""
    return sum((p * q for p, q in zip(left, right, strict=True)), Fraction(0))


def correlations(w: Vector, data: Matrix) -> Vector:
    """Compute the inner products of the weights with the points."""
    return tuple(dot(w, a) for a in data)


def kinks(w: Vector, data: Matrix) -> tuple[int, ...]:
    """List the points whose inner product with the weights is exactly zero."""
    return tuple(i for i, c in enumerate(correlations(w, data)) if c == 0)


def _phi(c: Fraction, activation: str) -> Fraction:
    return c if activation == "linear" or c > 0 else Fraction(0)


def _curvature(c: Fraction, activation: str, kappa: Fraction) -> Fraction:
    if activation == "linear" or c > 0:
        return Fraction(1)
    return kappa if c == 0 else Fraction(0)


def loss(w: Vector, data: Matrix, activation: str) -> Fraction:
    r"""Compute the loss, summed over the points, from its definition.

    .. math:: \sum_i \tfrac12\, |a_i - \varphi(\langle w, a_i \rangle)\, w|^2

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
    r"""Compute the gradient of each point's loss.

    .. math:: \nabla \ell_i = (N - 2)\, \varphi(c_i)\, a_i + \varphi(c_i)^2\, w

    Args:
        w: Weights.
        data: Points.
        activation: ``linear`` or ``relu``.

    Returns:
        One row per point, ``(m, n)``.
    """
    norm = dot(w, w)
    rows = []
    for a in data:
        phi = _phi(dot(w, a), activation)
        rows.append(tuple((norm - 2) * phi * p + phi * phi * q for p, q in zip(a, w, strict=True)))
    return tuple(rows)


def gradient(w: Vector, data: Matrix, activation: str) -> Vector:
    r"""Compute the gradient, summed over the points.

    .. math:: \sum_i (N - 2)\, \varphi(c_i)\, a_i + \varphi(c_i)^2\, w

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
    r"""Compute the Hessian, summed over the points.

    .. math:: \sum_i (N - 2)\, g''(c_i)\, a_i a_i^\top
              + 2 \varphi(c_i)\, (a_i w^\top + w a_i^\top) + \varphi(c_i)^2 I

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
    r"""Compute the trace of :func:`hessian`.

    .. math:: \sum_i (N - 2)\, g''(c_i)\, |a_i|^2 + 4\, \varphi(c_i)\, c_i + n\, \varphi(c_i)^2

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
    r"""Compute the product of :func:`hessian` and a vector v, without the matrix.

    .. math:: \sum_i \bigl[(N - 2)\, g''(c_i) \langle a_i, v \rangle
              + 2 \varphi(c_i) \langle w, v \rangle\bigr] a_i
              + 2 \varphi(c_i) \langle a_i, v \rangle\, w + \varphi(c_i)^2\, v

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
    r"""Take one step of gradient descent on ``factor`` times the sum over a batch.

    .. math:: w \leftarrow w - \eta f \sum_{i \in B} \nabla \ell_i(w)

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
    """Compute all weights of a run, the start included, with :func:`step`.

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

"""SGD in exact rational arithmetic, independent of torch and of SymPy.

The gradient is that of the definition, by the product rule, with no simplification:
``d/dw |a - w phi|^2 / 2 = -phi r - phi' <w, r> a`` for ``r = a - w phi``.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from whichmin.words import Activation

__all__ = [
    "ETA",
    "PLANE",
    "ROUNDING",
    "Vector",
    "basis",
    "distance",
    "exact_step",
    "squared_norm",
    "trajectory",
    "vector",
]

Vector = tuple[Fraction, ...]

# One rounding of each of two numbers below 2 that are shown; they are computed as fractions.
ROUNDING = 2.0**-51
# The step size of the exact runs, where nothing else is said.
ETA = Fraction(1, 5)


def vector(*entries: Fraction | str | int) -> Vector:
    """Read a vector of fractions.

    Args:
        entries: Numbers, or texts such as ``-3/10``.

    Returns:
        The vector.
    """
    return tuple(Fraction(e) for e in entries)


def basis(m: int) -> tuple[Vector, ...]:
    """Return the standard basis of R^m.

    Args:
        m: Dimension.

    Returns:
        The m basis vectors.
    """
    return tuple(vector(*(int(i == j) for j in range(m))) for i in range(m))


PLANE = basis(2)


def squared_norm(w: Vector) -> Fraction:
    """Return ``|w|^2``.

    Args:
        w: A vector.

    Returns:
        The sum of the squares.
    """
    return _dot(w, w)


def distance(left: Vector, right: Vector) -> Fraction:
    """Return the sum of the absolute differences of two vectors.

    Args:
        left: A vector.
        right: Another one.

    Returns:
        The distance, 0 only if they are equal.
    """
    return sum((abs(p - q) for p, q in zip(left, right, strict=True)), Fraction(0))


def _dot(left: Vector, right: Vector) -> Fraction:
    return sum((p * q for p, q in zip(left, right, strict=True)), Fraction(0))


def _gradient(w: Vector, a: Vector, activation: Activation) -> Vector:
    inner = _dot(w, a)
    slope = Fraction(1) if activation is Activation.LINEAR or inner > 0 else Fraction(0)
    phi = slope * inner
    residual = tuple(p - q * phi for p, q in zip(a, w, strict=True))
    pull = slope * _dot(w, residual)
    return tuple(-phi * r - pull * p for r, p in zip(residual, a, strict=True))


def exact_step(
    w: Vector, batch: Sequence[Vector], step_size: Fraction, activation: Activation
) -> Vector:
    """Take one step on the mean loss of a batch.

    Args:
        w: Weights.
        batch: Data points.
        step_size: Step size.
        activation: Identity or ReLU.

    Returns:
        The next weights.
    """
    gradients = [_gradient(w, a, activation) for a in batch]
    scale = step_size / len(batch)
    return tuple(v - scale * sum((g[p] for g in gradients), Fraction(0)) for p, v in enumerate(w))


def trajectory(
    w: Vector, batches: Sequence[Sequence[Vector]], activation: Activation, eta: Fraction = ETA
) -> Vector:
    """Take one step for each batch.

    Args:
        w: Start.
        batches: The data points of every step.
        activation: Identity or ReLU.
        eta: Step size.

    Returns:
        Where the run ends.
    """
    for batch in batches:
        w = exact_step(w, batch, eta, activation)
    return w

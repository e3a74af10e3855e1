"""SGD in exact rational arithmetic, independent of torch and of SymPy.

The gradient is that of the definition, by the product rule, with no simplification:
``d/dw |a - w phi|^2 / 2 = -phi r - phi' <w, r> a`` for ``r = a - w phi``.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from whichmin.words import Activation

__all__ = ["Vector", "exact_step"]

Vector = tuple[Fraction, ...]


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

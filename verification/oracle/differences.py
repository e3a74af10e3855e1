"""Compute what derivatives by finite differences give instead of the exact ones.

They are computed in NumPy's extended precision; the rounding of a target in float64 is part of the
tolerance: a difference of two losses rounds by a few units of their size, divided by the step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from whichmin.verification.oracle import bounds
from whichmin.verification.oracle.check import Candidate
from whichmin.verification.oracle.references import Matrix, Vector, floats

__all__ = ["gradient_differences", "product_differences"]

# Steps that are in use. With smaller ones rounding drowns what tells them apart.
_FORWARD = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
_CENTRAL = (1e-2, 1e-3, 1e-4)
# Rounding errors of a difference of two sums, in units of their size.
_ROUNDED = 256
Function = Callable[[Any], Any]


def _phi(c: Any, activation: str) -> Any:
    return np.maximum(c, 0) if activation == "relu" else c


def _loss(data: Any, activation: str) -> Function:
    def loss(w: Any) -> Any:
        residual = data - np.outer(_phi(data @ w, activation), w)
        return (residual * residual).sum() / 2

    return loss


def _gradient(data: Any, activation: str) -> Function:
    def gradient(w: Any) -> Any:
        c = _phi(data @ w, activation)
        return (w @ w - 2) * (c @ data) + (c @ c) * w

    return gradient


def _differences(
    function: Function, w: Any, directions: Any, factor: float, terms: float, got: Any
) -> Iterator[Candidate]:
    base = function(w)
    size = factor * terms
    for kind, steps in (("forward", _FORWARD), ("central", _CENTRAL)):
        for h in steps:
            if kind == "forward":
                found = [(function(w + h * v) - base) / h for v in directions]
            else:
                found = [(function(w + h * v) - function(w - h * v)) / (2 * h) for v in directions]
            value = factor * np.array(found, dtype=np.float64).reshape(np.shape(got))
            slack = _ROUNDED * 2.0**-53 * size / h
            declare = f"'derivatives': '{kind} differences', 'difference_step': {h:g}"
            yield Candidate(
                f"{kind} differences with a step of {h:g}, not the derivative",
                np.clip(got, value - slack, value + slack),
                declare,
            )


def gradient_differences(
    w: Vector, data: Matrix, activation: str, factor: float, got: Any
) -> Iterator[Candidate]:
    """List the gradients that differences of the loss give.

    Args:
        w: Weights.
        data: Points.
        activation: ``linear`` or ``relu``.
        factor: Factor of the plain sum over the points.
        got: What the target returned; its rounding is allowed for.

    Yields:
        One candidate for each step and kind.
    """
    at, rows = (floats(x).astype(np.longdouble) for x in (w, data))
    yield from _differences(_loss(rows, activation), at, np.eye(len(at)), factor,
                            bounds.loss_size(w, data), got)  # fmt: skip


def product_differences(
    w: Vector, data: Matrix, v: Vector, activation: str, factor: float, got: Any
) -> Iterator[Candidate]:
    """List the products of Hessian and vector that differences of the gradient give.

    Args:
        w: Weights.
        data: Points.
        v: The vector.
        activation: ``linear`` or ``relu``.
        factor: Factor of the plain sum over the points.
        got: What the target returned.

    Yields:
        One candidate for each step and kind.
    """
    at, rows, along = (floats(x).astype(np.longdouble) for x in (w, data, v))
    yield from _differences(_gradient(rows, activation), at, (along,), factor,
                            float(bounds.gradient_size(w, data).max()), got)  # fmt: skip

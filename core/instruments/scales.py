"""Lengths and spreads of numbers whose squares float64 may not hold.

A length is a root of a sum of squares, and those underflow below 1e-162 and overflow above 1e154
(in float32 below 1e-23 and above 1e19), where the length itself does not. So the numbers are
divided by the power of two above the largest first, which changes no bit of a result otherwise.
"""

from __future__ import annotations

import math

import numpy as np
import torch

__all__ = ["deviation", "length", "scaled"]


def scaled(vector: torch.Tensor, size: float) -> torch.Tensor:
    """Scale a vector to a length.

    Args:
        vector: Any finite vector.
        size: The length, above 0.

    Returns:
        In float64; 0 for 0.
    """
    wide = vector.double()
    wide = wide / _unit(float(wide.abs().max()))
    norm = float(torch.linalg.vector_norm(wide))
    return wide * (size / norm) if norm > 0 else wide


def length(vector: torch.Tensor) -> float:
    """Return the length of a finite vector."""
    wide = vector.double()
    unit = _unit(float(wide.abs().max()))
    return unit * float(torch.linalg.vector_norm(wide / unit))


def deviation(terms: np.ndarray) -> float:
    """Return the standard deviation of independent terms, divided by k - 1."""
    unit = _unit(float(np.abs(terms).max()))
    return unit * float((terms / unit).std(ddof=1))


def _unit(top: float) -> float:
    """The power of two above a number, or at the end of the exponents; 1 for 0."""
    return math.ldexp(1.0, min(math.frexp(top)[1], 1023))

"""Lengths, spreads and quotients of numbers that float64 may not hold.

A length is the root of a sum of squares. The squares underflow below 1e-162 and overflow above
1e154 (in float32 below 1e-23 and above 1e19), where the length itself does not. So the numbers are
divided by the power of two above the largest first, which changes no bit of a result otherwise.
"""

from __future__ import annotations

import math

import numpy as np
import torch

__all__ = ["deviation", "length", "quotient", "scaled"]


def scaled(vector: torch.Tensor, size: float) -> torch.Tensor:
    r"""Scale a vector to a length.

    .. math:: v \mapsto \frac{r}{|v|}\,v

    Args:
        vector: Any finite vector, at least one entry.
        size: The length r, above 0.

    Returns:
        The scaled vector in float64; 0 for 0.
    """
    wide = vector.double()
    wide = wide / _unit(float(wide.abs().max()))
    norm = float(torch.linalg.vector_norm(wide))
    return wide * (size / norm) if norm > 0 else wide


def length(values: torch.Tensor) -> float:
    r"""Compute the Euclidean length of a tensor of any shape.

    .. math:: |v| = \Bigl(\sum_i v_i^2\Bigr)^{1/2}

    Args:
        values: Any shape.

    Returns:
        The length; 0 for no entries, infinite if an entry is.
    """
    if not values.numel():
        return 0.0
    wide = values.double()
    unit = _unit(float(wide.abs().max()))
    return unit * float(torch.linalg.vector_norm(wide / unit))


def deviation(terms: np.ndarray) -> float:
    r"""Compute the standard deviation of independent terms.

    .. math:: \Bigl[\frac1{k - 1} \sum_{i=1}^k (x_i - \bar x)^2\Bigr]^{1/2}

    Args:
        terms: Shape ``(k,)``, k at least 2.

    Returns:
        The deviation, in the unit of the terms.
    """
    unit = _unit(float(np.abs(terms).max()))
    return unit * float((terms / unit).std(ddof=1))


def quotient(above: float, below: float) -> float:
    """Divide two numbers, where the divisor may be 0.

    Args:
        above: What is divided, noise say.
        below: What it is divided by, signal say.

    Returns:
        The ratio; infinite with the sign of ``above`` where ``below`` is 0, and NaN for 0/0.
    """
    if below == 0:
        return math.nan if above == 0 else math.copysign(math.inf, above)
    return above / below


def _unit(top: float) -> float:
    """Compute the power of two above a number, or the largest one; 1 for 0."""
    return math.ldexp(1.0, min(math.frexp(top)[1], 1023))

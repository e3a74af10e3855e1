"""Sums of products that are right to the last bit, each rounded once.

A product is kept as two numbers, so that nothing is lost before the sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["exact_dot", "exact_sum", "two_product"]

Floats = NDArray[np.float64]

# 2^27 + 1 splits the 53 bits of a number into two halves (Veltkamp).
_SPLITTER = 134217729.0


def two_product(a: Floats, b: Floats | float) -> tuple[Floats, Floats]:
    r"""Compute products and what their rounding lost.

    .. math:: a\,b = p + e \quad\text{exactly}, \qquad p = \operatorname{fl}(a\,b)

    Source: Dekker 1971; see Ogita, Rump, Oishi 2005, algorithm 3.3. Factors below 1e300, products
    above 1e-290 in size.

    Args:
        a: Any shape.
        b: The same shape, or one that broadcasts.

    Returns:
        Products and errors.
    """
    product = a * b
    halves = []
    for factor in (a, b):
        scaled = _SPLITTER * factor
        high = scaled - (scaled - factor)
        halves += [high, factor - high]
    a_high, a_low, b_high, b_low = halves
    cross = ((product - a_high * b_high) - a_low * b_high) - a_high * b_low
    return product, a_low * b_low - cross


def exact_sum(*parts: Floats | Iterable[float]) -> tuple[float, float]:
    """Add all numbers, and say what the rounding of the sum lost.

    Args:
        *parts: Numbers.

    Returns:
        The sum, rounded once, and the rest, rounded once.
    """
    terms = [float(x) for part in parts for x in part]
    total = math.fsum(terms)
    return total, math.fsum([*terms, -total])


def exact_dot(a: Floats, b: Floats) -> tuple[float, float]:
    """Compute an inner product, and what its rounding lost.

    Args:
        a: Shape ``(n,)``.
        b: Shape ``(n,)``.

    Returns:
        The product, rounded once, and the rest, rounded once.
    """
    return exact_sum(*two_product(a, b))

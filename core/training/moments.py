"""Mean, variance and extremes of any number of values, in bounded memory and without rounding.

A double is an integer times a power of two, so sums of doubles and of their squares are integers in
a small enough unit. They are added as integers: no order, split or number of threads can change a
bit, and nothing cancels in ``n sum x^2 - (sum x)^2``. Mean and variance are rounded once, when they
are read. (Accumulators of libraries, such as boost-histogram, round at every value, so their
results depend on order and split.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ExactMoments"]

Floats = NDArray[np.float64]

# frexp gives |x| in [2^-1074, 2^1024) as f 2^e with e >= -1073 and f a multiple of 2^-53.
_LOWEST = -1073
_UNIT = 53 - _LOWEST  # sums count 2^-1126, sums of squares 2^-2252
_HALF = 26
_LOW = (1 << _HALF) - 1
# Digits below 2^32 are added as doubles: exact up to 2^53, so for 2^21 of them; half of that here.
_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class ExactMoments:
    """Exact sums over finite values, and the number of values that were not finite.

    Attributes:
        count: Number of finite values.
        nonfinite: Number of others: NaN and infinities.
        minimum: Smallest finite value, infinity if there is none.
        maximum: Largest finite value, minus infinity if there is none.
        total: Sum, in units of ``2**-1126``.
        squares: Sum of squares, in units of ``2**-2252``.
    """

    count: int = 0
    nonfinite: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf
    total: int = 0
    squares: int = 0

    @classmethod
    def of(cls, values: Floats) -> ExactMoments:
        """Compute the moments of values.

        Args:
            values: Shape ``(k,)``; NaN and infinities are counted and left out.

        Returns:
            Their moments.
        """
        finite = values[np.isfinite(values)] + 0.0  # -0.0 becomes 0.0: extremes have one sign
        if not len(finite):
            return cls(nonfinite=len(values))
        parts = [_exact_sums(finite[k : k + _AT_ONCE]) for k in range(0, len(finite), _AT_ONCE)]
        return cls(
            len(finite),
            len(values) - len(finite),
            float(finite.min()),
            float(finite.max()),
            sum(part[0] for part in parts),
            sum(part[1] for part in parts),
        )

    def merge(self, other: ExactMoments) -> ExactMoments:
        """Compute the moments of both sets of values together.

        Args:
            other: The moments of the other set.

        Returns:
            The same bits in any order of merging.
        """
        return ExactMoments(
            self.count + other.count,
            self.nonfinite + other.nonfinite,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            self.total + other.total,
            self.squares + other.squares,
        )

    @property
    def mean(self) -> float:
        """Mean, correctly rounded; NaN without values."""
        return self.total / (self.count << _UNIT) if self.count else math.nan

    @property
    def variance(self) -> float:
        r"""Sample variance, correctly rounded; NaN below two values.

        .. math:: \frac{n \sum x^2 - \left(\sum x\right)^2}{n (n - 1)}
        """
        if self.count < 2:
            return math.nan
        above = self.count * self.squares - self.total**2
        try:
            return above / ((self.count * (self.count - 1)) << (2 * _UNIT))
        except OverflowError:  # beyond the largest double
            return math.inf


def _exact_sums(finite: Floats) -> tuple[int, int]:
    """Add values and squares exactly.

    With ``|x| = (A 2^26 + B) 2^(e - 53)``, ``A < 2^27``, ``B < 2^26`` the square's integer is
    ``A^2 2^52 + A B 2^27 + B^2``, three terms below 2^54 each. Terms of equal exponent are added in
    digits of 32 bits.

    Args:
        finite: At most ``_AT_ONCE`` values.

    Returns:
        The sums in units of ``2**-1126`` and ``2**-2252``.
    """
    fraction, exponent = np.frexp(finite)
    lowest = int(exponent.min())
    place = exponent - lowest
    whole = np.ldexp(fraction, 53).astype(np.int64)
    size = np.abs(whole)
    high, low = size >> _HALF, size & _LOW
    sign = np.sign(whole)
    total = squares = 0
    for shift, digits in ((_HALF, sign * high), (0, sign * low)):
        total += _weighted(place, digits, 1) << shift
    for shift, product in ((2 * _HALF, high * high), (_HALF + 1, high * low), (0, low * low)):
        squares += _weighted(place, product >> 32, 2) << (shift + 32)
        squares += _weighted(place, product & 0xFFFFFFFF, 2) << shift
    above = lowest - _LOWEST
    return total << above, squares << (2 * above)


def _weighted(place: NDArray[np.int32], digits: NDArray[np.int64], power: int) -> int:
    """Sum of ``digits 2^(power place)``.

    Returns:
        The exact integer.
    """
    sums = np.bincount(place, weights=digits)
    return sum(int(sums[k]) << (power * k) for k in np.flatnonzero(sums).tolist())

"""Histograms that can be merged, with intervals that are certain to contain the quantiles.

The package boost-histogram does not suffice: its integer axes cannot be made coarser, take 160 MB
for a single count of 20 million steps, and end at 32 bits; the last bin of its axes is open.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.training.moments import Floats
from whichmin.errors import InputError

__all__ = ["Counts", "Histogram", "check_edges", "rank_of"]
Ints = NDArray[np.int64]

# Integers get bins of their own below 2^16, and bins of width 2^k when the largest is below
# 2^(16 + k): at most 2^16 bins, 1 MiB.
_BITS = 16
_MOST_EDGES = 1 << 20


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts of integers, without memory for those that did not occur.

    Attributes:
        places: The integers, ascending, shape ``(k,)``.
        counts: How often each occurred, positive, shape ``(k,)``.
    """

    places: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    counts: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    @classmethod
    def of(cls, places: Ints) -> Counts:
        """Count integers.

        Args:
            places: Not negative, shape ``(k,)``, any order.

        Returns:
            The counts.
        """
        counts = np.bincount(places)
        found = np.flatnonzero(counts)
        return cls(found.astype(np.int64), counts[found].astype(np.int64))

    def merge(self, other: Counts) -> Counts:
        """Add the counts of another set.

        Returns:
            The sum.
        """
        return _collected(
            np.concatenate([self.places, other.places]),
            np.concatenate([self.counts, other.counts]),
        )

    def coarser(self, shift: int) -> Counts:
        """Add the counts of ``2**shift`` neighbours.

        Returns:
            Counts of ``place >> shift``.
        """
        return _collected(self.places >> shift, self.counts) if shift else self

    @property
    def total(self) -> int:
        """The sum of all counts."""
        return int(self.counts.sum())

    def dense(self, length: int) -> Ints:
        """Return all counts of ``0 .. length - 1``, zeros included."""
        whole = np.zeros(length, np.int64)
        whole[self.places] = self.counts
        return whole


def _collected(places: Ints, counts: Ints) -> Counts:
    unique, where = np.unique(places, return_inverse=True)
    summed = np.zeros(len(unique), np.int64)
    np.add.at(summed, where, counts)
    return Counts(unique, summed)


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts over bins: ``[edge, next edge)``, the last one closed.

    Without edges the bins hold integers: ``[k 2^s, (k + 1) 2^s)``, with the smallest ``s`` that the
    largest value so far allows, 0 below 65,536.

    Attributes:
        edges: Ascending, shape ``(bins + 1,)``; None for the bins of integers.
        integral: Whether all values are integers.
        counts: By number of the bin.
        below: Values below the first edge.
        above: Values above the last edge.
        shift: ``s``; 0 with edges.
    """

    edges: Floats | None
    integral: bool = False
    counts: Counts = field(default_factory=Counts)
    below: int = 0
    above: int = 0
    shift: int = 0

    @classmethod
    def of(cls, values: Floats, edges: Floats | None, integral: bool = False) -> Histogram:
        """Count values.

        Args:
            values: Finite, shape ``(k,)``; without edges integers in ``[0, 2**53]``.
            edges: Ascending, or None.
            integral: Whether all values are integers.

        Returns:
            The histogram.
        """
        if edges is None:
            whole = values.astype(np.int64)
            shift = max(0, int(whole.max(initial=0)).bit_length() - _BITS)
            return cls(None, True, Counts.of(whole >> shift), shift=shift)
        last = len(edges) - 2
        place = np.searchsorted(edges, values, side="right") - 1
        place[values == edges[-1]] = last
        inside = place[(place >= 0) & (place <= last)]
        below, above = int((place < 0).sum()), int((place > last).sum())
        return cls(edges, integral, Counts.of(inside), below, above)

    def merge(self, other: Histogram) -> Histogram:
        """Add the counts of another histogram over the same edges.

        Args:
            other: The other histogram.

        Returns:
            The sum, the same in any order of merging.
        """
        if self.edges is None or other.edges is None:
            assert self.edges is other.edges, "other edges"
        else:
            assert np.array_equal(self.edges, other.edges), "other edges"
        shift = max(self.shift, other.shift)
        return Histogram(
            self.edges,
            self.integral,
            self.counts.coarser(shift - self.shift).merge(
                other.counts.coarser(shift - other.shift)
            ),
            self.below + other.below,
            self.above + other.above,
            shift,
        )

    def bins(self) -> list[tuple[float, float, int]]:
        """List lower edge, upper edge and count of every bin that is not empty."""
        return [
            (*self._ends(place), count)
            for place, count in zip(
                self.counts.places.tolist(), self.counts.counts.tolist(), strict=True
            )
        ]

    def bracket(self, rank: int, minimum: float, maximum: float) -> tuple[float, float]:
        """Find two numbers between which the value of a given rank lies.

        Args:
            rank: 1 for the smallest value, up to the number of values.
            minimum: The smallest value.
            maximum: The largest value.

        Returns:
            Lower and upper end, both included; equal where the value is known exactly.
        """
        count = self.below + self.counts.total + self.above
        assert 1 <= rank <= count, "a rank of some value"
        if rank in {1, count}:
            exact = minimum if rank == 1 else maximum
            return exact, exact
        if self.edges is not None and rank <= self.below:
            first = float(self.edges[0])
            low, high = -math.inf, math.ceil(first) - 1 if self.integral else first
        elif self.edges is not None and rank > count - self.above:
            last = float(self.edges[-1])
            low, high = math.floor(last) + 1 if self.integral else last, math.inf
        else:
            sums = np.cumsum(self.counts.counts)
            place = int(np.searchsorted(sums, rank - self.below))
            low, high = self._inside(self._ends(int(self.counts.places[place])))
        return max(low, minimum), min(high, maximum)

    def _ends(self, place: int) -> tuple[float, float]:
        if self.edges is None:
            return float(place << self.shift), float((place + 1) << self.shift)
        return float(self.edges[place]), float(self.edges[place + 1])

    def _inside(self, ends: tuple[float, float]) -> tuple[float, float]:
        """Tighten a bin to the integers in it.

        Returns:
            Smallest and largest possible value.
        """
        low, high = ends
        if not self.integral:
            return ends
        closed = self.edges is not None and high == self.edges[-1]
        return math.ceil(low), math.floor(high) if closed else math.ceil(high) - 1


def rank_of(q: Any, count: int) -> int:
    r"""Compute the rank of the empirical q-quantile among ``count`` values.

    .. math:: \max(1, \lceil q \cdot \text{count} \rceil)

    It is the rank of the smallest value with at least ``q count`` values up to it. A number q is
    taken as the decimal that Python writes for it, so 0.1 means a tenth.

    Args:
        q: Between 0 and 1.
        count: Number of values, at least 1.

    Returns:
        A rank, 1 to ``count``.

    Raises:
        InputError: ``q`` is no number between 0 and 1.
    """
    try:
        exact = Fraction(str(q))
    except (ValueError, ZeroDivisionError) as error:
        raise InputError("q", q, "must be a number between 0 and 1") from error
    if not 0 <= exact <= 1:
        raise InputError("q", q, "must be a number between 0 and 1")
    return max(1, math.ceil(exact * count))


def check_edges(value: Any, argument: str) -> Floats:
    """Return the edges of a histogram.

    Raises:
        InputError: They are not at least two finite numbers in ascending order.
    """
    allowed = "must be 2 to 2^20 finite numbers in ascending order"
    try:
        edges = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(argument, value, allowed) from error
    if edges.ndim != 1 or not 2 <= len(edges) <= _MOST_EDGES:
        raise InputError(argument, value, allowed)
    if not (np.isfinite(edges).all() and (np.diff(edges) > 0).all()):
        raise InputError(argument, value, allowed)
    return edges

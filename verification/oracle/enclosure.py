r"""Values of a recurrence near a point: with derivatives, and with what rounding makes of them.

An :class:`Enclosure` stands for a quantity that is computed from a state x in a box about a
centre. It holds, entry by entry, the value and the derivative by the state at the centre, how far
both are off anywhere in the box, and the *size*: whatever a target's order of operations, what it
gets is off by at most ``unit * size``, where ``unit`` is the unit roundoff times the number of
roundings that are allowed on the longest path. With the largest values in the box:

===========  ===============================================================================
sum          :math:`s_a + s_b + \epsilon\, (|a| + |b|)`
product      :math:`s_a |b| + |a| s_b + \epsilon\, |a b|`, the error of first order
1 / b        :math:`s_b / l^2 + \epsilon / l`, where l is the least :math:`|b|`
square root  :math:`s_a / \sqrt l + \epsilon \sqrt{|a|}`: :math:`\sqrt{\hat a} - \sqrt a =
             (\hat a - a) / (\sqrt{\hat a} + \sqrt a)`
larger       the size of the one that is larger, of both where that is open
===========  ===============================================================================

where :math:`\epsilon` is the share of a unit that one rounding is at most (``ONE``). So optimisers
are judged, whose operations all implementations have in common; of the model's gradient, which is
written in many algebraic forms, the size of them all is put in
(:func:`whichmin.verification.oracle.bounds.gradient_size`).

A kink (``larger`` of two that come as near as the box and rounding are wide) has the hull of both
derivatives; where a divisor or a root may vanish, everything is infinite. Roundings of this
computation itself are covered by ``OWN``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.arithmetic import Arithmetic
from whichmin.verification.oracle.references import floats

__all__ = ["OWN", "Enclosure", "enclosures"]

Floats = NDArray[np.float64]

# Roundings of an operation here, up to sums of 256 terms, relative to the sizes of the terms.
OWN = 2.0**-44
# The share of a unit, which allows 48 roundings at least (``bounds.operations``), that one is.
ONE = 1 / 48


@dataclass(frozen=True)
class Enclosure:
    """A scalar or a vector near a point.

    Attributes:
        value: At the centre.
        spread: Largest deviation from it in the box.
        slope: Derivative at the centre, by the state's N entries along the last axis.
        drift: Largest deviation from it in the box.
        size: What rounding is relative to.
        unit: Largest rounding relative to the size.
    """

    value: Floats
    spread: Floats
    slope: Floats
    drift: Floats
    size: Floats
    unit: float

    __array_ufunc__ = None  # an array on the left leaves the operation to this class

    @property
    def low(self) -> Floats:
        """Least value that the box and rounding allow."""
        return self.value - self.spread - self.unit * self.size

    @property
    def high(self) -> Floats:
        """Largest value that the box and rounding allow."""
        return self.value + self.spread + self.unit * self.size

    def __neg__(self) -> Enclosure:
        return Enclosure(-self.value, self.spread, -self.slope, self.drift, self.size, self.unit)

    @property
    def most(self) -> Floats:
        """Largest absolute value in the box."""
        return np.abs(self.value) + self.spread

    def __add__(self, other: Enclosure) -> Enclosure:
        terms = self.most + other.most
        mine, others = _beside(self.slope, terms), _beside(other.slope, terms)
        drift = _beside(self.drift, terms) + _beside(other.drift, terms)
        return Enclosure(
            self.value + other.value, self.spread + other.spread + OWN * terms, mine + others,
            drift + OWN * (np.abs(mine) + np.abs(others)),
            self.size + other.size + ONE * terms, self.unit,
        )  # fmt: skip

    def __sub__(self, other: Enclosure) -> Enclosure:
        return self + (-other)

    def __mul__(self, other: Enclosure) -> Enclosure:
        a, b, most_a, most_b = np.abs(self.value), np.abs(other.value), self.most, other.most
        both = most_a * most_b
        sa, sb = _beside(self.slope, both), _beside(other.slope, both)
        da, db = _beside(self.drift, both), _beside(other.drift, both)
        most = (np.abs(sa) + da) * most_b[..., None] + (np.abs(sb) + db) * most_a[..., None]
        least = np.abs(sa) * b[..., None] + np.abs(sb) * a[..., None]
        return Enclosure(
            self.value * other.value, both - a * b + OWN * both,
            sa * other.value[..., None] + sb * self.value[..., None], most - least + OWN * most,
            self.size * most_b + most_a * other.size + ONE * both, self.unit,
        )  # fmt: skip

    def __truediv__(self, other: Enclosure) -> Enclosure:
        return self * other.inverse()

    def inverse(self) -> Enclosure:
        """Compute 1 / b."""
        away = np.maximum(np.maximum(self.low, -self.high), 0.0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value = 1 / self.value
            square = (value * value)[..., None]
            most = (np.abs(self.slope) + self.drift) / (away * away)[..., None]
            drift = most - np.abs(self.slope) * square + OWN * most
            return Enclosure(
                value, self.spread / (away * away) + OWN / away, -self.slope * square,
                drift, (self.size / away + ONE) / away, self.unit,
            )  # fmt: skip

    def sqrt(self) -> Enclosure:
        """Compute the square root; 0 for what is 0 whatever the rounding."""
        nothing = self.high == 0
        low = np.sqrt(np.maximum(self.low, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.sqrt(np.maximum(self.value, 0.0))
            slope = self.slope / (2 * value)[..., None]
            most = (np.abs(self.slope) + self.drift) / (2 * low)[..., None]
            drift = most - np.abs(slope) + OWN * most
            top = np.sqrt(np.maximum(self.high, 0.0))
            size, spread = self.size / low + ONE * top, top - low
        keep = ~nothing
        return Enclosure(
            value, np.where(keep, spread, 0.0), np.where(keep[..., None], slope, 0.0),
            np.where(keep[..., None], drift, 0.0), np.where(keep, size, 0.0), self.unit,
        )  # fmt: skip

    def larger(self, other: Enclosure) -> Enclosure:
        """Compute the larger of two, entry by entry; where it is open, the hull of both."""
        shape = np.broadcast_shapes(self.value.shape, other.value.shape)
        first = np.broadcast_to(self.low >= other.high, shape)
        second = np.broadcast_to(other.low >= self.high, shape) & ~first

        def chosen(a: Floats, b: Floats, both: Floats) -> Floats:
            return np.where(first, a, np.where(second, b, both))

        def chosen_rows(a: Floats, b: Floats, both: Floats) -> Floats:
            return np.where(first[..., None], a, np.where(second[..., None], b, both))

        apart = np.abs(self.slope - other.slope) / 2
        return Enclosure(
            np.maximum(self.value, other.value),
            chosen(self.spread, other.spread, np.maximum(self.spread, other.spread)),
            chosen_rows(self.slope, other.slope, (self.slope + other.slope) / 2),
            chosen_rows(self.drift, other.drift,
                        apart * (1 + OWN) + np.maximum(self.drift, other.drift)),
            chosen(self.size, other.size, np.maximum(self.size, other.size)),
            self.unit,
        )  # fmt: skip

    def _times(self, rows: Floats) -> Enclosure:
        """Multiply by a matrix of given numbers from the left."""
        sizes = np.abs(rows)
        terms = sizes @ self.most
        return Enclosure(
            rows @ self.value, sizes @ self.spread + OWN * terms, rows @ self.slope,
            sizes @ (self.drift + OWN * np.abs(self.slope)),
            sizes @ self.size + ONE * len(self.value) * terms, self.unit,
        )  # fmt: skip

    def __rmatmul__(self, rows: Floats) -> Enclosure:
        return self._times(rows)

    def __matmul__(self, other: Any) -> Enclosure:
        if isinstance(other, np.ndarray):
            return self._times(other.T)
        each = self * other
        terms = each.most.sum(axis=0)
        return Enclosure(
            each.value.sum(axis=0), each.spread.sum(axis=0) + OWN * terms, each.slope.sum(axis=0),
            (each.drift + OWN * np.abs(each.slope)).sum(axis=0),
            each.size.sum(axis=0) + ONE * len(each.value) * terms, self.unit,
        )  # fmt: skip


def _beside(rows: Floats, like: Floats) -> Floats:
    """A derivative of a scalar stands beside every entry of a vector."""
    return rows if rows.ndim > like.ndim else np.broadcast_to(rows, (*like.shape, rows.shape[-1]))


def enclosures(states: int, unit: float) -> Arithmetic:
    """Make the arithmetic of enclosures.

    Args:
        states: Entries N of the state that derivatives are taken by.
        unit: Largest rounding relative to a size.

    Returns:
        The arithmetic; its arrays are constants, floats as a target receives them.
    """

    def number(value: Any) -> Enclosure:
        return constant(float(Fraction(value)), 2, states, unit)

    def power(base: Fraction, exponent: int) -> Enclosure:
        return constant(float(base) ** exponent, exponent + 2, states, unit)

    return Arithmetic(number, floats, Enclosure.sqrt, Enclosure.larger, power)


def constant(value: float, roundings: float, states: int, unit: float) -> Enclosure:
    """Make a number that does not depend on the state.

    Args:
        value: The number.
        roundings: How many roundings a target makes of it: a running product of t factors makes t.
        states: Entries N of the state.
        unit: Largest rounding relative to a size.

    Returns:
        The number.
    """
    none = np.zeros(states)
    size = np.asarray(ONE * roundings * abs(value))
    return Enclosure(np.asarray(value), np.asarray(OWN * abs(value)), none, none, size, unit)

"""The kinds of numbers that one recurrence runs over: floats, fractions and long decimals.

A recurrence (:func:`slope`, :mod:`whichmin.verification.oracle.optimisers`) is written once with
``+ - * / @``; what operators do not say, it takes from an :class:`Arithmetic`. Decimals come with
Python and are computed in C, so a run of hundreds of steps at :data:`DIGITS` digits takes
milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.references import floats

__all__ = ["DECIMALS", "DIGITS", "FLOATS", "FRACTIONS", "Arithmetic", "as_fractions", "slope"]

# Digits of a decimal: each rounding is 2^-146 of the one of float64.
DIGITS = 60
_LONG = Context(prec=DIGITS)


@dataclass(frozen=True)
class Arithmetic:
    """A kind of number.

    Attributes:
        number: Makes a number of a fraction or an integer.
        array: Makes an array of nested tuples of fractions, or of an array of floats.
        sqrt: The square root, entry by entry.
        larger: The larger of two, entry by entry.
        power: A power of a fraction, as a number.
    """

    number: Callable[[Any], Any]
    array: Callable[[Any], Any]
    sqrt: Callable[[Any], Any]
    larger: Callable[[Any, Any], Any]
    power: Callable[[Fraction, int], Any]


def _objects(number: Callable[[Any], Any]) -> Callable[[Any], NDArray[Any]]:
    def convert(value: Any) -> NDArray[Any]:
        plain = np.asarray(value, dtype=object)
        made = np.empty(plain.shape, dtype=object)
        for place in np.ndindex(plain.shape):
            made[place] = number(plain[place])
        return made

    return convert


def _decimal(value: Any) -> Decimal:
    exact = Fraction(value)
    return _LONG.divide(Decimal(exact.numerator), Decimal(exact.denominator))


def _no_root(value: Any) -> Any:
    raise ArithmeticError(f"the root of {value} is no fraction")


def _decimal_root(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value.sqrt()
    made = np.empty(value.shape, dtype=object)
    for place in np.ndindex(value.shape):
        made[place] = value[place].sqrt()
    return made


def _decimal_power(base: Fraction, exponent: int) -> Decimal:
    return _LONG.power(_decimal(base), exponent)


FLOATS = Arithmetic(float, floats, np.sqrt, np.maximum, lambda p, k: float(p) ** k)
FRACTIONS = Arithmetic(Fraction, _objects(Fraction), _no_root, np.maximum, lambda p, k: p**k)
DECIMALS = Arithmetic(_decimal, _objects(_decimal), _decimal_root, np.maximum, _decimal_power)


def as_fractions(vector: Any) -> tuple[Fraction, ...]:
    """Return a vector of any kind of number as fractions, exactly."""
    return tuple(Fraction(x) for x in vector)


def slope(w: Any, rows: Any, activation: str, factor: Any, numbers: Arithmetic = FLOATS) -> Any:
    r"""Compute the gradient of ``factor`` times the summed loss of some rows.

    .. math:: f \sum_i (N - 2)\, \varphi(c_i)\, a_i + \varphi(c_i)^2\, w

    Args:
        w: Weights, of the kind of number.
        rows: Points of the batch, likewise.
        activation: ``linear`` or ``relu``.
        factor: ``1 / b`` for the mean.
        numbers: The kind of number.

    Returns:
        The gradient.
    """
    c = rows @ w
    phi = numbers.larger(c, numbers.number(0)) if activation == "relu" else c
    total = (w @ w - numbers.number(2)) * (phi @ rows) + (phi @ phi) * w
    return total * numbers.number(factor)

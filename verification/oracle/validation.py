"""Validate the oracle's arguments: the settings of a judgement, and declarations.

The counterpart of ``core/validation.py``, which needs PyTorch; a judged process has NumPy alone.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from whichmin.errors import InputError
from whichmin.moved import renamed

__all__ = [
    "ISOLATIONS",
    "LONGEST",
    "MOST_SEEDS",
    "JudgeSettings",
    "check_choice",
    "check_fraction",
    "check_integer",
    "check_limit",
    "check_number",
    "check_reasons",
]

__getattr__ = renamed(__name__, Settings="JudgeSettings")

ISOLATIONS = ("auto", "process", "fork", "inline")
# Seeds go to targets as they are: NumPy's old generator and JAX take 32 bits, and some checks count
# on from the seed.
MOST_SEEDS = 2**31
# Seconds. The first call of a function gets three times as long, and the operating system counts
# milliseconds in 31 bits: 24 days.
LONGEST = 86400.0
# Seconds allowed to a call unless said otherwise. Right targets need milliseconds; what imports or
# compiles at its first call needs a few seconds on a busy machine.
LIMIT = 20.0
QUICK_LIMIT = 5.0
# The least number that may be written with an exponent.
_SMALLEST = 1e-300


def check_integer(value: Any, argument: str, minimum: int, maximum: int) -> int:
    """Return ``value`` as an int in ``[minimum, maximum]``.

    Raises:
        InputError: It is not an integer in that range.
    """
    right = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not right or not minimum <= int(value) <= maximum:
        raise InputError(argument, value, f"must be an integer from {minimum} to {maximum}")
    return int(value)


def check_choice(value: Any, argument: str, allowed: tuple[str, ...]) -> str:
    """Return the one of ``allowed`` that ``value`` is equal to, as a plain string.

    Raises:
        InputError: It is none of them.
    """
    if not isinstance(value, str) or value not in allowed:
        raise InputError(argument, value, f"must be one of: {', '.join(allowed)}")
    return allowed[allowed.index(value)]


def check_fraction(value: Any, argument: str, *, share: bool) -> Fraction:
    """Return a number, or the text of one, as a fraction.

    Args:
        value: The number.
        argument: Its name, for the error.
        share: Whether it must lie from 0 to 1; else it is a factor, of which float32 can form the
            square.

    Returns:
        The fraction.

    Raises:
        InputError: It is no number in that range.
    """
    allowed = "must be a number from 0 to 1" if share else "must be a number from 2^-32 to 2^32"
    low, high = (Fraction(0), Fraction(1)) if share else (Fraction(1, 2**32), Fraction(2**32))
    if isinstance(value, bool) or not isinstance(value, (str, numbers.Real)):
        raise InputError(argument, value, allowed)
    text = str(value)
    try:
        # The power of ten of "1e-999999999" would be written out.
        if "e" in text.lower() and not _SMALLEST <= abs(float(text)) <= 1 / _SMALLEST:
            raise InputError(argument, value, allowed)
        number = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(argument, value, allowed) from error
    if not low <= number <= high:
        raise InputError(argument, value, allowed)
    return number


def check_number(value: Any, argument: str, low: float, high: float) -> Fraction:
    """Return the float64 nearest to a number, or to the text of one, as a fraction.

    Args:
        value: The number: a target computes with the float64.
        argument: Its name, for the error.
        low: The least one allowed.
        high: The largest one allowed.

    Returns:
        The fraction.

    Raises:
        InputError: It is no number in that range.
    """
    allowed = f"must be a number from {low:g} to {high:g}"
    if isinstance(value, bool) or not isinstance(value, (str, numbers.Real)):
        raise InputError(argument, value, allowed)
    try:
        number = float(Fraction(value) if isinstance(value, str) and "/" in value else value)
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise InputError(argument, value, allowed) from error
    # NaN fails both comparisons.
    if not low <= number <= high:
        raise InputError(argument, value, allowed)
    return Fraction(number)


def check_limit(value: Any, argument: str = "limit") -> float:
    """Return a time limit in seconds, above 0 and at most a day.

    Raises:
        InputError: It is no number in that range.
    """
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    # NaN fails every comparison, and a fraction or integer is compared without overflow.
    if not real or not 0 < value <= LONGEST or not math.isfinite(value):
        raise InputError(argument, value, f"must be seconds, above 0 and at most {LONGEST:.0f}")
    return float(value)


def check_reasons(value: Any, argument: str) -> dict[str, str]:
    """Return expected failures: check ids to reasons.

    Raises:
        InputError: It is no mapping of texts to texts, or a reason is empty.
    """
    if not isinstance(value, Mapping):
        raise InputError(argument, value, "must map check ids to reasons")
    for check, reason in value.items():
        if not isinstance(check, str):
            raise InputError(argument, check, "must have ids of checks, texts, as its keys")
        if not isinstance(reason, str) or not reason.strip():
            raise InputError(f"{argument}[{str(check)!r}]", reason, "must have a reason, a text")
    return {str(k): str(v) for k, v in value.items()}


def _check_flag(value: Any, argument: str) -> bool:
    if not isinstance(value, bool):
        raise InputError(argument, value, "must be True or False")
    return value


@dataclass(frozen=True)
class JudgeSettings:
    """The settings with which a target is judged, validated when they are made.

    Attributes:
        quick: Whether to run the short version.
        deep: Whether to run the long version.
        seed: Seed of the random choices.
        expected: Expected failures besides those that the target declares: check id to reason.
        isolation: Where calls run, one of ``ISOLATIONS``.
        limit: Seconds allowed to a call, three times as long for the first of a function; None for
            20, in the short version 5.
    """

    quick: bool = False
    deep: bool = False
    seed: int = 0
    expected: Mapping[str, str] | None = None
    isolation: str = "auto"
    limit: float | None = None

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            InputError: A value is not allowed.
        """
        quick, deep = _check_flag(self.quick, "quick"), _check_flag(self.deep, "deep")
        if quick and deep:
            raise InputError("quick", quick, "must not be given together with deep")
        reasons = None if self.expected is None else check_reasons(self.expected, "expected")
        checked = {
            "seed": check_integer(self.seed, "seed", 0, MOST_SEEDS - 1),
            "expected": reasons,
            "isolation": check_choice(self.isolation, "isolation", ISOLATIONS),
            "limit": check_limit(self.seconds),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def seconds(self) -> float:
        """Seconds allowed to a call."""
        if self.limit is None:
            return QUICK_LIMIT if self.quick else LIMIT
        return self.limit

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> JudgeSettings:
        """Make settings from keyword arguments.

        Args:
            given: Fields by name.

        Returns:
            The settings.

        Raises:
            InputError: A name or a value is not allowed.
        """
        names = [f.name for f in dataclasses.fields(cls)]
        for name in given:
            if name not in names:
                raise InputError("setting", name, f"must be one of: {', '.join(names)}")
        return cls(**given)

"""The errors that whichmin raises; each names the argument, its value and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "CheckFailed", "InputError", "MissingDependency", "Verbatim", "WhichminError", "nearest",
]  # fmt: skip


class WhichminError(Exception):
    """Base class of the errors that whichmin raises on purpose."""


class InputError(WhichminError, ValueError):
    """An argument has a value that is not allowed.

    Attributes:
        argument: Name of the argument, as the caller spelled it.
        value: The value received, shortened for display.
        allowed: What would have been accepted.
    """

    def __init__(self, argument: str, value: object, allowed: str) -> None:
        text = repr(value)
        self.argument = argument
        self.value = text if len(text) <= 120 else text[:117] + "..."
        self.allowed = allowed
        super().__init__(f"{argument} = {self.value}, but {allowed}")

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the three parts, so that the error survives pickling."""
        return (_rebuild, (self.argument, self.value, self.allowed))


class Verbatim(str):
    """A value as text that error messages show unchanged, because it was already shortened."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def nearest(text: str, names: Iterable[str], shown: int = 3) -> str:
    """Say which names are nearest to one that is none of them.

    Args:
        text: What was given.
        names: What is known.
        shown: How many to name.

    Returns:
        Such as ``the nearest are gd.limit, gd.rates``; those with the same beginning come first.
    """
    known = list(names)
    begun = [name for name in known if text and name.startswith(text)]
    near = difflib.get_close_matches(text, known, n=shown, cutoff=0.0)
    return f"the nearest are {', '.join(list(dict.fromkeys((*begun, *near)))[:shown])}"


def _rebuild(argument: str, value: str, allowed: str) -> InputError:
    return InputError(argument, Verbatim(value), allowed)


class MissingDependency(WhichminError, ImportError):
    """An optional package or device is needed and absent."""

    def __init__(self, what: str, why: str, remedy: str) -> None:
        self.parts = (what, why, remedy)
        super().__init__(f"{what} is missing: {why}; {remedy}")

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the three parts, so that the error survives pickling."""
        return (MissingDependency, self.parts)


class CheckFailed(WhichminError, AssertionError):
    """A verification check found a deviation larger than rounding explains."""

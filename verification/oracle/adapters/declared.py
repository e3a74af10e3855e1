"""Helpers for adapters that take a user's functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

__all__ = ["positional"]


def positional(function: Callable[..., Any], most: int) -> int:
    """Count the arguments that a function can be given by position.

    Args:
        function: The function, or a class.
        most: As many are wanted at most, and assumed where nothing is known.

    Returns:
        The number.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C
        return most
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return most
    return min(
        most, sum(p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD} for p in parameters)
    )

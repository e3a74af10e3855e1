"""Validate the numbers of a table that is symbolic without them and measured with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from whichmin.core.validation import check_integer
from whichmin.errors import InputError

__all__ = ["check_sizes"]


def check_sizes(
    m: Any, n: Any, positive: Any, options: Mapping[str, Any]
) -> tuple[int, int, int] | None:
    """Validate the three numbers, and refuse options that would change nothing without them.

    Args:
        m: Number of data points, or None.
        n: Dimension, or None.
        positive: Number of points with positive correlation at the start, or None.
        options: Options of the measured tables alone, by name; None for one that is not given.

    Returns:
        The three numbers, or None without any.

    Raises:
        InputError: Some numbers are missing or out of range, or an option needs them.
    """
    if (m, n, positive) == (None, None, None):
        for name, value in options.items():
            if value is not None:
                raise InputError(
                    name, value, "needs m=M, n=N and positive=K as well: without these three "
                    "numbers the table is symbolic and nothing depends on it",
                )  # fmt: skip
        return None
    if m is None or n is None or positive is None:
        numbers = {"m": m, "n": n, "positive": positive}
        given = next(name for name, value in numbers.items() if value is not None)
        letters = {"m": "m=M", "n": "n=N", "positive": "positive=K"}
        lacking = " and ".join(letters[name] for name, value in numbers.items() if value is None)
        raise InputError(given, numbers[given], f"needs {lacking} as well")
    m = check_integer(m, "m", 1)
    n = check_integer(n, "n", m, reason="m orthonormal points need at least m dimensions")
    positive = check_integer(positive, "positive", 1, m, "some of the m points")
    frame = options.get("frame")
    if frame not in {None, "standard", "random"}:
        raise InputError("frame", frame, "must be one of: standard, random")
    return m, n, positive

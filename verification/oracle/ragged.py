"""Batches of unequal size as one array, with ``NONE`` where a batch has no further entry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["NONE", "filled", "padded", "sizes"]

# No entry: no target means a point by the least of all integers.
NONE = -(2**63)

Batches = NDArray[np.int64]


def filled(rows: Iterable[NDArray[Any]]) -> Batches:
    """Put rows of integers under each other, filled up with ``NONE``."""
    listed = list(rows)
    out = np.full((len(listed), max(map(len, listed), default=0)), NONE, dtype=np.int64)
    for t, row in enumerate(listed):
        out[t, : len(row)] = row
    return out


def padded(found: Any) -> Batches | None:
    """Read a list of batches of unequal size.

    Args:
        found: What a sampler returned.

    Returns:
        The batches, ``(steps, widest)``; None if it is no list of rows of integers, or all rows are
        equally long, so that NumPy reads it by itself.
    """
    if isinstance(found, np.ndarray) and found.dtype == object and found.ndim == 1:
        found = list(found)
    if not isinstance(found, (list, tuple)):
        return None
    try:
        rows = [np.asarray(r.tolist() if hasattr(r, "tolist") else r) for r in found]
    except (ValueError, TypeError):
        return None
    alike = len({row.shape for row in rows}) <= 1
    if (alike and any(row.size for row in rows)) or not rows or any(row.ndim != 1 for row in rows):
        return None
    # NumPy makes floats of an empty list.
    if any(row.size and row.dtype.kind not in "iu" for row in rows):
        return None
    return filled(rows)


def sizes(batches: Batches) -> NDArray[np.int64]:
    """Count the entries of each batch."""
    return np.asarray((batches != NONE).sum(axis=1))

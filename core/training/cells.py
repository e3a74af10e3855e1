"""The cells of a sweep, each with the replicas of one batch size and one step size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.errors import InputError

__all__ = ["SweepCell", "blocks", "cells_of", "grid"]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class SweepCell:
    """Replicas with one batch size and one step size.

    Attributes:
        batch_size: Points per batch, as the caller gave it; None for the full batch.
        step_size: Step size, as the caller gave it.
        lanes: Numbers of its replicas, ascending.
    """

    batch_size: Any
    step_size: Any
    lanes: range | Ints = field(repr=False)


def grid(
    batch_sizes: Sequence[Any], step_sizes: Sequence[Any], replicas: int
) -> tuple[SweepCell, ...]:
    """Make a cell for every combination, with replica numbers that run on from cell to cell.

    Args:
        batch_sizes: Batch sizes.
        step_sizes: Step sizes.
        replicas: Replicas per cell.

    Returns:
        The cells.
    """
    pairs = [(b, s) for b in batch_sizes for s in step_sizes]
    return tuple(
        SweepCell(b, s, range(k * replicas, (k + 1) * replicas)) for k, (b, s) in enumerate(pairs)
    )


def cells_of(batch_size: Any, step_size: Any, replicas: int) -> tuple[SweepCell, ...]:
    """Group replicas by batch size and step size.

    Args:
        batch_size: One number (None for the full batch), or shape ``(replicas,)``.
        step_size: One number, or shape ``(replicas,)``.
        replicas: Number of replicas.

    Returns:
        A cell per distinct pair, in the order of their first replicas.

    Raises:
        InputError: An array has another shape or holds no numbers.
    """
    sizes = _each(batch_size, "batch_size", "iu", replicas)
    steps = _each(step_size, "step_size", "iuf", replicas)
    if sizes is None and steps is None:
        return (SweepCell(batch_size, step_size, range(replicas)),)
    first = np.zeros(replicas, np.int64) if sizes is None else _codes(sizes)
    second = np.zeros(replicas, np.int64) if steps is None else _codes(steps)
    pair = first * (int(second.max()) + 1) + second
    _, leader, code, counts = np.unique(
        pair, return_index=True, return_inverse=True, return_counts=True
    )
    members = np.split(np.argsort(code, kind="stable"), np.cumsum(counts)[:-1])
    return tuple(
        SweepCell(
            batch_size if sizes is None else int(sizes[leader[k]]),
            step_size if steps is None else float(steps[leader[k]]),
            members[k],
        )
        for k in np.argsort(leader).tolist()
    )


def _each(value: Any, argument: str, kinds: str, replicas: int) -> NDArray[Any] | None:
    """Read one value per replica; None where there is one value for all.

    Returns:
        Shape ``(replicas,)``.

    Raises:
        InputError: Another shape, or no numbers.
    """
    if value is None or np.ndim(value) == 0:
        return None
    array = np.asarray(value)
    if array.shape != (replicas,) or array.dtype.kind not in kinds:
        what = "integers" if kinds == "iu" else "numbers"
        raise InputError(
            argument,
            f"{array.dtype} of shape {array.shape}",
            f"must be one number, or {replicas} {what}: one per replica",
        )
    return array


def _codes(values: NDArray[Any]) -> Ints:
    return np.asarray(np.unique(values, return_inverse=True)[1], dtype=np.int64)


def blocks(lanes: range | Ints, size: int) -> Iterator[Ints]:
    """Cut replica numbers into blocks.

    Args:
        lanes: The numbers.
        size: Numbers per block, at least 1.

    Yields:
        Every number once, in order; shape ``(size,)`` or less at the end.
    """
    for first in range(0, len(lanes), size):
        yield np.asarray(lanes[first : first + size], dtype=np.int64)

"""Add up and average the gradients of parts of the data: micro-batches, and shards of ranks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TypeVar

from whichmin.verification.oracle.references import Matrix, Vector

__all__ = ["added", "cut", "cycled", "mean", "scaled"]

T = TypeVar("T")


def added(rows: Iterable[Vector]) -> Vector:
    """Add up vectors, at least one."""
    return tuple(sum(column, Fraction(0)) for column in zip(*rows, strict=True))


def scaled(row: Vector, factor: Fraction | int) -> Vector:
    """Multiply a vector by a number."""
    return tuple(factor * x for x in row)


def mean(rows: Sequence[Vector]) -> Vector:
    """Average vectors, at least one."""
    return scaled(added(rows), Fraction(1, len(rows)))


def cut(rows: Sequence[T], sizes: Sequence[int]) -> list[Sequence[T]]:
    """Cut rows into consecutive parts.

    Args:
        rows: The rows.
        sizes: Their numbers in each part; the sum is ``len(rows)``.

    Returns:
        The parts.
    """
    ends = [sum(sizes[: k + 1]) for k in range(len(sizes))]
    return [rows[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def cycled(data: Matrix, count: int) -> Matrix:
    """Repeat rows in turn until there are ``count``."""
    return tuple(data[i % len(data)] for i in range(count))

"""Checks of what objectives get and give: losses, derivatives, vectors, numbers of samples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from whichmin.core.scales import length
from whichmin.errors import InputError

__all__ = [
    "check_columns",
    "check_derivative",
    "check_indices",
    "check_kinks",
    "check_losses",
    "check_reduction",
]

_SAME_LOSS = 64  # units of roundoff between two evaluations; dropout changes far more


def check_reduction(value: object, allowed: tuple[str, ...]) -> None:
    """Refuse an unknown reduction.

    Raises:
        InputError: It is not among the allowed ones.
    """
    if value not in allowed:
        raise InputError("reduction", value, f"must be one of: {', '.join(allowed)}")


def check_columns(vectors: object, n: int) -> torch.Tensor:
    """Validate vectors for the Hessian and return them as columns.

    Args:
        vectors: Shape ``(n,)`` or ``(n, k)``, columns as vectors.
        n: Number of weights.

    Returns:
        Shape ``(n, k)``.

    Raises:
        InputError: They have another shape (rows as vectors, say), or are not finite.
    """
    if not isinstance(vectors, torch.Tensor):
        raise InputError("vectors", type(vectors).__name__, "must be a tensor")
    if vectors.ndim not in (1, 2) or len(vectors) != n:
        raise InputError(
            "vectors", f"tensor of shape {tuple(vectors.shape)}",
            f"must have shape ({n},) or ({n}, k), columns as vectors",
        )  # fmt: skip
    if not _finite(vectors):
        raise InputError("vectors", "NaN or infinite entries", "must be finite")
    return vectors.reshape(n, -1)


def check_indices(indices: object, samples: int) -> np.ndarray:
    """Refuse numbers that no sample has.

    Returns:
        The numbers, int64.

    Raises:
        InputError: They are no integers from 0 to below the number of samples, or there are none.
    """
    known = np.asarray(indices)
    if known.ndim != 1 or not len(known) or known.dtype.kind not in "iu":
        raise InputError(
            "indices",
            f"{known.dtype} of shape {known.shape}",
            "must be integers, shape (k,), k >= 1",
        )
    if known.min() < 0 or known.max() >= samples:
        raise InputError(
            "indices", f"{known.min()} to {known.max()}", f"must lie in 0 .. {samples - 1}"
        )
    return known.astype(np.int64)


def check_derivative(values: torch.Tensor, name: str) -> torch.Tensor:
    """Refuse a derivative that is not finite, as at a kink of a root or power in the loss.

    Returns:
        The values.

    Raises:
        InputError: One is NaN or infinite.
    """
    if not _finite(values):
        raise InputError(
            "loss",
            f"a {name} that is NaN or infinite",
            "must be smooth where it is measured, and in a unit in which that is finite",
        )
    return values


def _finite(values: torch.Tensor) -> bool:
    # A sum is NaN or infinite if an entry is; one that overflows is looked at again.
    return math.isfinite(float(values.sum())) or bool(torch.isfinite(values).all())


def check_losses(argument: str, first: Any, again: Any, dtype: torch.dtype) -> None:
    """Refuse a result that is no loss, given two evaluations at the same weights.

    Raises:
        InputError: No tensor of the data type, not finite, or two different ones.
    """
    if not isinstance(first, torch.Tensor) or first.dtype != dtype:
        got = first.dtype if isinstance(first, torch.Tensor) else type(first).__name__
        raise InputError(argument, f"result of type {got}", f"must return a tensor of {dtype}")
    if not bool(torch.isfinite(first).all()):
        raise InputError(argument, "a loss that is NaN or infinite", "must be finite at the point")
    # The same to rounding: some functions order their sums by where a number lies in memory.
    close = _SAME_LOSS * torch.finfo(dtype).eps * length(first)
    if first.shape != again.shape or not length(first - again) <= close:
        raise InputError(
            argument,
            "two different losses at the same weights",
            "must give the same at every call: switch dropout and augmentation off",
        )


def check_kinks(value: object) -> None:
    """Refuse an unknown way with kinks.

    Raises:
        InputError: It is neither ``refuse`` nor ``pytorch``.
    """
    if value not in ("refuse", "pytorch"):
        raise InputError("kinks", value, "must be one of: refuse, pytorch")

"""Find out whether only a part of an epoch is shuffled, or parts of the data by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from whichmin.verification.oracle.wrong_epochs import EpochRun

__all__ = ["parts_apart", "sorted_part"]

Batches = NDArray[np.int64]

_SHARES = {
    Fraction(1, 2): "half", Fraction(1, 3): "third", Fraction(2, 3): "two thirds",
    Fraction(1, 4): "quarter", Fraction(3, 4): "three quarters",
}  # fmt: skip
# Points from which on a run that is sorted so far, and no further, says so.
_MANY = 12
# Epochs that show where the order ends.
_EPOCHS = 20


def _flat(runs: Sequence[EpochRun], sign: int) -> Iterator[tuple[EpochRun, Batches]]:
    """Epochs of full batches, each batch in order, as ``(epochs, entries)``; descending as -1."""
    for found in runs:
        whole = found.epochs()[:, : found.run.m // found.run.b]
        if found.aligned and len(found.cut.places) and whole.shape[1] > 1:
            yield found, np.sort(sign * whole, axis=2).reshape(len(whole), -1)


def _ordered(flat: Batches, *, last: bool) -> int:
    """The place from which on all epochs ascend, or up to which they do."""
    falls = np.flatnonzero((np.diff(flat, axis=1) < 0).any(axis=0)) + 1
    if last:
        return int(falls.max(initial=0))
    return int(falls.min(initial=flat.shape[1]))


def sorted_part(runs: Sequence[EpochRun]) -> str:
    """Tell whether the first or last half of every epoch is in order, or another simple part.

    Args:
        runs: Runs that consist of epochs.

    Returns:
        The mistake; empty if it is none.
    """
    for sign, word in ((1, "ascending"), (-1, "descending")):
        seen = list(_flat(runs, sign))
        for last in (True, False):
            ends = [_ordered(flat, last=last) for _, flat in seen]
            for share, name in _SHARES.items():
                if _explains(seen, ends, 1 - share if last else share, last=last):
                    side = "last" if last else "first"
                    return (
                        f"the {side} {name} of an epoch comes in {word} order: only the rest is "
                        "shuffled"
                    )
    return ""


def _explains(
    seen: Sequence[tuple[EpochRun, Batches]], ends: Sequence[int], share: Fraction, *, last: bool
) -> bool:
    """Whether runs are in order as far as a share says, and large ones of single points no more."""
    told = False
    for (found, flat), end in zip(seen, ends, strict=True):
        m, b = found.run.m, found.run.b
        low, high = int(share * m), -int(-share * m // 1)
        if last:  # a batch in which the order begins, or one that is rounded, may be out of order
            held = end <= max(-(-high // b), -int(-share * (m // b) // 1)) * b
        else:
            held = end >= min(low // b, int(share * (m // b))) * b
        if not held:
            return False
        if b == 1 and m >= _MANY:
            # One more may be in order, as where the first is less than all others; in few epochs
            # more by chance: k with a chance of 1/k! in each.
            more = 1 if len(flat) >= _EPOCHS else 8
            if (low - more > end) if last else (high + more < end):
                return False
            told = True
    return told


def parts_apart(runs: Sequence[EpochRun]) -> str:
    """Tell whether the halves of the data, or thirds or quarters, are shuffled by themselves.

    Args:
        runs: Runs that consist of epochs.

    Returns:
        The mistake; empty if it is none.
    """
    for count, name in ((2, "half"), (3, "third"), (4, "quarter")):
        told = 0
        for found in runs:
            m = found.run.m
            orders = found.epochs()[:, :, 0]
            if found.run.b > 1 or m < _MANY or m % count or orders.shape[1] < m:
                continue
            if (orders * count // m != np.arange(m) * count // m).any():
                break
            told += 1
        else:
            if told > 1:
                return (
                    f"each {name} of the points is shuffled by itself: it always comes in the same "
                    f"{name} of an epoch"
                )
    return ""

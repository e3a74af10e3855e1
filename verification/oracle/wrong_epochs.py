"""Find out what is wrong with the order of epochs: mistakes that all runs show exactly.

Each function gets runs that consist of epochs and tells what all of them have in common, or
nothing. That chance does it is out of the question: the runs have thousands of batches.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.draws import BIASED
from whichmin.verification.oracle.epochs import Cut, length
from whichmin.verification.oracle.sampler_runs import Run
from whichmin.verification.oracle.wrong_draws import neighbours, stratified
from whichmin.verification.oracle.wrong_parts import parts_apart, sorted_part

__all__ = ["EpochRun", "wrong_order"]

Batches = NDArray[np.int64]


@dataclass(frozen=True)
class EpochRun:
    """A run with its epochs.

    Attributes:
        run: The run.
        each: Batches of an epoch.
        leftover: What happens with the points left.
        cut: Its whole epochs.
    """

    run: Run
    leftover: str
    cut: Cut

    @property
    def aligned(self) -> bool:
        """Whether epochs start with batches."""
        return self.leftover != "carried" or self.run.m % self.run.b == 0

    @property
    def each(self) -> int:
        """Batches of an epoch, up to one more or less where leftovers are carried over."""
        return length(self.run.m, self.run.b, self.leftover)

    def epochs(self) -> Batches:
        """Batches by epoch, the last epoch perhaps not whole, or none: ``(epochs, each, b)``."""
        whole = len(self.run.batches) // self.each
        if whole == 0:
            return self.run.batches[None]
        return self.run.batches[: whole * self.each].reshape(whole, self.each, -1)


def _aligned(found: EpochRun) -> bool:
    return found.aligned


def _orders(runs: Sequence[EpochRun]) -> Iterator[tuple[EpochRun, Batches]]:
    """The entries of the runs with b = 1, epoch by epoch: ``(epochs, length)``."""
    for found in runs:
        if found.run.b == 1:
            yield found, found.epochs()[:, :, 0]


def _sorted_rest(runs: Sequence[EpochRun]) -> str:
    """From some batch on the points of every epoch ascend, or descend."""
    for sign, word in ((1, "ascending"), (-1, "descending")):
        for start, what in ((0, "all of"), (1, "all but the first batch of"),
                            (2, "all but the first two batches of")):  # fmt: skip
            told = False
            for found in filter(_aligned, runs):
                whole = found.epochs()[:, start:]
                if found.leftover == "padded" or found.run.m % found.run.b:
                    whole = whole[:, : found.run.m // found.run.b - start]
                if whole.shape[1] < 2:
                    continue
                ordered = sign * np.sort(sign * whole, axis=2)
                flat = sign * ordered.reshape(len(whole), -1)
                if (np.diff(flat, axis=1) < 0).any():
                    break
                told = True
            else:
                if told and start == 0 and sign > 0:
                    return "not shuffled: the points in their order"
                if told:
                    return f"{what} an epoch comes in {word} order, without chance"
    return ""


def _shuffle_in_chunks(runs: Sequence[EpochRun]) -> str:
    """The same chunk size explains all orders, and several chunks are seen in one."""
    moved: dict[int, int] = {}
    for _, orders in _orders(runs):
        length = orders.shape[1]
        far = int(np.abs(orders - np.arange(length)).max())
        moved[length] = max(far, moved.get(length, 0))
    most = max(moved.values(), default=0)
    # The least c with order // c = place // c everywhere exceeds every move; a fair shuffle of a
    # chunk nearly always moves a point by more than half of it.
    for c in range(most + 1, 2 * most + 1):
        seen = [far for length, far in moved.items() if length >= 2 * c]
        if not seen or min(seen) < c / 2:
            continue
        if all((o // c == np.arange(o.shape[1]) // c).all() for _, o in _orders(runs)):
            return (
                f"local shuffling: points are shuffled within chunks of {c} consecutive ones only"
            )
    return ""


def _shuffle_buffer(runs: Sequence[EpochRun]) -> str:
    """No entry comes before it can have entered a buffer smaller than the data."""
    ahead: dict[int, tuple[int, bool]] = {}
    for found, orders in _orders(runs):
        early = int((orders - np.arange(orders.shape[1])).max())
        whole = orders.shape[1] == found.run.m
        ahead[found.run.m] = max(early, ahead.get(found.run.m, (0, whole))[0]), whole
    size = max((early for early, _ in ahead.values()), default=0) + 1
    # A fair order has one of the last points among its first with a chance of 1/m a place.
    large = {m: e for m, e in ahead.items() if m >= 2 * size}
    if not large or size < 2:
        return ""
    # From a buffer of this size every large run takes a point near to its end.
    if min(early for early, _ in large.values()) < 0.97 * (size - 1) - 2:
        return ""
    if not any(whole for _, whole in large.values()):
        return (
            f"local shuffling: the first points of an epoch are among the first {size}: a shuffle "
            "buffer, or chunks, of about as many points, smaller than the data"
        )
    exact = "" if len(large) > 1 and {early for early, _ in large.values()} == {size - 1} else (
        "about ")  # fmt: skip
    return (
        f"a shuffle buffer smaller than the data: no point comes more than {size - 1} places "
        f"early, so that the buffer holds {exact}{size} points"
    )


def _blocks(runs: Sequence[EpochRun]) -> str:
    """Blocks of consecutive points stay together."""
    told = 0
    for c in (0, 2, 4, 5, 8, 10, 16, 20, 25, 32, 50, 64, 100, 128):
        told = 0
        for found in filter(_aligned, runs):
            size = c or found.run.b
            if size < 2 or found.run.m < 2 * size or found.run.b not in (1, size):
                continue
            flat = found.epochs().reshape(len(found.epochs()), -1)[:, : found.run.m // size * size]
            flat = np.sort(flat[:, : flat.shape[1] // size * size].reshape(-1, size), axis=1)
            if c == 0 and found.run.b == 1:
                continue
            if flat.min() < 0 or not (np.diff(flat, axis=1) == 1).all():
                told = -1
                break
            told += 1
        if told > 0:
            name = "b" if c == 0 else str(c)
            return (
                f"blocks of {name} consecutive points stay together: only the order of the blocks "
                "is shuffled"
            )
    return ""


def _frozen(runs: Sequence[EpochRun]) -> str:
    """The batches of an epoch are those of the first one, in another order."""
    told = False
    for found in filter(_aligned, runs):
        whole = np.sort(found.epochs(), axis=2)
        count = found.run.m // found.run.b
        if found.run.b == 1 or len(whole) < 2 or count < 2:
            continue
        keys = [{x.tobytes() for x in epoch} for epoch in whole]
        if any(k != keys[0] for k in keys):
            return ""
        told = True
    if not told:
        return ""
    return (
        "the batches keep their points for the whole run: they are drawn once, and only their "
        "order changes from epoch to epoch"
    )


def _same_last(runs: Sequence[EpochRun]) -> str:
    """One batch of the epochs, or what is left out, is always the same, in all runs."""
    for what, place in (
        ("the first batch of an epoch has", 0), ("the last batch of an epoch has", -1),
    ):  # fmt: skip
        told = 0
        for found in filter(_aligned, runs):
            whole = np.sort(found.epochs(), axis=2)
            if len(whole) < 4 or whole.shape[1] < 2:
                continue
            chosen = whole[:, place]
            if (chosen != chosen[0]).any():
                told = -1
                break
            told += 1
        if told > 0:
            return f"{what} always the same points"
    return ""


def _same_left(runs: Sequence[EpochRun]) -> str:
    told = False
    for found in runs:
        groups = found.run.m // found.run.b
        if (
            found.leftover != "dropped"
            or found.run.m % found.run.b == 0
            or not len(found.cut.places)
        ):
            continue
        left = found.cut.places == groups
        if len(left) > 1:
            told = True
            if (left != left[0]).any():
                return ""
    if not told:
        return ""
    return (
        "the points left out are the same in every epoch: m mod b of them are cut off before the "
        "shuffle, and never come"
    )


def _never(runs: Sequence[EpochRun]) -> str:
    """Points that never come at a place, or always, for every small m."""
    kinds: dict[str, Callable[[int], set[tuple[int, int]]]] = {
        BIASED["other"]: lambda m: {(i, i) for i in range(m)},
        "the first point is never the last one of an epoch": lambda m: {(0, m - 1)},
        "the first point is never the first one of an epoch": lambda _: {(0, 0)},
        "the last point is never the first one of an epoch": lambda m: {(m - 1, 0)},
        "the last point is never the last one of an epoch": lambda m: {(m - 1, m - 1)},
        "the first point always comes first, the rest is shuffled":
            lambda m: {(0, k) for k in range(1, m)} | {(i, 0) for i in range(1, m)},
        "the last point always comes last, the rest is shuffled":
            lambda m: {(m - 1, k) for k in range(m - 1)} | {(i, m - 1) for i in range(m - 1)},
    }  # fmt: skip
    # A point misses a place in 300 epochs of 6 points by chance with (5/6)^300 = 2e-24.
    small = [(f, o) for f, o in _orders(runs) if len(o) >= 300]
    for text, cells in kinds.items():
        if small and all(
            {(i, k) for i in range(f.run.m) for k in range(f.run.m) if not (o[:, k] == i).any()}
            == cells(f.run.m)
            for f, o in small
        ):
            return text
    return ""


def _shards(runs: Sequence[EpochRun]) -> str:
    """Every place of an epoch has points of its own part, by remainders or by blocks."""
    for ranks in (2, 3, 4, 8):
        for remainders in (True, False):
            parts = []
            for found in filter(_aligned, runs):
                flat = found.epochs().reshape(len(found.epochs()), -1)
                if found.run.m % ranks or found.leftover == "padded" or (flat < 0).any():
                    continue
                part = flat % ranks if remainders else flat // (found.run.m // ranks)
                parts.append((part == np.arange(flat.shape[1]) % ranks).all())
            if parts and all(parts):
                return (
                    f"the shards never change: each of {ranks} ranks shuffles the same part of the "
                    "points in every epoch"
                )
    return ""


def _structured(runs: Sequence[EpochRun]) -> str:
    plain = [found.run for found in runs]
    return neighbours(plain) or stratified(plain)


def _first_same(found: EpochRun) -> list[int]:
    """For each whole epoch the first one with the same places; of a stream, the same order."""
    seen: dict[bytes, int] = {}
    keys = found.cut.places
    if not found.aligned:
        m = found.run.m
        keys = found.run.batches.ravel()[: len(keys) * m].reshape(-1, m)
    return [seen.setdefault(p.tobytes(), e) for e, p in enumerate(keys)]


def _rules() -> Iterator[tuple[str, Callable[[int], int]]]:
    """Known mistakes: which epochs have the same order, told by the key of each."""
    yield "shuffled once: every epoch has the same order", lambda _: 0
    yield "epochs 0 and 1 have the same order: the epoch is set too late", lambda e: max(e - 1, 0)
    for p in range(2, 33):
        yield (f"the order repeats: epoch e has the order of epoch e mod {p}",
               functools.partial(lambda p, e: e % p, p))  # fmt: skip
    for k in range(2, 17):
        yield (f"each order is used for {k} epochs in a row",
               functools.partial(lambda k, e: e // k, k))  # fmt: skip
        yield (f"the first {k + 1} epochs have the same order",
               functools.partial(lambda k, e: max(e - k, 0), k))  # fmt: skip
    for k in range(1, 17):
        yield (f"from epoch {k} on every epoch has the same order",
               functools.partial(lambda k, e: min(e, k), k))  # fmt: skip
    yield "every other epoch has the same order", lambda e: e if e % 2 else 0
    yield "every other epoch has the same order", lambda e: 0 if e % 2 else e + 1


def _same_orders(runs: Sequence[EpochRun]) -> str:
    # Few points have the same order by chance: 12 of them in 12 batches once in 5e8.
    large = [f for f in runs if f.run.m >= 12 and f.run.m // f.run.b > 4 and len(f.cut.places) > 2]
    seen = [_first_same(f) for f in large]
    if all(pattern == list(range(len(pattern))) for pattern in seen):
        return ""
    for text, rule in _rules():
        for pattern in seen:
            keys = [rule(e) for e in range(len(pattern))]
            if [keys.index(k) for k in keys] != pattern:
                break
        else:
            return text
    return ""


def _follows(runs: Sequence[EpochRun]) -> str:
    """How epochs follow from earlier ones."""
    orders = [(f, o) for f, o in _orders(runs) if len(o) > 2 and o.shape[1] == f.run.m]
    for step, late, when in ((1, 0, "an epoch"), (2, 0, "every other epoch"),
                             (2, 1, "every other epoch")):  # fmt: skip
        pairs = [(o[late:-1:step], o[late + 1 :: step]) for _, o in orders]
        if not pairs or any(np.array_equal(a, b) for a, b in pairs):
            continue
        if all(np.array_equal(a[:, ::-1], b) for a, b in pairs):
            return f"{when} has the order of the one before it, backwards"
        if all(np.array_equal(a, f.run.m - 1 - b)
               for (f, _), (a, b) in zip(orders, pairs, strict=True)):  # fmt: skip
            return f"{when} has the points of the one before it mirrored: m - 1 - i in place of i"
        shifts = [
            {tuple(np.unique((y - x) % f.run.m).tolist()) for x, y in zip(a, b, strict=True)}
            for (f, _), (a, b) in zip(orders, pairs, strict=True)
        ]
        if all(all(len(s) == 1 for s in found) for found in shifts):
            return f"{when} has the order of the one before it, a constant added to its points"
        if all(_rotated(x, y) for a, b in pairs for x, y in zip(a, b, strict=True)):
            return f"{when} has the order of the one before it, rotated"
    for when, part in (("every other epoch is", slice(0, None, 2)),
                       ("every other epoch is", slice(1, None, 2)),
                       ("the first epoch is", slice(0, 1))):  # fmt: skip
        chosen = [o[part] for _, o in orders]
        if chosen and all(len(c) and (c == np.arange(c.shape[1])).all() for c in chosen):
            return f"{when} not shuffled: it has the points in their order"
    return ""


def _rotated(first: Batches, second: Batches) -> bool:
    k = int(np.flatnonzero(second == first[0])[0])
    return bool(np.array_equal(np.roll(first, k), second))


ORDERS: tuple[Callable[[Sequence[EpochRun]], str], ...] = (
    _sorted_rest, sorted_part, parts_apart, _follows, _same_orders, _shuffle_in_chunks, _blocks,
    _shuffle_buffer, _frozen, _same_last, _same_left, _never, _shards, _structured,
)  # fmt: skip


def wrong_order(runs: Sequence[EpochRun]) -> str:
    """Tell what is wrong with epochs: their order, or how they follow from each other.

    Args:
        runs: Runs that consist of epochs.

    Returns:
        The first known mistake that all of them show; empty if there is none.
    """
    return next((text for find in ORDERS if (text := find(runs))), "")

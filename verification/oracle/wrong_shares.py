"""Training runs whose batches are cut into parts wrongly: micro-batches, and shards of ranks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from whichmin.verification.oracle.wrong_runs import Floats, WrongRuns

__all__ = ["wrong_shares"]

# Sizes of micro-batches, and numbers of ranks, that are tried; served batches are no larger.
SIZES = (1, 2, 3, 4)
# Numbers of batches after which long runs may update.
_MORE = (4, 5, 8, 10, 16)
Parts = list[Floats]


def _micro(rows: Floats, size: int) -> Parts:
    return [rows[k : k + size] for k in range(0, len(rows), size)]


def _blocks(rows: Floats, ranks: int) -> Parts:
    """Blocks as ``numpy.array_split`` makes them, without empty ones."""
    return [part for part in np.array_split(rows, ranks) if len(part)]


def _chunks(rows: Floats, ranks: int) -> Parts:
    """Blocks as ``torch.chunk`` makes them."""
    return _micro(rows, -(-len(rows) // ranks))


def _turns(rows: Floats, ranks: int) -> Parts:
    """Rows in turn, without ranks that get none."""
    return [rows[r::ranks] for r in range(min(ranks, len(rows)))]


def _padded(rows: Floats, ranks: int) -> Parts:
    """Rows in turn, the first ones again until all ranks have as many: DistributedSampler."""
    count = -(-len(rows) // ranks) * ranks
    return _turns(rows[np.arange(count) % len(rows)], ranks)


def _cut(rows: Floats, ranks: int) -> Parts:
    """Rows in turn, the last ones left out until all ranks have as many."""
    count = len(rows) // ranks * ranks
    return _turns(rows[:count], ranks) if count else []


class _Shares:
    """Gradients of a batch from its parts, as a mean over the batch where that is declared."""

    def __init__(self, runs: WrongRuns) -> None:
        self.runs = runs

    def train(self, cut: Callable[[Floats], Parts], combined: Callable[..., Floats]) -> Floats:
        """Train with the gradient that ``combined`` makes of the parts' sums, and of the parts."""

        def slope(w: Floats, rows: Floats) -> Floats:
            parts = cut(rows)
            if not parts:
                return 0 * w
            sums = [self.runs.slope(w, part) for part in parts]
            # Divided by b afterwards, if at all.
            return combined(sums, parts) * self.runs.share(range(len(rows)))

        return self.runs.run(slope=slope)

    def means(self, sums: Sequence[Floats], parts: Parts) -> list[Floats]:
        return [s / (len(p) if self.runs.mean else 1) for s, p in zip(sums, parts, strict=True)]

    def mean_of_means(self, sums: Sequence[Floats], parts: Parts) -> Floats:
        return np.asarray(np.mean(self.means(sums, parts), axis=0))

    def sum_of_means(self, sums: Sequence[Floats], parts: Parts) -> Floats:
        return np.asarray(np.sum(self.means(sums, parts), axis=0))

    def first(self, sums: Sequence[Floats], parts: Parts) -> Floats:
        return self.means(sums, parts)[0]

    def last(self, sums: Sequence[Floats], parts: Parts) -> Floats:
        return self.means(sums, parts)[-1]

    def last_share(self, sums: Sequence[Floats], parts: Parts) -> Floats:
        return self.last(sums, parts) / len(parts)

    def pooled(self, sums: Sequence[Floats], parts: Parts) -> Floats:
        return np.asarray(np.sum(sums, axis=0) / (sum(map(len, parts)) if self.runs.mean else 1))

    def whole(self, sums: Sequence[Floats], parts: Parts) -> Floats:
        """The mean over the full parts alone."""
        full = [(s, p) for s, p in zip(sums, parts, strict=True) if len(p) == len(parts[0])]
        return self.pooled([s for s, _ in full], [p for _, p in full])

    def constant(self, sums: Sequence[Floats], parts: Parts, *, size: int) -> Floats:
        """Every part divided by one size."""
        return np.asarray(np.sum(sums, axis=0) / (len(parts) * size))


def _by_sizes(shares: _Shares, size: int) -> Iterator[tuple[str, Callable[[], Floats]]]:
    train, cut = shares.train, partial(_micro, size=size)
    told = f"micro-batches of {size}"
    if size > 1:  # of size 1 it is the mean over the batch
        yield (f"the mean of the means of micro-batches (size {size}): each counts alike, whatever "
               "its size", partial(train, cut, shares.mean_of_means))  # fmt: skip
        yield (f"{told}: a shorter last one is dropped", partial(train, cut, shares.whole))
        yield (f"{told}: each is divided by {size}, a shorter one too",
               partial(train, cut, partial(shares.constant, size=size)))  # fmt: skip
        yield (f"the means of micro-batches (size {size}) are added up, not averaged",
               partial(train, cut, shares.sum_of_means))  # fmt: skip
    yield (f"{told}: the last one alone counts, what was accumulated is set to zero",
           partial(train, cut, shares.last))  # fmt: skip
    yield (f"{told}: the last one alone counts, divided by their number",
           partial(train, cut, shares.last_share))  # fmt: skip
    yield f"{told}: the first one alone counts", partial(train, cut, shares.first)
    runs = shares.runs
    if size > 1:
        parts = [b[k : k + size] for b in runs.batches for k in range(0, len(b), size)]
        yield f"a step after each micro-batch (size {size})", partial(runs.run, parts)
        cut_off = [b[: len(b) // size * size] for b in runs.batches]
        yield (f"rows of a batch beyond a multiple of {size} are dropped",
               partial(runs.run, [b for b in cut_off if b]))  # fmt: skip
        yield (f"a batch is cut to its first {size} rows",
               partial(runs.run, [b[:size] for b in runs.batches]))  # fmt: skip


def _by_ranks(shares: _Shares, ranks: int) -> Iterator[tuple[str, Callable[[], Floats]]]:
    train = shares.train
    for how, cut in (("in turn", _turns), ("in blocks", _blocks), ("in chunks", _chunks)):
        if how == "in chunks" and ranks == 2:  # the same blocks
            continue
        own = partial(cut, ranks=ranks)
        told = f"{ranks} ranks, rows dealt {how}"
        yield (f"the mean of the ranks' means ({told}): a short shard counts as much as a long one",
               partial(train, own, shares.mean_of_means))  # fmt: skip
        yield (f"the ranks' means are added up ({told})",
               partial(train, own, shares.sum_of_means))  # fmt: skip
        yield f"rank 0 alone counts ({told})", partial(train, own, shares.first)
    for how, cut in (("filled up with the batch's first rows", _padded), ("cut alike", _cut)):
        yield (f"shards are {how} ({ranks} ranks, rows dealt in turn)",
               partial(train, partial(cut, ranks=ranks), shares.pooled))  # fmt: skip


def _accumulated(runs: WrongRuns, every: int, how: str, rest: bool) -> Floats:
    """Update after every k-th batch alone, by the sum or the mean of their gradients."""
    w, total, seen = runs.w, 0 * runs.w, 0
    for t, batch in enumerate(runs.batches):
        total = total + runs.slope(w, runs.data[list(batch)]) / runs.share(batch)
        seen += 1
        if seen == every or (rest and t == len(runs.batches) - 1):
            w = w - runs.rate * total / (every if how == "mean" else 1)
            total, seen = 0 * total, 0
    return w


def _kept(runs: WrongRuns, every: int) -> Floats:
    """Let gradients add up, and set them to zero before every k-th step alone."""
    total = [0 * runs.w]

    def change(g: Floats, w: Floats, t: int) -> Floats:
        del w
        total[0] = g if t % every == 0 else total[0] + g
        return total[0]

    return runs.run(change=change)


def wrong_shares(
    runs: WrongRuns, *, every_step: bool = False
) -> Iterator[tuple[str, Callable[[], Floats]]]:
    """List runs with mistakes in micro-batches, ranks and accumulation.

    Args:
        runs: The runs of a case.
        every_step: List only what shows in a single step too.

    Yields:
        Cause, and what computes the last weights.
    """
    shares = _Shares(runs)
    for size in SIZES:
        yield from _by_sizes(shares, size)
    for ranks in SIZES[1:]:
        yield from _by_ranks(shares, ranks)
    if every_step:
        return
    yield ("zero_grad is called once an epoch: until then gradients add up",
           partial(_kept, runs, runs.epoch))  # fmt: skip
    # Short runs have up to 4 steps: every fourth would be never.
    for every in (*SIZES[1:3], *(_MORE if len(runs.batches) > max(_MORE) else ())):
        yield (f"zero_grad is called before every {every}th step alone: until then gradients "
               "add up", partial(_kept, runs, every))  # fmt: skip
        for how in ("sum", "mean"):
            for rest in (True, False):
                left = "what is left at the end is applied" if rest else "the rest is dropped"
                yield (f"the weights are updated after every {every} batches alone, by the {how} "
                       f"of their gradients; {left}",
                       partial(_accumulated, runs, every, how, rest))  # fmt: skip

"""Find out what is wrong with batches that make no epochs: mistakes that all runs show exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.epochs import cut
from whichmin.verification.oracle.ragged import NONE, sizes
from whichmin.verification.oracle.sampler_runs import Run

__all__ = ["few_bits", "neighbours", "stratified", "wrong_draws", "wrong_shards"]

Batches = NDArray[np.int64]


def _rows(run: Run) -> Batches:
    return np.sort(run.batches, axis=1)


def _again(runs: Sequence[Run]) -> str:
    """Every batch comes several times in a row."""
    for k in (2, 3, 4, 5, 8, 10, 16):
        for late in (0, 1):
            parts = [_rows(run)[late:] for run in runs]
            if all(np.array_equal(p, p[np.arange(len(p)) // k * k]) for p in parts):
                times = "twice" if k == 2 else f"{k} times"
                start = "from step 1 on " if late else ""
                return f"the same batch again: {start}each batch comes {times} in a row"
    return ""


def _period(runs: Sequence[Run]) -> str:
    """The run repeats from its start after a fixed number of steps."""
    # Of so many points two batches of a run are the same by chance once in 30 runs, all after the
    # second as well never.
    large = [r for r in runs if r.b > 2 and r.m >= 64]
    periods: set[int] = set()
    for run in large:
        rows = _rows(run)
        keys = [x.tobytes() for x in rows]
        if keys[0] not in keys[1:]:
            continue
        p = keys.index(keys[0], 1)
        if keys[p:] != keys[: len(keys) - p]:
            return ""
        periods.add(p)
    if len(periods) == 1:
        (p,) = periods
        if all(len(r.batches) <= p or np.array_equal(_rows(r)[p:], _rows(r)[:-p]) for r in runs):
            return (
                f"the batches repeat after {p} steps: the generator is seeded anew, or drawn "
                "batches are used again"
            )
    return ""


def _frozen(runs: Sequence[Run]) -> str:
    """From some step on always the same batch."""
    starts = set()
    for run in runs:
        if run.b > 2 and run.m >= 64:
            rows = _rows(run)
            other = np.flatnonzero((rows != rows[-1]).any(axis=1))
            starts.add(int(other[-1]) + 1 if len(other) else 0)
    (start, *others) = starts or {0}
    if others or start == 0 or any((_rows(r)[start:] != _rows(r)[-1]).any() for r in runs):
        return ""
    return f"from step {start} on always the same batch: the batches of the first steps are kept"


def _slides(runs: Sequence[Run]) -> str:
    """A batch follows from the one before it by adding a constant."""
    told = False
    for run in runs:
        if run.b >= run.m or (run.batches == NONE).any():
            continue
        shift = (run.batches[1:] - run.batches[:-1]) % run.m
        if (shift != shift[0, 0]).any():
            return ""
        told = True
    return "a batch has the points of the one before it, a constant added" if told else ""


def _window(runs: Sequence[Run]) -> str:
    """Consecutive batches overlap, as those of a window that moves on by less than b."""
    steps: set[int] = set()
    for run in runs:
        if run.b < 3:
            continue
        found = 0
        for k in range(1, run.b):
            if np.array_equal(run.batches[1:, : run.b - k], run.batches[:-1, k:]):
                found = k
                break
        if not found:
            return ""
        steps.add(found)
    if steps == {1}:
        return "the batches overlap: a window of b points moves on by one point in a step"
    return "the batches overlap: a window moves on by less than b points" if steps else ""


def neighbours(runs: Sequence[Run]) -> str:
    """Tell whether every batch is b consecutive points, modulo m."""
    told = False
    for run in runs:
        rows = run.batches
        if run.b == 1 or (rows == NONE).any():
            continue
        # In any order: b consecutive points modulo m.
        ordered = np.sort(rows, axis=1)
        gaps = np.diff(np.concatenate([ordered, ordered[:, :1] + run.m], axis=1), axis=1)
        if ((gaps == 1).sum(axis=1) < run.b - 1).any():
            return ""
        told = told or len({x.tobytes() for x in ordered}) > 1
    return "neighbours are drawn together: every batch is b consecutive points" if told else ""


def stratified(runs: Sequence[Run]) -> str:
    """Tell whether every batch has one point of each of b blocks, or remainders modulo b."""
    for what in ("of consecutive points", "with the same remainder modulo b"):
        told = 0
        for run in runs:
            if run.b == 1 or run.m % run.b or run.m == run.b:
                continue
            x, blocks = run.batches, what.startswith("of")
            stratum = np.sort(x // (run.m // run.b) if blocks else x % run.b, axis=1)
            if (stratum != np.arange(run.b)).any():
                told = -1
                break
            told += 1
        if told > 0:
            return f"stratified: every batch has one point of each of b groups {what}"
    return ""


def few_bits(entries: Batches, bits: int, smaller: Batches) -> str:
    """Tell why no entry is larger than some bits allow.

    Args:
        entries: Entries of a run on more points.
        bits: The bits.
        smaller: Entries of a run on ``3 * 2^(bits - 2)`` points: random bits modulo that number
            are in its first third half of the time.

    Returns:
        The cause; empty if the entries do not come near to the largest number.
    """
    negative = bool(entries.min() < 0)
    # 600 entries come within a tenth of the last number but for a chance of 0.9^600 = 4e-28.
    if entries.max() <= 0.9 * 2.0 ** (bits - negative):
        return ""
    # 5/12 is four standard deviations from both, 1/3 and 1/2; the wording only.
    if not negative and (smaller < 2 ** (bits - 2)).mean() > 5 / 12:
        return f"modulo bias: only {bits} random bits are drawn, modulo m"
    return f"entries are kept in {bits} bits, which is too few for m points: they overflow"


def _columns(b: int, ranks: int) -> tuple[list[list[int]], list[list[int]]]:
    """Which columns of a batch may be those of each rank: side by side, or in turn."""
    low, more = divmod(b, ranks)
    ends = np.cumsum([0, *(low + (r < more) for r in range(ranks))])
    return (
        [list(range(ends[r], ends[r + 1])) for r in range(ranks)],
        [list(range(r, b, ranks)) for r in range(ranks)],
    )


def _ranks(runs: Sequence[Run]) -> str:
    """Every rank draws its columns of a batch by itself."""
    wide = [r for r in runs if r.b >= 2]
    for ranks in (2, 3, 4, 8):
        some = [r for r in wide if r.b >= ranks and r.batches.shape[1] == r.b]
        if len(some) < 4 or any((r.batches == NONE).any() for r in some):
            continue
        text = _one_split(some, ranks, 0) or _one_split(some, ranks, 1)
        if text:
            return text
    return ""


def _pool(runs: Sequence[Run]) -> str:
    """Some batches come again and again, in any order."""
    large = [r for r in runs if r.b > 2 and r.m >= 64]
    # Fewer than there are points: a rule that makes a batch of its first point has m.
    few = [2 * len({x.tobytes() for x in _rows(r)}) < min(len(r.batches), r.m) for r in large]
    if not few or not all(few):
        return ""
    return "few different batches come again and again: they are drawn once for the whole run"


def _apart(runs: Sequence[Run]) -> str:
    """The columns of every rank have points of their own."""
    for ranks in (2, 3, 4, 8):
        some = [r for r in runs if r.b >= ranks and len(r.batches) * r.b >= 8 * r.m >= 96]
        for kind in (0, 1):
            parts = [[set(r.batches[:, g].ravel().tolist()) for g in _columns(r.b, ranks)[kind]]
                     for r in some]  # fmt: skip
            if len(some) > 2 and all(sum(map(len, p)) == len(set().union(*p)) for p in parts):
                return (
                    f"the shards never change: each of {ranks} ranks draws from its own part of "
                    "the points"
                )
    return ""


def _one_split(runs: Sequence[Run], ranks: int, kind: int) -> str:
    alike, once, told, overlaps = True, True, False, 0
    for run in runs:
        each = run.m // run.b
        groups = _columns(run.b, ranks)[kind]
        epochs = len(run.batches) // each
        parts = [run.batches[: epochs * each, g].reshape(epochs, -1) for g in groups]
        ordered = [np.sort(p, axis=1) for p in parts]
        once = once and not any((o[:, 1:] == o[:, :-1]).any() for o in ordered)
        both = np.sort(np.concatenate(parts, axis=1), axis=1)
        found = int((both[:, 1:] == both[:, :-1]).sum())
        # Points of an epoch less those that any rank has, if all shuffle by themselves.
        missed = math.prod(1 - p.shape[1] / run.m for p in parts)
        expected = epochs * (sum(p.shape[1] for p in parts) - run.m * (1 - missed))
        # The spread of the number is below that of a Poisson number: six of those.
        once = once and abs(found - expected) <= 6 * max(expected, 1.0) ** 0.5
        overlaps += found
        equal = [g for g in groups[1:] if len(g) == len(groups[0])]
        told = told or bool(equal)
        first = np.sort(run.batches[:, groups[0]], axis=1)
        alike = alike and all(np.array_equal(first, np.sort(run.batches[:, g], axis=1))
                              for g in equal)  # fmt: skip
    if alike and told:
        return f"all {ranks} ranks draw the same points: a batch has each point {ranks} times"
    if once and overlaps:
        return (
            f"overlapping shards: each of {ranks} ranks shuffles all points by itself, so that "
            "some come several times in an epoch and others never"
        )
    return ""


def _workers(runs: Sequence[Run]) -> str:
    """Batches come in turn from workers that each go through all points."""
    for workers in (2, 3, 4):
        for leftover in ("dropped", "short", "carried"):
            parts = [(r, r.batches[w::workers]) for r in runs for w in range(workers)]
            parts = [(r, p) for r, p in parts if len(p) >= 2 * (r.m // r.b)]
            if parts and all(cut(p, r.m, r.b, leftover) is not None for r, p in parts):
                return (
                    f"each of {workers} workers goes through all points, so that a point comes "
                    f"{workers} times where once is meant"
                )
    return ""


def _tails(runs: Sequence[Run]) -> str:
    """Epochs whose last batch is filled up, with what is not the start of the epoch."""
    filled = False
    for run in runs:
        each, rest = -(-run.m // run.b), run.m % run.b
        if (sizes(run.batches) != run.b).any():
            return ""
        for epoch in run.batches[: len(run.batches) // each * each].reshape(-1, each, run.b):
            before = set(epoch[:-1].ravel().tolist())
            whole = before | set(epoch[-1].tolist())
            if len(before) < (each - 1) * run.b or len(whole) < run.m:
                return ""
            filled = filled or bool(rest)
    return (
        "the last batch of an epoch is filled up with points drawn anew, not with its first ones"
        if filled else ""
    )  # fmt: skip


def _last_drawn(runs: Sequence[Run]) -> str:
    """Epochs of floor(m/b) batches whose last one is drawn among all points."""
    told = 0
    for run in runs:
        each = run.m // run.b
        if (sizes(run.batches) != run.b).any():
            return ""
        whole = run.batches[: len(run.batches) // each * each].reshape(-1, each * run.b)
        before = np.sort(whole[:, : (each - 1) * run.b], axis=1)
        if (before[:, 1:] == before[:, :-1]).any():
            return ""
        every = np.sort(whole, axis=1)
        found = int((every[:, 1:] == every[:, :-1]).sum())
        # Draws without replacement, less spread than a Poisson number: six times its spread.
        expected = len(whole) * run.b * before.shape[1] / run.m
        if abs(found - expected) > 6 * expected**0.5:
            return ""
        told += found
    return "the last batch of an epoch is drawn anew, among all points" if told > 10 else ""


def _early_end(runs: Sequence[Run]) -> str:
    """Epochs that end one batch early."""
    told = 0
    for run in runs:
        each = run.m // run.b - 1
        if each < 2 or (sizes(run.batches) != run.b).any():
            continue
        whole = run.batches[: len(run.batches) // each * each].reshape(-1, each * run.b)
        ordered = np.sort(whole, axis=1)
        if (ordered[:, 1:] == ordered[:, :-1]).any():
            return ""
        told += len(whole)
    return "epochs end one batch early: a whole batch of points sits out" if told > 10 else ""


def wrong_shards(runs: Sequence[Run]) -> str:
    """Tell how batches come about that are meant to make epochs and do not; empty if unknown."""
    finds = (_ranks, _workers, _last_drawn, _tails, _early_end)
    return next((text for find in finds if (text := find(runs))), "")


DRAWS: tuple[Callable[[Sequence[Run]], str], ...] = (
    _again, _frozen, _period,  # of batches of any size
    _slides, _window, neighbours, _pool, stratified, _apart,
)  # fmt: skip


def wrong_draws(runs: Sequence[Run]) -> str:
    """Tell what is wrong with the batches; empty if nothing that is known."""
    if all((_rows(r) == _rows(r)[0]).all() for r in runs):
        return ""  # one batch for all steps, which the checks themselves tell
    unequal = any(r.batches.shape[1] != r.b or (r.batches == NONE).any() for r in runs)
    return next((text for find in (DRAWS[:3] if unequal else DRAWS) if (text := find(runs))), "")

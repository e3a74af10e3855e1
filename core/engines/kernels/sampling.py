"""Draw the index streams of :mod:`whichmin.core.batches` (version 1) for a group of lanes."""

from __future__ import annotations

from typing import Any

import numpy as np

from whichmin.core.engines.kernels.generator import CompileTarget

__all__ = ["CUSTOM", "CYCLIC", "GIVEN", "RESHUFFLED", "SCANNED", "WITH", "WITHOUT", "make_fill"]

WITHOUT, WITH, RESHUFFLED, CYCLIC, CUSTOM, GIVEN = range(6)  # GIVEN: in `order`, for one step
# Up to this many points a batch is searched by comparing; then by marks, in O(1) a point.
SCANNED = 8
_WORDS_AT_ONCE = 64  # of a shuffle
_MARKS = 255


def make_fill(target: CompileTarget, draw: Any) -> Any:
    """Build ``fill(...)``, which finds the points that steps touch, or leave out.

    Args:
        target: What the function is compiled for.
        draw: See :func:`whichmin.core.engines.kernels.generator.make_draw`.

    Returns:
        The compiled function. It writes ``k`` rows per step to ``idx`` and returns the first row.
    """
    jit, lanes, wide = target.jit, target.lanes, np.uint64(target.lanes)

    @jit
    def floyd_by_scan(idx, row, k, m):  # type: ignore[no-untyped-def]
        """Draw a subset by R. Floyd's method: the last candidate replaces a repeated one."""
        for j in range(1, k):
            here = np.uint64((row + j) * lanes)
            last = np.uint64((m - k + j) * lanes)
            for r in range(wide):
                candidate = idx[here + r]
                clash = False
                for i in range(j):
                    clash |= idx[np.uint64((row + i) * lanes) + r] == candidate
                idx[here + r] = np.uint32(last + r) if clash else candidate

    @jit
    def floyd_by_marks(idx, row, k, m, marks, mark):  # type: ignore[no-untyped-def]
        for j in range(k):
            here = np.uint64((row + j) * lanes)
            last = np.uint64((m - k + j) * lanes)
            for r in range(wide):
                chosen = idx[here + r]
                if marks[chosen] == mark:
                    chosen = np.uint32(last + r)
                    idx[here + r] = chosen
                marks[chosen] = mark

    @jit
    def shuffle(order, draws, ids, seed, epoch, m, bounds, thresholds):  # type: ignore[no-untyped-def]
        """Draw the permutation of an epoch by the Fisher-Yates shuffle."""
        for i in range(m):
            for r in range(wide):
                order[np.uint64(i * lanes) + r] = np.uint32(np.uint64(i * lanes) + r)
        word = epoch * (m - 1)
        for begin in range(0, m - 1, _WORDS_AT_ONCE):
            end = min(begin + _WORDS_AT_ONCE, m - 1)
            row = draw(draws, ids, seed, word + begin, word + end, bounds, thresholds)
            for i in range(begin, end):
                here = np.uint64((row + i - begin) * lanes)
                for r in range(wide):
                    other = np.uint64(i * lanes) + draws[here + r]
                    kept = order[np.uint64(i * lanes) + r]
                    order[np.uint64(i * lanes) + r] = order[other]
                    order[other] = kept

    @jit
    def fill(  # type: ignore[no-untyped-def]
        idx, ids, seed, first, last, k, b, m, sampling, left_out,
        bounds, thresholds, rows, order, draws, marks, memory,
    ):  # fmt: skip
        if sampling == WITHOUT:
            row = draw(idx, ids, seed, first * k, last * k, bounds, thresholds)
            if k > SCANNED:
                for t in range(last - first):
                    mark = memory[0] + 1
                    if mark > _MARKS:
                        marks[: m * lanes] = 0
                        mark = 1
                    memory[0] = mark
                    floyd_by_marks(idx, row + t * k, k, m, marks, np.uint8(mark))
            elif k > 1:
                for t in range(last - first):
                    floyd_by_scan(idx, row + t * k, k, m)
            return row
        if sampling == WITH:
            return draw(idx, ids, seed, first * k, last * k, bounds, thresholds)
        skipped = b if left_out else 0
        if sampling == GIVEN:
            for j in range(k * lanes):
                idx[j] = order[j]
            return 0
        for t in range(first, last):
            here = (t - first) * k
            if sampling == RESHUFFLED:
                per_epoch = m // b
                epoch = t // per_epoch
                if memory[1] != epoch:
                    shuffle(order, draws, ids, seed, epoch, m, bounds, thresholds)
                    memory[1] = epoch
                begin = (t - epoch * per_epoch) * b + skipped
                for j in range(k * lanes):
                    idx[here * lanes + j] = order[begin * lanes + j]
            else:
                for j in range(k):
                    i = rows[t, j] if sampling == CUSTOM else (t * b + skipped + j) % m
                    for r in range(wide):
                        idx[np.uint64((here + j) * lanes) + r] = np.uint32(np.uint64(i * lanes) + r)
        return 0

    return fill

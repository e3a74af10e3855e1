"""Draw bounded integers from Philox4x32-10 (:mod:`whichmin.core.philox`) for a group of lanes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["CompileTarget", "make_draw"]

_MULTIPLY_0, _MULTIPLY_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_MASK, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


@dataclass(frozen=True)
class CompileTarget:
    """The way in which kernel functions are compiled: for the CPU or for a GPU.

    Attributes:
        jit: Compiles a function.
        inline: Compiles a function that is inlined where it is called.
        widen: Called first in a function that gains from the widest vectors there are.
        lanes: Replicas in a group.
    """

    jit: Callable[..., Any]
    inline: Callable[..., Any]
    widen: Callable[[], None]
    lanes: int


def make_draw(target: CompileTarget) -> Any:
    """Build ``draw(out, ids, seed, first, last, bounds, thresholds)`` for a target.

    It turns words ``first .. last - 1`` of every lane, and those beside them in the same blocks of
    four, into integers, and writes them to consecutive rows of ``out`` as *places*: integer times
    lanes plus lane. It returns the row of word ``first``.

    Args:
        target: What the function is compiled for.

    Returns:
        The compiled function.
    """
    jit, inline, widen = target.jit, target.inline, target.widen
    lanes, mask, half, wide = target.lanes, _MASK, _HALF, np.uint64(target.lanes)

    @inline
    def mix(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
        # Only the low halves of the words count: they are cut off where they are multiplied, which
        # the instruction does by itself, and nowhere else.
        p0 = _MULTIPLY_0 * (c0 & mask)
        p1 = _MULTIPLY_1 * (c2 & mask)
        return (p1 >> half) ^ c1 ^ k0, p1, (p0 >> half) ^ c3 ^ k1, p0

    @inline
    def philox(c0, c1, c2, c3, a0, b0):  # type: ignore[no-untyped-def]
        # Ten rounds, written out: the loop over lanes around them is vectorised only then.
        a1, b1 = (a0 + _WEYL_0) & mask, (b0 + _WEYL_1) & mask
        a2, b2 = (a1 + _WEYL_0) & mask, (b1 + _WEYL_1) & mask
        a3, b3 = (a2 + _WEYL_0) & mask, (b2 + _WEYL_1) & mask
        a4, b4 = (a3 + _WEYL_0) & mask, (b3 + _WEYL_1) & mask
        a5, b5 = (a4 + _WEYL_0) & mask, (b4 + _WEYL_1) & mask
        a6, b6 = (a5 + _WEYL_0) & mask, (b5 + _WEYL_1) & mask
        a7, b7 = (a6 + _WEYL_0) & mask, (b6 + _WEYL_1) & mask
        a8, b8 = (a7 + _WEYL_0) & mask, (b7 + _WEYL_1) & mask
        a9, b9 = (a8 + _WEYL_0) & mask, (b8 + _WEYL_1) & mask
        c0, c1, c2, c3 = mix(c0, c1, c2, c3, a0, b0)
        c0, c1, c2, c3 = mix(c0, c1, c2, c3, a1, b1)
        c0, c1, c2, c3 = mix(c0, c1, c2, c3, a2, b2)
        c0, c1, c2, c3 = mix(c0, c1, c2, c3, a3, b3)
        c0, c1, c2, c3 = mix(c0, c1, c2, c3, a4, b4)
        c0, c1, c2, c3 = mix(c0, c1, c2, c3, a5, b5)
        c0, c1, c2, c3 = mix(c0, c1, c2, c3, a6, b6)
        c0, c1, c2, c3 = mix(c0, c1, c2, c3, a7, b7)
        c0, c1, c2, c3 = mix(c0, c1, c2, c3, a8, b8)
        return mix(c0, c1, c2, c3, a9, b9)

    @jit
    def again(identity, seed, word, bound, threshold):  # type: ignore[no-untyped-def]
        """Draw one bounded integer by Lemire's rejection, with as many attempts as needed."""
        block, lane = np.uint64(word // 4), word % 4
        attempt = np.uint64(0)
        while True:
            c0, c1, c2, c3 = philox(
                block & mask, block >> half, identity, attempt, seed & mask, seed >> half
            )
            chosen = c0
            if lane == 1:
                chosen = c1
            elif lane == 2:
                chosen = c2
            elif lane == 3:
                chosen = c3
            product = (chosen & mask) * bound
            if (product & mask) >= threshold:
                return product >> half
            attempt += np.uint64(1)

    @jit
    def draw(out, ids, seed, first, last, bounds, thresholds):  # type: ignore[no-untyped-def]
        widen()
        start = first // 4
        period = len(bounds)
        place = (4 * start) % period
        low, high = seed & mask, seed >> half
        for block in range(start, (last + 3) // 4):
            i0 = place
            i1 = 0 if i0 + 1 == period else i0 + 1
            i2 = 0 if i1 + 1 == period else i1 + 1
            i3 = 0 if i2 + 1 == period else i2 + 1
            place = 0 if i3 + 1 == period else i3 + 1
            n0, n1, n2, n3 = bounds[i0], bounds[i1], bounds[i2], bounds[i3]
            t0, t1, t2, t3 = thresholds[i0], thresholds[i1], thresholds[i2], thresholds[i3]
            threshold = max(
                max(t0, t1), max(t2, t3)
            )  # of these, `again` finds those really rejected
            b0, b1 = np.uint64(block) & mask, np.uint64(block) >> half
            # Unsigned, as a place that may be negative (from the end) would not be vectorised.
            row0 = np.uint64(4 * (block - start) * lanes)
            row1, row2, row3 = row0 + wide, row0 + wide + wide, row0 + wide + wide + wide
            rejected = 0
            for r in range(wide):
                c0, c1, c2, c3 = philox(b0, b1, ids[r], np.uint64(0), low, high)
                p0, p1 = (c0 & mask) * n0, (c1 & mask) * n1
                p2, p3 = (c2 & mask) * n2, (c3 & mask) * n3
                out[row0 + r] = np.uint32((p0 >> half) * wide + r)
                out[row1 + r] = np.uint32((p1 >> half) * wide + r)
                out[row2 + r] = np.uint32((p2 >> half) * wide + r)
                out[row3 + r] = np.uint32((p3 >> half) * wide + r)
                least = min(min(p0 & mask, p1 & mask), min(p2 & mask, p3 & mask))
                rejected += 1 if least < threshold else 0
            if rejected > 0:
                word = 4 * block
                for r in range(wide):
                    out[row0 + r] = again(ids[r], seed, word, n0, t0) * wide + r
                    out[row1 + r] = again(ids[r], seed, word + 1, n1, t1) * wide + r
                    out[row2 + r] = again(ids[r], seed, word + 2, n2, t2) * wide + r
                    out[row3 + r] = again(ids[r], seed, word + 3, n3, t3) * wide + r
        return first - 4 * start

    return draw

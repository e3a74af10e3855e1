"""Philox4x32-10 and bounded integers for a group of lanes (see :mod:`whichmin.core.philox`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["make_draw"]

_MULTIPLY_0, _MULTIPLY_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_MASK, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def make_draw(jit: Callable[..., Any], inline: Callable[..., Any], lanes: int) -> Any:
    """Build ``draw(out, ids, seed, first, last, bounds, thresholds)`` for a target.

    It writes the integers of words ``first .. last - 1`` of every lane, and those beside them in
    the same blocks of four, to consecutive rows of ``out``, and returns the row of word ``first``.

    Args:
        jit: Compiles a function for the target.
        inline: Compiles a function that is inlined.
        lanes: Replicas in a group.

    Returns:
        The compiled function.
    """
    mask, half = _MASK, _HALF

    @inline
    def mix(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
        # Said again that c0 and c2 have 32 bits: one instruction multiplies them then, not three.
        p0 = _MULTIPLY_0 * (c0 & mask)
        p1 = _MULTIPLY_1 * (c2 & mask)
        return (p1 >> half) ^ c1 ^ k0, p1 & mask, (p0 >> half) ^ c3 ^ k1, p0 & mask

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
        """One bounded integer, with as many attempts as it takes (Lemire's rejection)."""
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
                return np.uint32(product >> half)
            attempt += np.uint64(1)

    @jit
    def draw(out, ids, seed, first, last, bounds, thresholds):  # type: ignore[no-untyped-def]
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
            b0, b1 = np.uint64(block) & mask, np.uint64(block) >> half
            row = 4 * (block - start) * lanes
            rejected = 0
            for r in range(lanes):
                c0, c1, c2, c3 = philox(b0, b1, ids[r], np.uint64(0), low, high)
                p0, p1 = (c0 & mask) * n0, (c1 & mask) * n1
                p2, p3 = (c2 & mask) * n2, (c3 & mask) * n3
                out[row + r] = np.uint32(p0 >> half)
                out[row + lanes + r] = np.uint32(p1 >> half)
                out[row + 2 * lanes + r] = np.uint32(p2 >> half)
                out[row + 3 * lanes + r] = np.uint32(p3 >> half)
                few = ((p0 & mask) < t0) | ((p1 & mask) < t1)
                rejected += 1 if few | ((p2 & mask) < t2) | ((p3 & mask) < t3) else 0
            if rejected > 0:
                for r in range(lanes):
                    word = 4 * block
                    out[row + r] = again(ids[r], seed, word, n0, t0)
                    out[row + lanes + r] = again(ids[r], seed, word + 1, n1, t1)
                    out[row + 2 * lanes + r] = again(ids[r], seed, word + 2, n2, t2)
                    out[row + 3 * lanes + r] = again(ids[r], seed, word + 3, n3, t3)
        return first - 4 * start

    return draw

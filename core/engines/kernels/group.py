"""Take many steps of one group of lanes, making batches in chunks and renormalising on a grid.

Everything that could depend on how a run is cut into calls happens on a grid of absolute steps:
at multiples of ``chunk`` factors that have left ``[2**-400, 2**400]`` are applied, at multiples of
``period`` all are, and ``N`` (or ``C`` and ``I``) is summed anew. In between steps update it,
with rounding errors of at most ``8 u max(N)`` a step (``u = 2**-53``; eight operations). When
points are *touched* a step multiplies an error in ``N`` by ``s^2 <= 1``, so it stays below
``8 period u max(N)``. When points are *left out* it multiplies an error in ``C`` by ``f^2``, even
if nearly all of ``C`` is left out and shrinks: by ``(1 + alpha)^2`` each time the winner is left
out. There the period is so short that this happens at most some eight times in it on average (see
:func:`grid`), and the bound is ``8 period u max(N)`` times ``(1 + alpha)^2`` to that number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from whichmin.core.engines.kernels.generator import CompileTarget, make_draw
from whichmin.core.engines.kernels.sampling import SCANNED, WITHOUT, make_fill
from whichmin.core.engines.kernels.stepping import ROWS, SIGMA, SIGMA_REST, STATE_ROWS, make_steps

__all__ = ["Plan", "grid", "limits_of", "make_advance", "scratch_sizes"]

TOUCH, REPEAT, LEAVE_OUT = range(3)
_SMALL, _LARGE = 2.0**-400, 2.0**400
_DRAWS = 72  # rows of the shuffle's draws: 64 words and up to two half blocks

Plan = tuple[Any, ...]


def scratch_sizes(m: int, k: int, chunk: int, sampling: int, lanes: int) -> tuple[int, ...]:
    """Compute the lengths of the work arrays of one group.

    Args:
        m: Number of data points.
        k: Points touched, or left out, a step.
        chunk: Steps whose batches are made at once.
        sampling: Code of the sampling.
        lanes: Replicas in a group.

    Returns:
        Of ``v, held`` (float64), ``idx, order, draws`` (uint32), ``marks`` (uint8).
    """
    from whichmin.core.engines.kernels.sampling import RESHUFFLED

    shuffled = sampling == RESHUFFLED
    return (
        ROWS * lanes,
        max(k, 1) * lanes,
        (chunk * max(k, 1) + 8) * lanes,
        m * lanes if shuffled else 1,
        _DRAWS * lanes if shuffled else 1,
        m * lanes if sampling == WITHOUT and k > SCANNED else 1,
    )


def grid(m: int, k: int, mode: int) -> tuple[int, int]:
    """Choose the numbers of steps whose batches are made at once and between renormalisations.

    Args:
        m: Number of data points.
        k: Points touched, or left out, a step.
        mode: ``TOUCH``, ``REPEAT`` or ``LEAVE_OUT``.

    Returns:
        ``chunk`` and ``period``, powers of two, ``chunk <= period``.
    """
    chunk = (
        128 if k <= 1 else 32 if k == 2 else 16 if k <= 4 else 8 if k <= 8 else 4 if k <= 256 else 1
    )
    if mode == LEAVE_OUT and k > 0:
        # The winner is left out period * k / m times, and renormalising costs m / period a step.
        period = 1 << max(0, (8 * m // (k + 4)).bit_length() - 1)
        return min(chunk, period), period
    return chunk, max(1024, 1 << (32 * m - 1).bit_length())


def make_advance(target: CompileTarget) -> Any:
    """Build ``advance(...)``, which takes steps ``first .. last - 1`` of a group.

    Args:
        target: What the function is compiled for.

    Returns:
        The compiled function.
    """
    jit, lanes = target.jit, target.lanes
    fill = make_fill(target, make_draw(target))
    renormalise, touch_one, touch, repeat, leave_out = make_steps(target)
    sigma, sigma_rest, wide = (
        np.uint64(SIGMA * lanes),
        np.uint64(SIGMA_REST * lanes),
        np.uint64(lanes),
    )
    kept, none, one_lane = STATE_ROWS * lanes, np.uint64(0), np.uint64(1)

    @jit
    def advance(  # type: ignore[no-untyped-def]
        x, state, ids, seed, first, last, k, b, m, sampling, mode, low, chunk, period,
        bounds, thresholds, rows, v, held, idx, order, draws, marks, memory,
    ):  # fmt: skip
        for q in range(kept):
            v[q] = state[q]
        memory[0] = 255  # marks are to be cleared before their first use
        memory[1] = -1
        t = first
        while t < last:
            stop = min((t // chunk + 1) * chunk, last)
            row = 0
            if k > 0:
                row = fill(
                    idx, ids, seed, t, stop, k, b, m, sampling, mode == LEAVE_OUT,
                    bounds, thresholds, rows, order, draws, marks, memory,
                )  # fmt: skip
            if mode == LEAVE_OUT:
                leave_out(x, v, idx, row, stop - t, k, m, low, held)
            elif mode == REPEAT:
                repeat(x, v, idx, row, stop - t, k, m, low, held)
            elif k == 1:
                touch_one(x, v, idx, row, stop - t, m, low, held)
            else:
                touch(x, v, idx, row, stop - t, k, m, low, held)
            t = stop
            if t % period == 0:
                renormalise(x, v, m, low, mode == LEAVE_OUT, none, wide)
            elif t % chunk == 0:
                inside = 0
                for r in range(wide):
                    least = min(v[sigma + r], v[sigma_rest + r])
                    most = max(v[sigma + r], v[sigma_rest + r])
                    inside += 1 if (least > _SMALL) & (most < _LARGE) else 0
                if inside < lanes:
                    for r in range(wide):
                        least = min(v[sigma + r], v[sigma_rest + r])
                        most = max(v[sigma + r], v[sigma_rest + r])
                        if not ((least > _SMALL) & (most < _LARGE)):
                            renormalise(x, v, m, low, mode == LEAVE_OUT, r, r + one_lane)
        for q in range(kept):
            state[q] = v[q]

    return advance


def limits_of(m: int, k: int, sampling: int) -> tuple[np.ndarray, np.ndarray]:
    """Compute the bounds of the words of a step (reshuffled: of an epoch) and Lemire's thresholds.

    Args:
        m: Number of data points.
        k: Words a step.
        sampling: Code of the sampling.

    Returns:
        Two arrays of the same length.
    """
    from whichmin.core.engines.kernels.sampling import RESHUFFLED

    if sampling == WITHOUT:
        bounds = np.arange(m - k + 1, m + 1)
    elif sampling == RESHUFFLED:
        bounds = np.arange(m, 1, -1)
    else:
        bounds = np.array([m])
    bounds = np.maximum(bounds, 1).astype(np.uint64)
    if len(bounds) == 0:
        bounds = np.ones(1, np.uint64)
    return bounds, np.uint64(2**32) % bounds

"""One step in correlation coordinates with common factors applied lazily.

With ``alpha = eta / b``, ``S`` the sum of ``phi(c_i)^2`` over the batch, ``s = 1 - alpha S``,
``g = alpha (2 - N)`` and ``f = s + g``, a step multiplies an active correlation in the batch by
``f`` and everything else by ``s``. Stored are ``x`` and common factors, ``c = sigma x``:

* *touch* (``k = b`` points): ``sigma <- s sigma``, ``x_i <- (f/s) x_i`` for active ``i`` in the
  batch, ``N <- s^2 (N - S) + f^2 S``;
* *repeat* (points may occur several times): ``x_i += (g/s) phi(x_i at the start)`` once per
  occurrence, ``N <- s^2 (N + sigma^2 sum delta (2 x + delta))``;
* *leave out* (the ``k = m - b`` points outside the batch): active correlations share ``sigma``,
  which takes ``f``, all others and the part outside the span share ``sigma'``, which takes ``s``;
  ``x_i <- (s/f) x_i`` for active ``i`` left out, of energy ``E``. ``C`` is carried along,
  ``S = C - E``: ``C <- f^2 S + s^2 E``, and the rest, ``I = N - C``: ``I <- s^2 I``.

Where ``s`` (or ``f``, if it is a common factor) falls below 1/4, or is no number, the lane takes
the step coordinate by coordinate: common factors then may change signs, so ReLU's active set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["ROWS", "STATE_ROWS", "make_steps"]

# Rows of the work array ``v``, each with one number per lane. The first STATE_ROWS are the state:
# sigma, sigma', N (or C), I, factor of the part outside the span; then its squared norm, alpha.
SIGMA, SIGMA_REST, ENERGY, REST, OFF, OFF_ENERGY, ALPHA, A, B, D, HELD = range(11)
STATE_ROWS, ROWS = 7, 11
_SMALLEST = 0.25
_TINY = 1e-300  # below, products with factors may be subnormal, which are slow and inexact
_SUMMED_AT_ONCE = 64


def make_steps(jit: Callable[..., Any], lanes: int) -> tuple[Any, Any, Any, Any, Any]:
    """Build the functions that take steps.

    Args:
        jit: Compiles a function for the target.
        lanes: Replicas in a group.

    Returns:
        ``renormalise, touch_one, touch, repeat, leave_out``; the last four take ``count`` steps
        whose points are rows of ``idx`` from ``row`` on.
    """
    sigma, sigma_rest, energy, rest = (q * lanes for q in (SIGMA, SIGMA_REST, ENERGY, REST))
    off, off_energy, alpha = OFF * lanes, OFF_ENERGY * lanes, ALPHA * lanes
    a, b, d, held_row = A * lanes, B * lanes, D * lanes, HELD * lanes

    @jit
    def renormalise(x, v, m, low, apart, begin, end):  # type: ignore[no-untyped-def]
        """Apply the common factors of some lanes, and sum their energies afresh."""
        for r in range(begin, end):
            v[energy + r] = 0.0
            v[rest + r] = 0.0
        for first in range(0, m, _SUMMED_AT_ONCE):
            for r in range(begin, end):
                v[a + r] = 0.0
                v[b + r] = 0.0
            for i in range(first, min(first + _SUMMED_AT_ONCE, m)):
                for r in range(begin, end):
                    old = x[i * lanes + r]
                    active = old > low
                    c = old * (v[sigma + r] if active else v[sigma_rest + r])
                    c = 0.0 if abs(c) < _TINY else c
                    x[i * lanes + r] = c
                    square = c * c
                    v[a + r] += square if active else 0.0
                    v[b + r] += 0.0 if active else square
            for r in range(begin, end):
                v[energy + r] += v[a + r]
                v[rest + r] += v[b + r]
        for r in range(begin, end):
            v[off + r] *= v[sigma_rest + r]
            v[rest + r] += v[off + r] * v[off + r] * v[off_energy + r]
            v[sigma + r] = 1.0
            v[sigma_rest + r] = 1.0
            if not apart:
                v[energy + r] += v[rest + r]
                v[rest + r] = 0.0

    @jit
    def touch_plainly(x, v, idx, row, k, m, low, held, r):  # type: ignore[no-untyped-def]
        renormalise(x, v, m, low, False, r, r + 1)
        total = 0.0
        for j in range(k):
            code = max(x[idx[(row + j) * lanes + r] * np.uint32(lanes) + np.uint32(r)], low)
            held[j * lanes + r] = code
            total += code * code
        s = 1.0 - v[alpha + r] * total
        g = v[alpha + r] * (2.0 - v[energy + r])
        for i in range(m):
            x[i * lanes + r] *= s
        for j in range(k):
            x[idx[(row + j) * lanes + r] * np.uint32(lanes) + np.uint32(r)] += (
                g * held[j * lanes + r]
            )
        v[off + r] *= s
        renormalise(x, v, m, low, False, r, r + 1)

    @jit
    def leave_out_plainly(x, v, idx, row, k, m, low, held, r):  # type: ignore[no-untyped-def]
        renormalise(x, v, m, low, True, r, r + 1)
        for j in range(k):
            place = idx[(row + j) * lanes + r] * np.uint32(lanes) + np.uint32(r)
            held[j * lanes + r] = x[place]
            x[place] = 0.0
        total = 0.0
        for i in range(m):
            code = max(x[i * lanes + r], low)
            total += code * code
        s = 1.0 - v[alpha + r] * total
        g = v[alpha + r] * (2.0 - (v[energy + r] + v[rest + r]))
        for i in range(m):
            c = x[i * lanes + r]
            x[i * lanes + r] = s * c + g * max(c, low)
        for j in range(k):
            place = idx[(row + j) * lanes + r] * np.uint32(lanes) + np.uint32(r)
            x[place] = s * held[j * lanes + r]
        v[off + r] *= s
        renormalise(x, v, m, low, True, r, r + 1)

    @jit
    def touch_one(x, v, idx, row, count, k, m, low, held):  # type: ignore[no-untyped-def]
        for t in range(count):
            here = (row + t) * lanes
            for r in range(lanes):
                v[held_row + r] = x[idx[here + r] * np.uint32(lanes) + np.uint32(r)]
            fast = 0
            for r in range(lanes):
                value, factor, step = v[held_row + r], v[sigma + r], v[alpha + r]
                norm = v[energy + r]
                code = max(value * factor, low)
                power = code * code
                s = 1.0 - step * power
                f = s + step * (2.0 - norm)
                fine = s >= _SMALLEST
                ratio = f / s
                v[held_row + r] = value * ratio if fine & (value > low) else value
                v[sigma + r] = factor * s if fine else factor
                v[energy + r] = s * s * (norm - power) + f * f * power if fine else norm
                fast += 1 if fine else 0
                v[a + r] = s
            for r in range(lanes):
                x[idx[here + r] * np.uint32(lanes) + np.uint32(r)] = v[held_row + r]
            if fast < lanes:
                for r in range(lanes):
                    if not v[a + r] >= _SMALLEST:
                        touch_plainly(x, v, idx, row + t, 1, m, low, held, r)
            for r in range(lanes):
                v[sigma_rest + r] = v[sigma + r]

    @jit
    def gather(x, v, idx, row, k, low, held):  # type: ignore[no-untyped-def]
        """Hold the values at the points of a batch; their energy goes to row ``d``."""
        for r in range(lanes):
            v[d + r] = 0.0
        for j in range(k):
            here = (row + j) * lanes
            for r in range(lanes):
                held[j * lanes + r] = x[idx[here + r] * np.uint32(lanes) + np.uint32(r)]
            for r in range(lanes):
                code = max(held[j * lanes + r] * v[sigma + r], low)
                v[d + r] += code * code

    @jit
    def touch(x, v, idx, row, count, k, m, low, held):  # type: ignore[no-untyped-def]
        for t in range(count):
            first = row + t * k
            gather(x, v, idx, first, k, low, held)
            fast = 0
            for r in range(lanes):
                step, norm, power = v[alpha + r], v[energy + r], v[d + r]
                s = 1.0 - step * power
                f = s + step * (2.0 - norm)
                fine = s >= _SMALLEST
                v[b + r] = f / s if fine else 1.0
                v[sigma + r] *= s if fine else 1.0
                v[sigma_rest + r] = v[sigma + r]
                v[energy + r] = s * s * (norm - power) + f * f * power if fine else norm
                fast += 1 if fine else 0
                v[a + r] = s
            for j in range(k):
                here = (first + j) * lanes
                for r in range(lanes):
                    value = held[j * lanes + r]
                    held[j * lanes + r] = value * v[b + r] if value > low else value
                for r in range(lanes):
                    x[idx[here + r] * np.uint32(lanes) + np.uint32(r)] = held[j * lanes + r]
            if fast < lanes:
                for r in range(lanes):
                    if not v[a + r] >= _SMALLEST:
                        touch_plainly(x, v, idx, first, k, m, low, held, r)

    @jit
    def repeat(x, v, idx, row, count, k, m, low, held):  # type: ignore[no-untyped-def]
        for t in range(count):
            first = row + t * k
            gather(x, v, idx, first, k, low, held)
            fast = 0
            for r in range(lanes):
                step, norm, power = v[alpha + r], v[energy + r], v[d + r]
                s = 1.0 - step * power
                fine = s >= _SMALLEST
                v[b + r] = step * (2.0 - norm) / s if fine else 0.0
                v[d + r] = 0.0
                fast += 1 if fine else 0
                v[a + r] = s
            for j in range(k):
                here = (first + j) * lanes
                for r in range(lanes):
                    place = idx[here + r] * np.uint32(lanes) + np.uint32(r)
                    value = x[place]
                    change = v[b + r] * max(held[j * lanes + r], low)
                    x[place] = value + change
                    v[d + r] += change * (2.0 * value + change)
            for r in range(lanes):
                s = v[a + r]
                fine = s >= _SMALLEST
                grown = v[energy + r] + v[sigma + r] * v[sigma + r] * v[d + r]
                v[energy + r] = s * s * grown if fine else v[energy + r]
                v[sigma + r] *= s if fine else 1.0
                v[sigma_rest + r] = v[sigma + r]
            if fast < lanes:
                for r in range(lanes):
                    if not v[a + r] >= _SMALLEST:
                        touch_plainly(x, v, idx, first, k, m, low, held, r)

    @jit
    def leave_out(x, v, idx, row, count, k, m, low, held):  # type: ignore[no-untyped-def]
        for t in range(count):
            first = row + t * k
            gather(x, v, idx, first, k, low, held)
            fast = 0
            for r in range(lanes):
                step, out = v[alpha + r], v[d + r]
                power = v[energy + r] - out
                s = 1.0 - step * power
                f = s + step * (2.0 - (v[energy + r] + v[rest + r]))
                fine = (s >= _SMALLEST) & (f >= _SMALLEST)
                v[b + r] = s / f if fine else 1.0
                v[sigma + r] *= f if fine else 1.0
                v[sigma_rest + r] *= s if fine else 1.0
                v[energy + r] = f * f * power + s * s * out if fine else v[energy + r]
                v[rest + r] *= s * s if fine else 1.0
                fast += 1 if fine else 0
                v[a + r] = 1.0 if fine else 0.0
            for j in range(k):
                here = (first + j) * lanes
                for r in range(lanes):
                    value = held[j * lanes + r]
                    held[j * lanes + r] = value * v[b + r] if value > low else value
                for r in range(lanes):
                    x[idx[here + r] * np.uint32(lanes) + np.uint32(r)] = held[j * lanes + r]
            if fast < lanes:
                for r in range(lanes):
                    if v[a + r] == 0.0:
                        leave_out_plainly(x, v, idx, first, k, m, low, held, r)

    return renormalise, touch_one, touch, repeat, leave_out

r"""Take a step in correlation coordinates, with common factors that are applied later.

With :math:`\alpha = \eta / b`, :math:`S = \sum_i \varphi(c_i)^2` over the batch,
:math:`s = 1 - \alpha S`, :math:`g = \alpha (2 - N)` and :math:`f = s + g`, a step is

.. math:: c_i \leftarrow f\, c_i \text{ (active, in the batch)}, \qquad
          c_i \leftarrow s\, c_i \text{ (all others)} .

Stored are ``x`` and common factors, ``c = sigma x``:

* *touch* (``k = b`` points): ``sigma <- s sigma``, ``x_i <- (f/s) x_i`` for active ``i`` in the
  batch, ``N <- s^2 (N - S) + f^2 S``;
* *repeat* (points may occur several times): ``x_i += (g/s) phi(x_i at the start)`` once per
  occurrence, ``N <- s^2 (N + sigma^2 sum delta (2 x + delta))``;
* *leave out* (the ``k = m - b`` points outside the batch): active correlations share ``sigma``,
  which takes ``f``, all others and the part outside the span share ``sigma'``, which takes ``s``;
  ``x_i <- (s/f) x_i`` for active ``i`` left out, of energy ``E``. ``C`` is carried along,
  ``S = C - E``: ``C <- f^2 S + s^2 E``, and the rest, ``I = N - C``: ``I <- s^2 I``.

All is kept in units in which ``alpha`` is 1: weights times its root, energies times it. Then
``s = 1 - S`` and ``g = 2 alpha - N``.

Where ``s`` (or ``f``, if it is a common factor) falls below 1/4, or is no number, the lane takes
the step coordinate by coordinate: common factors may then change signs, and with them the set of
points that are active under ReLU.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from whichmin.core.engines.kernels.generator import CompileTarget

__all__ = ["ROWS", "STATE_ROWS", "make_steps"]

# Rows of the work array ``v``, each with one number per lane. The first STATE_ROWS are the state:
# sigma, sigma', N (or C), I, factor of the part outside the span, its squared norm, 2 alpha.
SIGMA, SIGMA_REST, ENERGY, REST, OFF, OFF_ENERGY, TWICE, A, B, D, HELD = range(11)
STATE_ROWS, ROWS = 7, 11
_SMALLEST = 0.25
_TINY = 1e-300  # below, products with factors may be subnormal, which are slow and inexact
_SUMMED_AT_ONCE = 64


def make_steps(target: CompileTarget) -> tuple[Any, Any, Any, Any, Any]:
    """Build the functions that take steps.

    Args:
        target: What the functions are compiled for.

    Returns:
        ``renormalise, touch_one, touch, repeat, leave_out``; the last four take ``count`` steps
        whose points are rows of ``idx`` from ``row`` on, as places in ``x``: point times lanes
        plus lane.
    """
    jit, lanes = target.jit, target.lanes
    sigma, sigma_rest, energy, rest = (
        np.uint64(q * lanes) for q in (SIGMA, SIGMA_REST, ENERGY, REST)
    )
    off, off_energy, twice_row = (np.uint64(q * lanes) for q in (OFF, OFF_ENERGY, TWICE))
    a, b, d, held_row = (np.uint64(q * lanes) for q in (A, B, D, HELD))
    # The functions below have no annotations: their types are the compiler's, one set a target.
    # Places are unsigned: one that may be negative (from the end) would not be vectorised.
    wide, one_lane = np.uint64(lanes), np.uint64(1)

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
                    old = x[np.uint64(i * lanes) + r]
                    active = old > low
                    c = old * (v[sigma + r] if active else v[sigma_rest + r])
                    c = 0.0 if abs(c) < _TINY else c
                    x[np.uint64(i * lanes) + r] = c
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
        renormalise(x, v, m, low, False, r, r + one_lane)
        total = 0.0
        for j in range(k):
            code = max(x[idx[np.uint64((row + j) * lanes) + r]], low)
            held[np.uint64(j * lanes) + r] = code
            total += code * code
        s = 1.0 - total
        g = v[twice_row + r] - v[energy + r]
        for i in range(m):
            x[np.uint64(i * lanes) + r] *= s
        for j in range(k):
            x[idx[np.uint64((row + j) * lanes) + r]] += g * held[np.uint64(j * lanes) + r]
        v[off + r] *= s
        renormalise(x, v, m, low, False, r, r + one_lane)

    @jit
    def leave_out_plainly(x, v, idx, row, k, m, low, held, r):  # type: ignore[no-untyped-def]
        renormalise(x, v, m, low, True, r, r + one_lane)
        for j in range(k):
            place = idx[np.uint64((row + j) * lanes) + r]
            held[np.uint64(j * lanes) + r] = x[place]
            x[place] = 0.0
        total = 0.0
        for i in range(m):
            code = max(x[np.uint64(i * lanes) + r], low)
            total += code * code
        s = 1.0 - total
        g = v[twice_row + r] - (v[energy + r] + v[rest + r])
        for i in range(m):
            c = x[np.uint64(i * lanes) + r]
            x[np.uint64(i * lanes) + r] = s * c + g * max(c, low)
        for j in range(k):
            place = idx[np.uint64((row + j) * lanes) + r]
            x[place] = s * held[np.uint64(j * lanes) + r]
        v[off + r] *= s
        renormalise(x, v, m, low, True, r, r + one_lane)

    def carefully(plainly: Any) -> Any:
        """Build what takes a step coordinate by coordinate in lanes with too small a row ``a``."""

        @jit
        def step(x, v, idx, row, k, m, low, held):  # type: ignore[no-untyped-def]
            for r in range(wide):
                if not v[a + r] >= _SMALLEST:
                    plainly(x, v, idx, row, k, m, low, held, r)

        return step

    touch_carefully, leave_out_carefully = carefully(touch_plainly), carefully(leave_out_plainly)

    @jit
    def gather(x, v, idx, row, k, low, held):  # type: ignore[no-untyped-def]
        """Hold the values at the points of a batch; their energy goes to row ``d``."""
        for r in range(wide):
            v[d + r] = 0.0
        for j in range(k):
            here = np.uint64((row + j) * lanes)
            for r in range(wide):
                held[np.uint64(j * lanes) + r] = x[idx[here + r]]
            for r in range(wide):
                code = max(held[np.uint64(j * lanes) + r] * v[sigma + r], low)
                v[d + r] += code * code

    @jit
    def put_back(x, v, idx, row, k, low, held):  # type: ignore[no-untyped-def]
        """Multiply the active ones of the values that are held by row ``b``; put all back."""
        for j in range(k):
            here = np.uint64((row + j) * lanes)
            for r in range(wide):
                value = held[np.uint64(j * lanes) + r]
                held[np.uint64(j * lanes) + r] = value * v[b + r] if value > low else value
            for r in range(wide):
                x[idx[here + r]] = held[np.uint64(j * lanes) + r]

    @jit
    def touch(x, v, idx, row, count, k, m, low, held):  # type: ignore[no-untyped-def]
        for t in range(count):
            first = row + t * k
            gather(x, v, idx, first, k, low, held)
            fast = 0
            for r in range(wide):
                twice, norm, power = v[twice_row + r], v[energy + r], v[d + r]
                s = 1.0 - power
                f = s + (twice - norm)
                fine = s >= _SMALLEST
                v[b + r] = f / s if fine else 1.0
                v[sigma + r] *= s if fine else 1.0
                v[sigma_rest + r] = v[sigma + r]
                v[energy + r] = s * s * (norm - power) + f * f * power if fine else norm
                fast += 1 if fine else 0
                v[a + r] = s
            put_back(x, v, idx, first, k, low, held)
            if fast < lanes:
                touch_carefully(x, v, idx, first, k, m, low, held)

    @jit
    def touch_one_calmly(x, v, idx, row, count, low):  # type: ignore[no-untyped-def]
        """Take the steps of ``touch_one`` where s >= 1 - 6/5 alpha >= 2/5 throughout."""
        here = np.uint64(row * lanes)
        for r in range(wide):
            v[held_row + r] = x[idx[here + r]]
        for t in range(count):
            here = np.uint64((row + t) * lanes)
            for r in range(wide):
                value, factor = v[held_row + r], v[sigma + r]
                twice, norm = v[twice_row + r], v[energy + r]
                code = max(value * factor, low)
                power = code * code
                s = 1.0 - power
                f = s + (twice - norm)
                ratio = f / s
                v[held_row + r] = value * ratio if value > low else value
                v[sigma + r] = factor * s
                v[energy + r] = s * s * (norm - power) + f * f * power
            # One loop puts values back and takes the next step's: fewer instructions, and none of
            # the gathering ones, which are slow. (The row after the last holds some valid place.)
            there = here + wide
            for r in range(wide):
                x[idx[here + r]] = v[held_row + r]
                v[held_row + r] = x[idx[there + r]]

    @jit
    def touch_one(x, v, idx, row, count, m, low, held):  # type: ignore[no-untyped-def]
        # N <= 6/5 and alpha <= 1/2 imply the same of the next N: with B = 4 (1 - N) +
        # alpha (2 - N)^2, N' = N + alpha S (B - alpha S (4 - 3 N)) for 0 <= S <= N, whose largest
        # value over S and N is below 6/5 (a test looks at all of them). So no s falls below 2/5.
        calm = 0
        for r in range(wide):
            twice = v[twice_row + r]
            calm += 1 if (v[energy + r] <= 0.6 * twice) & (twice <= 1.0) else 0
        if calm == lanes:
            touch_one_calmly(x, v, idx, row, count, low)
        else:
            for t in range(count):
                touch(x, v, idx, row + t, 1, 1, m, low, held)
        for r in range(wide):
            v[sigma_rest + r] = v[sigma + r]

    @jit
    def repeat(x, v, idx, row, count, k, m, low, held):  # type: ignore[no-untyped-def]
        for t in range(count):
            first = row + t * k
            gather(x, v, idx, first, k, low, held)
            fast = 0
            for r in range(wide):
                twice, norm, power = v[twice_row + r], v[energy + r], v[d + r]
                s = 1.0 - power
                fine = s >= _SMALLEST
                v[b + r] = (twice - norm) / s if fine else 0.0
                v[d + r] = 0.0
                fast += 1 if fine else 0
                v[a + r] = s
            for j in range(k):
                here = np.uint64((first + j) * lanes)
                for r in range(wide):
                    place = idx[here + r]
                    value = x[place]
                    change = v[b + r] * max(held[np.uint64(j * lanes) + r], low)
                    x[place] = value + change
                    v[d + r] += change * (2.0 * value + change)
            for r in range(wide):
                s = v[a + r]
                fine = s >= _SMALLEST
                grown = v[energy + r] + v[sigma + r] * v[sigma + r] * v[d + r]
                v[energy + r] = s * s * grown if fine else v[energy + r]
                v[sigma + r] *= s if fine else 1.0
                v[sigma_rest + r] = v[sigma + r]
            if fast < lanes:
                touch_carefully(x, v, idx, first, k, m, low, held)

    @jit
    def leave_out(x, v, idx, row, count, k, m, low, held):  # type: ignore[no-untyped-def]
        for t in range(count):
            first = row + t * k
            gather(x, v, idx, first, k, low, held)
            fast = 0
            for r in range(wide):
                twice, out = v[twice_row + r], v[d + r]
                power = v[energy + r] - out
                s = 1.0 - power
                f = s + (twice - (v[energy + r] + v[rest + r]))
                fine = (s >= _SMALLEST) & (f >= _SMALLEST)
                v[b + r] = s / f if fine else 1.0
                v[sigma + r] *= f if fine else 1.0
                v[sigma_rest + r] *= s if fine else 1.0
                v[energy + r] = f * f * power + s * s * out if fine else v[energy + r]
                v[rest + r] *= s * s if fine else 1.0
                fast += 1 if fine else 0
                v[a + r] = s if fine else 0.0
            put_back(x, v, idx, first, k, low, held)
            if fast < lanes:
                leave_out_carefully(x, v, idx, first, k, m, low, held)

    return renormalise, touch_one, touch, repeat, leave_out

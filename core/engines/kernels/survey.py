"""Find the replicas that may have ended, in one pass over the coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np

from whichmin.core.engines.kernels.generator import CompileTarget
from whichmin.core.engines.kernels.stepping import OFF, OFF_ENERGY, SIGMA, SIGMA_REST, TWICE

__all__ = ["make_survey"]

# The judge's own conditions, a little wider: sums here are rounded in another order.
_WIDER, _ROUNDING = 1.01, 1e-14


def make_survey(target: CompileTarget) -> Any:
    """Build ``survey(x, state, m, low, tolerance, alone, work, out)`` for a group of lanes.

    ``out`` is set where a run may have converged (with ``alone``, to one point), lost all active
    correlations, or left the ball of squared norm 2. All other runs certainly go on by the rule of
    :class:`whichmin.core.training.outcome.RunJudge`.

    Args:
        target: What the function is compiled for.

    Returns:
        The compiled function.
    """
    jit, lanes, wide = target.jit, target.lanes, np.uint64(target.lanes)
    sigma, sigma_rest, off, off_energy, twice = (
        np.uint64(q * lanes) for q in (SIGMA, SIGMA_REST, OFF, OFF_ENERGY, TWICE)
    )
    active_row, rest_row, most_row, others_row = (np.uint64(q * lanes) for q in range(4))

    @jit
    def survey(x, state, m, low, tolerance, alone, work, out):  # type: ignore[no-untyped-def]
        for r in range(wide):
            work[active_row + r] = 0.0
            work[rest_row + r] = 0.0
            work[most_row + r] = 0.0
            work[others_row + r] = 0.0
        for i in range(m):
            here = np.uint64(i * lanes)
            for r in range(wide):
                value = x[here + r]
                active = value > low
                c = value * (state[sigma + r] if active else state[sigma_rest + r])
                square = c * c
                work[active_row + r] += square if active else 0.0
                work[rest_row + r] += 0.0 if active else square
                # All but the largest, without taking it away from the sum, which would cancel.
                work[others_row + r] += min(work[most_row + r], square)
                work[most_row + r] = max(work[most_row + r], square)
        for r in range(wide):
            alpha = state[twice + r] / 2.0
            outside = state[off + r] * state[sigma_rest + r]
            rest = (work[rest_row + r] + outside * outside * state[off_energy + r]) / alpha
            active = work[active_row + r] / alpha
            others = work[others_row + r] / alpha
            gap = ((1.0 - active) * (1.0 - active) + active * rest) / (2 * m)
            reached = gap <= _WIDER * tolerance + _ROUNDING
            if alone:
                reached &= others <= _WIDER * tolerance + _ROUNDING
            out[r] = reached | (active <= tolerance) | (not active + rest <= 2.0)

    return survey

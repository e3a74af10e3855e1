r"""Compute full-batch gradient descent on orthonormal data exactly, from at most three numbers.

With :math:`\alpha = \eta/m`, :math:`C = \sum_i \varphi(c_i)^2` and :math:`N = |w|^2`, a step
multiplies all active correlations by one factor and everything else by another (closed forms
``dynamics.active_factor`` and ``dynamics.inactive_factor`` at S = C and mu = 1):

.. math:: c_j \leftarrow \bigl[1 - \alpha C + \alpha (2 - N)\bigr]\, c_j \text{ (active)}, \qquad
          c_j \leftarrow (1 - \alpha C)\, c_j \text{ (inactive)} .

So three factors describe the state: that of the starting correlations that were positive, that of
those that were negative, and that of the part outside the span. This holds for every step size: a
negative factor turns the signs of a group of points, and under ReLU the other group is then active.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from whichmin.symbolic import closed_form
from whichmin.symbolic import symbols as sy
from whichmin.words import Activation, Status

__all__ = ["FullBatch", "follow_full_batch"]

# Python takes several microseconds a step.
LONGEST = 2_000_000


@dataclass(frozen=True)
class FullBatch:
    """The course of gradient descent and its end.

    Attributes:
        status: How it ends.
        steps: Steps until the end.
        factors: Final multiples of the positive and of the negative starting correlations, and of
            the part outside the span.
        turned: Whether some correlation changed its sign.
        growth: The phase until ``C`` is within 1% of 1, for the selection process: rows of
            (steps, mean of ``(2 - N)^2``, mean of ``(2 - N) C``).
        growth_steps: Steps of that phase.
        rest_after_growth: Factor by which the rest, ``N - C``, has shrunk in that phase.
    """

    status: Status
    steps: int
    factors: tuple[float, float, float]
    turned: bool
    growth: NDArray[np.float64]
    growth_steps: int
    rest_after_growth: float


@functools.cache
def _factors() -> Callable[..., tuple[float, float]]:
    """Compile the two factors of a full-batch step as functions of (C, N, eta/m)."""
    full = {sy.S: sy.C, sy.mu: 1}
    names = ("dynamics.active_factor", "dynamics.inactive_factor")
    both = [closed_form(name).expression.subs(full) for name in names]
    compiled: Callable[..., tuple[float, float]] = sp.lambdify([sy.C, sy.N, sy.alpha], both, "math")
    return compiled


def follow_full_batch(
    correlations: NDArray[np.float64],
    off_span: float,
    activation: Activation,
    step_size: float,
    tolerance: float,
    limit: int = LONGEST,
    *,
    growth_only: bool = False,
) -> FullBatch:
    """Compute gradient descent to its end, step by step, with the factors of the module.

    A run that is bound to need more steps than the limit is not followed.

    Args:
        correlations: Starting correlations, shape ``(m,)``.
        off_span: Squared norm of the start outside the span of the data.
        activation: Identity or ReLU.
        step_size: Step size.
        tolerance: Loss gap that counts as converged.
        limit: Largest number of steps.
        growth_only: Whether to stop when ``C`` is within 1% of 1: only the phase of growth is
            asked for.

    Returns:
        Where and how it ends.
    """
    m = len(correlations)
    relu = activation is Activation.RELU
    energies = [float((correlations[s * correlations > 0] ** 2).sum()) for s in (1, -1)]
    energies.append(off_span)
    x = [1.0, 1.0, 1.0]
    alpha, factors = step_size / m, _factors()
    turned, growing = False, True
    windows: list[list[float]] = []
    growth_steps, shrunk = 0, 1.0
    status, taken = Status.STEP_LIMIT, limit
    explosion = 1e12 * max(1.0, sum(energies))
    hopeless = not growth_only and _too_long(energies, relu, m, alpha, tolerance, limit)
    for steps in range(0 if hopeless else limit + 1):
        parts = [e * v * v for e, v in zip(energies, x, strict=True)]
        # The first group started positive, the second negative; a sign may have turned.
        live = [(not relu) or x[0] > 0, (not relu) or x[1] < 0]
        C = sum(part for part, on in zip(parts, live, strict=False) if on)
        N = sum(parts)
        rest = N - C
        ended = _ended(C, N, rest, m, tolerance, relu, explosion)
        if ended is not None:
            status, taken = ended, steps
            break
        growing = growing and C < 0.99
        if growing:
            windows.append([(2 - N) * (2 - N), (2 - N) * C])
            growth_steps += 1
        elif growth_only:
            break
        active, inactive = factors(C, N, alpha)
        if growing:
            shrunk *= inactive * inactive
        turned = turned or active <= 0 or inactive <= 0
        for group in (0, 1):
            x[group] *= active if live[group] else inactive
        x[2] *= inactive
    first, second, third = x
    return FullBatch(
        status, taken, (first, second, third), turned, _condensed(windows), growth_steps, shrunk
    )


def _too_long(
    energies: list[float], relu: bool, m: int, alpha: float, tolerance: float, limit: int
) -> bool:
    r"""Tell whether gradient descent cannot converge, or end otherwise, within the limit.

    For :math:`\alpha \le 1/10` and :math:`N \le 2` at the start, :math:`N \le K = \max(N_0, 1 +
    2\alpha)` holds for ever: a step changes N by at most :math:`4 \alpha C (1 - N) + 5 \alpha^2 C`.
    So no sign turns, and in t steps

    .. math:: C_0 (1 - \alpha \max(0, 2K - 2))^{2t} \le C \le C_0 (1 + 2\alpha)^{2t}, \qquad
              N - C \ge (N_0 - C_0) (1 - \alpha K)^{2t} .

    Returns:
        Whether :math:`(1 - C)^2 + C (N - C)` is above :math:`2 m` times the tolerance within these
        bounds.
    """
    N = sum(energies)
    C = energies[0] if relu else energies[0] + energies[1]
    if alpha > 0.1 or N > 2 or C == 0:
        return False
    K = max(N, 1 + 2 * alpha)
    highest = C * math.exp(min(2 * limit * math.log1p(2 * alpha), 700.0))
    lowest = C * math.exp(2 * limit * math.log1p(-alpha * max(0.0, 2 * K - 2)))
    rest = (N - C) * math.exp(2 * limit * math.log1p(-alpha * K))
    away = max(1 - highest, lowest - 1, 0.0)
    return away * away + lowest * rest > 2 * m * tolerance


def _ended(
    C: float, N: float, rest: float, m: int, tolerance: float, relu: bool, explosion: float
) -> Status | None:
    if not explosion >= N:
        return Status.DIVERGED
    if C == 0:
        return Status.DEAD_NEURON if relu else Status.NON_MINIMAL_CRITICAL_POINT
    if ((1 - C) * (1 - C) + C * rest) / (2 * m) <= tolerance:  # closed form landscape.gap
        return Status.CONVERGED
    # C dies out with N staying above 2: the inequality is in whichmin.core.training.outcome.
    if tolerance >= C and N > 2 and (N - 2) * (N - 2) > 8 * (N - 1) * C:
        return Status.NON_MINIMAL_CRITICAL_POINT
    return None


def _condensed(windows: list[list[float]]) -> NDArray[np.float64]:
    """Average over at most 64 windows of equal length.

    Returns:
        Rows of (steps, mean, mean).
    """
    if not windows:
        return np.zeros((0, 3))
    values = np.array(windows)
    parts: list[Any] = np.array_split(values, min(64, len(values)))
    return np.array([[len(p), *p.mean(0)] for p in parts])

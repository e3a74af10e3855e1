"""Batch size against steps and samples: the trade-off, the linear scaling rule, optimal runs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whichmin.core.validation import check_integer, check_positive
from whichmin.errors import InputError

__all__ = ["OptimalRun", "TradeOff", "linear_scaling", "optimal_run", "trade_off"]

Floats = NDArray[np.float64]


def linear_scaling(step_size: float, batch_size: int, new_batch_size: int) -> float:
    r"""Compute the step size for another batch size by the linear scaling rule.

    .. math:: \eta' = \eta\,\frac{B'}{B}

    Source: Goyal et al. 2017, section 2.1. On a quadratic of curvature h it is stable only while
    :math:`\eta' h < 2`; with :math:`K = B'/B` it changes the stationary variance by :math:`(2 -
    \eta h) / (2 - K \eta h)`.

    Args:
        step_size: Step size at the old batch size.
        batch_size: Old batch size.
        new_batch_size: New batch size.

    Returns:
        The new step size.

    Raises:
        InputError: An argument is not allowed.
    """
    eta = check_positive(step_size, "step_size")
    old = check_integer(batch_size, "batch_size", 1)
    return eta * check_integer(new_batch_size, "new_batch_size", 1) / old


@dataclass(frozen=True)
class TradeOff:
    """Steps and samples to a target at a batch size, where the noise scale stays as it is.

    Attributes:
        steps: Steps in units of the smallest number, ``1 + B_noise/B``.
        samples: Samples in units of the smallest number, ``1 + B/B_noise``.
    """

    steps: float
    samples: float


def trade_off(batch_size: float, noise_scale: float) -> TradeOff:
    r"""Compute by how much steps and samples to a target exceed their least possible numbers.

    .. math:: \frac{S}{S_{\min}} = 1 + \frac{B_{\text{noise}}}{B}, \qquad
              \frac{E}{E_{\min}} = 1 + \frac{B}{B_{\text{noise}}}

    Source: McCandlish et al. 2018, equation 2.11 and appendix D.

    Args:
        batch_size: B.
        noise_scale: B_noise.

    Returns:
        The trade-off.

    Raises:
        InputError: An argument is not positive.

    Example:
        >>> trade_off(2048, 2048)
        TradeOff(steps=2.0, samples=2.0)
    """
    size = check_positive(batch_size, "batch_size")
    scale = check_positive(noise_scale, "noise_scale")
    return TradeOff(1 + scale / size, 1 + size / scale)


@dataclass(frozen=True)
class OptimalRun:
    """SGD on ``h x^2/2`` with the best step size at every step.

    Attributes:
        second_moment: ``E x^2`` before each step and at the end, shape ``(steps + 1,)``.
        step_size: Step sizes, shape ``(steps,)``.
        noise_scale: ``B_noise`` before each step and at the end, shape ``(steps + 1,)``.
    """

    second_moment: Floats
    step_size: Floats
    noise_scale: Floats

    @property
    def steps(self) -> int:
        """Number of steps."""
        return len(self.step_size)


def optimal_run(
    start: float,
    target: float,
    batch_size: float,
    *,
    curvature: float = 1.0,
    noise: float = 1.0,
    constant_scale: bool = False,
    max_steps: int = 1_000_000,
) -> OptimalRun:
    r"""Run SGD on one curvature with the best step size at every step, until a target is reached.

    With :math:`v = E x^2`, the variance :math:`\sigma^2` of the noise and the noise scale
    :math:`B_{\text{noise}} = \sigma^2 / (h^2 v)`,

    .. math:: \eta h = y = \frac{1}{1 + B_{\text{noise}} / B}, \qquad
              v \leftarrow (1 - y)^2\,v + y^2\,\frac{B_{\text{noise}}}{B}\,v .

    The loss is :math:`h x^2 / 2`; y is where the derivative of the new v is 0.

    Args:
        start: ``E x^2`` at the start.
        target: Where to stop, below the start.
        batch_size: Batch size, above 0.
        curvature: h.
        noise: Variance of the noise of one sample: constant, or in units of ``E x^2`` if
            ``constant_scale``.
        constant_scale: Whether the noise shrinks with the gradient, so that the noise scale stays.
        max_steps: Step limit.

    Returns:
        The run.

    Raises:
        InputError: An argument is not allowed, the limit is reached, or a noise scale or a step
            size is beyond what float64 can hold.
    """
    v, size = check_positive(start, "start"), check_positive(batch_size, "batch_size")
    goal = check_positive(target, "target", v)
    h, level = check_positive(curvature, "curvature"), check_positive(noise, "noise")
    limit = check_integer(max_steps, "max_steps", 1)
    moments, sizes, scales = [v], list[float](), list[float]()
    while True:
        # h^2 may overflow or vanish where variance/(h^2 v) does neither.
        under = h if constant_scale else h * v
        scale = level / h / under if v > 0 and under > 0 else math.inf
        if not 0 < scale < math.inf:
            raise InputError(
                "batch_size, curvature, noise",
                (batch_size, curvature, noise),
                f"must keep the noise scale a positive finite number, not {scale:g} at "
                f"E x^2 = {v:.3g}",
            )
        scales.append(scale)
        if v <= goal:
            return OptimalRun(np.array(moments), np.array(sizes), np.array(scales))
        if len(sizes) == limit:
            raise InputError("max_steps", max_steps, f"must suffice to reach the target {goal:.3g}")
        # The best step size is where the derivative of (1 - y)^2 v + y^2 v scale/B is 0, y = eta h.
        share = scale / size
        y = 1 / (1 + share)
        if not 0 < y / h < math.inf:
            raise InputError("curvature", curvature, f"must leave a step size, not {y / h:g}")
        v = ((share * y) ** 2 + y * y * share) * v
        moments.append(v)
        sizes.append(y / h)

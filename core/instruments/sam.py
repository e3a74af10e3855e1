r"""Sharpness in a ball or under Gaussian noise: how far the loss rises at worst or on average.

.. math:: \max_{|d| \le r} L(w + d) - L(w) \qquad\text{and}\qquad E\,L(w + s z) - L(w)

* Worst case (Foret et al. 2021, equation 1): either what one ascent step of SAM reaches,
  :math:`d = r\,G / |G|` (equation 2), or the best of projected gradient ascent. Both are lower
  bounds of the maximum.
* Average case, z standard normal: the mean over pairs +z, -z, in which the gradient's part cancels;
  to second order it is :math:`\tfrac12 s^2 \operatorname{tr} H`.

A rise is a difference of losses, so in a small ball it is rounding: at a minimum it falls as the
square of the radius, to some units of roundoff of the loss where the radius is 1e-8. Every result
says how far it can be (:mod:`whichmin.core.instruments.rises`). The solvable neuron has its own
measures (:mod:`whichmin.core.perturbation.ball`), whose rises do not cancel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from whichmin.core.instruments.problem import Objective, check_objective
from whichmin.core.instruments.results import Result
from whichmin.core.instruments.rises import MeasuredRises
from whichmin.core.philox import Purpose, generator
from whichmin.core.scales import deviation as spread_of
from whichmin.core.scales import length, scaled
from whichmin.core.validation import check_integer, check_positive
from whichmin.errors import InputError
from whichmin.progress import progress_bar

__all__ = ["AverageSharpness", "BallSharpness", "average_sharpness", "sam_step", "worst_sharpness"]

_STEPS = 10
_LEAST = 1e-10  # of the rise, in ten steps
_GAIN = 1e-4  # likewise: more is no end
_ASIDE = 1e-2  # of the gradient, across the move
_BETTER = 1e-3  # of the rise: what a pair of starts must gain to count


@dataclass(frozen=True, repr=False)
class BallSharpness(Result):
    """A rise of the loss in a ball.

    Attributes:
        value: ``L(w + move) - L(w)``, in the units of the loss; at most the maximum, but for
            ``rounding``.
        move: Shape ``(n,)``, of length at most the radius.
        radius: Of the ball.
        values: The best rise from each start; one number for :func:`sam_step`.
        evaluations: Of the loss and its gradient, without the 12 that ``rounding`` takes.
        rounding: How far ``value`` can be rounding of the loss, as measured.
        settled: Whether the search of the maximum ended because its gain stopped; None for
            :func:`sam_step`, which searches none.
    """

    value: float
    move: torch.Tensor
    radius: float
    values: tuple[float, ...]
    evaluations: int
    rounding: float
    settled: bool | None = None

    @property
    def resolved(self) -> bool:
        """Whether the rise is larger than its rounding; if not, it cannot be told from 0."""
        return abs(self.value) > self.rounding

    def __repr__(self) -> str:
        """Show the numbers, and say it if the search ended too soon."""
        return super().__repr__() + (": not converged" if self.settled is False else "")


@dataclass(frozen=True, repr=False)
class AverageSharpness(Result):
    """A mean rise of the loss under Gaussian noise.

    Attributes:
        value: The mean rise, in the units of the loss.
        standard_error: Of ``value``, for the choice of the moves.
        deviation: Standard deviation s of the noise on every weight.
        terms: The rise, averaged over each pair ``+z, -z``; shape ``(pairs,)``.
        rounding: How far ``value`` can be rounding of the loss, as measured; all terms share the
            loss at the point, so ``standard_error`` does not show it.
    """

    value: float
    standard_error: float
    deviation: float
    terms: np.ndarray
    rounding: float

    @property
    def resolved(self) -> bool:
        """Whether the mean is larger than its rounding; if not, it cannot be told from 0."""
        return abs(self.value) > self.rounding


def sam_step(objective: Objective, radius: Any = 0.05) -> BallSharpness:
    r"""Measure the rise along the gradient, as SAM does.

    .. math:: L\!\left(w + r\,\frac{G}{|G|}\right) - L(w)

    Source: Foret et al. 2021, equation 2.

    Args:
        objective: The loss.
        radius: Length of the step; 0.05 in the paper.

    Returns:
        The rise, which may be negative on a curved loss.

    Raises:
        InputError: The gradient is 0, so there is no direction; a loss that is not finite in the
            ball, or a ball that is too small for the weights' type.
    """
    check_objective(objective)
    r = check_positive(radius, "radius")
    base, slope = objective.value_and_gradient()
    rises = MeasuredRises(objective, base, "radius", radius, "ball")
    if not bool(slope.any()):
        raise InputError(
            "objective",
            "a loss whose gradient is 0 at the point",
            "must have a gradient for SAM's step; worst_sharpness starts elsewhere",
        )
    move = scaled(slope, r).to(objective.point)
    rises.check_size(move)
    rise = rises.value(move)
    return BallSharpness(rise, move, r, (rise,), 2, rises.rounding(move))


def worst_sharpness(
    objective: Objective,
    radius: Any = 0.05,
    *,
    steps: Any = 100,
    starts: Any = 7,
    seed: Any = 0,
    progress: bool | None = None,
) -> BallSharpness:
    r"""Search for the largest rise in a ball, by projected gradient ascent.

    .. math:: \max_{|d| \le r} L(w + d) - L(w)

    Every step goes to :math:`r\,(d + r\,G / |G|)`, G the gradient at :math:`w + d`, scaled back to
    length r: the iteration whose fixed points are the points where the gradient is along d. On a
    quadratic around its minimum it is the power method for :math:`I + H / |G|`.

    There the rise is even to second order: each maximum has a lower one opposite, where the search
    may end as well. So every random start is followed by the point opposite to where it led.

    Args:
        objective: The loss.
        radius: Of the ball.
        steps: Most of them from each start.
        starts: Most of them. The first is SAM's step (if the gradient is not 0); then come pairs:
            one uniform on the sphere, and the point opposite to the end of its search.
        seed: Of the starts.
        progress: Whether to show a bar on standard error; None for: on a terminal.

    Returns:
        The largest rise met, at least 0, and where.

    Raises:
        InputError: An argument out of range, a loss that is not finite in the ball, or a ball that
            is too small for the weights' type.

    Example:
        >>> from whichmin.core.instruments import closure_objective
        >>> bowl = closure_objective(lambda w: 2 * w[0] ** 2 + w[1] ** 2 / 2, [0.0, 0.0])
        >>> round(worst_sharpness(bowl, 0.5).value, 12)  # r^2 / 2 times the top eigenvalue
        0.5
    """
    check_objective(objective)
    r = check_positive(radius, "radius")
    many, count = check_integer(steps, "steps", 1), check_integer(starts, "starts", 1)
    base, slope = objective.value_and_gradient()
    rises = MeasuredRises(objective, base, "radius", radius, "ball")
    draws = generator(seed, Purpose.SEARCH_STARTS)
    best, where, made = 0.0, torch.zeros_like(objective.point), 0
    before, settled = -1.0, True  # the best before the last pair
    values: list[float] = []
    with progress_bar(many * count, "sharpness in a ball", progress) as done:
        chosen = slope if bool(slope.any()) else None
        while len(values) < count:
            drawn = chosen is None
            if drawn:
                if best <= (1 + _BETTER) * before:
                    break
                before = best if values else -1.0
            first = _direction(draws, objective) if chosen is None else chosen
            move = scaled(first, r).to(objective.point)
            rises.check_size(move)
            tops: list[float] = []
            for step in range(many + 1):
                rise, gradient = rises.value_and_gradient(move)
                tops.append(max([rise, 0.0, *tops[-1:]]))
                if rise > best:
                    best, where = rise, move
                done()
                if step == many or _gained(tops) <= _LEAST * tops[-1]:
                    break
                move = scaled(move.double() + scaled(gradient, r), r).to(objective.point)
            made += len(tops)
            settled &= _ended(tops) and _along(gradient, move)
            values.append(tops[-1])
            chosen = -move if drawn and bool(move.any()) else None
        settled &= before >= 0 and best <= (1 + _BETTER) * before
    return BallSharpness(best, where, r, tuple(values), 1 + made, rises.rounding(where), settled)


def _gained(tops: list[float]) -> float:
    """Compute what the last ten steps gained; infinite before there are as many."""
    return tops[-1] - tops[-1 - _STEPS] if len(tops) > _STEPS else math.inf


def _ended(tops: list[float]) -> bool:
    """Say whether the gain is small and falls, or is nothing but rounding."""
    top, half = tops[-1], _STEPS // 2
    if _gained(tops) > _GAIN * top:
        return False
    last, earlier = top - tops[-1 - half], tops[-1 - half] - tops[-1 - _STEPS]
    return last <= max(earlier, _LEAST * top)


def _along(gradient: torch.Tensor, move: torch.Tensor) -> bool:
    g, d = (scaled(v, 1.0).double() for v in (gradient, move))
    return not bool(gradient.any()) or length(g - d) <= _ASIDE


def _direction(draws: np.random.Generator, objective: Objective) -> torch.Tensor:
    return torch.from_numpy(draws.standard_normal(objective.size)).to(objective.point)


def average_sharpness(
    objective: Objective,
    deviation: Any = None,
    *,
    radius: Any = None,
    pairs: Any = 50,
    seed: Any = 0,
    progress: bool | None = None,
) -> AverageSharpness:
    r"""Measure the mean rise of the loss under Gaussian noise on the weights.

    .. math:: E\,L(w + s z) - L(w), \qquad z \sim N(0, I)

    Args:
        objective: The loss.
        deviation: Standard deviation of the noise on each weight.
        radius: In its place: the root of the noise's mean squared length, ``deviation sqrt(n)``.
        pairs: Pairs of opposite moves, at least 2.
        seed: Of the moves.
        progress: Whether to show a bar on standard error; None for: on a terminal.

    Returns:
        The mean and its standard error.

    Raises:
        InputError: An argument out of range, not exactly one of ``deviation`` and ``radius``, a
            loss that is not finite where the noise leads, or noise too small for the weights' type.
    """
    check_objective(objective)
    if (deviation is None) == (radius is None):
        raise InputError("deviation", deviation, "must be given, or radius in its place, not both")
    if deviation is None:
        s = check_positive(radius, "radius") / math.sqrt(objective.size)
    else:
        s = check_positive(deviation, "deviation")
    count = check_integer(pairs, "pairs", 2)
    argument, given = ("radius", radius) if deviation is None else ("deviation", deviation)
    rises = MeasuredRises(objective, objective.value(), argument, given, "reach of the noise")
    draws = generator(seed, Purpose.DIRECTIONS)
    terms, z = np.empty(count), torch.zeros_like(objective.point)
    with progress_bar(count, "sharpness on average", progress) as done:
        for k in range(count):
            z = s * torch.from_numpy(draws.standard_normal(objective.size)).to(objective.point)
            rises.check_size(z)
            terms[k] = (rises.value(z) + rises.value(-z)) / 2
            done()
    error = spread_of(terms) / math.sqrt(count)
    return AverageSharpness(float(terms.mean()), error, s, terms, rises.rounding(z))

"""Sharpness in a ball or under Gaussian noise: how far the loss rises, at worst and on average.

* Worst case, ``max_{|d| <= r} L(w + d) - L(w)`` (Foret et al. 2021, equation 1): either what one
  ascent step of SAM reaches, ``d = r G / |G|`` (equation 2), or the best of projected gradient
  ascent. Both are lower bounds of the maximum.
* Average case, ``E L(w + s z) - L(w)``, z standard normal: the mean over pairs ``+z, -z``, in which
  the gradient's part cancels; to second order it is ``s^2 tr(H) / 2``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from whichmin.core.measures.problem import Objective
from whichmin.core.measures.progress import progress_bar
from whichmin.core.measures.random import DIRECTIONS, STARTS, generator
from whichmin.core.validation import check_integer, check_positive
from whichmin.errors import InputError

__all__ = ["AverageSharpness", "BallSharpness", "average_sharpness", "sam_step", "worst_sharpness"]


@dataclass(frozen=True)
class BallSharpness:
    """A rise of the loss in a ball.

    Attributes:
        value: ``L(w + move) - L(w)``, in the units of the loss; at most the maximum.
        move: Shape ``(n,)``, of length at most the radius.
        radius: Of the ball.
        values: The best rise from each start; one number for :func:`sam_step`.
        evaluations: Of the loss and its gradient.
    """

    value: float
    move: torch.Tensor
    radius: float
    values: tuple[float, ...]
    evaluations: int


@dataclass(frozen=True)
class AverageSharpness:
    """A mean rise of the loss under Gaussian noise.

    Attributes:
        value: The mean rise, in the units of the loss.
        standard_error: Of ``value``.
        deviation: Standard deviation s of the noise on every weight.
        terms: The rise, averaged over each pair ``+z, -z``; shape ``(pairs,)``.
    """

    value: float
    standard_error: float
    deviation: float
    terms: np.ndarray


def sam_step(objective: Objective, radius: Any = 0.05) -> BallSharpness:
    """Measure what SAM measures: the rise along the gradient (Foret et al. 2021, equation 2).

    Args:
        objective: The loss.
        radius: Length of the step; 0.05 in the paper.

    Returns:
        The rise, which may be negative on a curved loss.

    Raises:
        InputError: The gradient is 0, so there is no direction.
    """
    r = check_positive(radius, "radius")
    base, slope = objective.value_and_gradient()
    length = float(torch.linalg.vector_norm(slope))
    if length == 0:
        raise InputError(
            "objective",
            "a loss whose gradient is 0 at the point",
            "must have a gradient for SAM's step; worst_sharpness starts elsewhere",
        )
    move = slope * (r / length)
    rise = objective.value(objective.point + move) - base
    return BallSharpness(rise, move, r, (rise,), 2)


def worst_sharpness(
    objective: Objective,
    radius: Any = 0.05,
    *,
    steps: Any = 50,
    starts: Any = 3,
    seed: Any = 0,
    progress: bool | None = None,
) -> BallSharpness:
    """Search for the largest rise in a ball, by projected gradient ascent.

    Every step goes to ``r (d + r G(w + d) / |G(w + d)|)``, scaled back to length r: the iteration
    whose fixed points are the points where the gradient is along ``d``. On a quadratic around its
    minimum it is the power method for ``I + H / |G|``.

    Args:
        objective: The loss.
        radius: Of the ball.
        steps: From each start.
        starts: The first is SAM's step (if the gradient is not 0), the others are uniform on the
            sphere.
        seed: Of the starts.
        progress: Whether to show a bar on standard error; None for: on a terminal.

    Returns:
        The largest rise met, at least 0, and where.

    Raises:
        InputError: An argument out of range.

    Example:
        >>> from whichmin.core.measures import closure_objective
        >>> bowl = closure_objective(lambda w: 2 * w[0] ** 2 + w[1] ** 2 / 2, [0.0, 0.0])
        >>> round(worst_sharpness(bowl, 0.5).value, 12)  # r^2 / 2 times the top eigenvalue
        0.5
    """
    r = check_positive(radius, "radius")
    many, count = check_integer(steps, "steps", 1), check_integer(starts, "starts", 1)
    base, slope = objective.value_and_gradient()
    draws = generator(seed, STARTS)
    best, where = 0.0, torch.zeros_like(objective.point)
    values = []
    with progress_bar(many * count, "sharpness in a ball", progress) as done:
        for k in range(count):
            random = torch.from_numpy(draws.standard_normal(objective.size)).to(objective.point)
            move = _scaled(slope if k == 0 and bool(slope.any()) else random, r)
            top = 0.0
            for _ in range(many):
                value, gradient = objective.value_and_gradient(objective.point + move)
                top = max(top, value - base)
                if value - base > best:
                    best, where = value - base, move
                move = _scaled(move + _scaled(gradient, r), r)
                done()
            rise = objective.value(objective.point + move) - base
            if rise > best:
                best, where = rise, move
            values.append(max(top, rise))
    return BallSharpness(best, where, r, tuple(values), 1 + count * (many + 1))


def _scaled(vector: torch.Tensor, length: float) -> torch.Tensor:
    norm = float(torch.linalg.vector_norm(vector))
    return vector * (length / norm) if norm > 0 else vector


def average_sharpness(
    objective: Objective,
    deviation: Any = None,
    *,
    radius: Any = None,
    pairs: Any = 50,
    seed: Any = 0,
    progress: bool | None = None,
) -> AverageSharpness:
    """Measure the mean rise of the loss under Gaussian noise on the weights.

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
        InputError: An argument out of range, or not exactly one of ``deviation`` and ``radius``.
    """
    if (deviation is None) == (radius is None):
        raise InputError("deviation", deviation, "must be given, or radius in its place, not both")
    if deviation is None:
        s = check_positive(radius, "radius") / math.sqrt(objective.size)
    else:
        s = check_positive(deviation, "deviation")
    count = check_integer(pairs, "pairs", 2)
    base, draws = objective.value(), generator(seed, DIRECTIONS)
    terms = np.empty(count)
    with progress_bar(count, "sharpness on average", progress) as done:
        for k in range(count):
            z = torch.from_numpy(draws.standard_normal(objective.size)).to(objective.point)
            ends = [objective.value(objective.point + sign * s * z) for sign in (1, -1)]
            terms[k] = sum(ends) / 2 - base
            done()
    error = float(terms.std(ddof=1)) / math.sqrt(count)
    return AverageSharpness(float(terms.mean()), error, s, terms)

r"""A noisy step on the line, simulated and as a transition density, to see what law it really has.

.. math:: x \leftarrow x - \eta L'(x) + \sqrt{2 \eta D(x)}\,z, \qquad z \sim N(0, 1)

This is SGD with Gaussian gradient noise of variance :math:`2 D / \eta`. :func:`law`
follows the exact distribution of the chain by quadrature and knows nothing of a stationary density;
:func:`simulate` draws from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from whichmin.core.validation import (
    check_integer,
    check_positive,
    check_real,
    check_seed,
    check_vector,
)
from whichmin.errors import InputError

__all__ = ["Law", "law", "simulate"]

Floats = NDArray[np.float64]
Field = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Law:
    """A distribution on a uniform grid.

    Attributes:
        grid: Points, ascending, shape ``(points,)``.
        density: Density there; its sum times the spacing is 1 up to what left the grid.
    """

    grid: Floats
    density: Floats

    @property
    def cumulative(self) -> Floats:
        """Distribution function at the grid's points, by the trapezoidal rule."""
        spacing = self.grid[1] - self.grid[0]
        steps = (self.density[1:] + self.density[:-1]) * spacing / 2
        return np.concatenate([[0.0], np.cumsum(steps)])


def _validated(step_size: Any, steps: Any, start: Any) -> tuple[float, int, float]:
    return (
        check_positive(step_size, "step_size"),
        check_integer(steps, "steps", 1),
        check_real(start, "start"),
    )


def _evaluated(field: Field, x: Floats, argument: str, positive: bool) -> Floats:
    """Evaluate a caller's function and refuse values that are not allowed.

    Returns:
        One for each place.

    Raises:
        InputError: A value is not finite or not positive, or there is not one for each place.
    """
    values = np.asarray(field(x), dtype=np.float64)
    if values.shape not in ((), x.shape):
        raise InputError(
            argument, f"values of shape {values.shape}", f"must be vectorised: shape {x.shape}"
        )
    wrong = ~np.isfinite(values) | (values <= 0 if positive else False)
    if wrong.any():
        place = int(np.flatnonzero(np.broadcast_to(wrong, x.shape))[0])
        value = float(np.broadcast_to(values, x.shape)[place])
        sign = "positive and " if positive else ""
        raise InputError(argument, f"{value:g} at x = {x[place]:g}", f"must be {sign}finite")
    return values


def law(slope: Field, noise: Field, *, step_size: Any, steps: Any, start: Any, grid: Any) -> Law:
    r"""Compute the distribution after a number of steps, by quadrature of the transition density.

    .. math::
       p_{t+1}(y) = \int \frac{1}{\sqrt{4\pi\eta D(x)}}
         \exp\!\left(-\frac{(y - x + \eta L'(x))^2}{4 \eta D(x)}\right) p_t(x)\,dx

    The trapezoidal rule on a uniform grid is exact up to terms exponentially small in the width of
    the transition over the spacing. Choose the grid so that a step is several spacings wide and
    that nothing reaches its ends.

    Args:
        slope: The derivative L', vectorised.
        noise: The diffusion D, vectorised, positive.
        step_size: Step size eta, above 0.
        steps: Number of steps, at least 1.
        start: Where all replicas begin.
        grid: Uniform, ascending, shape ``(points,)``.

    Returns:
        The density on the grid.

    Raises:
        InputError: A number is out of range, the grid is not uniform and ascending, or a function
            is not finite (D: or not positive) where it is needed.
    """
    eta, count, origin = _validated(step_size, steps, start)
    points = check_vector(grid, None, "grid", torch.float64, torch.device("cpu")).numpy()
    gaps = np.diff(points)
    # Points are rounded to EPS of their size: so a grid of up to 1e9 of them passes.
    even = len(points) >= 3 and np.allclose(gaps, gaps[0], rtol=1e-6, atol=0)
    if not (even and gaps[0] > 0):
        raise InputError(
            "grid",
            f"shape {points.shape}",
            "must be at least 3 equally spaced points, ascending",
        )

    def kernel(origin: Floats) -> Floats:
        mean = origin - eta * _evaluated(slope, origin, "slope", positive=False)
        variance = 2 * eta * _evaluated(noise, origin, "noise", positive=True)
        offset = points[:, None] - mean
        return np.asarray(np.exp(-(offset**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance))

    density = kernel(np.array([origin]))[:, 0]
    power = kernel(points) * gaps[0]
    # Square and multiply: a thousand steps are ten products of matrices.
    left = count - 1
    while left:
        if left & 1:
            density = power @ density
        left >>= 1
        if left:
            power = power @ power
    return Law(points, density)


def simulate(
    slope: Field,
    noise: Field,
    *,
    step_size: Any,
    steps: Any,
    start: Any,
    replicas: Any,
    seed: Any = 0,
) -> Floats:
    r"""Run independent copies of the chain.

    .. math:: x \leftarrow x - \eta L'(x) + \sqrt{2 \eta D(x)}\,z, \qquad z \sim N(0, 1)

    Args:
        slope: The derivative L', vectorised.
        noise: The diffusion D, vectorised, positive.
        step_size: Step size eta, above 0.
        steps: Number of steps, at least 1.
        start: Where all replicas begin.
        replicas: Number of runs.
        seed: Seed.

    Returns:
        Where the runs are at the end, shape ``(replicas,)``.

    Raises:
        InputError: A number is out of range, or a function is not finite (D: or not positive)
            where a run comes.
    """
    eta, count, origin = _validated(step_size, steps, start)
    rng = np.random.default_rng(check_seed(seed))
    x = np.full(check_integer(replicas, "replicas", 1), origin)
    for _ in range(count):
        force = _evaluated(slope, x, "slope", positive=False)
        spread = np.sqrt(2 * eta * _evaluated(noise, x, "noise", positive=True))
        x = x - eta * force + spread * rng.standard_normal(len(x))
    return x

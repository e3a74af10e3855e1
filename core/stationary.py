"""A noisy step on the line, simulated and as a transition matrix: what law it really has.

``x <- x - eta L'(x) + sqrt(2 eta D(x)) z``, z standard normal: SGD with Gaussian gradient noise of
variance ``2 D / eta``. :func:`law` follows the exact distribution of this chain by quadrature and
knows nothing of a stationary density; :func:`simulate` draws from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.validation import check_integer, check_seed
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


def _validated(step_size: Any, steps: Any) -> tuple[float, int]:
    if not (isinstance(step_size, int | float) and 0 < step_size < math.inf):
        raise InputError("step_size", step_size, "must be a number above 0")
    return float(step_size), check_integer(steps, "steps", 1)


def law(slope: Field, noise: Field, *, step_size: Any, steps: Any, start: Any, grid: Any) -> Law:
    """Distribution after a number of steps, by quadrature of the transition density.

    The trapezoidal rule on a uniform grid is exact up to terms exponentially small in the width of
    the transition over the spacing; choose the grid so that a step is several spacings wide and
    that nothing reaches its ends.

    Args:
        slope: L', vectorised.
        noise: D, vectorised, positive.
        step_size: eta.
        steps: Number of steps, at least 1.
        start: Where all replicas begin.
        grid: Uniform, ascending, shape ``(points,)``.

    Returns:
        The law.

    Raises:
        InputError: A number is out of range, or the grid is not uniform.
    """
    eta, count = _validated(step_size, steps)
    points = np.asarray(grid, dtype=np.float64)
    gaps = np.diff(points)
    if points.ndim != 1 or len(points) < 3 or not np.allclose(gaps, gaps[0], rtol=1e-6, atol=0):
        raise InputError(
            "grid", f"shape {points.shape}", "must be at least 3 equally spaced points"
        )

    def kernel(origin: Floats) -> Floats:
        mean = origin - eta * slope(origin)
        variance = 2 * eta * noise(origin)
        offset = points[:, None] - mean
        return np.asarray(np.exp(-(offset**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance))

    density = kernel(np.array([float(start)]))[:, 0]
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
    """Independent runs of the chain.

    Args:
        slope: L', vectorised.
        noise: D, vectorised, positive.
        step_size: eta.
        steps: Number of steps, at least 1.
        start: Where all replicas begin.
        replicas: Number of runs.
        seed: Seed.

    Returns:
        Where the runs are at the end, shape ``(replicas,)``.

    Raises:
        InputError: A number is out of range.
    """
    eta, count = _validated(step_size, steps)
    rng = np.random.default_rng(check_seed(seed))
    x = np.full(check_integer(replicas, "replicas", 1), float(start))
    for _ in range(count):
        x = x - eta * slope(x) + np.sqrt(2 * eta * noise(x)) * rng.standard_normal(len(x))
    return x

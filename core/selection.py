r"""The selection process, which is the diffusion limit of SGD's choice between active data points.

In :math:`u_i = \log|c_i|` and in units of 1/D steps (D is half the variance per step of a
difference of two u on the unit sphere),

.. math:: du_i = p_i\,dt + dB_i, \qquad p_i = \frac{c_i^2}{C},

up to a shift common to all. Before the weights reach the unit sphere noise and drift are larger, by
the factors :math:`2 - N` and :math:`(2 - N)\,C`. This phase takes a time of order :math:`\alpha`.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

from whichmin.core.philox import Purpose, generator
from whichmin.core.validation import check_integer, check_positive
from whichmin.errors import InputError

__all__ = ["MONITORING", "Selection", "simulate_selection", "two_point_chance"]

Floats = NDArray[np.float64]

#: A walk with steps of standard deviation s passes a level as Brownian motion passes a level
#: -zeta(1/2)/sqrt(2 pi) s further out (Siegmund 1979; Broadie, Glasserman, Kou 1997).
MONITORING = 0.5825971579390107
_STEP = 0.05
_NUMBERS = 1 << 16  # of paths times points; more points get fewer paths
_PATHS = 2048


@dataclass(frozen=True)
class Selection:
    """Outcome of simulated paths.

    Attributes:
        frequencies: How often each point won, shape ``(k,)``.
        bounds: Upper bounds of the chances: means of ``(2/pi) arcsin(c_i / |c|)`` where the weights
            reach the sphere (with independent batches it never drifts up from there on).
        time: Mean time until the winner's rivals had faded, in units of 1/D steps.
        time_error: Standard error of that mean.
        paths: Number of paths.
    """

    frequencies: Floats
    bounds: Floats
    time: float
    time_error: float
    paths: int

    @property
    def errors(self) -> Floats:
        """Standard errors of the frequencies, never 0 (Agresti and Coull's estimate)."""
        middle = (self.frequencies * self.paths + 2) / (self.paths + 4)
        return np.sqrt(middle * (1 - middle) / (self.paths + 4))


def two_point_chance(lead: float, growth: Floats) -> float:
    r"""Compute the chance that the first of two active points wins, with the growth phase.

    On the sphere, with :math:`v = \log(c_1 / c_2)`, it is

    .. math:: h(v) = 1 - \frac{2}{\pi} \arctan e^{-v} .

    The growth phase carries it back in time by :math:`\partial_t h = a\,h_{vv} + b \tanh(v)\,h_v`,
    with noise a and drift b of each interval (Crank-Nicolson).

    Args:
        lead: ``v`` at the start.
        growth: See :func:`simulate_selection`; shape ``(s, 3)``.

    Returns:
        The chance.
    """
    # At |v| = 20 the loser's chance is 1e-9. The grid's error is (1/20)^2 / 12 of h_vvvv, below
    # 1e-4 in all, less than the terms of order alpha^2 that are left out anyhow.
    v = np.linspace(-20.0, 20.0, 801)
    h = 1 - 2 / math.pi * np.arctan(np.exp(-v))
    step = v[1] - v[0]
    for length, noise, drift in growth[::-1]:
        up = noise / step**2 + drift * np.tanh(v) / (2 * step)
        down = noise / step**2 - drift * np.tanh(v) / (2 * step)
        up[[0, -1]] = down[[0, -1]] = 0.0  # the ends stay
        both = up + down
        right = h - length / 2 * both * h
        right[1:-1] += length / 2 * (up[1:-1] * h[2:] + down[1:-1] * h[:-2])
        bands = np.zeros((3, len(v)))
        bands[0, 1:] = -length / 2 * up[:-1]
        bands[1] = 1 + length / 2 * both
        bands[2, :-1] = -length / 2 * down[1:]
        h = solve_banded((1, 1), bands, right)
    return float(np.interp(lead, v, h))


def simulate_selection(
    correlations: Floats,
    *,
    tolerance: float = 1e-12,
    growth: Floats | None = None,
    interval: float = 0.0,
    noise: float = 1.0,
    seed: int = 0,
    paths: int | None = None,
) -> Selection:
    r"""Simulate the selection process from given correlations to its end.

    .. math:: du_i = b\,\frac{e^{2 u_i}}{\sum_j e^{2 u_j}}\,dt + \sqrt a\,dB_i, \qquad
              u_i(0) = \log |c_i| ,

    with drift b = 1 and noise a = ``noise`` on the sphere. Additive noise makes Heun's scheme of
    weak order 2: with steps of 1/20 its bias is below the standard error of the default number of
    paths.

    Args:
        correlations: Active correlations, none 0, shape ``(k,)``; only their ratios matter.
        tolerance: A path has ended when the rivals' squared correlations, relative to the
            winner's, sum to this.
        growth: Phase before the sphere, one row per interval: its length in units of 1/D and the
            means of ``2 - N`` squared and of ``(2 - N) C``; shape ``(s, 3)``.
        interval: Time between two tests for the end, in units of 1/D (0: continuous).
        noise: Variance of the noise: 1 for independent batches, less for reshuffled epochs.
        seed: Seed.
        paths: Number of paths; by default 2,048, fewer for more than 32 points.

    Returns:
        Frequencies and mean time, the growth included in neither but in its effect on the choice.

    Raises:
        InputError: An argument is out of range.
    """
    start = np.abs(np.asarray(correlations, dtype=np.float64))
    if start.ndim != 1 or not len(start) or not (np.isfinite(start) & (start > 0)).all():
        raise InputError("correlations", correlations, "must be non-zero numbers, shape (k,)")
    goal = math.log(check_positive(tolerance, "tolerance", upper=1.0))
    k = len(start)
    count = max(64, min(_PATHS, _NUMBERS // k)) if paths is None else paths
    count = check_integer(count, "paths", 1)
    rng = generator(seed, Purpose.SELECTION)
    u = np.tile(np.log(start / start.max()), (count, 1))
    noise = check_positive(noise, "noise")
    for length, gain, drift in () if growth is None else growth:
        u = _heun(u, rng, length, drift, noise * gain)
    bounds = 2 / math.pi * np.arcsin(np.sqrt(_shares(u))).mean(0)
    # Two rivals' logarithms differ with variance 2 a unit; the mass is twice the logarithm.
    late, early = (MONITORING * math.sqrt(2 * noise * t) for t in (interval, _STEP))
    goal -= 2 * (late - early)
    alive = np.arange(count)
    winners = np.zeros(count, dtype=np.int64)
    times = np.zeros(count)
    elapsed = 0.0
    while len(alive):
        top = u.argmax(1)
        masses = np.exp(2 * (u - _along(np.maximum, u)))
        np.put_along_axis(masses, top[:, None], 0.0, axis=1)
        with np.errstate(divide="ignore"):
            done = np.log(_along(np.add, masses)[:, 0]) <= goal
        winners[alive[done]], times[alive[done]] = top[done], elapsed
        alive, u = alive[~done], u[~done]
        u = _heun(u, rng, _STEP, 1.0, noise)
        elapsed += _STEP
    return Selection(
        np.bincount(winners, minlength=k) / count,
        bounds,
        float(times.mean()),
        float(times.std() / math.sqrt(count)),
        count,
    )


def _heun(u: Floats, rng: np.random.Generator, length: float, drift: float, noise: float) -> Floats:
    """Take one step of Heun's scheme, and re-centre the rows, which changes no difference.

    Returns:
        The new logarithms.
    """
    shock = math.sqrt(noise * length) * rng.standard_normal(u.shape)
    first = _shares(u)
    second = _shares(u + drift * length * first + shock)
    moved = u + drift * length * (first + second) / 2 + shock
    return np.asarray(moved - _along(np.maximum, moved))


def _shares(u: Floats) -> Floats:
    weights = np.exp(2 * (u - _along(np.maximum, u)))
    return np.asarray(weights / _along(np.add, weights))


def _along(operation: np.ufunc, rows: Floats) -> Floats:
    """Reduce each row; short rows column by column, which is 20 to 60 times as fast in NumPy.

    Returns:
        Shape ``(rows, 1)``; below 8 columns both ways add in the same order.
    """
    if rows.shape[1] < 8:
        return np.asarray(functools.reduce(operation, rows.T))[:, None]
    return np.asarray(operation.reduce(rows, 1, keepdims=True))

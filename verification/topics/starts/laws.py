"""Laws of where training from a Gaussian start ends, as numbers, at finite m and n.

The direction of a Gaussian vector is uniform, and nothing here depends on its length. For ReLU,
laws are those given that the neuron is not dead (``|S+| > 0``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, optimize, stats

from whichmin.words import Activation

__all__ = [
    "alive_chances",
    "all_within",
    "largest_above",
    "largest_bound",
    "point_bound",
    "quantile",
    "share_above",
    "start_cosine_cdf",
]

Floats = NDArray[np.float64]
# A distribution function, of a number or an array.
Law = Callable[[Any], Any]


def alive_chances(m: int) -> Floats:
    """Compute the chances of ``|S+| = 1 .. m``, given that it is not 0.

    Args:
        m: Number of data points.

    Returns:
        Shape ``(m,)``.
    """
    chances = stats.binom.pmf(np.arange(1, m + 1), m, 0.5)
    return np.asarray(chances / -np.expm1(-m * np.log(2)))


def share_above(size: int, n: int, x: Any) -> Any:
    """Compute the chance that ``size`` of n squared normal numbers exceed a share of their sum.

    The share has the law ``Beta(size/2, (n - size)/2)``.

    Args:
        size: Number of coordinates, 1 to n.
        n: Number of all coordinates.
        x: The share, any shape.

    Returns:
        Chances, in the shape of ``x``.
    """
    if size == n:
        return np.asarray(np.asarray(x) < 1, dtype=np.float64)
    return np.asarray(stats.beta.sf(x, size / 2, (n - size) / 2))


def _sizes(m: int, activation: Activation) -> list[tuple[int, float]]:
    """List numbers of active points with their chances."""
    if activation is Activation.LINEAR:
        return [(m, 1.0)]
    return list(enumerate(alive_chances(m).tolist(), start=1))


def start_cosine_cdf(m: int, n: int, activation: Activation) -> Law:
    """Return the law of the squared cosine of GD's limit with its start.

    Linear: ``Beta(m/2, (n-m)/2)``; ReLU: the mixture of ``Beta(s/2, (n-s)/2)`` over ``s = |S+|``.

    Args:
        m: Number of data points.
        n: Dimension.
        activation: Identity or ReLU.

    Returns:
        The distribution function.
    """

    def cdf(x: Any) -> Any:
        parts = [chance * share_above(s, n, x) for s, chance in _sizes(m, activation)]
        return np.asarray(1 - np.sum(parts, axis=0))

    return cdf


def largest_above(t: float, m: int, activation: Activation) -> float:
    """Compute the chance that the largest squared coefficient of GD's limit exceeds ``t >= 1/2``.

    Two of them cannot exceed one half, so the chances of the single ones add up.

    Args:
        t: The threshold, 1/2 <= t < 1.
        m: Number of data points.
        activation: Identity or ReLU.

    Returns:
        The chance.
    """
    assert 0.5 <= t < 1
    sizes = _sizes(m, activation)
    return float(sum(chance * s * share_above(1, s, t) for s, chance in sizes))


def largest_bound(t: float, m: int, activation: Activation) -> float:
    """Bound the chance that the largest squared coefficient of GD's limit exceeds t, for every t.

    Linear: ``m (1-t)^((m-1)/2)``; ReLU: its mean over S+, ``m/2 ((1 + sqrt(1-t))/2)^(m-1)``.

    Args:
        t: The threshold, 0 to 1.
        m: Number of data points.
        activation: Identity or ReLU; for ReLU the bound counts dead starts as below t.

    Returns:
        The bound, possibly above 1.
    """
    x = float(np.sqrt(1 - t))
    if activation is Activation.LINEAR:
        return float(m * x ** (m - 1))
    return float(m / 2 * ((1 + x) / 2) ** (m - 1))


def point_bound(t: float, m: int, n: int) -> float:
    """Bound the chance that a data point has a squared cosine of at least t with the start.

    Args:
        t: The threshold, 0 to 1.
        m: Number of data points.
        n: Dimension.

    Returns:
        ``m (1-t)^((n-1)/2)``, possibly above 1.
    """
    return float(m * (1 - t) ** ((n - 1) / 2))


def all_within(factor: float, m: int) -> float:
    """Compute the chance that no coefficient of linear GD's limit is ``factor`` times another one.

    The smallest of the m absolute values of normal numbers is x, all others are in
    ``[x, factor x]``.

    Args:
        factor: At least 1.
        m: Number of data points, at least 2.

    Returns:
        The chance.
    """

    def density(x: float) -> float:
        inside = 2 * (stats.norm.cdf(factor * x) - stats.norm.cdf(x))
        return float(2 * m * stats.norm.pdf(x) * inside ** (m - 1))

    return float(integrate.quad(density, 0, np.inf)[0])


def quantile(cdf: Law, q: float, low: float, high: float) -> float:
    """Invert a continuous distribution function.

    Args:
        cdf: The function.
        q: Between 0 and 1.
        low: A value with ``cdf < q``.
        high: A value with ``cdf > q``.

    Returns:
        The q-quantile.
    """
    return float(optimize.brentq(lambda x: float(cdf(x)) - q, low, high))

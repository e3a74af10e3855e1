r"""Quantiles of counts and deviations of means, with NumPy alone; no normal approximation is used.

Tails of :math:`K \sim \mathrm{Bin}(n, p)` are sums of its chances, each from its neighbour by

.. math:: \frac{P(K = k + 1)}{P(K = k)} = \frac{n - k}{k + 1} \cdot \frac{p}{1 - p} ,

beginning at the largest one, with the smallest terms added first.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["at_least", "bernstein", "frequency_limit", "lower_quantile", "upper_quantile"]

Floats = NDArray[np.float64]

# The logarithm of the largest chance is a sum of terms up to n log n, about 1e7 for a million
# trials, known to about 1e-9; a tail counts as this much larger, so that no rate is exceeded.
_SLACK = 1 + 1e-6


@functools.lru_cache(maxsize=256)
def _chances(total: int, chance: float) -> Floats:
    """Chances of 0, ..., n events."""
    if chance in {0.0, 1.0}:
        return np.asarray(np.eye(1, total + 1, round(chance * total))[0])
    mode = min(total, math.floor((total + 1) * chance))
    largest = (
        math.lgamma(total + 1) - math.lgamma(mode + 1) - math.lgamma(total - mode + 1)
        + mode * math.log(chance) + (total - mode) * math.log1p(-chance)
    )  # fmt: skip
    counts = np.arange(total)
    steps = np.log(total - counts) - np.log1p(counts) + math.log(chance) - math.log1p(-chance)
    up, down = np.cumsum(steps[mode:]), np.cumsum(-steps[:mode][::-1])[::-1]
    return np.asarray(np.exp(largest + np.concatenate([down, [0.0], up])))


def at_least(count: int, total: int, chance: float) -> float:
    """Compute the chance of at least ``count`` events.

    Args:
        count: From 0 on.
        total: Independent trials, n.
        chance: Chance of an event, p.

    Returns:
        ``P(K >= count)``.
    """
    return float(min(1.0, _chances(total, chance)[count:][::-1].sum()))


def upper_quantile(alarm: float, total: int, chance: float) -> int:
    """Find the smallest k with ``P(K > k) <= alarm``.

    Args:
        alarm: The rate, below 1.
        total: Independent trials, n.
        chance: Chance of an event, p.

    Returns:
        The count k: more events than that are rarer than the rate.
    """
    tails = np.cumsum(_chances(total, chance)[::-1])[::-1]  # P(K >= k)
    return int(np.count_nonzero(tails * _SLACK > alarm)) - 1


def lower_quantile(alarm: float, total: int, chance: float) -> int:
    """Find the smallest k with ``P(K <= k) > alarm``.

    Args:
        alarm: The rate, below 1.
        total: Independent trials, n.
        chance: Chance of an event, p.

    Returns:
        The count k: fewer events than that are rarer than the rate.
    """
    return total - upper_quantile(alarm, total, 1 - chance)


def frequency_limit(count: int, total: int, chance: float, alarm: float) -> float:
    """Compute how far a frequency may be from its chance, on the side on which it is.

    Args:
        count: How often an event occurred.
        total: Among how many independent trials.
        chance: Its chance.
        alarm: Largest probability that the frequency is farther away, half of it on each side.

    Returns:
        The largest deviation allowed.
    """
    quantile = upper_quantile if count >= total * chance else lower_quantile
    return abs(quantile(alarm / 2, total, chance) / total - chance)


def bernstein(total: int, variance: float, span: float, alarm: float) -> float:
    r"""Compute how far the mean of independent numbers may be from its expectation.

    For n numbers of variance at most v that differ from their mean by at most s,

    .. math:: P(|\bar x - \mu| \ge t) \le 2 \exp\left(-\frac{n t^2}{2 v + 2 s t / 3}\right) ,

    solved for t (Bernstein's inequality).

    Args:
        total: Numbers averaged, n.
        variance: Bound of the variance, v.
        span: Bound of the distance from the mean, s.
        alarm: Largest probability that the mean is farther away.

    Returns:
        The deviation t.
    """
    # n t^2 - (2 s L / 3) t - 2 v L = 0 for L = log(2 / alarm)
    log = math.log(2 / alarm)
    linear = span * log / 3
    return (linear + math.sqrt(linear**2 + 2 * variance * log * total)) / total

r"""Quantiles of counts and deviations of means, with NumPy alone; no normal approximation is used.

Tails of :math:`K \sim \mathrm{Bin}(n, p)` are sums of its chances, each from its neighbour by

.. math:: \frac{P(K = k + 1)}{P(K = k)} = \frac{n - k}{k + 1} \cdot \frac{p}{1 - p} ,

beginning at the largest one, with the smallest terms added first. Bounds of many frequencies at
once are Chernoff's: for a mean X of n independent indicators of mean p, and any x above p (below
alike),

.. math:: P(X \ge x) \le e^{-n\,D(x, p)}, \qquad
          D(x, p) = x \log\frac{x}{p} + (1 - x) \log\frac{1 - x}{1 - p} .

This holds for draws without replacement too: their number of hits is at most as spread as a
binomial one in convex order (Hoeffding, J. Amer. Statist. Assoc. 58 (1963), theorem 4), and so is
the sum of independent ones.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["at_least", "bernstein", "binomial", "frequency_bounds", "upper_quantile"]

Floats = NDArray[np.float64]

# The logarithm of the largest chance is a sum of terms up to n log n, about 1e7 for a million
# trials, known to about 1e-9; a tail counts as this much larger, so that no rate is exceeded.
_SLACK = 1 + 1e-6


@functools.lru_cache(maxsize=256)
def binomial(total: int, chance: float) -> Floats:
    """Compute the chances of 0, ..., n events.

    Args:
        total: Independent trials, n.
        chance: Chance of an event, p.

    Returns:
        ``P(K = k)``, ``(n + 1,)``, each to within one part in 10^6.
    """
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
    return float(min(1.0, binomial(total, chance)[count:][::-1].sum()))


def upper_quantile(alarm: float, total: int, chance: float) -> int:
    """Find the smallest k with ``P(K > k) <= alarm``.

    Args:
        alarm: The rate, below 1.
        total: Independent trials, n.
        chance: Chance of an event, p.

    Returns:
        The count k: more events than that are rarer than the rate.
    """
    tails = np.cumsum(binomial(total, chance)[::-1])[::-1]  # P(K >= k)
    return int(np.count_nonzero(tails * _SLACK > alarm)) - 1


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


def _divergence(x: Floats, p: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(x > 0, x * np.log(x / p), 0.0)
        right = np.where(x < 1, (1 - x) * np.log((1 - x) / (1 - p)), 0.0)
    return np.asarray(left + right)


def frequency_bounds(
    counts: Any, totals: Any, chances: Sequence[Any] | Floats, alarm: float
) -> Any:
    """Compute how far frequencies may be from their chances, each on its side.

    Args:
        counts: How often each event occurred.
        totals: Among how many trials, a number or one for each event.
        chances: Their chances.
        alarm: False alarms of all events together.

    Returns:
        The largest deviation allowed, one for each event; 0 for chances of 0 and 1.
    """
    p = np.asarray([float(c) for c in chances])
    total = np.broadcast_to(np.asarray(totals, dtype=np.float64), p.shape)
    above = np.asarray(counts) >= p * total
    need = np.log(2 * len(p) / alarm) / total
    # The end where the frequency is judged; the divergence grows towards it.
    end = np.where(above, 1.0, 0.0)
    low, high = p.copy(), end.copy()
    for _ in range(60):
        middle = (low + high) / 2
        far = _divergence(middle, p) >= need
        low, high = np.where(far, low, middle), np.where(far, middle, high)
    # One part in 2^40 covers the rounding of the logarithms: 2^-52 relative to need n D, below 2^8.
    return np.where((p == 0) | (p == 1), 0.0, np.abs(high - p) * (1 + 2.0**-40))

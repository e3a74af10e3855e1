r"""Bound binomial tails, with a proof for any number of trials and in NumPy alone.

For a mean X of n independent indicators of mean p, and any x above p (below alike),

.. math:: P(X \ge x) \le e^{-n\,D(x, p)}, \qquad
          D(x, p) = x \log\frac{x}{p} + (1 - x) \log\frac{1 - x}{1 - p}

(Chernoff). The same holds for draws without replacement: their number of hits is at most as spread
as a binomial one in convex order (Hoeffding, J. Amer. Statist. Assoc. 58 (1963), theorem 4), and so
is the sum of independent ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["bernstein", "binomial_count", "binomial_tail", "frequency_bounds", "median_chance"]

Floats = NDArray[np.float64]


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


def binomial_tail(count: int, total: int, chance: float) -> float:
    """Compute the chance of at least ``count`` events in ``total`` trials.

    Args:
        count: Number of events.
        total: Number of independent trials.
        chance: Chance of an event, above 0 and below 1.

    Returns:
        The chance.
    """
    log, other = math.log(chance), math.log1p(-chance)
    terms = (
        math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1)
        + k * log + (total - k) * other
        for k in range(max(count, 0), total + 1)
    )  # fmt: skip
    return min(math.fsum(math.exp(t) for t in terms), 1.0)


def binomial_count(total: int, chance: float, alarm: float) -> int:
    """Compute the least count of events that has a chance of at most ``alarm``.

    Args:
        total: Number of trials.
        chance: Chance of an event.
        alarm: The chance allowed.

    Returns:
        The count; ``total + 1`` if even all have a larger chance.
    """
    low, high = 0, total + 1
    while low < high:
        middle = (low + high) // 2
        enough = binomial_tail(middle, total, chance) <= alarm
        low, high = (low, middle) if enough else (middle + 1, high)
    return low


def median_chance(total: int, alarm: float) -> float:
    r"""Compute how often estimates may lie above a bound that their median hardly ever exceeds.

    .. math:: P\bigl(\mathrm{Bin}(r, p) \ge \lceil r/2 \rceil\bigr) \le \text{alarm}

    Args:
        total: Number r of estimates.
        alarm: Chance that the median exceeds the bound.

    Returns:
        A chance p, found by bisection from below.
    """
    low, high = 0.0, 0.5
    for _ in range(40):
        middle = (low + high) / 2
        enough = binomial_tail(-(-total // 2), total, middle) <= alarm
        low, high = (middle, high) if enough else (low, middle)
    return low


def bernstein(variance: float, span: float, total: int, alarm: float) -> float:
    r"""Bound the deviation of a mean of independent numbers from its expectation.

    .. math:: n t^2 = 2 \left(v + \tfrac13 s t\right) \log \frac{2}{\text{alarm}}

    Args:
        variance: Bound v of their variance.
        span: Bound s of their distance from the expectation.
        total: Number n of them.
        alarm: Chance of a larger deviation.

    Returns:
        The deviation t.
    """
    log = math.log(2 / alarm) / total
    return span * log / 3 + math.sqrt((span * log / 3) ** 2 + 2 * variance * log)

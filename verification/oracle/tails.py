"""Bounds of tails without a library of statistics: binomial, Bernstein, Cantelli."""

from __future__ import annotations

import math

__all__ = ["bernstein", "binomial_count", "binomial_tail", "median_chance"]


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

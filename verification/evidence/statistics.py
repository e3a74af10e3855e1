"""Calibrated statistics: margins whose false-alarm rate is a theorem, for any number of replicas.

How to use it in a check of kind STATISTICS: yield one of the margins below per figure, each of
which fails with probability at most ``FIGURE`` = 1e-7 if the statement is true, and give the check
``false_alarm = FIGURE * (number of figures)``, rounded up. No normal approximation is used:

- ``frequency(what, count, total, chance)``: an event has this chance (exact binomial tails);
- ``at_most(what, count, total, chance)``: it has at most this chance;
- ``same_law(what, sample, cdf)``: a sample has this law (Kolmogorov-Smirnov distance, bounded by
  Dvoretzky-Kiefer-Wolfowitz-Massart; the law need not be continuous);
- ``mean_is(what, mean, total, expected, variance, span)``: numbers within ``span`` of each other,
  of at most this variance, have this mean (Bernstein).

``slack`` is what the statement itself leaves open: a discretisation or the next order of an
expansion. For estimates that are shown, not tested: ``clopper_pearson`` (a chance), ``hoeffding``
(a mean), ``quantile_interval`` (a quantile), each of confidence ``1 - miss``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from whichmin.verification.evidence.check import Margin

__all__ = [
    "FIGURE",
    "at_most",
    "clopper_pearson",
    "frequency",
    "hoeffding",
    "mean_is",
    "quantile_interval",
    "same_law",
]

Floats = NDArray[np.float64]

# False-alarm rate of one figure.
FIGURE = 1e-7


def clopper_pearson(count: int, total: int, miss: float = FIGURE) -> tuple[float, float]:
    """Interval for a chance, from how often an event occurred.

    Source: Clopper, Pearson, Biometrika 26 (1934).

    Args:
        count: How often it did.
        total: Out of how many independent trials.
        miss: Largest probability that the interval misses the chance.

    Returns:
        Lower and upper end.
    """
    low = stats.beta.ppf(miss / 2, count, total - count + 1) if count > 0 else 0.0
    high = stats.beta.isf(miss / 2, count + 1, total - count) if count < total else 1.0
    return float(low), float(high)


def hoeffding(total: int, span: float = 1.0, miss: float = FIGURE) -> float:
    """Half-width of an interval for the mean of independent numbers from an interval.

    Source: Hoeffding, J. Amer. Statist. Assoc. 58 (1963), theorem 2.

    Args:
        total: How many numbers were averaged.
        span: Length of the interval that they lie in.
        miss: Largest probability that the mean is farther away.

    Returns:
        The half-width.
    """
    return span * math.sqrt(math.log(2 / miss) / (2 * total))


def quantile_interval(sample: Floats, q: float, miss: float = FIGURE) -> tuple[float, float]:
    """Interval for a quantile, from the order statistics of a sample.

    The number of values below a q-quantile is at most, the number up to it at least binomial
    (total, q).

    Args:
        sample: Independent values, any order.
        q: Between 0 and 1.
        miss: Largest probability that the interval misses the quantile.

    Returns:
        Lower and upper end; infinite where the sample is too small to say.
    """
    ordered, total = np.sort(sample), len(sample)
    low = int(stats.binom.ppf(miss / 2, total, q)) - 1
    high = int(stats.binom.isf(miss / 2, total, q))
    return (
        float(ordered[low]) if low >= 0 else -math.inf,
        float(ordered[high]) if high < total else math.inf,
    )


def frequency(
    what: str, count: int, total: int, chance: float, slack: float = 0.0, alarm: float = FIGURE
) -> Margin:
    """An event has a given chance, up to ``slack``.

    Args:
        what: The event.
        count: How often it occurred.
        total: Out of how many independent trials.
        chance: Its chance according to the statement.
        slack: By how much the statement leaves the chance open.
        alarm: Largest probability of failing though the statement is true.

    Returns:
        The deviation of the frequency against the largest one allowed on its side.
    """
    share = count / total
    if share >= chance:
        edge = stats.binom.isf(alarm / 2, total, min(1.0, chance + slack)) / total
    else:
        edge = stats.binom.ppf(alarm / 2, total, max(0.0, chance - slack)) / total
    low, high = clopper_pearson(count, total, alarm)
    return Margin(
        what, abs(share - chance), abs(float(edge) - chance), total,
        f"{what}: {count} of {total} = {share:.5f} [{low:.5f}, {high:.5f}], law {chance:.5f}",
    )  # fmt: skip


def at_most(what: str, count: int, total: int, chance: float, alarm: float = FIGURE) -> Margin:
    """An event has at most a given chance.

    Args:
        what: The event.
        count: How often it occurred.
        total: Out of how many independent trials.
        chance: The bound of its chance.
        alarm: Largest probability of failing though the statement is true.

    Returns:
        The frequency against the largest one allowed.
    """
    edge = float(stats.binom.isf(alarm, total, min(1.0, chance))) / total
    low, high = clopper_pearson(count, total, alarm)
    return Margin(
        what, count / total, edge, total,
        f"{what}: {count} of {total} = {count / total:.5f} [{low:.5f}, {high:.5f}], "
        f"at most {chance:.5g}",
    )  # fmt: skip


def same_law(
    what: str,
    sample: Floats,
    cdf: Callable[[Floats], Floats],
    slack: float = 0.0,
    alarm: float = FIGURE,
) -> Margin:
    """A sample has a given law.

    Source: Massart, Ann. Probab. 18 (1990): ``P(sup |F_n - F| > d) <= 2 exp(-2 n d^2)``.

    Args:
        what: What was sampled.
        sample: Independent values, shape ``(total,)``.
        cdf: Distribution function of the law: continuous, or right-continuous at its jumps.
        slack: Largest deviation of the distribution function that the statement leaves open.
        alarm: Largest probability of failing though the statement is true.

    Returns:
        The Kolmogorov-Smirnov distance against the largest one allowed.
    """
    total = len(sample)
    values, counts = np.unique(np.asarray(sample, dtype=np.float64), return_counts=True)
    upto = np.cumsum(counts) / total
    # Between two values F_n is constant and F grows from F(value) to F(next value -).
    before = np.append(0.0, upto[:-1])
    left = cdf(np.nextafter(values, -np.inf))
    distance = float(np.maximum(np.abs(upto - cdf(values)), np.abs(before - left)).max())
    bound = math.sqrt(math.log(2 / alarm) / (2 * total)) + slack
    found = f"{what}: distance {distance:.5f} of {total} values, allowed {bound:.5f}"
    return Margin(what, distance, bound, total, found)


def mean_is(
    what: str,
    mean: float,
    total: int,
    expected: float,
    variance: float,
    span: float,
    slack: float = 0.0,
    alarm: float = FIGURE,
) -> Margin:
    """Independent numbers have a given mean.

    Source: Bernstein's inequality, ``P(|mean - mu| >= t) <= 2 exp(-n t^2 / (2 v + 2 s t / 3))``
    for numbers of variance at most v that differ from their mean by at most s.

    Args:
        what: What was averaged.
        mean: The average.
        total: Of how many numbers.
        expected: The mean according to the statement.
        variance: Bound of the variance, from the statement, not from the sample.
        span: Bound of the distance of a number from the mean.
        slack: By how much the statement leaves the mean open.
        alarm: Largest probability of failing though the statement is true.

    Returns:
        The margin.
    """
    # n t^2 - (2 s L / 3) t - 2 v L = 0 for L = log(2 / alarm)
    log, third = math.log(2 / alarm), span / 3
    radius = (third * log + math.sqrt((third * log) ** 2 + 2 * variance * log * total)) / total
    found = f"{what}: mean {mean:.5g} of {total} +- {radius:.2g}, law {expected:.5g}"
    return Margin(what, abs(mean - expected), radius + slack, total, found)

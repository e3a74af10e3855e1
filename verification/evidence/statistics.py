"""Test statements on chances and means, with a false-alarm rate that is proved for any sample size.

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
    r"""Compute an interval for a chance from the number of times that an event occurred.

    For k events in n trials, with the quantiles of beta distributions,

    .. math:: \left[\, \mathrm{Beta}^{-1}_{k,\, n - k + 1}(\delta/2),\;
              \mathrm{Beta}^{-1}_{k + 1,\, n - k}(1 - \delta/2) \,\right]

    (0 for k = 0 below, 1 for k = n above) contains the chance with probability at least
    :math:`1 - \delta`. Source: Clopper, Pearson, Biometrika 26 (1934).

    Args:
        count: Number of events, k.
        total: Number of independent trials, n.
        miss: Largest probability :math:`\delta` that the interval misses the chance.

    Returns:
        Lower and upper end.
    """
    low = stats.beta.ppf(miss / 2, count, total - count + 1) if count > 0 else 0.0
    high = stats.beta.isf(miss / 2, count + 1, total - count) if count < total else 1.0
    return float(low), float(high)


def hoeffding(total: int, span: float = 1.0, miss: float = FIGURE) -> float:
    r"""Compute the half-width of an interval for the mean of bounded independent numbers.

    .. math:: s \sqrt{\frac{\log(2/\delta)}{2 n}}

    Source: Hoeffding, J. Amer. Statist. Assoc. 58 (1963), theorem 2.

    Args:
        total: Number of values that were averaged, n.
        span: Length s of the interval that contains them.
        miss: Largest probability :math:`\delta` that the mean is farther away.

    Returns:
        The half-width.
    """
    return span * math.sqrt(math.log(2 / miss) / (2 * total))


def quantile_interval(sample: Floats, q: float, miss: float = FIGURE) -> tuple[float, float]:
    r"""Compute an interval for a quantile from the order statistics of a sample.

    With the binomial variable :math:`K \sim \mathrm{Bin}(n, q)` and the ordered sample
    :math:`x_1 \le \dots \le x_n`, it is :math:`[x_l, x_{h + 1}]` with

    .. math:: l = \min\{k : P(K \le k) \ge \delta/2\}, \qquad
              h = \min\{k : P(K > k) \le \delta/2\} ,

    because the number of values below a q-quantile is stochastically at most K, and the number up
    to it at least K.

    Args:
        sample: Independent values, any order.
        q: Between 0 and 1.
        miss: Largest probability :math:`\delta` that the interval misses the quantile.

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
    r"""Test that an event has a given chance, up to ``slack``, by exact binomial tails.

    The margin holds for a frequency above the chance p up to k/n, with the smallest k such that

    .. math:: P\bigl(\mathrm{Bin}(n, p + \text{slack}) > k\bigr) \le \text{alarm}/2 ,

    and likewise below.

    Args:
        what: The event.
        count: How often it occurred.
        total: Number of independent trials.
        chance: Its chance according to the statement.
        slack: By how much the statement leaves the chance open.
        alarm: Largest probability of failing though the statement is true.

    Returns:
        The deviation of the frequency, with the largest one allowed on its side as the bound.
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
    r"""Test that an event has at most a given chance, by the exact binomial tail.

    The largest frequency allowed is k/n, with the smallest k such that

    .. math:: P\bigl(\mathrm{Bin}(n, p) > k\bigr) \le \text{alarm} .

    Args:
        what: The event.
        count: How often it occurred.
        total: Number of independent trials, n.
        chance: The bound p of its chance.
        alarm: Largest probability of failing though the statement is true.

    Returns:
        The frequency, with the largest one allowed as the bound.
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
    r"""Test that a sample has a given law, by the Kolmogorov-Smirnov distance.

    .. math:: P\left(\sup_x |F_n(x) - F(x)| > d\right) \le 2\, e^{-2 n d^2}

    so the largest distance allowed is :math:`\sqrt{\log(2/\text{alarm}) / (2 n)}`, plus the slack.
    Source: Massart, Ann. Probab. 18 (1990).

    Args:
        what: What was sampled.
        sample: Independent values, shape ``(total,)``.
        cdf: Distribution function of the law: continuous, or right-continuous at its jumps.
        slack: Largest deviation of the distribution function that the statement leaves open.
        alarm: Largest probability of failing though the statement is true.

    Returns:
        The Kolmogorov-Smirnov distance, with the largest one allowed as the bound.
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
    r"""Test that bounded independent numbers have a given mean, by Bernstein's inequality.

    For numbers of variance at most v that differ from their mean :math:`\mu` by at most s,

    .. math:: P(|\bar x - \mu| \ge t) \le 2 \exp\left(-\frac{n t^2}{2 v + 2 s t / 3}\right) ;

    with :math:`L = \log(2/\text{alarm})` the largest deviation allowed is, plus the slack,

    .. math:: t = \frac{1}{n} \left( \frac{s L}{3}
              + \sqrt{\left(\frac{s L}{3}\right)^2 + 2 v L n} \right) .

    Args:
        what: What was averaged.
        mean: The average.
        total: Number of values that were averaged, n.
        expected: The mean according to the statement.
        variance: Bound of the variance, from the statement, not from the sample.
        span: Bound of the distance of a number from the mean.
        slack: By how much the statement leaves the mean open.
        alarm: Largest probability of failing though the statement is true.

    Returns:
        The deviation of the average, with the largest one allowed as the bound.
    """
    # n t^2 - (2 s L / 3) t - 2 v L = 0 for L = log(2 / alarm)
    log, third = math.log(2 / alarm), span / 3
    radius = (third * log + math.sqrt((third * log) ** 2 + 2 * variance * log * total)) / total
    found = f"{what}: mean {mean:.5g} of {total} +- {radius:.2g}, law {expected:.5g}"
    return Margin(what, abs(mean - expected), radius + slack, total, found)

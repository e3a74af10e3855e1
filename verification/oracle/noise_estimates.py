"""Bound the deviations of noise estimates, by closed-form variances and proved tail bounds.

Every law here has finitely many values, which are enumerated; nothing is simulated.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.chances import at_least, bernstein
from whichmin.verification.oracle.references import Vector

__all__ = [
    "MEDIAN_TAIL",
    "covariance_radius",
    "median_alarm",
    "one_estimate",
    "sampled_scale",
    "two_batch_gap",
    "two_batch_scale",
]

Floats = NDArray[np.float64]

# Chance that one estimate lies above its interval, or below it.
MEDIAN_TAIL = 1 / 8


def covariance_radius(
    values: Floats, chances: Floats, samples: int, replicas: int, alarm: float
) -> tuple[Floats, Floats]:
    r"""Compute a covariance, and bound the deviation of the mean of several estimates of it.

    For draws (x, y) about their mean and s = E x y, the sample covariance of k draws has variance

    .. math:: \frac{E x^2 y^2 - s^2}{k} + \frac{E x^2\, E y^2 + s^2}{k (k - 1)}

    (a U-statistic with the kernel :math:`(x_1 - x_2)(y_1 - y_2) / 2`, Hoeffding 1948); the moment
    about the exact mean has the first term only. Both are at most
    :math:`\frac{k}{k - 1} \max|x| \max|y|` in size, so they lie within twice that of their mean,
    and Bernstein's inequality gives the radius. The divisors k and k - 1 are both accepted, which
    adds a slack of s/k.

    Args:
        values: All values that are drawn, one per row.
        chances: Their chances.
        samples: Draws per estimate, k.
        replicas: How many estimates are averaged.
        alarm: Largest probability that an entry of a right one deviates by more.

    Returns:
        The covariance and the radius, ``(n, n)``.
    """
    centred = values - chances @ values
    covariance = (centred * chances[:, None]).T @ centred
    squares = centred**2
    second = (squares * chances[:, None]).T @ squares
    size = np.abs(centred).max(axis=0)
    variance, span = (second - covariance**2) / samples, 2 * np.outer(size, size)
    if samples > 1:
        own = np.diag(covariance)
        variance += (np.outer(own, own) + covariance**2) / (samples * (samples - 1))
        span *= samples / (samples - 1)
    radius = [
        bernstein(replicas, max(v, 0.0), d, alarm) + abs(s) / samples
        for s, v, d in zip(covariance.flat, variance.flat, span.flat, strict=True)
    ]
    return covariance, np.reshape(radius, covariance.shape)


def one_estimate(variance: float, span: float, samples: int) -> float:
    r"""Bound the deviation that a mean of k draws exceeds on either side with chance at most 1/16.

    It is the smallest of Chebyshev's bound :math:`4 \sqrt{v / k}` for the variance v of a draw, of
    Bernstein's, and of the largest deviation of a single draw.

    Args:
        variance: Variance of a draw.
        span: Largest distance of a draw from the mean.
        samples: Draws, k.

    Returns:
        The deviation.
    """
    chebyshev = 4 * math.sqrt(variance / samples)
    return min(chebyshev, bernstein(samples, variance, span, MEDIAN_TAIL / 2), span)


def median_alarm(replicas: int) -> float:
    r"""Bound the chance that the median of estimates leaves an interval of ``MEDIAN_TAIL``.

    .. math:: 2\, P\bigl(\mathrm{Bin}(r, 1/8) \ge \lceil r/2 \rceil\bigr)

    for r estimates, each of which lies above the interval, and below it, with chance at most 1/8:
    at least half of them would have to be above it, or below it.

    Args:
        replicas: How many estimates.

    Returns:
        The bound.
    """
    return 2 * at_least(math.ceil(replicas / 2), replicas, MEDIAN_TAIL)


def _spread(values: Floats, chances: Floats) -> tuple[float, float, float]:
    mean = float(chances @ values)
    away = np.abs(values - mean)
    return mean, float(chances @ away**2), float(away.max())


def two_batch_scale(
    small: tuple[float, Floats, Floats], large: tuple[float, Floats, Floats], samples: int
) -> tuple[float, float, float] | None:
    r"""Compute an interval for the estimate of the noise scale from two batch sizes.

    .. math:: E\,|g_B|^2 = |G|^2 + f_B \operatorname{tr} \Sigma, \qquad
              \text{estimate} = \frac{A - C}{s\, C - t\, A}

    with the factor f of the batch size (1/B with replacement), and the means A and C of k values of
    :math:`|g_B|^2` for a small and a large batch, whose factors are s > t (McCandlish et al. 2018,
    appendix A.1). While the denominator is positive the estimate increases in A and decreases in C;
    its derivative by A is :math:`(s - t)\, C / (s C - t A)^2`. So bounds on the deviations of A and
    C bound it, whether the two batches of a pair are independent or not.

    Args:
        small: s, and the values and chances of ``|g_B|^2``.
        large: The same for t.
        samples: Pairs of batches, k.

    Returns:
        The limit for many pairs, lower and upper end of the interval; None if the denominator may
        be 0 or less, because an estimate then has no bounds.
    """
    (s, *first), (t, *second) = small, large
    a, a_variance, a_span = _spread(*first)
    c, c_variance, c_span = _spread(*second)
    da, dc = (
        one_estimate(v, span, samples) for v, span in ((a_variance, a_span), (c_variance, c_span))
    )

    def ratio(x: float, y: float) -> float:
        return (x - y) / (s * y - t * x)

    # The upper end comes first: there the denominator is smallest.
    if s * (c - dc) - t * (a + da) <= 0:
        return None
    return ratio(a, c), ratio(a - da, c + dc), ratio(a + da, c - dc)


def two_batch_gap(
    small: tuple[Fraction, Vector], large: tuple[Fraction, Vector], samples: int
) -> tuple[float, float]:
    """Bound a denominator ``s C - t A`` that is not 0 from below, and the numerator from above.

    Sums of values with a common denominator D are multiples of 1/D, means of k of them of 1/(D k).

    Args:
        small: s, and all values of ``|g_B|^2``, exact.
        large: The same for t.
        samples: Pairs of batches, k.

    Returns:
        The least size of a denominator, and the largest size of ``A - C``.
    """
    terms = [large[0] * x for x in small[1]] + [small[0] * y for y in large[1]]
    common = math.lcm(*(t.denominator for t in terms))
    widest = max(abs(x - y) for x in small[1] for y in large[1])
    return 1 / (common * samples), float(widest)


# Combinations of counts of a sample that are enumerated: 57 draws of 4 points, 446 of 3.
_ENUMERATED = 2 * 10**5


def _counts(m: int, k: int) -> tuple[Floats, Floats]:
    """All counts of m points in k draws with replacement, one per row, and their chances."""
    grid = np.indices((k + 1,) * (m - 1)).reshape(m - 1, -1).T
    grid = grid[grid.sum(axis=1) <= k]
    counts = np.column_stack([grid, k - grid.sum(axis=1)])
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, k + 1)))])
    return counts.astype(np.float64), np.exp(logs[k] - logs[counts].sum(axis=1) - k * math.log(m))


def _enumerated_scale(gradients: Floats, samples: int) -> tuple[float, float] | None:
    """Interval that ``tr S / |g|^2``, S over k, leaves with a chance of 1/8 on each side."""
    counts, chances = _counts(len(gradients), samples)
    shares = counts / samples
    squares = ((shares @ gradients) ** 2).sum(axis=1)
    lengths = (gradients**2).sum(axis=1)
    # A mean gradient of 0, as far as rounding can tell: then there is no estimate.
    if squares.min() <= 2.0**-40 * lengths.max():
        return None
    values = shares @ lengths / squares - 1
    order = np.argsort(values)
    reached = np.cumsum(chances[order])
    places = (
        np.searchsorted(reached, MEDIAN_TAIL, side="right"),
        np.searchsorted(reached, 1 - MEDIAN_TAIL, side="left"),
    )
    low, high = (float(values[order[min(int(p), len(order) - 1)]]) for p in places)
    return max(low, 0.0), high


def sampled_scale(gradients: Floats, samples: int) -> tuple[float, float, float] | None:
    r"""Compute an interval for the noise scale of k points that are drawn with replacement.

    .. math:: \frac{\operatorname{tr} S}{|g|^2}, \qquad
              \operatorname{tr} S = \frac1k \sum_i |g_i|^2 - |g|^2, \qquad
              E\,|g - G|^2 = \frac{\operatorname{tr} \Sigma}{k}

    for the covariance S and the mean g of the drawn gradients (the divisor k - 1 multiplies by
    k/(k-1)). So :math:`|g|` is within :math:`4 \sqrt{\operatorname{tr} \Sigma / k}` of :math:`|G|`
    but for a chance of 1/16 (Markov). Few draws of few points are enumerated, which gives the exact
    interval.

    Args:
        gradients: Gradients of the points.
        samples: Points drawn, k.

    Returns:
        The scale, lower and upper end of the interval; None if ``|g|`` may be 0.
    """
    m = len(gradients)
    mean = gradients.mean(axis=0)
    lengths = (gradients**2).sum(axis=1)
    second, variance, span = _spread(lengths, np.full(m, 1 / m))
    length = float(np.linalg.norm(mean))
    spread = second - length**2
    dl, ds = 4 * math.sqrt(max(spread, 0.0) / samples), one_estimate(variance, span, samples)
    if samples < 2 or length == 0:
        return None
    if m > 1 and (samples + 1) ** (m - 1) <= _ENUMERATED:
        found = _enumerated_scale(gradients, samples)
        if found is None:
            return None
        scale = spread / length**2
        return scale, min(found[0], scale), max(found[1] * samples / (samples - 1), scale)
    if dl >= length:
        return None
    low = max((second - ds) / (length + dl) ** 2 - 1, 0.0)
    high = (second + ds) / (length - dl) ** 2 - 1
    return spread / length**2, low, high * samples / (samples - 1)

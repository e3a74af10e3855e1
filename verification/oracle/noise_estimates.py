"""Bound the deviations of noise estimates, by closed-form variances and proved tail bounds.

Every law here has finitely many values, which are enumerated; nothing is simulated.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.chances import at_least, bernstein
from whichmin.verification.oracle.references import Vector

__all__ = [
    "MEDIAN_TAIL",
    "batch_pairs",
    "concentration",
    "covariance_radius",
    "mean_of_ratios",
    "median_tail",
    "one_estimate",
    "sampled_scale",
    "two_batch_gap",
    "two_batch_scale",
]

Floats = NDArray[np.float64]

# Chance that one estimate lies above its interval, or below it.
MEDIAN_TAIL = 1 / 8
# Beyond so many times the noise scale there is no interval.
_WIDEST = 1e6


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


def median_tail(replicas: int, alarm: float) -> float:
    r"""Compute how often estimates may lie above a bound that their median hardly ever exceeds.

    .. math:: P\bigl(\mathrm{Bin}(r, p) \ge \lceil r/2 \rceil\bigr) \le \text{alarm}

    Args:
        replicas: How many estimates, r.
        alarm: Chance that the median exceeds the bound.

    Returns:
        A chance p, by bisection from below.
    """
    low, high = 0.0, 0.5
    for _ in range(30):
        middle = (low + high) / 2
        rare = at_least(-(-replicas // 2), replicas, middle) <= alarm
        low, high = (middle, high) if rare else (low, middle)
    return low


def _spread(values: Floats, chances: Floats) -> tuple[float, float, float]:
    mean = float(chances @ values)
    away = np.abs(values - mean)
    return mean, float(chances @ away**2), float(away.max())


def concentration(samples: int, decay: float | None) -> float:
    r"""Compute the sum of the squared weights of an average: 1/k, or what an EMA has.

    The weights of an exponential moving average of k values with decay :math:`\beta` are
    :math:`(1 - \beta) \beta^{k - t}`, divided by their sum; started from the first value, that one
    has :math:`\beta^{k - 1}`. The larger of both sums is taken.

    Args:
        samples: Number of values, k.
        decay: The decay; None for a mean.

    Returns:
        The sum, 1 over the number of values that a mean of the same variance has.
    """
    if decay is None:
        return 1 / samples
    late = (1 - decay) ** 2 * (1 - decay ** (2 * samples)) / (1 - decay**2)
    first = decay ** (samples - 1)
    started = late + first**2 * (1 - (1 - decay) ** 2)
    return max(late / (1 - decay**samples) ** 2, started)


def two_batch_scale(
    small: tuple[float, Floats, Floats], large: tuple[float, Floats, Floats], share: float,
    tail: float,
) -> tuple[float, float, float] | None:  # fmt: skip
    r"""Compute an interval for the estimate of the noise scale from two batch sizes.

    .. math:: E\,|g_B|^2 = |G|^2 + f_B \operatorname{tr} \Sigma, \qquad
              \text{estimate} = \frac{A - C}{s\, C - t\, A}

    with the factor f of the batch size (1/B with replacement), and averages A and C of
    :math:`|g_B|^2` for a small and a large batch, whose factors are s > t (McCandlish et al. 2018,
    appendix A.1). Where the denominator is positive, the estimate is at least x if and only if

    .. math:: (1 + x t)\, A - (1 + x s)\, C \ge 0 ,

    an average of numbers whose standard deviation is at most
    :math:`(1 + x t)\, \sigma_A + (1 + x s)\, \sigma_C`, whether the two batches of a pair are
    independent or not. So, unless no value lies that far off, Cantelli's inequality,
    :math:`P(X - E X \ge d) \le v / (v + d^2)`, bounds the chance of it, and of a denominator that
    is not positive.

    Args:
        small: s, and the values and chances of ``|g_B|^2``.
        large: The same for t.
        share: Sum of the squared weights of the averages, :func:`concentration`.
        tail: Chance that an estimate lies above the interval, and below it.

    Returns:
        The limit for many pairs, lower and upper end of the interval; None if the denominator is
        not positive too often.
    """
    (s, *first), (t, *second) = small, large
    a, a_variance, a_span = _spread(*first)
    c, c_variance, c_span = _spread(*second)
    da, dc = math.sqrt(a_variance * share), math.sqrt(c_variance * share)

    def chance(distance: float, x: float, y: float) -> float:
        if distance <= 0:
            return 1.0
        if distance > x * a_span + y * c_span:  # further than any value is from its mean
            return 0.0
        variance = (x * da + y * dc) ** 2
        return variance / (variance + distance**2)

    left = tail - chance(s * c - t * a, t, s)
    if left <= 0:
        return None

    def beyond(x: float) -> float:
        away = (1 + x * s) * c - (1 + x * t) * a
        return chance(abs(away), abs(1 + x * t), abs(1 + x * s))

    def end(sign: int) -> float:
        """The nearest x on one side that is passed no more often than allowed."""
        width = 1e-6 * (1 + abs(scale))
        while beyond(scale + sign * width) > left:
            width *= 2
            if width > _WIDEST * (1 + abs(scale)):
                return sign * math.inf
        near, far = 0.0, width
        for _ in range(40):
            middle = (near + far) / 2
            near, far = (near, middle) if beyond(scale + sign * middle) <= left else (middle, far)
        return scale + sign * far

    scale = (a - c) / (s * c - t * a)
    low, high = end(-1), end(1)
    return None if math.isinf(high) else (scale, low, high)


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
# Estimates that are simulated where a mean of ratios is suspected, and the most ratios in one.
_SIMULATED, _MOST_DRAWN = 128, 20_000


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


def batch_pairs(gradients: Floats, size: int, replacement: bool) -> tuple[Floats, Floats, Floats]:
    """List all batches with the mean of ``|g_i|^2`` in the batch, ``|g_B|^2``, and their chances.

    Args:
        gradients: Gradients of the points.
        size: Size of the batch.
        replacement: Whether it is drawn with replacement.

    Returns:
        The three arrays.
    """
    m = len(gradients)
    if replacement:
        counts, chances = _counts(m, size)
    else:
        rows = list(itertools.combinations(range(m), size))
        counts = np.array([np.bincount(row, minlength=m) for row in rows], dtype=np.float64)
        chances = np.full(len(rows), 1 / len(rows))
    shares = counts / size
    return shares @ (gradients**2).sum(axis=1), ((shares @ gradients) ** 2).sum(axis=1), chances


def mean_of_ratios(
    pairs: tuple[Floats, Floats, Floats], factors: tuple[float, float], count: int, clipped: bool,
    rng: np.random.Generator,
) -> tuple[float, float]:  # fmt: skip
    """Simulate the median of estimates that average a ratio for each pair of batches.

    Args:
        pairs: Values of ``|g_B|^2`` of both batches, and the chances of the pairs.
        factors: s and t of both batch sizes.
        count: Ratios averaged.
        clipped: Whether ratios below 0 count as 0.
        rng: The generator.

    Returns:
        The median and five standard errors of the difference of two such medians.
    """
    (a, c, chances), (s, t) = pairs, factors
    below = s * c - t * a
    ratios = np.divide(a - c, below, out=np.zeros_like(a), where=below != 0)
    if clipped:
        ratios = np.maximum(ratios, 0.0)
    found = rng.choice(ratios, (_SIMULATED, min(count, _MOST_DRAWN)), p=chances).mean(axis=1)
    low, high = np.quantile(found, (0.25, 0.75))
    # The median of r normal numbers has 1.25 / sqrt(r) of their deviation, which is 0.74 (q3 - q1).
    return float(np.median(found)), float(5 * 1.25 * 0.74 * (high - low) * (2 / _SIMULATED) ** 0.5)


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

r"""The noise scale from gradients of batches of two sizes, with a confidence interval.

For batches with factors s > t (see :mod:`whichmin.core.instruments.noise_scale`), and A, C the
squared lengths of their mean gradients,

.. math::
   E\,A &= |G|^2 + s \operatorname{tr}\Sigma, \qquad E\,C = |G|^2 + t \operatorname{tr}\Sigma, \\
   X &= \frac{A - C}{s - t} \text{ has mean } \operatorname{tr}\Sigma, \qquad
   Y = \frac{s C - t A}{s - t} \text{ has mean } |G|^2 .

The ratio of the means of X and Y over k pairs estimates :math:`B_{\text{simple}}` (McCandlish et
al. 2018, appendix A.1, where s = 1/B_small, t = 1/B_big). Sampled without replacement the factors
are :math:`(m - b) / (b (m - 1))`; with 1/b in their place the estimate is biased.

The interval is Fieller's: those q for which Student's test of :math:`E(X - q Y) = 0` does not
reject. At the true scale that mean is exactly 0, so the rate is the stated one up to the test's own
error for means that are not normal, of order 1/k; no normality or smallness of the ratio's error is
needed. If :math:`|G|^2` cannot be told from 0, the interval has no upper end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from whichmin.core.instruments.noise_scale import batch_factor, is_replacement
from whichmin.core.instruments.problem import Objective, check_objective
from whichmin.core.instruments.results import Result
from whichmin.core.philox import Purpose, generator
from whichmin.core.scales import length
from whichmin.core.validation import (
    check_batch_size,
    check_integer,
    check_positive,
    check_real,
    check_vector,
)
from whichmin.errors import InputError
from whichmin.progress import progress_bar
from whichmin.words import Sampling

__all__ = ["NoiseScaleEstimate", "noise_scale_from_squares", "two_batch_noise_scale"]

_FEWEST = 30  # pairs: below, the test's own error is several per cent for squares of Gaussians
_IMPOSSIBLE = 1e-6  # rate at which right lengths without any noise are refused as impossible


@dataclass(frozen=True, repr=False)
class NoiseScaleEstimate(Result):
    """An estimate of ``B_simple``.

    Attributes:
        value: The ratio of means, or 0 where ``trace`` is negative, as no scale is; nan if the
            estimate of ``|G|^2`` is not positive, or no scale from 0 fits.
        low: Lower end of the interval, at least 0; both ends are nan if no scale from 0 fits.
        high: Upper end; infinite if ``|G|^2`` cannot be told from 0.
        confidence: Of the interval.
        trace: Estimate of ``tr Sigma``, unbiased, so it may be negative; 0 or infinite where
            float64 does not hold it.
        square: Estimate of ``|G|^2``, likewise.
        pairs: Number of pairs of batches.
    """

    value: float
    low: float
    high: float
    confidence: float
    trace: float
    square: float
    pairs: int


def noise_scale_from_squares(
    small: Any, large: Any, small_factor: Any, large_factor: Any, *, confidence: Any = 0.95
) -> NoiseScaleEstimate:
    r"""Estimate the noise scale from squared lengths of batch gradients.

    .. math:: B_{\text{simple}} \approx \frac{\bar A - \bar C}{s \bar C - t \bar A}

    The lengths may come from training or be drawn for the purpose. They are squares, of mean
    gradients: a smaller batch's is the longer one on average. Lengths for which that is beyond
    doubt the other way round (Student's test at 1e-6) are refused, as swapped or of summed
    gradients. Lengths that were not squared cannot be told from squares.

    Args:
        small: ``|g|^2`` of the smaller batches, shape ``(k,)``, k at least 30.
        large: ``|g|^2`` of the larger ones, the same shape; entry by entry they may depend on each
            other, but pairs must not.
        small_factor: s: ``1/b``, or :func:`~whichmin.core.instruments.noise_scale.batch_factor`.
        large_factor: t, from 0 to below s.
        confidence: Of the interval.

    Returns:
        The estimate and its interval.

    Raises:
        InputError: Too few pairs, different numbers of them, numbers that are no squares,
            factors out of order or above 1, or lengths that no gradients of two sizes have.
    """
    level = check_positive(confidence, "confidence", 1.0)
    a, c = (_squares(v, name) for v, name in ((small, "small"), (large, "large")))
    if len(a) != len(c) or len(a) < _FEWEST:
        raise InputError(
            "small", f"{len(a)} squared lengths, and {len(c)} in large",
            f"must be at least {_FEWEST} squared lengths, as many as for the large batches",
        )  # fmt: skip
    s = check_positive(small_factor, "small_factor")
    for factor, name in ((s, "small_factor"), (large_factor, "large_factor")):
        if check_real(factor, name, 0.0) > 1:
            raise InputError(
                name, factor,
                "must be at most 1: 1/b for a batch of b, or batch_factor(b, m), not the size b",
            )  # fmt: skip
    t = check_real(large_factor, "large_factor", 0.0, s)
    _check_possible(a, c)
    return _estimate(a, c, s, t, level, 0)


def _check_possible(a: np.ndarray, c: np.ndarray) -> None:
    """Refuse squared lengths whose noise would be negative.

    Raises:
        InputError: The larger batches' are the longer ones beyond doubt, or they are the same.
    """
    from scipy import stats

    if a.any() and np.array_equal(a, c):
        raise InputError("large", "the squared lengths of small", "must be of larger batches")
    power = _power(np.append(a, c))
    away = np.ldexp(a, -power) - np.ldexp(c, -power)
    error = float(away.std(ddof=1)) / math.sqrt(len(away))
    if float(away.mean()) < float(stats.t.ppf(_IMPOSSIBLE, len(away) - 1)) * error:
        raise InputError(
            "large",
            f"squared lengths of {c.mean():.4g} on average, above {a.mean():.4g} of the smaller "
            "batches",
            "must be those of the larger batches' mean gradients, which are shorter on average: "
            "not swapped with small, not of gradients summed over a batch",
        )


def _squares(value: Any, argument: str) -> np.ndarray:
    """Return validated squared lengths.

    Raises:
        InputError: They are no finite numbers from 0.
    """
    kind, place = torch.float64, torch.device("cpu")
    known: np.ndarray = check_vector(value, None, argument, kind, place, squared=False).numpy()
    if known.min() < 0:
        raise InputError(argument, f"entries down to {known.min():.3g}", "must be squares, >= 0")
    return known


def _estimate(
    a: np.ndarray, c: np.ndarray, s: float, t: float, level: float, shift: int
) -> NoiseScaleEstimate:
    # From squared lengths in units of 2^shift. X and Y are brought to sizes of at most 1 first:
    # Fieller's equation has terms of the eighth order in the gradient. By powers of two, which
    # changes no bit of what neither underflows nor overflows.
    power = _power(np.append(a, c))
    a, c = np.ldexp(a, -power), np.ldexp(c, -power)
    above, below = (a - c) / (s - t), (s * c - t * a) / (s - t)
    x, y = float(above.mean()), float(below.mean())
    units = _power(above), _power(below)
    ends = _fieller(np.ldexp(above, -units[0]), np.ldexp(below, -units[1]), level)
    with np.errstate(over="ignore", under="ignore"):  # squares beyond float64 are inf, or 0
        low, high = (float(np.ldexp(end, units[0] - units[1])) for end in ends)
        trace, square = (float(np.ldexp(v, power + shift)) for v in (x, y))
    ratio = max(x / y, 0.0) if y > 0 and not math.isnan(low) else math.nan
    return NoiseScaleEstimate(ratio, low, high, level, trace, square, len(a))


def _power(values: np.ndarray) -> int:
    """Compute the exponent of the power of two above the largest size; 0 for zeros."""
    return int(np.frexp(np.abs(values).max())[1])


def _fieller(above: np.ndarray, below: np.ndarray, level: float) -> tuple[float, float]:
    """Compute the hull of the ratios that Student's test does not reject.

    Those q >= 0 for which a mean of 0 of ``above - q below`` is not rejected: ``(x - q y)^2 <= T^2
    (v_xx - 2 q v_xy + q^2 v_yy)`` is ``p q^2 - 2 h q + r <= 0``.

    Returns:
        Lower and upper end.
    """
    from scipy import stats

    k = len(above)
    x, y = float(above.mean()), float(below.mean())
    (vxx, vxy), (_, vyy) = np.cov(above, below) / k
    square = float(stats.t.ppf((1 + level) / 2, k - 1)) ** 2
    p, h = y * y - square * vyy, x * y - square * vxy
    # h^2 - p r = T^2 var(y X - x Y) - T^4 (v_xx v_yy - v_xy^2), which cancels less.
    mixed = float(np.var(y * above - x * below, ddof=1)) / k
    root = math.sqrt(max(square * (mixed - square * (vxx * vyy - vxy * vxy)), 0.0))
    if p > 0 and y > 0:  # an interval around x / y: it holds that, whatever rounding says
        low, high = min((h - root) / p, x / y), max((h + root) / p, x / y)
        return (max(low, 0.0), high) if high >= 0 else (math.nan, math.nan)
    if p < 0 < root:  # everything but an interval
        first, second = sorted(((h - root) / p, (h + root) / p))
        if first < 0:
            return max(second, 0.0), math.inf
    return 0.0, math.inf  # nothing is rejected, or |G|^2 < 0 beyond doubt


def two_batch_noise_scale(
    objective: Objective,
    small: Any,
    large: Any,
    *,
    pairs: Any = 200,
    sampling: Any = Sampling.WITHOUT_REPLACEMENT,
    confidence: Any = 0.95,
    seed: Any = 0,
    progress: bool | None = None,
) -> NoiseScaleEstimate:
    """Estimate the simple noise scale at the objective's point from random batches of two sizes.

    See the module's text for the estimate and its interval.

    Args:
        objective: A loss that says what its samples are, which can be read by index.
        small: Size of the smaller batches.
        large: Size of the larger ones, at most m without replacement.
        pairs: Number of pairs, at least 30. Squares of gradients are skewed: with batches of a
            few samples take 200 or more.
        sampling: ``without-replacement`` or ``with-replacement``: how each batch is drawn.
            Batches are independent of each other.
        confidence: Of the interval.
        seed: Of the batches.
        progress: Whether to show a bar on standard error; None for: on a terminal.

    Returns:
        The estimate and its interval.

    Raises:
        InputError: An argument out of range, or a loss without samples.
    """
    check_objective(objective)
    if objective.samples is None:
        next(iter(objective.sample_parts()))  # says what is missing
    m, replacement = int(objective.samples or 0), is_replacement(sampling)
    for size, argument in ((small, "small"), (large, "large")):
        check_batch_size(size, m, replacement, argument)
    factors = [batch_factor(size, m, sampling) for size in (small, large)]
    if factors[1] >= factors[0]:
        raise InputError("large", large, f"must be above the smaller size, {small}")
    count = check_integer(pairs, "pairs", _FEWEST)
    level = check_positive(confidence, "confidence", 1.0)
    objective.confirm(second=False)
    draws = generator(seed, Purpose.BATCHES)
    lengths = np.empty((2, count))
    with progress_bar(count, "gradients of batches", progress) as done:
        for k in range(count):
            for row, size in enumerate((small, large)):
                batch = draws.choice(m, int(size), replace=replacement)
                lengths[row, k] = length(objective.batch_gradient(batch))
            done()
    # Squared only after division by the largest: they neither underflow nor overflow.
    power = _power(lengths)
    a, c = np.ldexp(lengths, -power) ** 2
    return _estimate(a, c, factors[0], factors[1], level, 2 * power)

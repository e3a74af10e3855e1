"""The two-batch-size estimator: right in the limit, and its interval covers at the stated rate."""

import math

import numpy as np
import pytest
import torch
from neuron import C, W, closed_form, neuron
from scipy import stats

from whichmin.core.instruments import (
    batch_factor,
    closure_objective,
    gradient_noise,
    noise_scale_from_squares,
    two_batch_noise_scale,
    two_batches,
)
from whichmin.errors import InputError

ALARM = 1e-6


def gram():
    """Inner products of the neuron's sample gradients, ``(N - 2) c_i a_i + c_i^2 w``, by hand."""
    norm = (W**2).sum()
    rows = (norm - 2) * np.diag(C) @ np.eye(5, 6) + np.outer(C**2, W)
    return rows @ rows.T


def squares(size, count, sampling, rng):
    """``|g_B|^2`` of random batches: the counts of the points decide it."""
    if sampling == "with-replacement":
        counts = rng.multinomial(size, np.full(5, 0.2), size=count)
    else:
        counts = rng.random((count, 5)).argsort(axis=1) < size
    return np.einsum("ki,ij,kj->k", counts, gram(), counts) / size**2


CASES = [
    ("with-replacement", 1, 8, 200),
    ("with-replacement", 4, 32, 60),
    ("without-replacement", 1, 4, 200),
    ("without-replacement", 2, 5, 60),
]


def covered(sampling, small, large, pairs, repeats=1000, factors=None):
    trace, square = closed_form(C, 0.3)
    rng = np.random.default_rng([small, large, pairs])
    s, t = factors or (batch_factor(b, 5, sampling) for b in (small, large))
    a, c = (squares(b, repeats * pairs, sampling, rng).reshape(repeats, -1) for b in (small, large))
    found = [noise_scale_from_squares(x, y, s, t) for x, y in zip(a, c, strict=True)]
    return sum(f.low <= trace / square <= f.high for f in found)


@pytest.mark.parametrize("case", CASES)
def test_the_interval_covers_at_its_rate(case):
    """95 % on the exact model, where the truth has a closed form, over 1000 estimates.

    A false alarm of 1e-6 on either side for a true rate of 93.5 to 96.5 %: 1.5 % of slack for
    Student's test of skewed means.
    """
    count = covered(*case)
    assert stats.binom.ppf(ALARM, 1000, 0.935) <= count <= stats.binom.ppf(1 - ALARM, 1000, 0.965)


def test_a_normal_approximation_of_the_ratio_is_noticed(monkeypatch):
    """The delta method where |G|^2 is not far from 0: its interval is off."""

    def delta(above, below, level):
        x, y, k = above.mean(), below.mean(), len(above)
        error = (above - x / y * below).std(ddof=1) / math.sqrt(k) / abs(y)
        reach = stats.norm.ppf((1 + level) / 2) * error
        return x / y - reach, x / y + reach

    monkeypatch.setattr(two_batches, "_fieller", delta)
    assert covered("with-replacement", 1, 4, 60) < stats.binom.ppf(ALARM, 1000, 0.935)


def test_both_moments_are_unbiased():
    trace, square = closed_form(C, 0.3)
    rng = np.random.default_rng(4)
    for sampling, small, large, _ in CASES:
        s, t = (batch_factor(b, 5, sampling) for b in (small, large))
        a, c = (squares(b, 100_000, sampling, rng) for b in (small, large))
        found = noise_scale_from_squares(a, c, s, t)
        for got, exact, each in (
            (found.trace, trace, (a - c) / (s - t)),
            (found.square, square, (s * c - t * a) / (s - t)),
        ):
            # 6 standard errors, for a mean of 1e5: 2e-9 before the seed was fixed; and rounding.
            assert abs(got - exact) < 6 * each.std() / math.sqrt(100_000) + 1e-15


def test_factors_of_the_other_sampling_are_noticed():
    """1/b without replacement: tr Sigma / |G|^2 comes out far off, or |G|^2 negative."""
    trace, square = closed_form(C, 0.3)
    rng = np.random.default_rng(4)
    a, c = (squares(b, 100_000, "without-replacement", rng) for b in (1, 3))
    right = noise_scale_from_squares(a, c, batch_factor(1, 5), batch_factor(3, 5))
    wrong = noise_scale_from_squares(a, c, 1, 1 / 3)
    assert right.low < trace / square < right.high
    assert wrong.high == math.inf or not wrong.low < trace / square < wrong.high
    assert abs(wrong.square - square) > 0.2 * square


@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement"])
def test_batches_of_the_neuron(sampling):
    trace, square = closed_form(C, 0.3)
    sure, usual, other = (
        two_batch_noise_scale(neuron(), 1, 4, pairs=40, sampling=sampling, **options)
        for options in ({"confidence": 1 - 1e-6}, {}, {"seed": 3})
    )
    assert sure.low <= trace / square <= sure.high  # a false alarm of 1e-6, but for skewness
    assert sure.value == usual.value != other.value
    assert usual.low > sure.low


def test_batches_of_digits(digits):
    exact = gradient_noise(digits.objective).simple_scale
    for o in (digits.objective, digits.closure):
        if o.samples is None:
            continue
        found = two_batch_noise_scale(o, 10, 120, pairs=60, confidence=1 - 1e-6)
        assert found.low <= exact <= found.high


def test_the_whole_data_set_as_the_larger_batch():
    """Its factor is 0 and its gradient is G: only the smaller batches are random."""
    found = two_batch_noise_scale(neuron(), 2, 5, pairs=40)
    assert found.square == pytest.approx(closed_form(C, 0.3)[1], rel=1e-12)
    assert found.pairs == 40


def test_an_interval_without_end():
    """Noise alone: |G|^2 cannot be told from 0, and the interval says so."""
    rng = np.random.default_rng(0)
    a, c = rng.chisquare(20, 100) / 20, rng.chisquare(20, 100) / 20 / 8
    found = noise_scale_from_squares(a, c, 1, 1 / 8)
    assert math.isinf(found.high)
    assert found.low > 0
    # Beyond doubt below 0, by a mistake of the caller: nothing is excluded.
    odd = noise_scale_from_squares(a + 5, c, 1, 1 / 8)
    assert odd.square < 0
    assert math.isnan(odd.value)
    assert (odd.low, odd.high) == (0, math.inf)


def test_no_noise():
    """X = 0 and Y = 1 but for noise: the interval holds 0."""
    rng = np.random.default_rng(0)
    a, c = 1 + 1e-3 * rng.standard_normal(50), 1 + 1e-3 * rng.standard_normal(50)
    found = noise_scale_from_squares(a, c, 1, 0.1)
    assert found.low == 0
    assert found.high < 1e-2


def test_the_ends_are_those_of_the_test():
    """Student's test rejects just outside of the ends, and not just inside."""
    rng = np.random.default_rng(9)
    x, y = rng.exponential(3, 80), rng.exponential(1, 80)
    low, high = two_batches._fieller(x, y, 0.9)
    for end, inside in ((low, 1e-6), (high, -1e-6)):
        assert stats.ttest_1samp(x - (end + inside) * y, 0).pvalue > 0.1
        assert stats.ttest_1samp(x - (end - inside) * y, 0).pvalue < 0.1


@pytest.mark.parametrize("unit", [5e-308, 1e-200, 1e-85, 1e78, 1e150, 1e300])
def test_no_unit_of_the_squares_changes_the_interval(unit):
    """Fieller's equation has terms of the eighth order in the gradient."""
    rng = np.random.default_rng(2)
    a, c = 3 + rng.exponential(3, 80), 3 + rng.exponential(1, 80)
    one = noise_scale_from_squares(a, c, 0.5, 0.1)
    other = noise_scale_from_squares(a * unit, c * unit, 0.5, 0.1)
    assert 0 < one.low < one.value < one.high < math.inf
    # Squares of another unit are rounded anew: 80 of them, each by a unit of roundoff.
    for name in ("value", "low", "high"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-12)
    assert other.trace == pytest.approx(one.trace * unit, rel=1e-12)
    assert other.square == pytest.approx(one.square * unit, rel=1e-12)


@pytest.mark.parametrize("unit", [1e-200, 1e-150, 1e90, 1e200])
def test_no_unit_of_the_loss_changes_the_scale(unit):
    """Gradients of 1e-200 have no squares in float64, and yet a noise scale."""
    rows = torch.from_numpy(np.random.default_rng(3).standard_normal((9, 4)))

    def times(u):
        return closure_objective(lambda w: u * (rows @ w).cosh(), np.ones(4) / 3)

    one, other = (two_batch_noise_scale(times(u), 1, 6, pairs=40) for u in (1.0, unit))
    for name in ("value", "low", "high"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-10)


def test_the_estimate_lies_in_its_interval():
    """Without spread the interval is a point, whatever rounding says."""
    for x, y in ((0.7, 0.3), (1 / 3, 1 / 7), (1e-9, 3.0)):
        low, high = two_batches._fieller(np.full(40, x), np.full(40, y), 0.95)
        assert low <= x / y <= high
        assert high - low <= 1e-14 * x / y
    zero = noise_scale_from_squares(np.zeros(40), np.zeros(40), 1, 0.5)
    assert math.isnan(zero.value)
    assert (zero.low, zero.high, zero.trace, zero.square) == (0, math.inf, 0, 0)


GOOD = np.arange(40.0)


@pytest.mark.parametrize(("arguments", "options", "message"), [
    ((GOOD[:29], GOOD[:29], 1, 0.5), {}, "must be at least 30 squared lengths"),
    ((GOOD, GOOD[1:], 1, 0.5), {}, "as many as for the large batches"),
    ((GOOD, GOOD, 0.5, 1), {}, "large_factor = 1, but must be a finite number >= 0 and below 0.5"),
    ((GOOD, GOOD, 0, 1), {}, "small_factor = 0"),
    ((GOOD, GOOD * np.nan, 1, 0.5), {}, "large = .*NaN or infinite"),
    ((GOOD + np.inf, GOOD, 1, 0.5), {}, "small = .*NaN or infinite"),
    ((-GOOD, GOOD, 1, 0.5), {}, "small = 'entries down to -39', but must be squares"),
    ((GOOD[:, None], GOOD, 1, 0.5), {}, "small = "),
    (("x", GOOD, 1, 0.5), {}, "small = "),
    ((GOOD, GOOD, 1, "x"), {}, "large_factor = 'x'"),
    ((GOOD, GOOD, 1, math.nan), {}, "large_factor = nan"),
    ((GOOD, GOOD, 1, 0.5), {"confidence": 1.0}, "confidence = 1.0"),
])  # fmt: skip
def test_refused(arguments, options, message):
    with pytest.raises(InputError, match=message):
        noise_scale_from_squares(*arguments, **options)


@pytest.mark.parametrize(("sizes", "options", "message"), [
    ((2, 2), {}, "large = 2, but must be above the smaller size, 2"),
    ((1, 6), {}, "large = 6"),
    ((6, 7), {}, "small = 6"),
    ((1, 4), {"pairs": 29}, "pairs = 29"),
    ((1, 4), {"sampling": "cyclic"}, "must be without-replacement or with-replacement"),
])  # fmt: skip
def test_refused_batches(sizes, options, message):
    with pytest.raises(InputError, match=message):
        two_batch_noise_scale(neuron(), *sizes, **options)


def test_a_loss_without_samples():
    alone = closure_objective(lambda w: w.square().sum(), [1.0])
    with pytest.raises(InputError, match="one loss per sample"):
        two_batch_noise_scale(alone, 1, 2)


def test_the_value_lies_in_its_interval_where_the_trace_is_negative():
    """The larger batches have the larger squares, by chance: hardly a scale from 0 fits."""
    draws = np.random.default_rng(0)
    small, large = draws.uniform(90, 110, (2, 200))
    found = noise_scale_from_squares(small, large + 1, 0.5, 0.1)
    assert found.trace < 0 < found.square
    assert found.value == found.low == 0 < found.high


def test_no_scale_fits():
    """Larger squares beyond 95 %, but not beyond doubt: nan, never 0 in [0, 0]."""
    draws = np.random.default_rng(0)
    small, large = draws.uniform(90, 110, (2, 200))
    found = noise_scale_from_squares(small, large + 3, 0.5, 0.1)
    assert found.trace < 0 < found.square
    assert all(math.isnan(v) for v in (found.value, found.low, found.high))


def lengths(pairs):
    """Squared lengths of batches of 1 and 4 with |G| = 1 and noise 1, and the sums' of the 4."""
    draws = np.random.default_rng(3)
    single = draws.standard_normal((pairs, 4, 20)) / math.sqrt(20)
    single[:, :, 0] += 1
    small = single.reshape(-1, 20)[:pairs].copy()
    mean = single.mean(1)
    return (small**2).sum(1), (mean**2).sum(1), 16 * (mean**2).sum(1)


def test_misuse_is_refused():
    a, c, summed = lengths(60)
    right = noise_scale_from_squares(a, c, 1, 1 / 4)
    assert right.low < 1 < right.high
    for first, second in ((c, a), (a, summed)):
        with pytest.raises(InputError, match="not swapped with small, not of gradients summed"):
            noise_scale_from_squares(first, second, 1, 1 / 4)
    with pytest.raises(InputError, match="large = 'the squared lengths of small'"):
        noise_scale_from_squares(a, a, 1, 1 / 4)
    with pytest.raises(InputError, match="large_factor = 4, but must be at most 1: 1/b"):
        noise_scale_from_squares(a, c, 1, 4)
    with pytest.raises(InputError, match=r"small_factor = 4.0, but .* not the size b"):
        noise_scale_from_squares(a, c, 4, 1)

import math

import numpy as np
import pytest
from scipy import stats

from whichmin.verification.evidence import statistics

RNG = np.random.default_rng(1)


@pytest.mark.parametrize(("count", "total"), [(0, 10), (3, 10), (10, 10), (70_000, 100_000)])
def test_clopper_pearson_inverts_the_binomial_tails(count, total):
    low, high = statistics.clopper_pearson(count, total, 1e-3)
    if count:
        assert stats.binom.sf(count - 1, total, low) == pytest.approx(5e-4, rel=1e-6)
    if count < total:
        assert stats.binom.cdf(count, total, high) == pytest.approx(5e-4, rel=1e-6)
    assert low <= count / total <= high


def test_the_bound_of_a_distance_is_that_of_the_exact_law_of_kolmogorov():
    for total in (50, 1000, 100_000):
        bound = statistics.same_law("x", RNG.random(total), lambda x: np.clip(x, 0, 1)).bound
        exact = stats.kstwo.sf(bound, total)
        # Massart's bound wastes little.
        assert 0.3e-7 < exact <= 1e-7


def test_the_distance_is_scipys():
    sample = RNG.normal(size=500)
    found = statistics.same_law("x", sample, stats.norm.cdf).error
    assert found == pytest.approx(stats.kstest(sample, stats.norm.cdf).statistic, rel=1e-9)


def test_laws_with_jumps():
    sample = RNG.binomial(8, 0.5, size=20_000).astype(float)
    assert statistics.same_law("x", sample, lambda x: stats.binom.cdf(x, 8, 0.5)).ratio <= 1
    assert statistics.same_law("x", sample, lambda x: stats.binom.cdf(x, 8, 0.53)).ratio > 1


@pytest.mark.parametrize("chance", [0.0, 1e-3, 0.3, 0.5, 1.0])
def test_frequencies_fail_as_rarely_as_promised(chance):
    total, alarm = 400, 1e-2
    counts = np.arange(total + 1)
    weights = stats.binom.pmf(counts, total, chance)
    ratios = [statistics.frequency("x", int(k), total, chance, alarm=alarm).ratio for k in counts]
    assert weights[np.array(ratios) > 1].sum() <= alarm
    ratios = [statistics.at_most("x", int(k), total, chance, alarm=alarm).ratio for k in counts]
    assert weights[np.array(ratios) > 1].sum() <= alarm


def test_a_wrong_chance_is_noticed():
    assert statistics.frequency("x", 50_000, 100_000, 0.5).ratio <= 1
    assert statistics.frequency("x", 50_000, 100_000, 0.51).ratio > 1
    assert statistics.frequency("x", 50_000, 100_000, 0.51, slack=0.01).ratio <= 1
    assert statistics.at_most("x", 50_000, 100_000, 0.51).ratio <= 1
    assert statistics.at_most("x", 50_000, 100_000, 0.49).ratio > 1


def test_means():
    total, shape = 20_000, stats.beta(0.5, 3.5)
    mean = float(shape.rvs(total, random_state=2).mean())
    law = {"variance": float(shape.var()), "span": 1.0}
    right = statistics.mean_is("x", mean, total, float(shape.mean()), **law)
    assert right.ratio <= 1
    assert statistics.mean_is("x", mean, total, float(shape.mean()) + 0.02, **law).ratio > 1
    # never tighter than a normal interval, never wider than Hoeffding's where v is small
    normal = stats.norm.isf(5e-8) * math.sqrt(law["variance"] / total)
    assert normal < right.bound < statistics.hoeffding(total)


def test_intervals_of_quantiles_miss_as_rarely_as_promised():
    missed = 0
    for _ in range(2000):
        low, high = statistics.quantile_interval(RNG.random(200), 0.2, miss=0.05)
        missed += not low <= 0.2 <= high
    assert missed <= stats.binom.isf(1e-6, 2000, 0.05)
    assert statistics.quantile_interval(np.arange(5.0), 0.5) == (-math.inf, math.inf)

"""Variances of the estimators, against enumeration of all samples."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.evidence.statistics import mean_is
from whichmin.verification.oracle import noise_estimates

VALUES = np.array([[0.0, 2.0], [2.0, -1.0], [1.0, 3.0], [-1.0, 0.5]])
CHANCES = np.array([0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize("k", [2, 3, 4])
def test_variance_of_a_sample_covariance_is_exact(k):
    estimates, weights = [], []
    for draw in itertools.product(range(4), repeat=k):
        estimates.append(np.cov(VALUES[list(draw)].T))
        weights.append(math.prod(CHANCES[list(draw)]))
    estimates, weights = np.array(estimates), np.array(weights)
    mean = np.einsum("d,dpq->pq", weights, estimates)
    variance = np.einsum("d,dpq->pq", weights, (estimates - mean) ** 2)
    found, radius = noise_estimates.covariance_radius(VALUES, CHANCES, k, 50, 1e-7)
    size = np.abs(VALUES - CHANCES @ VALUES).max(axis=0)
    span = 2 * np.outer(size, size) * k / (k - 1)
    np.testing.assert_allclose(found, mean, rtol=1e-12)  # the rounding of 4^k terms
    assert (np.abs(estimates - mean) <= span).all()
    for p, q in itertools.product(range(2), repeat=2):
        law = (float(variance[p, q]), float(span[p, q]), abs(mean[p, q]) / k)
        wanted = mean_is("x", 0.0, 50, 0.0, *law, 1e-7).bound
        assert radius[p, q] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("replicas", [40, 64, 257])
def test_a_median_leaves_its_bound_as_rarely_as_stated(replicas):
    tail = noise_estimates.median_tail(replicas, 1e-3)
    rng = np.random.default_rng(0)
    above = rng.random((20_000, replicas)) < tail
    # At most 1e-3, and not much less: an eighth of it.
    assert 1e-3 / 8 < (above.mean(axis=1) >= 0.5).mean() < 2e-3
    assert noise_estimates.median_tail(replicas, 1e-9) < tail


FIRST = (1.0, np.array([1.0, 4.0]), np.array([0.5, 0.5]))
SECOND = (0.5, np.array([1.5, 2.0]), np.array([0.5, 0.5]))


@pytest.mark.parametrize("decay", [None, 0.99])
@pytest.mark.parametrize("started", [False, True])
def test_two_batch_interval_has_the_chance_it_states(decay, started):
    k, tail = 400, 0.2
    share = noise_estimates.concentration(k, decay)
    expected, low, high = noise_estimates.two_batch_scale(FIRST, SECOND, share, tail)
    # A = 2.5, C = 1.75: tr Sigma = 1.5 and |G|^2 = 1.
    assert expected == pytest.approx(1.5, rel=1e-15)
    weights = np.full(k, 1 / k)
    if decay is not None:
        weights = (1 - decay) * decay ** np.arange(k)[::-1]
        weights = np.array([decay ** (k - 1), *weights[1:]]) if started else weights
    rng = np.random.default_rng(0)
    a, c = rng.choice(FIRST[1], (4000, k)) @ weights, rng.choice(SECOND[1], (4000, k)) @ weights
    r = (a - c) / (c - 0.5 * a)
    assert (r > high).mean() <= tail
    assert (r < low).mean() <= tail
    assert low < expected < high
    assert noise_estimates.two_batch_scale(FIRST, SECOND, 1 / 2, tail) is None


def test_concentration_is_that_of_the_weights():
    for k, decay in ((5, 0.5), (300, 0.99), (40, 0.99)):
        plain = (1 - decay) * decay ** np.arange(k)[::-1]
        first = np.array([decay ** (k - 1), *plain[1:]])
        wanted = max((plain**2).sum() / plain.sum() ** 2, (first**2).sum())
        assert noise_estimates.concentration(k, decay) == pytest.approx(wanted, rel=1e-12)
    assert noise_estimates.concentration(10, None) == 0.1


@pytest.mark.parametrize("replacement", [False, True])
def test_a_mean_of_ratios_has_the_median_that_is_simulated(replacement):
    gradients = np.array([[1.0, 0.5], [0.5, -0.5], [1.5, 1.0]])
    a, c, chances = noise_estimates.batch_pairs(gradients, 2, replacement)
    assert chances.sum() == pytest.approx(1.0)
    assert (a - c >= -1e-12).all()
    median, slack = noise_estimates.mean_of_ratios(
        (a, c, chances), (1.0, 0.5), 50, True, np.random.default_rng(0)
    )
    other, _ = noise_estimates.mean_of_ratios(
        (a, c, chances), (1.0, 0.5), 50, True, np.random.default_rng(1)
    )
    assert abs(median - other) <= slack


def test_gap_of_the_denominator():
    small = (Fraction(1), (Fraction(0), Fraction(1)))
    large = (Fraction(1, 2), (Fraction(1, 4), Fraction(1, 2)))
    least, widest = noise_estimates.two_batch_gap(small, large, 10)
    assert (least, widest) == (1 / 40, 0.75)


def test_sampled_scale_brackets_and_gives_up_on_a_short_mean():
    gradients = np.array([[1.0, 0.2], [1.0, -0.2], [1.2, 0.0], [0.8, 0.0]])
    expected, low, high = noise_estimates.sampled_scale(gradients, 1000)
    assert expected == pytest.approx(0.04, rel=1e-12)  # one subtraction of numbers of size 1
    assert low < expected < high
    rng = np.random.default_rng(1)
    g = gradients[rng.integers(0, 4, (500, 1000))]
    mean = g.mean(axis=1)
    r = ((g - mean[:, None]) ** 2).sum(axis=(1, 2)) / 1000 / (mean**2).sum(axis=1)
    assert (r > high).mean() <= noise_estimates.MEDIAN_TAIL
    assert (r < low).mean() <= noise_estimates.MEDIAN_TAIL
    assert noise_estimates.sampled_scale(gradients - gradients.mean(axis=0), 1000) is None

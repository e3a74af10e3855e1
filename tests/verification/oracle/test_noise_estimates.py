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


def test_median_alarm_is_tiny_for_the_replicas_used():
    assert noise_estimates.median_alarm(64) < 1e-11
    assert noise_estimates.median_alarm(4) > 1e-3


def test_two_batch_interval_has_the_chance_it_states():
    first = (1.0, np.array([1.0, 4.0]), np.array([0.5, 0.5]))
    second = (0.5, np.array([1.5, 2.0]), np.array([0.5, 0.5]))
    expected, low, high = noise_estimates.two_batch_scale(first, second, 400)
    # A = 2.5, C = 1.75: tr Sigma = 1.5 and |G|^2 = 1.
    assert expected == pytest.approx(1.5, rel=1e-15)
    rng = np.random.default_rng(0)
    a = rng.choice(first[1], (4000, 400)).mean(axis=1)
    c = rng.choice(second[1], (4000, 400)).mean(axis=1)
    r = (a - c) / (c - 0.5 * a)
    assert (r > high).mean() <= noise_estimates.MEDIAN_TAIL
    assert (r < low).mean() <= noise_estimates.MEDIAN_TAIL
    assert low < expected < high
    assert noise_estimates.two_batch_scale(first, second, 2) is None


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

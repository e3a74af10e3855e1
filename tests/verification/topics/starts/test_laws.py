"""Numbers of the laws against counting, each other and closed forms of small cases."""

import math

import numpy as np
import pytest

from whichmin.verification.topics.starts import laws
from whichmin.words import Activation

DRAWN = np.random.default_rng(7).normal(size=(400_000, 8))
# 5.33 standard errors of a chance: a false alarm of 1e-7 a figure
NOISE = 5.33 * math.sqrt(0.25 / len(DRAWN))


@pytest.mark.parametrize("activation", list(Activation))
def test_largest_share(activation):
    c = DRAWN if activation is Activation.LINEAR else np.maximum(DRAWN, 0)
    c = c[c.any(1)]
    largest = (c**2).max(1) / (c**2).sum(1)
    for t in (0.5, 0.7, 0.9):
        exact = laws.largest_above(t, 8, activation)
        assert abs((largest > t).mean() - exact) <= NOISE
        assert exact * (1 - 2.0**-8) <= laws.largest_bound(t, 8, activation)


def test_two_points_are_an_angle():
    # p_1 = cos^2 of a uniform angle
    assert laws.share_above(1, 2, np.float64(0.75)) == pytest.approx(1 / 3)
    within = laws.all_within(2.0, 2)
    assert within == pytest.approx(4 / math.pi * (math.atan(2) - math.pi / 4))


def test_all_within():
    size = np.abs(DRAWN)
    count = (size.max(1) <= 10 * size.min(1)).mean()
    assert abs(laws.all_within(10.0, 8) - count) <= NOISE


@pytest.mark.parametrize("m", [2, 3, 5, 8, 33, 200])
def test_the_tail_bound_holds_on_a_grid_and_a_power_twice_as_large_does_not(m):
    t = np.linspace(0, 1, 2001)[1:-1]
    tail, bound = laws.share_above(1, m, t), (1 - t) ** ((m - 1) / 2)
    # SciPy's tail has relative errors of 1e-12 at worst
    assert (tail <= bound * (1 + 1e-10)).all()
    assert (tail > (1 - t) ** m).any()


def test_point_bound():
    assert laws.point_bound(0.25, 3, 5) == pytest.approx(3 * 0.75**2)


def test_mixture_and_its_quantiles():
    cdf = laws.start_cosine_cdf(3, 8, Activation.RELU)
    c = np.maximum(DRAWN[:, :3], 0)
    share = ((c**2).sum(1) / (DRAWN**2).sum(1))[c.any(1)]
    for q in (0.1, 0.5, 0.9):
        x = laws.quantile(cdf, q, 0.0, 1.0)
        assert float(cdf(np.float64(x))) == pytest.approx(q)
        assert abs((share <= x).mean() - q) <= NOISE
    assert laws.start_cosine_cdf(8, 8, Activation.LINEAR)(np.array([0.5, 1.0])).tolist() == [0, 1]


def test_chances_of_the_positive_set():
    chances = laws.alive_chances(4)
    assert chances * 15 == pytest.approx([4, 6, 4, 1])

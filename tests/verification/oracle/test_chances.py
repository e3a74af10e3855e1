"""Quantiles and bounds are those of exact sums of fractions, and the rates hold."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from whichmin.verification.oracle import chances
from whichmin.verification.oracle.chances import frequency_bounds


def exact(total, chance):
    """Chances of 0, ..., n events in fractions."""
    p = Fraction(chance)
    return [math.comb(total, k) * p**k * (1 - p) ** (total - k) for k in range(total + 1)]


@pytest.mark.parametrize("chance", [0.0, 1e-3, 0.125, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("total", [1, 2, 7, 60])
@pytest.mark.parametrize("alarm", [1e-9, 1.5e-3, 0.3])
def test_quantiles_are_those_of_exact_sums(total, chance, alarm):
    law = exact(total, chance)
    upper = next(k for k in range(total + 1) if sum(law[k + 1 :]) <= alarm)
    assert chances.upper_quantile(alarm, total, chance) == upper


@pytest.mark.parametrize(("total", "chance"), [(40_000, 0.25), (40_000, 1e-4), (1_000_000, 0.5)])
def test_large_numbers_agree_with_scipy(total, chance):
    for alarm in (5e-8, 1e-4):
        assert chances.upper_quantile(alarm, total, chance) == stats.binom.isf(alarm, total, chance)


def test_the_law_is_that_of_exact_sums():
    for total, chance in ((7, 0.5), (60, 0.125), (5, 0.0), (5, 1.0)):
        law = list(map(float, exact(total, chance)))
        assert chances.binomial(total, chance).tolist() == pytest.approx(law, rel=1e-12)


def test_the_chance_of_at_least_some_events():
    law = exact(20, 0.125)
    for count in (0, 3, 20):
        # 21 terms, and the largest chance from logarithms up to 42: 1e-13 relative is above both.
        assert chances.at_least(count, 20, 0.125) == pytest.approx(
            float(sum(law[count:])), rel=1e-13
        )
    assert chances.at_least(21, 20, 0.125) == 0


def test_bernstein_solves_its_inequality():
    total, variance, span, alarm = 500, 2.0, 9.0, 1e-7
    t = chances.bernstein(total, variance, span, alarm)
    tail = 2 * math.exp(-total * t**2 / (2 * variance + 2 * span * t / 3))
    assert tail == pytest.approx(alarm, rel=1e-9)  # t in some ten operations
    assert chances.bernstein(4 * total, variance, span, alarm) < t


def tail(total, p, count, above):
    """The chance of a number at least, or at most, as far off."""
    numbers = range(count, total + 1) if above else range(count + 1)
    return sum(math.comb(total, k) * p**k * (1 - p) ** (total - k) for k in numbers)


@pytest.mark.parametrize("p", [Fraction(1, 2), Fraction(1, 24), Fraction(9, 10)])
@pytest.mark.parametrize("total", [40, 300])
def test_what_is_refused_is_rarer_than_the_alarm(p, total):
    alarm = 1e-3
    mean = math.ceil(p * total)
    (up,) = frequency_bounds([mean], total, [p], alarm)
    first = math.floor((float(p) + up) * total) + 1  # the first number that is refused
    if first <= total:
        assert float(tail(total, p, first, above=True)) <= alarm / 2
    (down,) = frequency_bounds([0], total, [p], alarm)
    last = math.ceil((float(p) - down) * total) - 1
    if last >= 0:
        assert float(tail(total, p, last, above=False)) <= alarm / 2
    # Of the order of the deviation: six times it has a chance below 1e-3 in any case.
    assert max(up, down) < 6 * math.sqrt(float(p * (1 - p)) / total) + 6 / total


def test_more_figures_have_wider_bounds_each():
    one = frequency_bounds([50], 100, [0.5], 1e-6)
    ten = frequency_bounds([50] * 10, 100, [0.5] * 10, 1e-6)
    assert (ten > one).all()


def test_certain_events_have_no_bound():
    assert frequency_bounds([0, 5], 5, [0, 1], 1e-6).tolist() == [0, 0]


def test_hypergeometric_numbers_are_no_more_spread():
    """All draws of 4 of 8 points, of which 4 count: the tail is below the binomial one."""
    for count in range(3, 5):
        exact = sum(math.comb(4, k) * math.comb(4, 4 - k) for k in range(count, 5)) / 70
        assert exact <= np.exp(-4 * (math.log(2) if count == 4 else 0.13))

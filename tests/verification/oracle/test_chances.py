"""Quantiles are those of exact sums of fractions, and the rates hold."""

import math
from fractions import Fraction

import pytest
from scipy import stats

from whichmin.verification.oracle import chances


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
    lower = next(k for k in range(total + 1) if sum(law[: k + 1]) > alarm)
    assert chances.upper_quantile(alarm, total, chance) == upper
    assert chances.lower_quantile(alarm, total, chance) == lower


@pytest.mark.parametrize(("total", "chance"), [(40_000, 0.25), (40_000, 1e-4), (1_000_000, 0.5)])
def test_large_numbers_agree_with_scipy(total, chance):
    for alarm in (5e-8, 1e-4):
        assert chances.upper_quantile(alarm, total, chance) == stats.binom.isf(alarm, total, chance)
        assert chances.lower_quantile(alarm, total, chance) == stats.binom.ppf(alarm, total, chance)


def test_the_chance_of_at_least_some_events():
    law = exact(20, 0.125)
    for count in (0, 3, 20):
        # 21 terms, and the largest chance from logarithms up to 42: 1e-13 relative is above both.
        assert chances.at_least(count, 20, 0.125) == pytest.approx(
            float(sum(law[count:])), rel=1e-13
        )
    assert chances.at_least(21, 20, 0.125) == 0


def test_a_frequency_is_held_on_its_side():
    total, chance, alarm = 1000, 0.1, 1e-7
    above = chances.frequency_limit(150, total, chance, alarm)
    below = chances.frequency_limit(50, total, chance, alarm)
    assert above == stats.binom.isf(alarm / 2, total, chance) / total - chance
    assert below == chance - stats.binom.ppf(alarm / 2, total, chance) / total
    assert above > below  # a skew law


def test_bernstein_solves_its_inequality():
    total, variance, span, alarm = 500, 2.0, 9.0, 1e-7
    t = chances.bernstein(total, variance, span, alarm)
    tail = 2 * math.exp(-total * t**2 / (2 * variance + 2 * span * t / 3))
    assert tail == pytest.approx(alarm, rel=1e-9)  # t in some ten operations
    assert chances.bernstein(4 * total, variance, span, alarm) < t

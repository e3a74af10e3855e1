"""The bounds hold: exact tails, summed up in fractions, are below the alarm."""

import math
from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle.tails import frequency_bounds


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

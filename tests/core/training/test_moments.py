"""Exact moments: against rational arithmetic, in any order, without overflow."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from whichmin.core.training import moments
from whichmin.core.training.moments import ExactMoments

FLOATS = st.floats(allow_nan=True, allow_infinity=True)
LISTS = st.lists(FLOATS, max_size=30)


def of(values):
    return ExactMoments.of(np.array(values, dtype=np.float64))


def naive(values):
    """The definitions, in rational arithmetic."""
    finite = [Fraction(v) for v in values if math.isfinite(v)]
    k = len(finite)
    if not k:
        return 0, len(values), None, None, None, None
    mean = sum(finite) / k
    spread = sum((v - mean) ** 2 for v in finite) / (k - 1) if k > 1 else None
    return k, len(values) - k, min(finite), max(finite), mean, spread


def nearest(exact):
    try:
        return float(exact)
    except OverflowError:
        return math.inf


def agrees(found, values):
    count, nonfinite, low, high, mean, spread = naive(values)
    if (found.count, found.nonfinite) != (count, nonfinite):
        return False
    if not count:
        return math.isnan(found.mean) and math.isnan(found.variance) and found.minimum == math.inf
    if (found.minimum, found.maximum, found.mean) != (low, high, nearest(mean)):
        return False
    return math.isnan(found.variance) if spread is None else found.variance == nearest(spread)


@given(LISTS)
@example([1e308, 1e308, -1e308])
@example([5e-324, -5e-324, 5e-324])
@example([1e16, 1.0, -1e16])
@example([0.0, -0.0])
@example([math.inf, math.nan, -math.inf])
def test_moments_are_those_of_rational_arithmetic(values):
    assert agrees(of(values), values)


@given(LISTS, LISTS)
def test_merging_is_the_union(left, right):
    both = of(left).merge(of(right))
    assert both == of([*left, *right]) == of(right).merge(of(left))
    assert both.merge(ExactMoments()) == both
    assert math.copysign(1, both.minimum) == math.copysign(1, of([*right, *left]).minimum)


@pytest.mark.parametrize("wrong", [
    lambda m: replace(m, count=m.count + 1),
    lambda m: replace(m, total=m.total + 2**1100),
    lambda m: replace(m, squares=m.squares + 2**2210),
    lambda m: replace(m, minimum=m.minimum + 1),
    lambda m: replace(m, nonfinite=m.nonfinite + 1),
])  # fmt: skip
def test_the_comparison_notices_what_is_wrong(wrong):
    values = [1.5, 2.5, -3.0]
    assert agrees(of(values), values)
    assert not agrees(wrong(of(values)), values)


def test_many_values_taken_in_pieces(monkeypatch):
    values = np.random.default_rng(0).normal(size=5000) * 10.0 ** np.arange(5000) ** 0.3
    whole = of(values)
    monkeypatch.setattr(moments, "_AT_ONCE", 7)
    assert of(values) == whole
    assert whole.total == sum(int(Fraction(v) * 2**1126) for v in values)


def test_the_largest_piece_is_still_exact():
    # The digits' sums stay below 2^53 up to 2^21 of them; the largest digits come from 2 - 2^-52.
    values = np.full(moments._AT_ONCE, np.nextafter(2.0, 0.0))
    exact = Fraction(np.nextafter(2.0, 0.0))
    found = of(values)
    assert Fraction(found.total, 2**1126) == len(values) * exact
    assert Fraction(found.squares, 2**2252) == len(values) * exact**2
    assert found.variance == 0


def test_what_floating_point_gets_wrong():
    # By the textbook formula in doubles the variance of these is 0 or negative.
    values = 1e9 + np.array([0.0, 1.0, 2.0])
    assert of(values).variance == 1.0
    assert of([1e200, -1e200]).mean == 0.0
    assert of([1e200, -1e200]).variance == math.inf

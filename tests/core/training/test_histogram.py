"""Histograms: merging is the union, and brackets hold the exact quantile."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichmin.core.training import histogram
from whichmin.core.training.histogram import Counts, Histogram, check_edges, rank_of
from whichmin.errors import InputError

EDGES = np.array([-1.0, 0.0, 0.5, 2.0])
REALS = st.lists(st.floats(-3, 3) | st.sampled_from([-1.0, 0.0, 0.5, 2.0]), max_size=25)
WHOLE = st.lists(st.integers(0, 2**40) | st.integers(0, 70_000), max_size=25)
KINDS = st.one_of(
    st.tuples(REALS, REALS, st.just(EDGES), st.just(False)),
    st.tuples(WHOLE, WHOLE, st.none(), st.just(True)),
    st.tuples(*[st.lists(st.integers(-5, 9), max_size=25)] * 2, st.just(np.array([-1.5, 2, 6])),
              st.just(True)),
)  # fmt: skip


def of(values, edges, integral):
    return Histogram.of(np.array(values, dtype=np.float64), edges, integral)


def content(h):
    return h.bins(), h.below, h.above, h.shift


@given(KINDS)
def test_merging_is_the_union(case):
    left, right, edges, integral = case
    both = of(left, edges, integral).merge(of(right, edges, integral))
    assert content(both) == content(of(left + right, edges, integral))
    assert content(both) == content(of(right, edges, integral).merge(of(left, edges, integral)))


@given(KINDS, st.integers(0, 10**6))
def test_brackets_hold_the_value_of_that_rank(case, seed):
    left, right, edges, integral = case
    values = sorted(left + right)
    if not values:
        return
    rank = 1 + seed % len(values)
    low, high = of(values, edges, integral).bracket(rank, values[0], values[-1])
    assert low <= values[rank - 1] <= high
    if integral and edges is None and values[-1] < 2**16:
        assert low == high


@given(REALS)
def test_counts_are_those_of_numpy(values):
    h = of(values, EDGES, False)
    np.testing.assert_array_equal(h.counts.dense(3), np.histogram(values, EDGES)[0])
    assert h.below == sum(v < -1 for v in values)
    assert h.above == sum(v > 2 for v in values)
    assert h.below + h.above + h.counts.total == len(values)


def test_brackets_are_tight():
    h = of([0.1, 0.2, 0.7, 1.9], EDGES, False)
    assert [h.bracket(r, 0.1, 1.9) for r in (1, 2, 3, 4)] == [
        (0.1, 0.1), (0.1, 0.5), (0.5, 1.9), (1.9, 1.9),
    ]  # fmt: skip
    outside = of([-9.0, -8, -7, 7, 8, 9], EDGES, False)
    assert outside.bracket(2, -9, 9) == (-9, -1)
    assert outside.bracket(5, -9, 9) == (2, 9)
    whole = of([-9, -8, 1, 1, 1, 2, 7, 9], np.array([-1.5, 0.5, 2.0]), True)
    assert whole.bracket(2, -9, 9) == (-9, -2)
    assert whole.bracket(3, -9, 9) == (1, 2)
    assert whole.bracket(7, -9, 9) == (3, 9)


def test_integers_get_wider_bins_only_when_they_must():
    exact = of([0, 3, 3, 65_535], None, True)
    assert exact.shift == 0
    assert exact.bins() == [(0, 1, 1), (3, 4, 2), (65_535, 65_536, 1)]
    wide = exact.merge(of([2**18 - 1], None, True))
    assert wide.shift == 2
    assert wide.bins()[0] == (0, 4, 3)
    assert wide.bracket(3, 0, 2**18 - 1) == (0, 3)


def test_memory_is_bounded():
    values = np.arange(0, 2**26, 97)
    h = of(values, None, True)
    assert len(h.counts.places) <= 2**16
    assert h.counts.total == len(values)


def test_other_edges_are_not_merged():
    with pytest.raises(AssertionError):
        of([1.0], EDGES, False).merge(of([1.0], EDGES + 1, False))
    with pytest.raises(AssertionError):
        of([1.0], EDGES, True).merge(of([1.0], None, True))


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(0, 3))
def test_counts(places, shift):
    counts = Counts.of(np.array(places, dtype=np.int64))
    assert counts.dense(10).tolist() == [places.count(k) for k in range(10)]
    assert counts.total == len(places)
    coarse = counts.coarser(shift)
    assert coarse.dense(10).tolist() == [[p >> shift for p in places].count(k) for k in range(10)]


@given(st.integers(1, 999), st.integers(0, 64))
def test_ranks_are_those_of_numpy(count, part):
    values = np.arange(1, count + 1)
    assert rank_of(part / 64, count) == np.quantile(values, part / 64, method="inverted_cdf")


def test_a_tenth_is_a_tenth():
    assert [rank_of(q, 10) for q in (0, 0.1, 0.3, 0.7, 1)] == [1, 1, 3, 7, 10]
    for q in (-0.1, 1.1, "x", None, math.nan, math.inf):
        with pytest.raises(InputError, match=r"q = .* must be a number between 0 and 1"):
            rank_of(q, 10)


def test_edges():
    np.testing.assert_array_equal(check_edges([0, 1, 3], "e"), [0, 1, 3])
    for bad in ([1], [1, 1], [2, 1], [0, math.nan], [0, math.inf], [[0, 1]], "ab", 3, [0, "x"],
                np.zeros(histogram._MOST_EDGES + 1)):  # fmt: skip
        with pytest.raises(InputError, match=r"e = .* must be 2 to 2\^20 finite numbers"):
            check_edges(bad, "e")

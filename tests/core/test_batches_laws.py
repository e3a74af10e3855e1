"""Laws of a batch: how often it tells two points apart."""

import itertools
from collections import Counter

import numpy as np
import pytest

from whichmin.core.batches import difference_law, make_stream


def listed(rows, m):
    counts = Counter()
    for row in rows:
        mu = np.bincount(row, minlength=m)
        counts[abs(int(mu[0] - mu[1]))] += 1
    return {d: counts[d] / len(rows) for d in sorted(counts) if d}


@pytest.mark.parametrize(("m", "b"), [(2, 1), (3, 2), (5, 3), (4, 1)])
def test_difference_law_by_listing_all_batches(m, b):
    without = listed(list(itertools.combinations(range(m), b)), m)
    assert difference_law(make_stream(m, b)) == pytest.approx(without, rel=1e-12)
    assert difference_law(make_stream(m, b, sampling="reshuffled")) == pytest.approx(without)
    tuples = listed(list(itertools.product(range(m), repeat=b)), m)
    law = difference_law(make_stream(m, b, sampling="with-replacement"))
    assert law == pytest.approx(tuples, rel=1e-12)


def test_nothing_separates_full_batches_or_one_point():
    assert difference_law(make_stream(4, 4)) == {}
    assert difference_law(make_stream(1, 1)) == {}
    assert difference_law(make_stream(4, 4, sampling="with-replacement")) != {}


def test_cycles_wait_for_the_pair_told_apart_least():
    # {0,1}, {2,3}, {4,0}, {1,2}, {3,4}: neighbours part in 2 of 5 batches, others in 4 of 5.
    assert difference_law(make_stream(5, 2, sampling="cyclic")) == {1: pytest.approx(0.4)}
    assert difference_law(make_stream(4, 2, sampling="cyclic")) == {1: pytest.approx(1.0)}


def test_law_of_own_batches_with_repetition():
    stream = make_stream(2, 2, sampling="custom", batches=[[0, 0], [1, 1]])
    assert difference_law(stream) == {2: pytest.approx(1.0)}

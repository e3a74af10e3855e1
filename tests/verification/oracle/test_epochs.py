"""Epochs are found where there are some, with every kind of end; their laws are enumerated."""

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle.epochs import arrangements, cut, length, table, table_law
from whichmin.verification.oracle.ragged import filled

LEFTOVERS = ("dropped", "short", "carried", "padded")


def run(m, b, steps, leftover, seed=0):
    rng, rows = np.random.default_rng(seed), []
    left = np.array([], dtype=int)
    while len(rows) < steps:
        order = np.concatenate([left, rng.permutation(m)]).astype(int)
        if leftover == "padded":
            order = np.concatenate([order, order[: -m % b]])
        whole = len(order) // b * b
        rows += list(order[:whole].reshape(-1, b))
        if leftover == "short" and whole < m:
            rows.append(order[whole:])
        left = order[whole:] if leftover == "carried" else left
    return filled(rows[:steps])


@pytest.mark.parametrize("leftover", LEFTOVERS)
@pytest.mark.parametrize(("m", "b"), [(7, 3), (12, 5), (5, 2)])
def test_each_end_is_told_from_the_others(m, b, leftover):
    found = run(m, b, 60, leftover)
    assert [k for k in LEFTOVERS if cut(found, m, b, k) is not None] == [leftover]


@pytest.mark.parametrize("leftover", LEFTOVERS)
def test_without_a_rest_all_ends_are_the_same(leftover):
    found = cut(run(6, 2, 60, "dropped"), 6, 2, leftover)
    assert found.groups == ((2, 2, 2),) * 20


def test_the_order_within_a_batch_plays_no_part():
    rng = np.random.default_rng(1)
    for leftover in ("dropped", "carried", "padded"):
        found = run(7, 3, 60, leftover)
        mixed = rng.permuted(found, axis=1)
        assert np.array_equal(cut(found, 7, 3, leftover).places, cut(mixed, 7, 3, leftover).places)


def test_places_of_a_stream():
    # Epochs 0 1 2 and 2 0 1, cut in twos.
    found = cut(np.array([[0, 1], [2, 2], [0, 1]]), 3, 2, "carried")
    assert found.places.tolist() == [[0, 0, 1], [1, 1, 0]]
    assert found.groups == ((2, 1), (1, 2))


def test_places_and_points_left_out():
    found = cut(np.array([[3, 0], [1, 4]]), 5, 2, "dropped")
    assert found.places.tolist() == [[0, 1, 2, 0, 1]]
    assert found.groups == ((2, 2, 1),)


@pytest.mark.parametrize("leftover", LEFTOVERS)
def test_one_wrong_entry_is_no_epoch(leftover):
    found = run(7, 3, 30, leftover)
    assert cut(found, 7, 3, leftover) is not None
    for wrong in (-1, 7):
        other = found.copy()
        other[4, 0] = wrong
        assert cut(other, 7, 3, leftover) is None
    other = found.copy()
    other[3] = other[2]
    assert cut(other, 7, 3, leftover) is None


def test_lengths():
    assert [length(7, 3, k) for k in LEFTOVERS] == [2, 3, 3, 3]


def test_arrangements_are_all_distinct_orders():
    found = list(arrangements((2, 1, 1)))
    assert sorted(found) == sorted(set(itertools.permutations((0, 0, 1, 2))))


def test_tables_have_the_same_law_whatever_the_first_epoch_is():
    law = table_law((2, 2))
    assert sum(law.values()) == 1
    every = np.array(list(arrangements((2, 2))))
    for first in every:
        counted = Counter(map(tuple, table(np.tile(first, (6, 1)), every, 2).tolist()))
        assert {k: Fraction(n, 6) for k, n in counted.items()} == law

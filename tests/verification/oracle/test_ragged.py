"""Batches of unequal size."""

import numpy as np
import pytest

from whichmin.verification.oracle.ragged import NONE, filled, padded, sizes


@pytest.mark.parametrize(
    "found",
    [
        [[0, 1], [2], []],
        [np.array([0, 1]), np.array([2], dtype=np.int32), np.array([])],
        np.array([np.array([0, 1]), np.array([2]), np.array([])], dtype=object),
    ],
)
def test_unequal_rows_are_filled_up(found):
    rows = padded(found)
    assert rows.tolist() == [[0, 1], [2, NONE], [NONE, NONE]]
    assert sizes(rows).tolist() == [2, 1, 0]


def test_empty_batches_alone_are_batches():
    assert padded([[], []]).shape == (2, 0)


@pytest.mark.parametrize(
    "found", [[[0, 1], [2, 3]], [[0.5], [1, 2]], [[[0]], [1]], [], 3, None, ["ab", "c"], [1, [2]]]
)
def test_what_is_no_list_of_unequal_rows_of_integers(found):
    assert padded(found) is None


def test_filled():
    assert filled([np.array([4]), np.array([5, 6])]).tolist() == [[4, NONE], [5, 6]]

"""Cells hold every replica once, whatever the order; blocks cut them without loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichmin.core.training.cells import blocks, cells_of, grid
from whichmin.errors import InputError

REPLICAS = st.integers(1, 30)


@given(REPLICAS, st.data())
def test_every_replica_is_in_the_cell_of_its_pair(replicas, data):
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=replicas, max_size=replicas))
    steps = data.draw(st.lists(st.sampled_from([0.1, 0.2]), min_size=replicas, max_size=replicas))
    cells = cells_of(np.array(sizes), steps, replicas)
    pairs = list(zip(sizes, steps, strict=True))
    assert [(c.batch_size, c.step_size) for c in cells] == list(dict.fromkeys(pairs))
    for cell in cells:
        pair = (cell.batch_size, cell.step_size)
        assert list(cell.lanes) == [r for r in range(replicas) if pairs[r] == pair]


def test_one_number_for_all_takes_no_memory():
    (cell,) = cells_of(None, 0.1, 10**9)
    assert cell.lanes == range(10**9)
    assert cell.batch_size is None
    several = cells_of([2, 1, 2], 0.1, 3)
    assert [(c.batch_size, c.step_size, list(c.lanes)) for c in several] == [
        (2, 0.1, [0, 2]), (1, 0.1, [1]),
    ]  # fmt: skip


def test_a_grid_numbers_replicas_on():
    cells = grid([1, None], [0.1, 0.2], 10**8)
    assert [(c.batch_size, c.step_size, c.lanes.start) for c in cells] == [
        (1, 0.1, 0), (1, 0.2, 10**8), (None, 0.1, 2 * 10**8), (None, 0.2, 3 * 10**8),
    ]  # fmt: skip
    assert {len(c.lanes) for c in cells} == {10**8}


@given(st.integers(0, 40), st.integers(1, 12), st.booleans())
def test_blocks_hold_every_number_once(count, size, listed):
    lanes = range(5, 5 + count)
    parts = list(blocks(np.array(lanes) if listed else lanes, size))
    assert [int(r) for part in parts for r in part] == list(lanes)
    assert all(0 < len(part) <= size for part in parts)
    assert all(len(part) == size for part in parts[:-1])


@pytest.mark.parametrize(("sizes", "steps", "argument"), [
    ([1, 2], 0.1, "batch_size"), ([1.0, 2.0, 3.0], 0.1, "batch_size"),
    ([[1, 2, 3]], 0.1, "batch_size"), ([True, True, True], 0.1, "batch_size"),
    (1, [0.1, 0.2], "step_size"), (1, ["a", "b", "c"], "step_size"),
])  # fmt: skip
def test_refused(sizes, steps, argument):
    with pytest.raises(InputError, match=rf"{argument} = .*must be one number, or 3 \w+: one per"):
        cells_of(sizes, steps, 3)

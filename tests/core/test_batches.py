import itertools

import numpy as np
import pytest

from whichmin.core.batches import floyd_subset, make_stream

RANDOM = ("without-replacement", "with-replacement", "reshuffled")


@pytest.mark.parametrize("sampling", [*RANDOM, "cyclic"])
@pytest.mark.parametrize(("m", "b"), [(1, 1), (2, 1), (7, 2), (7, 5), (8, 4), (8, 8)])
def test_shape_range_and_random_access(sampling, m, b):
    stream = make_stream(m, b, sampling=sampling, seed=4)
    whole = stream.indices(0, 30, range(5))
    if whole is None:
        assert stream.is_full_batch
        assert b == m
        assert sampling != "with-replacement"
        return
    assert whole.shape == (30, 5, b)
    assert whole.dtype == np.int64
    assert 0 <= whole.min() <= whole.max() < m
    assert np.array_equal(stream.indices(11, 17, [3, 1]), whole[11:17][:, [3, 1]])
    if sampling != "with-replacement":
        ordered = np.sort(whole, axis=2)
        assert (ordered[:, :, 1:] > ordered[:, :, :-1]).all()


def test_streams_differ_by_replica_and_seed():
    here, there = (make_stream(8, 1, seed=s).indices(0, 64, range(4)) for s in (1, 2))
    assert not np.array_equal(here, there)
    for left, right in itertools.combinations(range(4), 2):
        assert not np.array_equal(here[:, left], here[:, right])


def test_floyd_by_hand():
    # m = 4, k = 2: first draw in [0, 2], second in [0, 3]; a clash takes 3.
    draws = np.array([[0, 1], [1, 1], [2, 3], [0, 0]])
    assert floyd_subset(draws, 4).tolist() == [[0, 1], [1, 3], [2, 3], [0, 3]]


def test_large_batches_leave_a_uniform_set_out():
    small = make_stream(7, 2, seed=9).indices(0, 20)
    large = make_stream(7, 5, seed=9).indices(0, 20)
    for out, kept in zip(small[:, 0], large[:, 0], strict=True):
        assert sorted([*out, *kept]) == list(range(7))


def test_epochs_drop_the_remainder():
    stream = make_stream(7, 3, sampling="reshuffled", seed=2)
    drawn = stream.indices(0, 20, [0])[:, 0].reshape(10, 6)
    assert all(len(set(epoch)) == 6 for epoch in drawn.tolist())
    assert len({tuple(e) for e in drawn.tolist()}) > 5


def test_cyclic_wraps_around():
    rows = make_stream(5, 2, sampling="cyclic").indices(0, 3)[:, 0]
    assert rows.tolist() == [[0, 1], [2, 3], [4, 0]]


def test_custom_serves_the_users_rows():
    stream = make_stream(3, 99, sampling="custom", batches=[[0, 1], [2, 2]])
    assert stream.batch_size == 2
    assert stream.steps_available == 2
    assert stream.indices(1, 2, range(3)).tolist() == [[[2, 2]] * 3]


def brute_force_separation(rows, m):
    counts = np.array([np.bincount(r, minlength=m) for r in rows])
    return ((counts[:, :, None] - counts[:, None, :]) ** 2).mean(axis=0)


@pytest.mark.parametrize(("m", "b"), [(2, 1), (4, 2), (5, 3)])
def test_separation_by_enumeration(m, b):
    subsets = list(itertools.combinations(range(m), b))
    tuples = list(itertools.product(range(m), repeat=b))
    cyclic = make_stream(m, b, sampling="cyclic")
    for stream, rows in (
        (make_stream(m, b), subsets),
        (make_stream(m, b, sampling="with-replacement"), tuples),
        (cyclic, cyclic.indices(0, m)[:, 0]),
        (make_stream(m, b, sampling="custom", batches=tuples), tuples),
    ):
        expected = brute_force_separation(rows, m)
        assert np.abs(stream.separation() - expected).max() < 1e-14  # a few roundings near 1


def test_blocks_of_a_cycle_are_never_separated():
    separation = make_stream(4, 2, sampling="cyclic").separation()
    assert separation[0, 1] == 0
    assert separation[0, 2] == 1

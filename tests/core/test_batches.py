import itertools
from collections import Counter

import numpy as np
import pytest
import torch

from whichmin.core import philox
from whichmin.core.batches import floyd_subset, make_stream
from whichmin.errors import InputError

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


# Sampling schemes against lists of all their batches.


@pytest.mark.parametrize(
    ("sampling", "b", "full"),
    [
        ("without-replacement", 4, True),
        ("without-replacement", 3, False),
        ("reshuffled", 4, True),
        ("reshuffled", 2, False),
        ("cyclic", 4, True),
        ("cyclic", 1, False),
        ("with-replacement", 4, False),
        ("with-replacement", 1, False),
    ],
)
def test_which_batches_are_full(sampling, b, full):
    stream = make_stream(4, b, sampling=sampling)
    assert stream.is_full_batch is full
    assert (stream.indices(0, 2) is None) is full
    assert stream.steps_available is None
    assert (stream.separation() == 0).all() == full


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
def test_own_batches_are_never_full_and_are_copied(dtype):
    rows = np.array([[0, 1, 2]], dtype=dtype)
    stream = make_stream(3, 3, sampling="custom", batches=rows)
    rows[0, 0] = 2
    assert not stream.is_full_batch
    assert stream.indices(0, 1).tolist() == [[[0, 1, 2]]]
    tensor = make_stream(3, 3, sampling="custom", batches=torch.tensor([[0, 1, 2]]))
    assert tensor.indices(0, 1).tolist() == [[[0, 1, 2]]]


def test_own_batches_end():
    stream = make_stream(3, 1, sampling="custom", batches=[[0], [2]])
    assert stream.indices(0, 2).shape == (2, 1, 1)
    with pytest.raises(InputError, match=r"batches = '2 steps', but need 3 steps"):
        stream.indices(1, 3)


def test_a_single_point():
    assert make_stream(1, 1).is_full_batch
    assert make_stream(1, 3, sampling="with-replacement").indices(0, 2).tolist() == [[[0] * 3]] * 2
    assert make_stream(1, 1).separation().tolist() == [[0.0]]


@pytest.mark.parametrize(("m", "b"), [(4, 3), (5, 3), (6, 4), (6, 5)])
def test_large_batches_are_complements_in_every_replica(m, b):
    out = make_stream(m, m - b, seed=3).indices(0, 25, range(4))
    kept = make_stream(m, b, seed=3).indices(0, 25, range(4))
    joint = np.sort(np.concatenate([out, kept], axis=2), axis=2)
    assert (joint == np.arange(m)).all()
    assert (np.diff(kept, axis=2) > 0).all()


def test_half_of_the_points_is_drawn_not_left_out():
    # Part of stream format 1. m = 4, b = 2: two words a step, bounds 3 and 4.
    lane, bounds = np.zeros(1, np.uint64), np.array([3, 4] * 30, dtype=np.uint64)
    draws = philox.bounded(1, lane, 0, 60, bounds).reshape(30, 1, 2)
    assert np.array_equal(make_stream(4, 2, seed=1).indices(0, 30), floyd_subset(draws, 4))


@pytest.mark.parametrize(("m", "b"), [(4, 2), (5, 2), (5, 3), (5, 4)])
def test_separation_of_epochs_by_listing_all_permutations(m, b):
    rows = [
        p[k : k + b]
        for p in itertools.permutations(range(m))
        for k in range(0, m // b * b, b)
    ]  # fmt: skip
    member = np.array([np.isin(np.arange(m), row) for row in rows], dtype=float)
    expected = ((member[:, :, None] - member[:, None, :]) ** 2).mean(axis=0)
    separation = make_stream(m, b, sampling="reshuffled").separation()
    assert np.abs(separation - expected).max() < 1e-14  # a few roundings of numbers below 1


@pytest.mark.parametrize(("m", "b"), [(7, 2), (7, 3), (6, 3), (5, 4)])
def test_epochs_start_anywhere(m, b):
    stream, per_epoch = make_stream(m, b, sampling="reshuffled", seed=8), m // b
    whole = stream.indices(0, 6 * per_epoch, range(3))
    for epoch in range(6):
        part = stream.indices(epoch * per_epoch, (epoch + 1) * per_epoch, range(3))
        assert np.array_equal(part, whole[epoch * per_epoch : (epoch + 1) * per_epoch])
        for lane in range(3):
            assert len(set(part[:, lane].ravel().tolist())) == per_epoch * b
    assert np.array_equal(stream.indices(1, 1 + per_epoch, [2]), whole[1 : 1 + per_epoch, [2]])


def test_epochs_are_all_permutations_alike():
    drawn = make_stream(3, 1, sampling="reshuffled", seed=5).indices(0, 3 * 600, range(2))
    orders = drawn[:, :, 0].reshape(600, 3, 2).transpose(0, 2, 1).reshape(-1, 3)
    counts = Counter(map(tuple, orders.tolist()))
    assert len(counts) == 6
    # 1,200 epochs, 1/6 each: six standard deviations, false alarms below 2e-8 for six counts
    assert max(abs(c - 200) for c in counts.values()) < 6 * (1200 * 5 / 36) ** 0.5


@pytest.mark.parametrize(("m", "b"), [(5, 2), (6, 4), (7, 7), (4, 1)])
def test_cycles_return(m, b):
    stream = make_stream(m, b, sampling="cyclic")
    period = m // int(np.gcd(m, b))
    rows = stream.indices(0, 2 * period, range(2))
    if rows is None:
        assert m == b
        return
    assert np.array_equal(rows[:period], rows[period:])
    assert np.array_equal(rows[:, 0], rows[:, 1])
    assert rows[:period, 0].ravel().tolist() == [i % m for i in range(period * b)]

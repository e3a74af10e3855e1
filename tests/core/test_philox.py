import numpy as np
import pytest

from whichmin.core import philox
from whichmin.core.philox import Purpose, generator
from whichmin.errors import InputError
from whichmin.verification.topics.batches.streams import KNOWN_ANSWERS

LANES = np.arange(3, dtype=np.uint64)


def split(text):
    return [int(text[p : p + 8], 16) for p in range(0, len(text), 8)]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_published_vectors(counter, key, answer):
    words = philox.philox4x32(
        tuple(np.array([v], np.uint64) for v in split(counter)), tuple(split(key))
    )
    assert [int(w[0]) for w in words] == split(answer)


def test_words_are_those_of_the_stated_counters():
    d, replica, seed = 4 * 2**33 + 2, 1, (7 << 32) | 9
    counter = (np.array([0], np.uint64), np.array([2], np.uint64), LANES[1:2], LANES[:1])
    expected = philox.philox4x32(counter, (9, 7))[2][0]
    assert philox.words(seed, LANES, d, d + 1)[replica, 0] == expected


def test_any_slice_is_that_of_the_whole():
    whole = philox.words(5, LANES, 0, 50)
    for first, last in ((0, 1), (3, 4), (5, 23), (49, 50)):
        assert np.array_equal(philox.words(5, LANES, first, last), whole[:, first:last])


def test_rejection_is_uniform_and_moves_nothing_else():
    # 2**32 mod (2**31 + 1) is 2**31 - 1: nearly half of all words are rejected.
    count, bound = 4000, 2**31 + 1
    bounds = np.full(count, bound, np.uint64)
    values = philox.bounded(1, LANES[:1], 0, count, bounds)[0]
    plain = (philox.words(1, LANES[:1], 0, count)[0] * np.uint64(bound)) >> np.uint64(32)
    changed = values != plain.astype(np.int64)
    assert 0.4 < changed.mean() < 0.6
    assert values.min() >= 0
    assert values.max() < bound
    # Mean of 4,000 uniform values: 6 standard errors are 6 / sqrt(12 * 4000), 1e-9 false alarms.
    assert abs(values.mean() / bound - 0.5) < 6 / np.sqrt(12 * count)
    bounds[10] = 5
    again = philox.bounded(1, LANES[:1], 0, count, bounds)[0]
    assert np.array_equal(np.delete(again, 10), np.delete(values, 10))


# Bounded draws: exactly uniform, and a function of their position alone.


def draw(bounds, seed=1, lanes=LANES, first=0):
    bounds = np.asarray(bounds, dtype=np.uint64)
    return philox.bounded(seed, lanes, first, first + len(bounds), bounds)


def test_a_bound_of_one_leaves_no_choice():
    assert not draw(np.ones(50)).any()


def test_powers_of_two_take_the_top_bits():
    # 2**32 mod 2**k = 0: no word is rejected.
    words = philox.words(1, LANES, 0, 64)
    for k in (1, 7, 31):
        assert np.array_equal(
            draw(np.full(64, 2**k)), (words >> np.uint64(32 - k)).astype(np.int64)
        )


def test_rejection_removes_the_bias():
    # floor(3 w / 4) is 0 mod 3 for two of every four words: unless the word 4k is rejected, the
    # residues come with probability 1/2, 1/4, 1/4.
    count, bound = 20_000, 3 * 2**30
    words = philox.words(2, LANES[:1], 0, count)[0]
    plain = np.bincount((words * np.uint64(3) >> np.uint64(2)).astype(np.int64) % 3)
    values = draw(np.full(count, bound), seed=2, lanes=LANES[:1])[0]
    # six standard deviations of a binomial count: false alarms 2e-9
    allowed = 6 * np.sqrt(count * 2 / 9)
    assert abs(plain[0] - count / 2) < allowed
    assert np.abs(np.bincount(values % 3) - count / 3).max() < allowed
    assert values.min() >= 0
    assert values.max() < bound
    assert values.max() > 0.99 * bound


@pytest.mark.parametrize("bound", [2**31 + 1, 2**31 + 12345, 2**32 - 1])
def test_any_slice_and_any_company(bound):
    whole = draw(np.full(40, bound))
    assert (whole < bound).all()
    assert np.array_equal(draw(np.full(11, bound), first=13), whole[:, 13:24])
    assert np.array_equal(draw(np.full(40, bound), lanes=LANES[[2, 0]]), whole[[2, 0]])
    assert not np.array_equal(draw(np.full(40, bound), seed=2), whole)


@pytest.mark.parametrize("position", [0, 17, 39])
def test_one_changed_bound_moves_no_other_draw(position):
    bounds = np.full(40, 2**31 + 1)
    before = draw(bounds)
    bounds[position] = 3
    after = draw(bounds)
    kept = np.arange(40) != position
    assert np.array_equal(after[:, kept], before[:, kept])
    assert (after[:, position] < 3).all()
    assert (before[:, position] >= 3).any()


def test_the_high_halves_of_seed_and_attempt_matter():
    words = [
        philox.words(seed, LANES[:1], 0, 8, attempt)
        for seed, attempt in ((1, 0), (1 + (1 << 32), 0), (1, 1), (1 << 63, 0))
    ]
    assert len({w.tobytes() for w in words}) == 4


def test_purposes_of_one_seed_share_no_numbers():
    drawn = {generator(3, p).standard_normal() for p in Purpose}
    assert len(drawn) == len(Purpose)


def test_the_same_seed_gives_the_same_numbers():
    first, again = (generator(2**64 - 1, 16).standard_normal(5) for _ in range(2))
    assert np.array_equal(first, again)
    with pytest.raises(InputError, match="seed = -1"):
        generator(-1, 16)

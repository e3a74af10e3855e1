import numpy as np
import pytest

from whichmin.core import philox
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

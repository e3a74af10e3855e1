"""The generator inside the kernels is the one of the index streams."""

import numpy as np
import pytest

from whichmin.core import philox
from whichmin.core.engines.kernels import cpu, generator
from whichmin.core.engines.kernels.generator import CompileTarget, make_draw

LANES = 4
WORD = 2**32  # as a bound it leaves every word as it is


def plain(function):
    return function


def drawn(draw, lanes, seed, ids, first, last, bounds):
    """Integers of words first .. last - 1, shape (ids, words); bounds repeat from word 0 on."""
    bounds = np.asarray(bounds, np.uint64)
    thresholds = np.uint64(2**32) % bounds
    out = np.zeros((last - first + 8) * lanes, np.uint32)
    row = draw(out, np.asarray(ids, np.uint64), np.uint64(seed), first, last, bounds, thresholds)
    places = out.reshape(-1, lanes)[row : row + last - first].T.astype(np.int64)
    assert (places % lanes == np.arange(lanes)[:, None]).all() or bounds.max() * lanes > WORD
    return places // lanes


@pytest.fixture(scope="module")
def compiled():
    return make_draw(CompileTarget(cpu._jit, cpu._inline, cpu._widen, LANES))


@pytest.fixture(scope="module")
def single():
    """One lane: places are the integers themselves, whatever their size."""
    return make_draw(CompileTarget(cpu._jit, cpu._inline, cpu._widen, 1))


def test_known_answers(single):
    # Random123, kat_vectors: philox4x32 10, counter 0, key 0.
    zero = drawn(single, 1, 0, [0], 0, 4, [WORD])[0]
    assert [f"{w:08x}" for w in zero] == ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]
    # Large counters and keys, against the NumPy generator, which knows the other vectors.
    seed, replica, word = 0xA4093822299F31D0, 0x13198A2E, 0x85A308D3243F6A8
    theirs = philox.words(seed, np.array([replica], np.uint64), word, word + 9)
    ours = drawn(single, 1, seed, [replica], word, word + 9, [WORD])
    np.testing.assert_array_equal(ours, theirs.astype(np.int64))


@pytest.mark.parametrize(("first", "last"), [(0, 9), (3, 4), (5, 23), (2**33 + 1, 2**33 + 7)])
@pytest.mark.parametrize("bounds", [[7], [3, 4], [5, 6, 7], [64], [1], list(range(1, 12))])
def test_integers_of_the_index_streams(compiled, first, last, bounds):
    ids = np.array([0, 1, 7, 2**32 - 1], np.uint64)
    every = np.resize(np.roll(bounds, -(first % len(bounds))), last - first).astype(np.uint64)
    for seed in (0, 2**64 - 1):
        theirs = philox.bounded(seed, ids, first, last, every)
        np.testing.assert_array_equal(
            drawn(compiled, LANES, seed, ids, first, last, bounds), theirs
        )


def test_rejected_words_are_drawn_again(single):
    bound = 3 * 2**30  # a quarter of all words are rejected
    bounds = np.full(4000, bound, np.uint64)
    theirs = philox.bounded(5, np.array([9], np.uint64), 0, 4000, bounds)
    ours = drawn(single, 1, 5, [9], 0, 4000, [bound])
    np.testing.assert_array_equal(ours, theirs)
    words = philox.words(5, np.array([9], np.uint64), 0, 4000)
    naive = (words * np.uint64(bound) >> np.uint64(32)).astype(np.int64)
    assert 700 < (naive != ours).sum() < 1300, "rejection is seen to happen"
    counts = np.bincount(ours[0] // 2**30, minlength=3)
    # Chi-square with 2 degrees of freedom; 27.6 is exceeded with probability 1e-6.
    assert ((counts - 4000 / 3) ** 2 / (4000 / 3)).sum() < 27.6
    # Without rejection two residues of four get a third of the draws each, one gets too many.
    biased = np.bincount(naive[0] % 3, minlength=3)
    assert ((biased - 4000 / 3) ** 2 / (4000 / 3)).sum() > 27.6


def test_the_source_runs_without_a_compiler():
    """What the GPU runs, lane by lane: the same functions as plain Python."""
    draw = make_draw(CompileTarget(plain, plain, lambda: None, 1))
    ours = drawn(draw, 1, 3, [2], 6, 40, [5, 9])
    theirs = philox.bounded(
        3, np.array([2], np.uint64), 6, 40, np.tile([5, 9], 17).astype(np.uint64)
    )
    np.testing.assert_array_equal(ours, theirs)


def test_a_wrong_constant_is_noticed(monkeypatch):
    monkeypatch.setattr(generator, "_WEYL_1", np.uint64(0xBB67AE86))
    draw = make_draw(CompileTarget(plain, plain, lambda: None, 1))
    ours = drawn(draw, 1, 3, [2], 0, 8, [WORD])
    assert (ours != philox.words(3, np.array([2], np.uint64), 0, 8).astype(np.int64)).all()

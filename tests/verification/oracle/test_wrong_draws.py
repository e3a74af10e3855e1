"""Mistakes of batches without epochs: named where all runs show them, and only there."""

import numpy as np
import pytest

from whichmin.verification.oracle.check import Call
from whichmin.verification.oracle.sampler_runs import Run
from whichmin.verification.oracle.wrong_draws import few_bits, wrong_draws, wrong_shards

SIZES = ((12, 5, 120), (6, 2, 120), (12, 1, 240), (7, 3, 120), (64, 8, 160), (97, 3, 330),
         (1000, 8, 600))  # fmt: skip


def runs(sampler):
    call = Call("sample_batches", {})
    return [
        Run(m, b, 0, np.asarray(sampler(m, b, steps, np.random.default_rng([m, b]))), call)
        for m, b, steps in SIZES
    ]


def subsets(m, b, steps, rng):
    return np.array([rng.permutation(m)[:b] for _ in range(steps)])


def test_right_batches_have_no_cause():
    assert (wrong_draws(runs(subsets)), wrong_shards(runs(subsets))) == ("", "")


def pool(m, b, steps, rng):
    kept = subsets(m, b, 10, rng)
    return kept[rng.integers(10, size=steps)]


DRAWS = {
    "three times": (lambda m, b, s, r: np.repeat(subsets(m, b, s, r), 3, axis=0)[:s], "3 times"),
    "kept": (
        lambda m, b, s, r: subsets(m, b, s, r)[np.minimum(np.arange(s), 30)],
        "from step 30 on always the same batch",
    ),
    "period": (lambda m, b, s, r: np.resize(subsets(m, b, 70, r), (s, b)), "after 70 steps"),
    "pool": (pool, "few different batches"),
    "blocks": (
        lambda m, b, s, r: (r.integers(m, size=(s, 1)) + np.arange(b)) % m,
        "neighbours are drawn together",
    ),
    "strata": (
        lambda m, b, s, r: np.arange(b) * (m // b) + r.integers(m // b, size=(s, b)),
        "stratified: every batch has one point of each of b groups of consecutive points",
    ),
}


@pytest.mark.parametrize("name", DRAWS)
def test_wrong_batches_are_named(name):
    sampler, cause = DRAWS[name]
    assert cause in wrong_draws(runs(sampler))


@pytest.mark.parametrize("name", ["three times", "kept", "period"])
def test_one_right_run_is_enough_against_a_cause(name):
    assert wrong_draws([*runs(DRAWS[name][0]), *runs(subsets)[4:5]]) == ""


def ranks(count, turn):
    def sampler(m, b, steps, rng):
        if b < count:
            return subsets(m, b, steps, rng)
        rows, sizes = [], [b // count + (r < b % count) for r in range(count)]
        while len(rows) < steps:
            orders = [rng.permutation(m) for _ in range(count)]
            for i in range(m // b):
                row = np.empty(b, dtype=int)
                starts = np.cumsum([0, *sizes])
                for r, (order, k) in enumerate(zip(orders, sizes, strict=True)):
                    part = slice(r, None, count) if turn else slice(starts[r], starts[r + 1])
                    row[part] = order[i * k : (i + 1) * k]
                rows.append(row)
        return np.array(rows[:steps])

    return sampler


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("turn", [False, True])
def test_overlapping_shards_are_named_with_their_number(count, turn):
    assert f"each of {count} ranks shuffles all points" in wrong_shards(runs(ranks(count, turn)))


def test_why_entries_are_small():
    rng = np.random.default_rng(0)
    many, fair = rng.integers(0, 2**16, 600), rng.integers(0, 3 * 2**14, 600)
    assert "16 random bits are drawn" in few_bits(many, 16, many % (3 * 2**14))
    assert "kept in 16 bits" in few_bits(many, 16, fair)
    assert "kept in 8 bits" in few_bits((many % 256).astype(np.int8), 8, fair % 192)
    # The first points alone, as a shuffle buffer gives them, do not overflow.
    assert few_bits(many % 30_000, 16, fair) == ""

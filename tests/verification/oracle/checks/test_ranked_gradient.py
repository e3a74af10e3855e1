"""Averages over ranks, seen passing and failing with the cause."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.mutants import reference


def verdict(function, isolation="inline", **declared):
    target = SimpleNamespace(ranked_gradient=function, WHICHMIN=declared)
    (found,) = [
        r for r in judge(target, isolation=isolation).results
        if r.check == "ranked_gradient.values"
    ]  # fmt: skip
    return found


def by_point(w, data, shards, activation):
    rows = np.concatenate(shards)
    return reference.gradient(w, data[rows], activation)


def by_rank(w, data, shards, activation):
    return np.mean([reference.gradient(w, data[s], activation) for s in shards if len(s)], axis=0)


def test_what_is_declared_passes_and_the_other_is_named_with_its_declaration():
    found = verdict(by_rank)
    assert "each rank counts alike" in found.diagnosis
    assert found.declare == "'ranks': 'means'"
    assert verdict(by_rank, ranks="means").verdict == "passed"
    found = verdict(by_point, ranks="means")
    assert "the mean over the points of all ranks" in found.diagnosis
    assert found.declare == "'ranks': 'points'"


def test_a_list_of_arrays_reaches_a_process():
    found = verdict(by_point, isolation="process")
    assert found.verdict == "passed"
    assert found.cases > 200


def test_a_rank_without_points_is_served_unless_means_are_declared():
    seen = set()

    def counting(w, data, shards, activation):
        assert all(s.dtype.kind == "i" for s in shards)
        seen.add(min(map(len, shards)))
        return by_point(w, data, shards, activation)

    assert verdict(counting).verdict == "passed"
    assert 0 in seen
    seen.clear()
    verdict(counting, ranks="means")
    assert 0 not in seen


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda g, shards: g * len(shards), "ranks: the ranks' gradients are added up"),
        (lambda g, shards: g / len(shards), "1/ranks: divided by the number of ranks once too"),
        (lambda g, shards: g * len(np.concatenate(shards)), "a sum over the points"),
        (lambda g, shards: g * len(np.concatenate(shards)) / 7, "by the points of all data"),
    ],
)
def test_wrong_averages_are_named(change, cause):
    found = verdict(lambda w, d, s, activation: change(by_point(w, d, s, activation), s))
    assert found.verdict == "failed"
    assert cause in found.diagnosis


def test_sums_of_ranks_are_averaged_where_both_are_declared():
    def summed(w, data, shards, activation):
        sums = [len(s) * reference.gradient(w, data[s], activation) for s in shards]
        return np.mean(sums, axis=0)

    assert verdict(summed, ranks="means", gradient="sum").verdict == "passed"
    assert verdict(by_rank, ranks="means", gradient="sum").verdict == "failed"

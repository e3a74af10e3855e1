"""Runs are drawn once, and refused if batches have a size that is not declared."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle.judge import Judge
from whichmin.verification.oracle.outcome import CallFailed
from whichmin.verification.oracle.sampler_runs import any_run, drawn, evidence, seeds


class Counting:
    WHICHMIN = {"sampling": "reshuffled"}  # noqa: RUF012 - as a target has it

    def __init__(self, unequal=False):
        self.calls, self.unequal = 0, unequal

    def sample_batches(self, m, b, steps, seed):
        self.calls += 1
        rows = np.random.default_rng(seed).integers(0, m, (steps, b))
        return [row[: b - t % 2] for t, row in enumerate(rows)] if self.unequal else rows


def session(target):
    return Judge(target, isolation="inline").session


def test_the_same_call_is_made_once_unless_a_fresh_one_is_asked_for():
    target = Counting()
    here = session(target)
    first = drawn(here, 5, 2, 10, 3)
    assert drawn(here.under(leftover="carried"), 5, 2, 10, 3).value is first.value
    assert target.calls == 1
    again = drawn(here, 5, 2, 10, 3, fresh=True)
    assert np.array_equal(again.value, first.value)
    assert target.calls == 2


def test_sizes_that_are_not_declared_are_refused():
    here = session(Counting(unequal=True))
    assert any_run(here, 5, 2, 4, 0).batches.shape == (4, 2)
    with pytest.raises(CallFailed, match=r"batches of unequal size \(2, 1, 2, 1, ...\)"):
        drawn(here, 5, 2, 4, 0)
    assert drawn(here.under(leftover="short"), 5, 2, 4, 0).value.shape == (4, 2)
    assert drawn(here.under(sampling="poisson"), 5, 2, 4, 0).value.shape == (4, 2)


def test_another_width_is_told_as_a_shape():
    def wide(m, b, steps, seed):
        return np.zeros((steps, b + 1), dtype=int)

    with pytest.raises(CallFailed, match=r"returned shape \(4, 3\), expected \(4, 2\)"):
        drawn(session(SimpleNamespace(sample_batches=wide)), 5, 2, 4, 0)


def test_seeds_are_far_from_each_other():
    found = seeds(session(Counting()), "a check", 4)
    gaps = np.diff(sorted(found))
    assert gaps.min() >= 2**27
    assert 0 <= min(found) <= max(found) < 2**31


def test_evidence_has_ends_of_epochs_and_many_points():
    here = session(Counting())
    sizes = [(r.m, r.b) for r in evidence(here)]
    assert sum(m % b > 0 for m, b in sizes) >= 4
    assert any(m >= 1000 for m, _ in sizes)
    assert {r.b for r in evidence(here, epochs=True)} == {1}

"""Late mistakes are named with their parameters; what is none of them has no name."""

import functools
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.mutants.reference import train


def verdict(change, quick=True, **declared):
    def trainer(w0, data, batches, step_size, activation):
        w = w0
        for t, batch in enumerate(batches):
            w = change(t, w, train(w, data, batch[None], step_size, activation), data, activation)
        return w

    target = SimpleNamespace(train=trainer, WHICHMIN=declared)
    only = "train.long_runs"
    found = judge(target, isolation="inline", quick=quick, only=lambda check: check == only)
    return found.results[0]


NAMED = [
    (lambda t, w, new, *_: w + (new - w) * 0.5 ** (t // 8), "step (every 8, factor 0.5)"),
    (lambda t, w, new, *_: new / np.sqrt(new @ new) if t % 6 == 5 else new,
     "normalised to length 1 every 6 steps"),
    (lambda t, w, new, *_: new * (0.99 if t % 9 == 8 else 1), "multiplied by 0.99 every 9 steps"),
    (lambda t, w, new, *_: w if t >= 41 else new, "the run ends after 41 steps"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "cause"), NAMED, ids=[c for _, c in NAMED])
def test_what_sets_in_late_is_named(change, cause):
    result = verdict(change)
    assert result.verdict == "failed"
    assert cause in result.diagnosis


def test_a_schedule_that_is_declared_as_advised_passes():
    change = NAMED[0][0]
    result = verdict(change)
    assert verdict(change, quick=False, **eval(f"{{{result.declare}}}")).verdict == "passed"


def test_changes_of_the_step_size_beyond_the_first_steps_are_found():
    result = verdict(lambda t, w, new, *_: w + (new - w) * 0.5 ** ((t >= 30) + (t >= 120)),
                     quick=False)  # fmt: skip
    assert "multistep (milestones [30, 120], factor 0.5)" in result.diagnosis


def test_a_run_without_an_end_does_not_hide_the_cause():
    """Where momentum makes a long run diverge, the others name it, and so must that run."""

    def trainer(w0, data, batches, step_size, activation, spoilt=0.0):
        w, v = w0, 0 * w0
        for t, batch in enumerate(batches):
            v = v + w - train(w, data, batch[None], step_size, activation)
            w = w - v + (spoilt if t >= 170 else 0)
        return w

    def told(**more):
        target = SimpleNamespace(train=functools.partial(trainer, **more))
        only = "train.long_runs"
        with np.errstate(all="ignore"):
            return judge(target, isolation="inline", only=lambda c: c == only).results[0]

    assert "returned [nan" in told().message
    assert "zero_grad is forgotten" in told().diagnosis
    assert not told(spoilt=1e-5).diagnosis


def test_a_late_fault_of_no_kind_has_no_cause_but_a_place():
    def noisy(t, w, new, *_):
        return new + 1e-7 * np.cos(np.arange(len(w)) + t * t) * (t > 33)

    result = verdict(noisy)
    assert result.verdict == "failed"
    assert not result.diagnosis
    assert "all points, linear: right up to step 34, wrong from the next on" in result.notes


def test_what_shows_at_once_is_left_to_the_short_runs():
    result = verdict(lambda t, w, new, *_: new + 1e-7)
    assert "right up to step 0, wrong from the next on: train.values says more" in result.notes[0]


def test_a_target_that_refuses_short_runs_is_not_looked_at():
    def trainer(w0, data, batches, step_size, activation):
        if len(batches) < 50:
            raise ValueError("at least 50 steps")
        return train(w0, data, batches, step_size, activation) + 1e-5

    target = SimpleNamespace(train=trainer)
    found = judge(
        target, isolation="inline", quick=True, only=lambda check: check == "train.long_runs"
    )
    assert found.results[0].verdict == "failed"
    assert not found.results[0].diagnosis

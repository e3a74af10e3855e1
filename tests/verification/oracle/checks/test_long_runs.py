"""Long runs: right trainers pass, and a fault at any step up to 150 moves some end."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.checks.long_runs import courses, drawn
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.judge import Judge
from whichmin.verification.oracle.late_rules import follow
from whichmin.verification.oracle.mutants.reference import train
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.runs import ServedRun, reference, useful


def session(**settings):
    return Judge(SimpleNamespace(train=train), isolation="inline", **settings).session


def verdict(target, **settings):
    settings = {"isolation": "inline", **settings}
    return judge(target, only=lambda check: check == "train.long_runs", **settings).results[0]


def runs(**declared):
    conventions = Conventions.parse(declared)
    return [
        ServedRun.of(c.w, c.data, c.batches, c.step_size, activation, conventions, c.name)
        for c in courses(session())
        for activation in ("linear", "relu")
    ]


def test_bounds_are_tiny_and_runs_long():
    assert all(useful(run) == run for run in runs())
    assert max(reference(run)[1].max() for run in runs()) < 1e-11
    assert {len(run.batches) for run in runs()} >= {50, 60, 150, 200}


@pytest.mark.parametrize("k", range(1, 151))
def test_a_run_that_stops_after_any_step_is_seen(k):
    """By a thousand bounds, in runs of both activations."""
    seen = {
        run.activation
        for run in runs()
        for path, bound in [reference(run)]
        if k < len(run.batches)
        and (np.abs(floats(path[-1]) - floats(path[k])) > 1e3 * bound[-1]).any()
    }
    assert seen == {"linear", "relu"}


@pytest.mark.parametrize("k", [1, 20, 64, 100, 128, 149])
def test_half_the_step_size_from_any_step_on_is_seen(k):
    for run in runs():
        path, bound = reference(run)
        if len(run.batches) > k:
            end = follow(run, rate=lambda t, g, w: 0.5 if t >= k else 1.0)
            if (np.abs(end - floats(path[-1])) > 1e3 * bound[-1]).any():
                return
    raise AssertionError(f"no run shows a step size halved after {k} steps")


@pytest.mark.parametrize("settings", [{"quick": True}, {}, {"deep": True, "seed": 3}])
def test_the_definition_passes(settings):
    result = verdict(SimpleNamespace(train=train), **settings)
    assert result.verdict == "passed", result.message
    assert result.margin < 0.1
    assert result.cases == (6 if "quick" in settings else 28 if "deep" in settings else 16)


def test_float32_passes_where_it_is_declared():
    def single(w0, data, batches, step_size, activation):
        return train(w0, data, batches, np.float32(step_size), activation)

    declared = {"dtype": "float32"}
    result = verdict(SimpleNamespace(train=single, WHICHMIN=declared))
    assert result.verdict == "passed"
    assert result.margin < 0.5

    def undeclared(w0, data, batches, step_size, activation):
        return train(w0.astype(np.float32), data, batches, step_size, activation)

    assert verdict(SimpleNamespace(train=undeclared), quick=True).verdict == "failed"


def test_a_trainer_on_all_points_gets_no_others():
    def full(w0, data, batches, step_size, activation):
        assert all(sorted(batch) == list(range(len(data))) for batch in batches)
        return train(w0, data, batches, step_size, activation)

    target = SimpleNamespace(train=full, WHICHMIN={"batches": "full"})
    for settings in ({}, {"deep": True}):
        assert verdict(target, **settings).verdict == "passed"


def test_one_activation_is_enough():
    target = SimpleNamespace(
        train=lambda w0, data, batches, step_size: train(w0, data, batches, step_size, "relu"),
        WHICHMIN={"activations": ["relu"]},
    )
    assert verdict(target, quick=True).cases == 3


def test_drawn_batches_are_the_same_everywhere():
    assert drawn(4, 2, 3) == ((2, 2), (1, 3), (3, 3))
    counted = np.bincount(np.ravel(drawn(4, 1, 4000)))
    assert (np.abs(counted - 1000) < 150).all()

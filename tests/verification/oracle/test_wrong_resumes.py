"""Resumed runs: without a loss the reference's, and each loss another run."""

from fractions import Fraction

import numpy as np

from whichmin.verification.oracle.checks.long_runs import drawn
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.runs import ServedRun, reference
from whichmin.verification.oracle.wrong_resumes import resumed, wrong_resumes

SERVED = problem("correlated")
DECLARED = {
    "optimiser": {"name": "sgd", "momentum": 0.9},
    "schedule": {"name": "exponential", "factor": 0.9},
}


def run(**declared):
    return ServedRun.of(
        SERVED.w, SERVED.data, drawn(4, 2, 12), Fraction(1, 16), "linear",
        Conventions.parse(declared),
    )  # fmt: skip


def test_nothing_lost_is_the_reference():
    for declared in ({}, DECLARED, {"optimiser": {"name": "adam"}}):
        made = run(**declared)
        path, bound = reference(made)
        found = resumed(made, range(5), range(5, 12))
        assert (np.abs(found - floats(path[-1])) <= bound[-1]).all()


def test_each_loss_is_another_run():
    made = run(**DECLARED)
    candidates = {c.text: floats(c.value) for c in wrong_resumes(made, 5)}
    right = floats(reference(made)[0][-1])
    assert len(candidates) > 20
    assert all(np.abs(value - right).max() > 1e-10 for value in candidates.values())


def test_without_buffers_and_schedule_none_is_lost():
    texts = {c.text for c in wrong_resumes(run(), 5)}
    assert not any("buffers are" in t and "weights" not in t for t in texts)
    assert not any(t.startswith("the schedule") for t in texts)

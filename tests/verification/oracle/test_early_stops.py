"""Runs that stop early are recognised, with what stops them."""

from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle.arithmetic import slope
from whichmin.verification.oracle.checks.long_runs import drawn
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.early_stops import early_stops
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.runs import ServedRun, reference

SERVED = problem("correlated")


def run(steps, b=0, name="a run"):
    batches = drawn(4, b, steps) if b else (tuple(range(4)),) * steps
    return ServedRun.of(
        SERVED.w, SERVED.data, batches, Fraction(1, 4), "linear", Conventions(), name
    )


RUNS = [run(60), run(90), run(70, 2, "pairs"), run(33, 1, "points")]


def told(end):
    taken = [(r, floats(reference(r)[0][min(end(r), len(r.batches))])) for r in RUNS]
    rules = list(early_stops(taken))
    for rule in rules:
        for r, got in taken:
            assert np.abs(rule.result(r) - got).max() <= reference(r)[1].max()
    return [rule.text for rule in rules]


def test_a_number_of_steps():
    assert told(lambda r: 50) == ["the run ends after 50 steps, however many batches are given"]
    assert told(lambda r: len(r.batches) - 3) == ["the last 3 steps are left out"]


@pytest.mark.parametrize("threshold", [0.1, 0.05])
def test_a_criterion_on_the_gradient(threshold):
    def end(r):
        path, data = reference(r)[0], floats(r.received[1])
        for t, batch in enumerate(r.batches):
            g = slope(floats(path[t]), data[list(batch)], "linear", r.factors[t])
            if np.sqrt(g @ g) < threshold:
                return t
        return len(r.batches)

    (text,) = told(end)
    assert f"the length of the gradient is below {threshold:g}" in text


def test_what_has_no_rule_is_said_as_it_is():
    ends = {60: 17, 90: 71, 70: 64, 33: 20}
    (text,) = told(lambda r: ends[len(r.batches)])
    assert text.startswith("runs stop early, at steps that differ: after 17 of 60")


def test_runs_that_do_not_stop_have_no_rule():
    assert not told(lambda r: len(r.batches))
    moved = [(r, floats(reference(r)[0][-1]) + 1e-3) for r in RUNS]
    assert not list(early_stops(moved))


def test_a_shorter_run_that_ends_elsewhere_contradicts():
    whole, part = run(60), run(60).part(40)
    taken = [(whole, floats(reference(whole)[0][10])), (part, floats(reference(part)[0][25]))]
    assert not [r for r in early_stops(taken) if r.text.startswith("runs stop early")]

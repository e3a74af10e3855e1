"""What is left on is found again from its own run, with its parameters."""

import numpy as np
import pytest

from whichmin.verification.oracle.habits import families, step_families
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.solving import Known, solve
from whichmin.verification.oracle.wrong_runs import WrongRuns

SERVED = problem("long")
BATCHES = ((0, 1), (1, 2), (2, 2, 0), (1,))
RUNS = WrongRuns(SERVED.w, SERVED.data, BATCHES, 0.125, "relu")
ONE = WrongRuns(SERVED.w, SERVED.data, ((0, 1, 1),), 0.125, "relu")


def found(runs, made, *truth):
    value = made.value(*truth)
    parameters = solve([Known(made, value, lambda v: 1e-14 + 0 * v)])
    return None if parameters is None else made.text(*parameters)


@pytest.mark.parametrize(
    ("name", "truth", "text"),
    [
        ("rate b", (1 / 32,), "multiplied by 1/32 b"),
        ("rate root b", (0.5,), "multiplied by 0.5 sqrt(b)"),
        ("rate 1/b", (3.0,), "multiplied by 3 / b"),
        ("decay afterwards", (0.02,), "weight decay 0.02 is on, applied after the step"),
        ("decay alone", (0.001,), "shrink by 0.001 of themselves"),
        ("L1", (0.03,), "an L1 penalty 0.03 |w|"),
        ("weights cut", (0.2,), "c = 0.2"),
        ("weights kept short", (0.6,), "longer than 0.6 are scaled back"),
        ("SAM", (0.05,), "at a distance 0.05 along it"),
        ("leaky", (0.15,), "a leaky relu with slope 0.15"),
        ("leaky formula", (0.01,), "a leaky relu with slope 0.01, in the formula"),
        ("elu", (0.5,), "ELU with alpha = 0.5"),
        ("damped", (0.8,), "damped momentum 0.8 is on"),
        ("ahead", (0.6,), "Nesterov momentum 0.6 is on, the gradient taken at the weights ahead"),
        ("moving average from the start", (0.7,), "share 0.7 of the old, from the start on"),
        ("RMSprop 1e-08", (0.95,), "RMSprop is on (share 0.95"),
    ],
)  # fmt: skip
def test_a_habit_is_found(name, truth, text):
    made = dict(families(RUNS))[name]
    assert text in found(RUNS, made, *truth)


def test_nothing_on_is_the_plain_run():
    neutral = {"decay afterwards": (0.0,), "L1": (0.0,), "weights cut": (1e3,), "SAM": (0.0,),
               "damped": (0.0,), "ahead": (0.0,), "leaky": (0.0,), "leaky formula": (0.0,),
               "moving average from the start": (0.0,), "decay alone": (0.0,),
               "weights kept short": (1e3,)}  # fmt: skip
    listed = dict(families(RUNS))
    for name, parameters in neutral.items():
        assert np.allclose(listed[name].value(*parameters), RUNS.run(), rtol=1e-13, atol=0), name


def test_names_are_not_given_twice_and_a_step_has_part_of_them():
    names = [name for name, _ in families(RUNS)]
    assert len(set(names)) == len(names)
    of_step = [name for name, _ in step_families(ONE)]
    assert set(of_step) < set(names)
    assert "momentum" not in of_step


def test_in_a_single_step_the_step_size_tells_decay_from_shrinking():
    assert found(ONE, dict(step_families(ONE))["decay alone"], 0.5) is not None


def test_what_divides_says_how_far_rounding_may_go():
    made = dict(families(RUNS))["RMSprop 1e-08"]
    slack = made.slack(0.99)
    assert (slack >= 0).all()
    assert slack.max() < 1e-9

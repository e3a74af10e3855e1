"""Schedules are found from a run, and declared as what they are judged by."""

import ast

import numpy as np
import pytest

from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.schedule_families import schedule_families
from whichmin.verification.oracle.solving import Known, solve
from whichmin.verification.oracle.wrong_runs import WrongRuns

SERVED = problem("long")
BATCHES = ((0, 1), (1, 2), (2, 2, 0), (1,))
RUNS = WrongRuns(SERVED.w, SERVED.data, BATCHES, 0.125, "linear")
LISTED = dict(schedule_families(RUNS))


@pytest.mark.parametrize(
    ("name", "truth", "text", "declares"),
    [
        ("factor", (1 / 3,), "multiplied by 1/3", False),
        ("exponential", (0.97,), "multiplied by 0.97 after every step", True),
        ("exponential from the first", (0.5,), "the first one too", False),
        ("every 2", (0.1,), "multiplied by 0.1 after every 2 steps (StepLR)", True),
        ("inverse", (0.2,), "as 1/(1 + 0.2 t)", False),
        ("power", (0.5,), "as (t + 1)^-0.5", False),
        ("cosine", (17.0,), "a cosine down to 0 over 17 steps", True),
        ("cosine to a floor", (12.0, 0.2), "over 12 steps, down to 0.2", True),
        ("linear decay", (9.0,), "linearly to 0 over 9 steps", True),
        ("warm-up", (6.0,), "(t + 1)/6 of itself", True),
        ("warm-up from 0", (8.0,), "t/8 of itself", True),
        ("warm-up from a share", (0.25, 5.0), "from 0.25 of itself to the whole within 5", True),
        ("linear over the run", (0.1,), "linearly over the run, to 0.1", False),
        ("cosine over the run", (0.1,), "a cosine over the run, to 0.1", False),
        ("any", (1.0, 0.5, 2.0, 0.3), "multiplied by 1, 0.5, 2, 0.3", True),
    ],
)  # fmt: skip
def test_a_schedule_is_found_and_its_declaration_gives_its_run(name, truth, text, declares):
    made = LISTED[name]
    got = made.value(*truth)
    parameters = solve([Known(made, got, lambda v: 1e-13 + 0 * v)])
    assert text in made.text(*parameters)
    declaration = made.declare(*parameters)
    assert bool(declaration) == declares
    if declares:
        told = Conventions.parse(ast.literal_eval(f"{{{declaration}}}"))
        factors = [1 / len(b) for b in BATCHES]
        path = told.trained_by.path(SERVED.w, SERVED.data, BATCHES, 0.125, "linear", factors)
        assert np.allclose(path[-1], got, rtol=1e-12, atol=1e-14)


def test_names_are_not_given_twice():
    names = [name for name, _ in schedule_families(RUNS)]
    assert len(set(names)) == len(names)

"""Optimisers are found from their runs, and declared as what they are judged by."""

import ast

import numpy as np
import pytest

from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.optimiser_families import declared, optimiser_families
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.solving import Known, solve
from whichmin.verification.oracle.wrong_runs import WrongRuns

SERVED = problem("correlated")
BATCHES = ((0, 1), (1, 2), (2, 2, 0), (1,))
RUNS = WrongRuns(SERVED.w, SERVED.data, BATCHES, 0.125, "linear")
LISTED = dict(optimiser_families(RUNS))


@pytest.mark.parametrize(
    ("name", "truth", "text"),
    [
        ("momentum", (0.85,), "momentum 0.85 is on"),
        ("momentum", (1.0,), "zero_grad is forgotten"),
        ("Nesterov", (0.7,), "Nesterov momentum 0.7 is on"),
        ("damped as in PyTorch", (0.9,), "momentum 0.9 with as much dampening"),
        ("dampening", (0.9, 0.3), "momentum 0.9 with dampening 0.3"),
        ("decay", (0.004,), "weight decay 0.004 is on"),
        ("sgd momentum and decay", (0.9, 0.01), "momentum 0.9 and weight decay 0.01 are on"),
        ("sgd Nesterov momentum and decay", (0.9, 0.01), "Nesterov momentum 0.9 and weight"),
        ("sgdw momentum and decay", (0.9, 0.01), "momentum 0.9 and decoupled weight decay 0.01"),
        ("clipped 1e-06", (0.5,), "clipped to length 0.5 (over its length + 1e-6"),
        ("clipped 0.0", (0.5,), "clipped to length 0.5"),
        ("momentum and clipped 0.0", (0.9, 0.5), "momentum 0.9 is on, and gradients are clipped"),
        ("entries", (0.25,), "entries clipped to 0.25"),
        ("moving average", (0.95,), "share 0.95 of the old, from the first step's on"),
        ("adam with betas", (0.8, 0.99), "Adam is on (betas 0.8 and 0.99)"),
        ("adam with decay", (0.1,), "Adam with weight decay 0.1"),
        ("adamw with decay", (0.05,), "AdamW with decoupled weight decay 0.05"),
        ("lamb with decay", (0.1,), "LAMB with weight decay 0.1"),
        ("Adam's eps", (1e-3,), "eps 0.001), not SGD"),
        ("LARS", (0.02,), "LARS is on (trust coefficient 0.02)"),
    ],
)  # fmt: skip
def test_an_optimiser_is_found_and_its_declaration_gives_its_run(name, truth, text):
    made = LISTED[name]
    got = made.value(*truth)
    parameters = solve([Known(made, got, lambda v: 1e-13 + 0 * v)])
    assert text in made.text(*parameters)
    told = Conventions.parse(ast.literal_eval(f"{{{made.declare(*parameters)}}}"))
    factors = [1 / len(b) for b in BATCHES]
    path = told.trained_by.path(SERVED.w, SERVED.data, BATCHES, 0.125, "linear", factors)
    assert np.allclose(path[-1], got, rtol=1e-12, atol=1e-14)
    assert made.slack(*parameters).max() < 1e-9


def test_nothing_is_declared_for_nothing():
    assert declared({"name": "sgd"}) == ""
    assert declared({"name": "sgd"}, {"name": "constant"}) == "'schedule': {'name': 'constant'}"

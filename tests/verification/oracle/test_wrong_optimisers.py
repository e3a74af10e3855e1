"""Wrong optimisers: each differs from the declared one, and is listed only where it can be."""

from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle.checks.long_runs import drawn
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.runs import ServedRun, reference
from whichmin.verification.oracle.wrong_optimisers import run_of, wrong_optimisers

SERVED = problem("correlated")
SGD = {"name": "sgd", "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1, "clip_norm": 0.2,
       "ema": 0.5}  # fmt: skip


def run(optimiser, **more):
    return ServedRun.of(
        SERVED.w, SERVED.data, drawn(4, 2, 12), Fraction(1, 16), "linear",
        Conventions.parse({"optimiser": optimiser, **more}),
    )  # fmt: skip


@pytest.mark.parametrize("optimiser", [
    SGD, {"name": "sgd", "momentum": 0.9, "nesterov": True},
    {"name": "adamw", "weight_decay": 0.1, "eps": 0.01}, {"name": "lamb", "weight_decay": 0.1},
    {"name": "lars", "momentum": 0.5, "weight_decay": 0.1},
], ids=lambda o: o["name"])  # fmt: skip
def test_each_is_another_run(optimiser):
    made = run(optimiser, schedule={"name": "exponential", "factor": 0.9})
    right = floats(reference(made)[0][-1])
    found = {c.text: floats(c.value) for c in wrong_optimisers(made)}
    assert len(found) > 6
    # With beta_2 near 1 second moments rise at first: the last is the largest.
    same = {t for t, w in found.items() if np.abs(w - right).max() < 1e-10}
    assert all("amsgrad" in t for t in same)


def test_only_what_is_declared_can_be_missing():
    texts = [c.text for c in wrong_optimisers(run({"name": "sgd", "momentum": 0.9}))]
    assert "momentum is not applied" in texts
    assert not [t for t in texts if "decay" in t or "moment is" in t or "clip" in t or "trust" in t]
    assert len(set(texts)) == len(texts)


def test_a_run_by_the_declared_one_is_the_reference():
    made = run(SGD)
    path, bound = reference(made)
    assert (np.abs(run_of(made, made.optimiser) - floats(path[-1])) <= bound[-1]).all()

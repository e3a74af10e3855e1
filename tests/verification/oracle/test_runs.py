"""Served runs: their references are exact where they can be, and shortened where they must."""

from fractions import Fraction

import numpy as np

from whichmin.verification.oracle import references
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.runs import ServedRun, reference, useful

SERVED = problem("correlated")


def run(steps, step_size=Fraction(1, 8), **declared):
    batches = tuple((t % 4, (t + 1) % 4) for t in range(steps))
    conventions = Conventions.parse(declared)
    return ServedRun.of(SERVED.w, SERVED.data, batches, step_size, "linear", conventions, "a run")


def test_four_steps_are_fractions():
    made = run(4)
    path, bound = reference(made)
    w, data, step_size = made.received
    exact = references.train(w, data, made.batches, step_size, "linear", made.factors)
    assert path == exact
    assert bound.shape == (5, 3)


def test_long_runs_begin_with_the_short_one():
    short, long = reference(run(4))[0], reference(run(30))[0]
    assert all(
        abs(p - q) < Fraction(1, 10**55) for p, q in zip(short[4], long[4], strict=True)
    )  # fmt: skip


def test_what_a_target_receives():
    made = run(3, Fraction(1, 10), dtype="float32")
    w, data, step_size = made.received
    assert w == references.rounded(SERVED.w, "float32")
    assert step_size == Fraction(0.1)
    assert made.rows[0] == (data[0], data[1])
    assert made.arguments()["w0"] == SERVED.w
    assert "3 steps" in made.reason
    assert made.part(2).batches == made.batches[:2]
    assert made.name == "a run"


def test_a_run_is_served_as_far_as_its_bound_says_something():
    assert len(useful(run(60)).batches) == 60
    shorter = useful(run(60, optimiser={"name": "sgd", "weight_decay": 30}))
    assert 0 < len(shorter.batches) < 60
    assert reference(shorter)[1].max() <= 1e-9


def test_a_run_that_diverges_is_shortened():
    path, bound = reference(run(64, Fraction(100)))
    assert len(path) == len(bound) < 65
    assert len(useful(run(64, Fraction(100))).batches) < 5
    assert np.isfinite(reference(useful(run(64, Fraction(100))))[1]).all()

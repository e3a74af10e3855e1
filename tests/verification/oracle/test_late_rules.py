"""Rules compute runs: without a mistake the reference's, with one what PyTorch does."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from whichmin.verification.oracle.checks.long_runs import drawn
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.late_rules import (
    follow,
    loss_of,
    plateau,
    scheduled,
    shaken,
    whole_run,
)
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.references import floats, loss
from whichmin.verification.oracle.runs import ServedRun, reference
from whichmin.verification.oracle.schedules import Schedule

SERVED = problem("correlated")


def run(activation="relu", steps=40, **declared):
    batches = drawn(4, 2, steps)
    conventions = Conventions.parse(declared)
    return ServedRun.of(SERVED.w, SERVED.data, batches, Fraction(1, 8), activation, conventions)


@pytest.mark.parametrize("declared", [{}, {"optimiser": {"name": "sgd", "momentum": 0.9}}])
def test_without_a_change_it_is_the_reference(declared):
    made = run(**declared)
    path, bound = reference(made)
    assert (np.abs(follow(made) - floats(path[-1])) <= bound[-1]).all()


def test_a_schedule_is_the_declared_one():
    schedule = {"name": "step", "every": 5, "factor": 0.1}
    rule = scheduled(Schedule.parse(schedule))
    path, bound = reference(run(schedule=schedule))
    assert (np.abs(rule.result(run()) - floats(path[-1])) <= bound[-1]).all()
    assert rule.declare == f"'schedule': {schedule}"
    assert Conventions.parse(eval(f"{{{rule.declare}}}")).schedule == Schedule.parse(schedule)


@pytest.mark.parametrize(("whole", "patience"), [(False, 3), (True, 0)])
def test_a_plateau_is_that_of_torch(whole, patience):
    made = run()
    w = torch.nn.Parameter(torch.tensor(floats(SERVED.w)))
    data = torch.tensor(floats(SERVED.data))
    optimiser = torch.optim.SGD([w], lr=0.125)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, patience=patience)

    def mean_loss(rows):
        return ((rows - torch.relu(rows @ w)[:, None] * w) ** 2).sum() / (2 * len(rows))

    for batch in made.batches:
        optimiser.zero_grad()
        value = mean_loss(data[list(batch)])
        value.backward()
        optimiser.step()
        scheduler.step(mean_loss(data).item() if whole else value.item())
    assert optimiser.param_groups[0]["lr"] < 0.125
    found = plateau(0.5, patience, whole=whole).result(made)
    assert np.allclose(found, w.detach().numpy(), rtol=1e-12)


def test_the_rules_for_whole_runs_are_all_different():
    made = [rule.result(run()) for rule in whole_run()]
    texts = {rule.text for rule in whole_run()}
    right = floats(reference(run())[0][-1])
    assert len(texts) == len(made) > 15
    assert all(np.abs(w - right).max() > 1e-6 for w in made)


def test_rounding_that_a_mistake_amplifies_is_known():
    """A step that multiplies the distance from where the run is multiplies its rounding."""
    made = run()
    place = follow(made.part(6))

    def grown(r):
        return follow(r, after=lambda t, w: place + 1e5 * (w - place) if t == 5 else w)

    def moved(r):
        return follow(r, after=lambda t, w: w * 1.0)

    small, large = (shaken(made, f, f(made)) for f in (moved, grown))
    assert 0 < small.max() < 1e-12 < large.max() <= 1e-6
    assert not shaken(made, moved, moved(made) + 1e-3).any()


def test_the_mean_loss():
    exact = loss(SERVED.w, SERVED.data, "relu") / 4
    found = loss_of(floats(SERVED.w), floats(SERVED.data), "relu")
    assert abs(found - float(exact)) < 1e-15

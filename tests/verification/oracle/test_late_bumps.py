"""A step size that rises and falls is named with its parameters, and only that."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.late_bumps import bump_rules, one_cycles
from whichmin.verification.oracle.observed import SeenStep
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.runs import ServedRun


def made(scheduler, steps=40, momentum=False, **more):
    """A run by a scheduler of PyTorch, its step sizes relative to 1/8, and where it ends."""
    served = problem("correlated")
    batches = (((0, 1), (2, 3), (1, 2)) * 20)[:steps]
    run = ServedRun.of(
        served.w, served.data, batches, Fraction(1, 8), "linear", Conventions(), "a run"
    )
    w, data = torch.nn.Parameter(torch.tensor(floats(served.w))), torch.tensor(floats(served.data))
    optimiser = torch.optim.SGD([w], lr=1 / 8)
    schedule = scheduler(optimiser, **more)
    rates = {}
    for t, batch in enumerate(run.batches):
        rates[t] = optimiser.param_groups[0]["lr"] * 8
        if not momentum:
            optimiser.param_groups[0]["momentum"] = 0
        optimiser.zero_grad()
        rows = data[list(batch)]
        (((rows - (rows @ w)[:, None] * w) ** 2).sum() / (2 * len(rows))).backward()
        optimiser.step()
        if t < steps - 1:
            schedule.step()
    return run, rates, w.detach().numpy()


@pytest.mark.parametrize(("share", "strategy", "shape"), [
    (0.3, "cos", "cosine"), (0.25, "linear", "line"),
])  # fmt: skip
def test_pytorchs_one_cycle_over_the_run(share, strategy, shape):
    run, rates, end = made(
        torch.optim.lr_scheduler.OneCycleLR, max_lr=0.25, total_steps=40, pct_start=share,
        anneal_strategy=strategy, cycle_momentum=False,
    )  # fmt: skip
    rule = next(bump_rules(rates, 40))
    told = f"the first {share:.0%} up (as OneCycleLR does): from 0.08 to 2 of itself in a "
    assert told in rule.text
    assert rule.text.count(f"in a {shape}") == 2
    assert not rule.declare
    assert np.abs(rule.result(run) - end).max() < 1e-7


def test_one_of_a_fixed_length_is_found_from_a_window():
    run, rates, end = made(
        torch.optim.lr_scheduler.OneCycleLR, max_lr=0.125, total_steps=60, cycle_momentum=False,
    )  # fmt: skip
    told = [r for r in bump_rules(rates) if "over 60 steps, the first 30% up" in r.text]
    assert told
    assert np.abs(told[0].result(run) - end).max() < 1e-7


def test_one_cycle_with_momentum():
    run, rates, end = made(
        torch.optim.lr_scheduler.OneCycleLR, max_lr=0.25, total_steps=50, momentum=True
    )
    g, w = np.array([1.0, 0.0]), np.array([1.0, 1.0])
    first = SeenStep(0, w, w, w - 0.1 * rates[0] * g, g, 0.1, 1e-12)
    fits = [r.text for r in one_cycles([first]) if np.abs(r.result(run) - end).max() < 1e-7]
    assert len(fits) == 1
    assert "one cycle over 50 steps, up to 2 of itself, in a cosine" in fits[0]
    beyond = next(r for r in one_cycles([first]) if "over 30 steps" in r.text)
    assert np.isnan(beyond.result(run)).all()


@pytest.mark.parametrize("mode", ["line", "cosine"])
def test_one_that_comes_again_and_again(mode):
    def factor(t):
        part = 1 - abs(t % 12 / 6 - 1)
        return 0.25 + 0.75 * (part if mode == "line" else (1 - np.cos(np.pi * part)) / 2)

    run, rates, end = made(torch.optim.lr_scheduler.LambdaLR, lr_lambda=factor)
    rule = next(bump_rules(rates))
    assert "up for 6 steps, down for as many (as CyclicLR does): from 0.25 to 1 of" in rule.text
    assert not rule.declare
    assert np.abs(rule.result(run) - end).max() < 1e-7


def test_what_can_be_declared_is_the_same_run():
    def factor(t):
        return 0.2 + 0.8 * t / 6 if t < 6 else (1 + np.cos(np.pi * min(t - 6, 20) / 20)) / 2

    run, rates, end = made(torch.optim.lr_scheduler.LambdaLR, lr_lambda=factor)
    rule = next(bump_rules(rates))
    assert "up for 6 steps, down until step 26: from 0.2 to 1 of itself in a line" in rule.text
    declared = Conventions.parse(eval(f"{{{rule.declare}}}"))
    assert [float(declared.schedule.factor(t)) for t in range(40)] == pytest.approx(
        [factor(t) for t in range(40)], abs=1e-15
    )
    assert np.abs(rule.result(run) - end).max() < 1e-7


@pytest.mark.parametrize("factor", [
    lambda t: 1.0, lambda t: 0.9**t, lambda t: min(1.0, (t + 1) / 10), lambda t: 0.5 ** (t // 5),
    lambda t: 1 + np.sin(t), lambda t: None if t == 5 else t * (39.0 - t),
])  # fmt: skip
def test_nothing_else_is_a_bump(factor):
    rates = {t: factor(t) for t in range(40)}
    assert not list(bump_rules(rates))
    assert not list(bump_rules(rates, 40))
    assert not list(bump_rules({t + 3: r for t, r in rates.items()}))

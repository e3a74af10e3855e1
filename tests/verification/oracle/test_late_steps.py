"""What the steps of a run have in common makes a rule, by which the run is computed again."""

from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle.arithmetic import slope
from whichmin.verification.oracle.checks.long_runs import drawn
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.late_rules import follow
from whichmin.verification.oracle.late_steps import step_rules
from whichmin.verification.oracle.observed import SeenStep
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.runs import ServedRun

SERVED = problem("correlated")


def run():
    batches = drawn(4, 2, 40)
    return ServedRun.of(SERVED.w, SERVED.data, batches, Fraction(1, 8), "relu", Conventions())


def seen(made, **changes):
    """The steps of a run that is computed with a change."""
    data, size = floats(made.received[1]), float(made.received[2])
    path = [floats(made.received[0])]
    path += [follow(made.part(k), **changes) for k in range(1, len(made.batches) + 1)]
    steps = []
    for t, batch in enumerate(made.batches):
        w, rows = path[t], data[list(batch)]
        g = slope(w, rows, "relu", made.factors[t])
        steps.append(SeenStep(t, path[max(t - 1, 0)], w, path[t + 1], g, size, 1e-12))
    return steps


def told(**changes):
    made = run()
    rules = list(step_rules(made, seen(made, **changes)))
    end = follow(made, **changes)
    return {r.text: r.declare for r in rules if np.abs(r.result(made) - end).max() < 1e-9}


@pytest.mark.parametrize(("changes", "text"), [
    ({"after": lambda t, w: w / np.sqrt(w @ w) if t % 4 == 3 else w},
     "the weights are normalised to length 1 every 4 steps"),
    ({"after": lambda t, w: w * 0.99 if t >= 20 else w},
     "the weights are multiplied by 0.99 after step 20"),
    ({"change": lambda t, g, w: g + 0.01 * w if t >= 10 else g},
     "weight decay 0.01 is on after step 10"),
    ({"change": lambda t, g, w: np.clip(g, -0.03, 0.03)},
     "gradients have their entries clipped to 0.03 in every step"),
    ({"batch": lambda t: t % 3}, "the first 3 batches are used again and again"),
])  # fmt: skip
def test_a_rule_is_read_off(changes, text):
    assert text in told(**changes)


@pytest.mark.parametrize(("share", "text"), [
    (0.9, "momentum 0.9 is on"), (1 / 3, "momentum 1/3 is on"),
    (1.0, "zero_grad is forgotten: gradients of all steps so far add up (momentum 1)"),
])  # fmt: skip
def test_momentum_from_the_start_can_be_declared(share, text):
    made = run()
    path = [floats(made.received[0])] * 2
    data, steps = floats(made.received[1]), []
    for t, batch in enumerate(made.batches):
        last, w, rows = path[-2], path[-1], data[list(batch)]
        g = slope(w, rows, "relu", made.factors[t])
        path.append(w - g / 8 + share * (w - last))
        steps.append(SeenStep(t, last, w, path[-1], g, 1 / 8, 1e-12))
    rules = {r.text: r for r in step_rules(made, steps)}
    assert rules[text].declare == f"'optimiser': {{'name': 'sgd', 'momentum': {share!r}}}"
    assert np.abs(rules[text].result(made) - path[-1]).max() < 1e-9


def test_right_steps_have_no_rule():
    assert not told()

"""Schedules, clipping and skipped steps are read off the lengths of steps."""

import numpy as np
import pytest

from whichmin.verification.oracle.late_rates import rate_rules
from whichmin.verification.oracle.observed import SeenStep
from whichmin.verification.oracle.schedules import Schedule

SIZES = 0.3 + np.abs(np.sin(np.arange(60)))


def steps(factor, aside=0.0, still=()):
    made = []
    for t in range(60):
        size = 0.0 if t in still else SIZES[t]
        g, w = np.array([size, 0.0]), np.array([1.0, 1.0])
        after = w - 0.1 * factor(t, size) * g + np.array([0.0, aside])
        made.append(SeenStep(t, w, w, after, g, 0.1, 1e-12))
    return made


def texts(factor, **more):
    return [rule.text for rule in rate_rules(steps(factor, **more))]


@pytest.mark.parametrize("declared", [
    {"name": "step", "every": 5, "factor": 0.1}, {"name": "step", "every": 13, "factor": 0.7},
    {"name": "multistep", "milestones": [12, 50], "factor": 0.1},
    {"name": "exponential", "factor": 0.97}, {"name": "cosine", "steps": 75},
    {"name": "linear", "start": 0.1, "end": 1.0, "steps": 9},
    {"name": "linear", "start": 1.0, "end": 0.0, "steps": 100},
    {"name": "inverse-sqrt", "warmup": 16}, {"name": "polynomial", "steps": 120, "power": 0.9},
], ids=str)  # fmt: skip
def test_a_schedule_has_a_name_and_parameters(declared):
    schedule = Schedule.parse(declared)
    told = texts(lambda t, _: float(schedule.factor(t)))
    assert f"a schedule of the step size is on: {schedule}" in told


def test_steps_that_do_not_move_are_left_open():
    schedule = Schedule.make("step", every=10)
    told = texts(lambda t, _: float(schedule.factor(t)), still=range(8, 12))
    assert f"a schedule of the step size is on: {schedule}" in told


def test_clipping_and_skipping():
    assert "gradients are clipped to length 0.5" in texts(lambda t, s: min(1, 0.5 / s))
    late = texts(lambda t, s: min(1, 0.5 / s) if t >= 30 else 1)
    assert "gradients are clipped to length 0.5 after step 30" in late
    assert any("longer than" in text for text in texts(lambda t, s: float(s < 0.9)))
    assert "the step size is 0: the update is left out every 12 steps" in texts(
        lambda t, _: float(t % 12 != 11)
    )


def test_courses_without_a_declaration():
    restarts = texts(lambda t, _: (1 + np.cos(np.pi * (t % 20) / 20)) / 2)
    assert "a schedule of the step size is on: a cosine with restarts every 20 steps" in restarts
    doubled = texts(lambda t, _: (1 + np.cos(np.pi * (t / 20 if t < 20 else (t - 20) / 40))) / 2)
    assert any("at first after 20 steps, then each time after twice as many" in t for t in doubled)
    inverse = texts(lambda t, _: 1 / (1 + 0.01 * t))
    assert "a schedule of the step size is on: it is divided by 1 + 0.01 t" in inverse


def test_clipping_as_in_torch():
    told = texts(lambda t, s: min(1, 0.5 / (s + 1e-6)) if t >= 30 else 1)
    assert any(
        t.startswith("gradients are clipped to length 0.5 (over its length + 1e-6") for t in told
    )


def test_nothing_is_read_off_right_steps_or_off_steps_aside():
    assert not texts(lambda t, _: 1.0)
    assert not texts(lambda t, _: 0.5, aside=1e-3)


def test_factors_of_no_schedule_have_no_name():
    rng = np.random.default_rng(2)
    factors = rng.uniform(0.5, 2, 60)
    assert not [text for text in texts(lambda t, _: factors[t]) if "schedule of the" in text]

"""Checks fail for a false version of what they say: another number in the statement."""

from fractions import Fraction

import pytest

from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics import all_checks
from whichmin.words import Activation, Kink

CHECKS = {c.id: c for c in all_checks()}

# Other values of parameters, and a part of the message.
WRONG = {
    "certificates.not_convex": [({"share": "2"}, "L(0)")],
    # Nearer than all others by half: too much.
    "gd.nearest": [({"share": 0.5}, "no minimum is nearer")],
    # With kappa = 1 all three have one trace.
    "gd.nearest_sharp": [({"kink": Kink.RIGHT}, "trace")],
    "noise.small_at_first": [
        # Full batches end where GD ends.
        ({"batch_size": 3}, "mass beside the winner"),
        # From an ordinary start noise is no small part of the signal.
        ({"start": (0.3, 0.28, 0.26, 0.1)}, "noise over signal"),
    ],
    "step_size.rates": [({"radial": 2}, "one step on")],
    "step_size.period_two": [({"product": 2}, "is a root")],
    "step_size.orbit": [({"low": Fraction(4, 7)}, "squared norm")],
    "step_size.orbit_sgd": [({"low": Fraction(6, 7)}, "squared norm")],
    "step_size.ray": [({"cases": [(Fraction(3), Fraction(1, 5), "w0/|w0|")]}, "-w0/|w0|")],
    "step_size.bad_minimum": [({"off": Fraction(3, 2)}, "lies in the region")],
    "step_size.relu_dies": [({"step_size": Fraction(3, 2)}, "is at (-3/32, -1/8)")],
    "step_size.dead_starts": [({"activation": Activation.LINEAR}, "sign patterns are dead")],
    "sgd_drift.all_batches": [({"scale": 1.5}, "below its bound")],
    # At norm 1 the drift is positive.
    "sgd_drift.small_norm": [({"norm": "999/1000"}, "from below 1")],
    "sgd_drift.fixed_points": [({"skip": 1}, "has one point and not the other")],
}


@pytest.mark.parametrize(
    ("name", "changes", "says"), [(n, *case) for n, cases in WRONG.items() for case in cases]
)
def test_a_false_version_fails(name, changes, says):
    evidence = run_check(CHECKS[name].changed(**changes), Subject(), Settings())
    assert not evidence.holds
    assert evidence.message.startswith(name)
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"
    assert says in evidence.message

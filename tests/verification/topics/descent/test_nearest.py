"""Of every check on the lesson's mental model a false version is caught."""

import pytest

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.descent import nearest as mental_model
from whichmin.words import Kink

CHECKS = {c.id: c for c in checks_of(mental_model)}


WRONG = {
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
}


@pytest.mark.parametrize(
    ("name", "changes", "says"), [(n, *case) for n, cases in WRONG.items() for case in cases]
)
def test_a_false_version_fails(name, changes, says):
    check = CHECKS[name].changed(**changes)
    evidence = run_check(check, Subject(), Settings(examples=8 if check.cases else None))
    assert not evidence.holds
    assert evidence.message.startswith(name)
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"
    assert says in evidence.message


def test_all_are_covered():
    assert set(WRONG) == set(CHECKS)

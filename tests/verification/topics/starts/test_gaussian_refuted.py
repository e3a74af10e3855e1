"""A true statement is not refuted: each measure fails when it is given one."""

import pytest

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.starts import gaussian_refuted

CHECKS = {check.id: check for check in checks_of(gaussian_refuted)}


@pytest.mark.parametrize(
    ("name", "true"),
    [
        ("turned", {"expected": 0.5**0.5}),
        ("rate", {"factor": 100.0}),
        ("uneven", {"factor": 4.0}),
        ("missing", {"w0": (0.5, 0.3)}),
        ("diagonal", {"claimed": 0.5**0.5}),
    ],
)
def test_what_is_true_is_not_refuted(name, true):
    check = CHECKS[f"gaussian.{name}"].changed(**true)
    evidence = run_check(check, Subject(), Settings(seed=1))
    assert not evidence.holds
    assert "Error" not in evidence.message

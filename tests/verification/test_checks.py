"""The product passes every check; pytest is as strict as ``whichmin verify``."""

import pytest

from whichmin.symbolic import closed_forms
from whichmin.verification import subject as subjects
from whichmin.verification.checks import all_checks
from whichmin.verification.evidence import Settings
from whichmin.verification.runner import run_check


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_check_holds(check):
    evidence = run_check(check, subjects.default_subject(), Settings(seed=1))
    assert evidence.holds, evidence.message
    assert evidence.cases > 0
    assert evidence.worst <= 1
    if check.id == "engines.trajectories":
        assert evidence.cases >= 3 * 200  # three engines, each in hundreds of cases


def test_every_closed_form_is_checked_against_numbers():
    checked = {f for c in all_checks() if not c.id.startswith("derivations.") for f in c.forms}
    assert checked == set(closed_forms())


def test_every_check_says_what_it_claims_and_why_its_bound():
    for check in all_checks():
        topic, _, name = check.id.partition(".")
        assert topic
        assert name
        assert len(check.statement) > 20
        assert len(check.bound) > 10
        assert (check.cases is not None) == (check.examples > 0)

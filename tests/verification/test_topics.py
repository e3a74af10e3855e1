"""The checks as a whole; that each holds is tested in verification/test_evidence.py."""

from whichmin.symbolic import closed_forms
from whichmin.verification.topics import all_checks


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

import pytest

from whichmin.verification.claims.selection import CLAIMS
from whichmin.verification.evidence.check import Evidence
from whichmin.verification.evidence.claim import decide
from whichmin.verification.topics import all_checks


def holding(check):
    return Evidence(
        check.id, check.statement, check.kind, check.bound, True, 1, 0.5, "", 0.0, 0,
        false_alarm=check.false_alarm,
    )  # fmt: skip


RECORDS = {check.id: holding(check) for check in all_checks()}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_the_verdict_is_what_the_evidence_says(claim):
    decision = decide(claim, RECORDS)
    assert decision.stands, decision.reason
    assert decision.verdict is claim.verdict


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_statistics_say_their_false_alarm_rate(claim):
    assert decide(claim, RECORDS).false_alarm < 2e-5

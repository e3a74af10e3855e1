"""Counterexamples print what they say; verdicts follow from the kinds of their evidence."""

import subprocess
import sys
import time

import pytest

from whichmin.verification.claims import all_claims, gaussian, gaussian_weights, published_script
from whichmin.verification.evidence.check import Evidence
from whichmin.verification.evidence.claim import decide
from whichmin.verification.topics import all_checks
from whichmin.words import Verdict

CLAIMS = (*gaussian.CLAIMS, *gaussian_weights.CLAIMS, *published_script.CLAIMS)
KINDS = {check.id: check for check in all_checks()}


def held(check):
    return Evidence(
        check.id, check.statement, check.kind, check.bound, True, 1, 0.5, "", 0.0, 0,
        false_alarm=check.false_alarm,
    )  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_the_verdict_is_what_its_evidence_amounts_to(claim):
    records = {name: held(KINDS[name]) for name in claim.checks}
    decision = decide(claim, records)
    assert decision.stands, decision.reason
    assert decision.verdict is claim.verdict
    if claim.verdict is Verdict.PROVED:
        assert claim.argument


@pytest.mark.parametrize(
    "claim", [c for c in CLAIMS if c.verdict is Verdict.REFUTED], ids=lambda claim: claim.id
)
def test_counterexamples(claim):
    example = claim.counterexample
    assert claim.corrected
    assert len(example.code.splitlines()) <= 12
    began = time.perf_counter()
    found = subprocess.run(
        [sys.executable, "-c", example.code], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == example.prints
    assert time.perf_counter() - began < 20  # a second on a machine that is not busy


def test_corrected_claims_exist_and_are_not_refuted():
    known = {claim.id: claim for claim in all_claims()}
    for claim in CLAIMS:
        for name in claim.corrected:
            assert known[name].verdict is not Verdict.REFUTED

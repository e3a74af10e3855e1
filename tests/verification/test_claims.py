"""The ledger itself: complete, consistent, and its counterexamples print what they say."""

import contextlib
import io

import pytest

from whichmin.ledger import entries
from whichmin.symbolic import closed_forms
from whichmin.verification.claims import ORDER, all_claims
from whichmin.verification.evidence.record import on_file, stale
from whichmin.verification.topics import all_checks
from whichmin.words import Verdict

CLAIMS = {claim.id: claim for claim in all_claims()}
CHECKS = {check.id for check in all_checks()}
SOURCES = {"000", "001", "002", "003", "004"}
REFUTED = [claim for claim in all_claims() if claim.verdict is Verdict.REFUTED]


@pytest.mark.parametrize("claim", all_claims(), ids=lambda claim: claim.id)
def test_a_claim_is_complete(claim):
    topic, _, name = claim.id.partition(".")
    assert topic in ORDER
    assert name
    assert len(claim.statement) > 30
    assert claim.statement.endswith(".")
    assert claim.source
    for place in claim.source:
        assert place.split(",")[0][:3] in SOURCES or place[0].isalpha(), place
    assert set(claim.checks) <= CHECKS
    assert not set(claim.evidence) & set(claim.lemmas)
    assert set(claim.formulas) <= set(closed_forms())
    assert bool(claim.evidence) == (claim.verdict is not Verdict.OPEN)
    refuted = claim.verdict is Verdict.REFUTED
    assert (claim.counterexample is not None) == refuted
    assert bool(claim.corrected) == bool(claim.brief) == refuted
    assert len(claim.brief) < 90
    for name in claim.corrected:
        assert CLAIMS[name].verdict not in {Verdict.REFUTED, Verdict.OPEN}, name
    if claim.verdict is Verdict.PROVED and len(claim.evidence) > 2:
        assert claim.argument


@pytest.mark.parametrize("claim", REFUTED, ids=lambda claim: claim.id)
def test_a_counterexample_prints_what_it_says(claim):
    example = claim.counterexample
    assert len(example.code.splitlines()) <= 14
    assert len(example.text) > 40
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(example.code, claim.id, "exec"), {"__name__": "counterexample"})
    assert out.getvalue().strip() == example.prints.strip()


def test_the_evidence_on_file_is_that_of_this_code():
    # whichmin verify --record verification/record.json
    assert stale() == ()
    assert set(on_file()) == CHECKS


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.claim.id)
def test_the_evidence_on_file_supports_the_verdict(entry):
    assert entry.decision.stands, entry.decision.reason
    assert entry.decision.verdict is entry.claim.verdict


def test_both_documents_are_covered():
    for source in ("000", "002"):
        assert sum(any(p.startswith(source) for p in c.source) for c in all_claims()) > 5

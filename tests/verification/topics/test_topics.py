"""The ledger itself: complete, consistent, and supported by the evidence on file."""

from collections import Counter

import pytest

from whichmin.ledger import entries
from whichmin.symbolic import closed_forms
from whichmin.verification.evidence.check import Evidence
from whichmin.verification.evidence.decision import decide
from whichmin.verification.evidence.record import on_file, stale
from whichmin.verification.evidence.sources import all_sources, source_of
from whichmin.verification.topics import TOPICS, all_checks, all_claims, claim_files
from whichmin.words import Verdict

CLAIMS = {claim.id: claim for claim in all_claims()}
CHECKS = {check.id: check for check in all_checks()}


def of(*prefixes):
    return [claim for claim in all_claims() if claim.id.startswith(prefixes)]


@pytest.mark.parametrize("claim", all_claims(), ids=lambda claim: claim.id)
def test_a_claim_is_complete(claim):
    assert claim.topic in TOPICS
    assert all(claim.id.partition("."))
    assert len(claim.statement) > 30
    assert claim.statement.endswith(".")
    assert claim.source
    assert set(claim.checks) <= set(CHECKS)
    assert not set(claim.evidence) & set(claim.support)
    assert set(claim.formulas) <= set(closed_forms())
    assert bool(claim.evidence) == (claim.verdict is not Verdict.OPEN)
    refuted = claim.verdict is Verdict.REFUTED
    assert (claim.counterexample is not None) == refuted
    assert bool(claim.corrected) == bool(claim.brief) == refuted
    assert len(claim.brief) < 90
    for name in claim.corrected:
        assert CLAIMS[name].verdict not in {Verdict.REFUTED, Verdict.OPEN}, name
    if claim.verdict in {Verdict.PROVED, Verdict.CHECKED}:
        assert not claim.argument
    if claim.verdict is Verdict.ARGUED:
        assert claim.argument
        assert all(step.uses for step in claim.argument)


def test_topics_are_in_the_order_of_a_reader_and_none_is_empty():
    assert [file.topic for file in claim_files()] == list(TOPICS)
    assert len({file.title for file in claim_files()}) == len(TOPICS)
    assert all(file.claims for file in claim_files())
    assert list(CLAIMS.values()) == [c for file in claim_files() for c in file.claims]


def test_the_evidence_on_file_is_that_of_this_code():
    # whichmin verify --record verification/record.json
    assert stale() == ()
    assert set(on_file()) == set(CHECKS)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.claim.id)
def test_the_evidence_on_file_supports_the_verdict(entry):
    assert entry.decision.stands, entry.decision.reason
    assert entry.decision.verdict is entry.claim.verdict


@pytest.mark.parametrize("claim", all_claims(), ids=lambda claim: claim.id)
def test_the_verdict_is_what_its_kinds_of_evidence_amount_to(claim):
    def held(check):
        return Evidence(
            check.id, check.statement, check.kind, check.bound, True, 1, 0.5, "", 0.0, 0,
            false_alarm=check.false_alarm,
        )  # fmt: skip

    decision = decide(claim, {name: held(CHECKS[name]) for name in claim.checks})
    assert decision.stands, decision.reason
    assert decision.verdict is claim.verdict
    assert decision.false_alarm < 2e-5


def test_every_source_is_cited_and_both_documents_are_covered():
    cited = Counter(source_of(place).key for claim in all_claims() for place in claim.source)
    assert set(cited) == set(all_sources())
    assert min(cited["article2025"], cited["ghosh2025"], cited["lesson2026"]) > 5


def test_every_check_of_cyclic_orders_and_step_sizes_serves_a_claim():
    mine = {name for name in CHECKS if name.startswith(("cyclic.", "step_size."))}
    needed = {name for claim in of("cyclic.", "step_size.") for name in claim.checks}
    assert mine
    assert mine <= needed


def test_every_check_of_noise_serves_a_claim_or_is_about_numerics():
    prefixes = ("noise.", "refuted.noise", "refuted.two_batch")
    mine = {name for name in CHECKS if name.startswith(prefixes)}
    needed = {name for claim in all_claims() for name in claim.checks}
    assert mine - needed == {"noise.numerics"}


def test_every_closed_form_of_noise_is_named():
    named = {name for claim in of("noise.") for name in claim.formulas}
    parts = {"noise.sample_energy", "noise.sample_curvature", "noise.mean_energy",
             "noise.mean_curvature", "noise.eigenvalue_equal"}  # fmt: skip
    assert {name for name in closed_forms() if name.startswith("noise.")} - named == parts

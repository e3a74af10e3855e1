"""Verdicts on gradient noise follow from their evidence; the checks all serve a claim."""

import pytest

pytest.importorskip("z3")

from whichmin.verification.claims import all_claims, noise
from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.claim import decide
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics import all_checks

NEEDED = {name for claim in noise.CLAIMS for name in claim.checks}
# That every chain holds is tested form by form; here the topic's own are enough.
OWN = Subject(forms={n: f for n, f in Subject().forms.items()
                     if n.startswith(("noise.", "landscape."))})  # fmt: skip


@pytest.fixture(scope="module")
def records():
    settings = Settings(examples=5)
    return {c.id: run_check(c, OWN, settings) for c in all_checks() if c.id in NEEDED}


@pytest.mark.parametrize("claim", noise.CLAIMS, ids=lambda claim: claim.id)
def test_the_verdict_stands(claim, records):
    decision = decide(claim, records)
    assert decision.stands, decision.reason
    assert decision.verdict is claim.verdict


def test_every_check_of_the_topic_serves_a_claim_or_is_about_numerics():
    mine = {c.id for c in all_checks() if c.id.startswith("noise.")}
    mine |= {c.id for c in all_checks() if c.id.startswith(("refuted.noise", "refuted.two_batch"))}
    others = {name for claim in all_claims() if claim not in noise.CLAIMS for name in claim.checks}
    assert mine - NEEDED - others == {"noise.numerics"}


def test_every_closed_form_of_the_topic_is_named():
    named = {name for claim in noise.CLAIMS for name in claim.formulas}
    parts = {"noise.sample_energy", "noise.sample_curvature", "noise.mean_energy",
             "noise.mean_curvature", "noise.eigenvalue_equal"}  # fmt: skip
    assert {n for n in OWN.forms if n.startswith("noise.")} - named == parts

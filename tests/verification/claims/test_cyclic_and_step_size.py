"""Counterexamples print what they say within two seconds; verdicts follow from their evidence."""

import contextlib
import io
import time

import pytest

pytest.importorskip("z3")
pytest.importorskip("flint")

from whichmin.verification.claims import all_claims, cyclic, step_size
from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.claim import decide
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import default_subject
from whichmin.verification.topics import all_checks

CLAIMS = (*cyclic.CLAIMS, *step_size.CLAIMS)
NEEDED = {name for claim in CLAIMS for name in claim.checks}


@pytest.fixture(scope="module")
def records():
    settings = Settings(examples=5)
    return {c.id: run_check(c, default_subject(), settings) for c in all_checks() if c.id in NEEDED}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_the_verdict_stands(claim, records):
    decision = decide(claim, records)
    assert decision.stands, decision.reason
    assert decision.verdict is claim.verdict


@pytest.mark.parametrize(
    "claim", [c for c in CLAIMS if c.counterexample], ids=lambda claim: claim.id
)
def test_the_counterexample_prints_what_it_says(claim):
    began, out = time.process_time(), io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(claim.counterexample.code, claim.id, "exec"), {})
    assert out.getvalue().strip() == claim.counterexample.prints
    assert time.process_time() - began < 2
    assert set(claim.corrected) <= {c.id for c in all_claims()}


def test_every_check_of_the_topics_serves_a_claim():
    mine = {c.id for c in all_checks() if c.id.split(".")[0] in {"cyclic", "step_size"}}
    assert mine <= NEEDED

"""All evidence and all verdicts, run again: ``pytest --pyargs whichmin.verification``.

``whichmin verify`` runs the same with another seed. If the environment variable
``WHICHMIN_REQUIRE_COQ`` is set, theorems that were not compiled for want of Coq fail.
"""

from __future__ import annotations

import functools
import os

import pytest

from whichmin.verification.evidence.check import Check, Evidence, Settings
from whichmin.verification.evidence.claim import Claim
from whichmin.verification.evidence.decision import decide
from whichmin.verification.evidence.runner import remedy, run_check
from whichmin.verification.evidence.subject import default_subject
from whichmin.verification.topics import all_checks, all_claims
from whichmin.words import EvidenceKind

SEED = 1


@functools.cache
def evidence(name: str) -> Evidence:
    """Run a check, once in this process."""
    check = next(c for c in all_checks() if c.id == name)
    return run_check(check, default_subject(), Settings(seed=SEED))


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_check_holds(check: Check) -> None:
    """The product passes every check."""
    found = evidence(check.id)
    if not found.ran:
        asked = os.environ.get("WHICHMIN_REQUIRE_COQ") and found.kind is EvidenceKind.KERNEL
        assert not asked, f"WHICHMIN_REQUIRE_COQ is set, but there is no {found.lacking}"
        pytest.skip(f"not run: {found.lacking} is not installed ({remedy([found.lacking])})")
    assert found.holds, found.message
    assert found.cases > 0
    assert found.worst <= 1


@pytest.mark.parametrize("claim", all_claims(), ids=lambda claim: claim.id)
def test_verdict_stands(claim: Claim) -> None:
    """The evidence supports the verdict of every claim."""
    decision = decide(claim, {name: evidence(name) for name in claim.checks})
    assert decision.stands, decision.reason
    if decision.verdict is None:
        lacking = {name for check in claim.checks if (name := evidence(check).lacking)}
        pytest.skip(f"{decision.reason} ({remedy(lacking)})")
    assert decision.verdict is claim.verdict

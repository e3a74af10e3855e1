"""All evidence and all verdicts, run again: ``pytest --pyargs whichmin.verification``.

``whichmin verify`` runs the same with another seed.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable

import pytest

from whichmin.verification.evidence.check import Check, Evidence, Settings
from whichmin.verification.evidence.claim import Claim, decide
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import default_subject
from whichmin.verification.topics import all_checks, all_claims

SEED = 1
REMEDY = "pip install 'whichmin[proofs]'"


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Evidence]:
    """Run a check, once in a run of pytest, however many processes share it.

    The folder of pytest-xdist's run holds what any of its workers has found; pytest removes it.

    Returns:
        A function that gives the evidence of a check by its id.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    subject = default_subject()

    def found(name: str) -> Evidence:
        kept = folder / f"evidence-{name}.pickle"
        if not kept.exists():
            check = next(c for c in all_checks() if c.id == name)
            written = folder / f"evidence-{name}.{os.getpid()}"
            written.write_bytes(pickle.dumps(run_check(check, subject, Settings(seed=SEED))))
            written.replace(kept)
        result: Evidence = pickle.loads(kept.read_bytes())  # noqa: S301 - from the lines above
        return result

    return found


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_check_holds(check: Check, evidence: Callable[[str], Evidence]) -> None:
    """The product passes every check."""
    found = evidence(check.id)
    if not found.ran:
        pytest.skip(f"not run: {found.lacking} is not installed ({REMEDY})")
    assert found.holds, found.message
    assert found.cases > 0
    assert found.worst <= 1


@pytest.mark.parametrize("claim", all_claims(), ids=lambda claim: claim.id)
def test_verdict_stands(claim: Claim, evidence: Callable[[str], Evidence]) -> None:
    """The evidence supports the verdict of every claim."""
    decision = decide(claim, {name: evidence(name) for name in claim.checks})
    assert decision.stands, decision.reason
    if decision.verdict is None:
        pytest.skip(f"{decision.reason} ({REMEDY})")
    assert decision.verdict is claim.verdict

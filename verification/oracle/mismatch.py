"""Put a mismatch into words: the first failure, its cause, what to declare, and a snippet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from whichmin.verification.oracle.check import Finding, OracleCheck
from whichmin.verification.oracle.diagnosis import KAPPA, SINGLE, SINGLE_TEXT, diagnose
from whichmin.verification.oracle.elsewhere import others_hold
from whichmin.verification.oracle.hints import undeclared_estimate, unsteady
from whichmin.verification.oracle.kept import kept_answer
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.snippet import finding_snippet

__all__ = ["mismatch"]


def mismatch(
    check: OracleCheck, session: Session, findings: Sequence[Finding], target: object
) -> dict[str, Any]:
    """Say what differs, why, and how to see it again.

    Args:
        check: The check.
        session: The target.
        findings: Its findings, some of which failed.
        target: The target's dotted name, or the object, for the snippet.

    Returns:
        Fields of a result: message, diagnosis, declare, snippet.
    """
    wrong = [f for f in findings if not f.holds]
    cause = undeclared_estimate(session, findings) if check.kind == "exact" else None
    shaky = unsteady(session, findings) if check.kind == "exact" else None
    if cause is None:
        # What differs from call to call may still be named, such as a shuffle of the batches.
        known, steady = _rounded(check, session), shaky is None
        cause = diagnose(findings, known, steady=steady)
        if cause is not None and KAPPA in cause.text and not others_hold(check, session):
            # Another kappa shows at kinks alone.
            cause = diagnose(findings, known, steady=steady, kinks=False)
        if cause is not None and cause.text == SINGLE_TEXT:
            cause = cause if others_hold(check, session, SINGLE) else None
        cause = cause or kept_answer(findings) or shaky
    # The first failure: problems come simple ones first, so it has the shortest snippet.
    shown = wrong[0]
    message = (
        f"{len(wrong)} of {len(findings)} comparisons fail; first: {shown.what}: "
        f"deviates by {shown.ratio:.3g} times the bound ({shown.reason})"
    )
    return {
        "message": message,
        "diagnosis": cause.text if cause else "",
        "declare": cause.declare if cause else "",
        "snippet": finding_snippet(check, shown, session.conventions, target),
    }


def _rounded(check: OracleCheck, session: Session) -> str:
    """The precision whose rounding may be what is seen; a text for no precision."""
    if check.kind != "exact":
        return ""
    # An estimate that is nearly right has other reasons, such as too few iterations.
    estimated = session.stochastic(check.functions[0]) is not None
    known = session.conventions.differences.none and not estimated
    return session.dtype if known else "differences"

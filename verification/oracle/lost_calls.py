"""Continue a check after a call without a value, so that one bad case does not hide the others."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from whichmin.verification.oracle.check import Finding, OracleCheck
from whichmin.verification.oracle.hints import undeclared_library, whole_batches
from whichmin.verification.oracle.outcome import CallFailed, Inconclusive, Kind
from whichmin.verification.oracle.sampler_causes import undeclared
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.snippet import call_snippet

__all__ = ["compared", "goes_on", "without_value"]


def compared(finding: Finding) -> bool:
    """Tell whether a finding has a value; NaN, which no target returns, means that it has none."""
    return bool(np.isfinite(np.asarray(finding.got, dtype=np.float64)).all())


def goes_on(
    check: OracleCheck, session: Session, failed: CallFailed, findings: list[Finding]
) -> tuple[list[Finding], list[CallFailed]]:
    """Run a check again, without stopping at calls that give no value.

    Args:
        check: The check.
        session: The target.
        failed: The call that ended it.
        findings: What was found before.

    Returns:
        The findings, and all calls without a value; the arguments if the second run fails.
    """
    if failed.outcome.kind in {Kind.HUNG, Kind.CRASHED, Kind.NOT_STARTED}:
        return findings, [failed]
    try:
        with session.lenient() as lost, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NaN in a check's own arithmetic
            return list(check.run(session)), lost
    except (CallFailed, Inconclusive, ArithmeticError, ValueError, np.linalg.LinAlgError):
        return findings, [failed]


def without_value(
    check: OracleCheck, session: Session, failed: CallFailed, lost: Sequence[CallFailed],
    numbers: Sequence[Finding], more: Mapping[str, Any], target: object,
) -> dict[str, Any]:  # fmt: skip
    """Describe calls without a value, and the values that other calls gave.

    Args:
        check: The check.
        session: The target.
        failed: The call that ended it.
        lost: All calls without a value.
        numbers: The findings with one.
        more: What there is to say of those that fail; empty if none does.
        target: Dotted name of the target, or the object.

    Returns:
        Fields of a result.
    """
    message = str(failed)
    if len(lost) > 1:
        message += f"; {len(lost)} calls in all give no value"
    cause = undeclared_library(session, failed) or undeclared(session, failed)
    if cause is None and lost and any(f.holds for f in numbers):
        cause = whole_batches(lost)
    snippet = ""
    if failed.call is not None:
        outcome, conventions = failed.outcome, session.conventions
        snippet = call_snippet(check, failed.call, outcome, conventions, target)
    told = {"message": message, "trace": failed.outcome.trace, "snippet": snippet}
    if more:
        told["message"] += f"; where there is a value, {more['message']}"
        if cause is None and more["diagnosis"]:
            where = f"where there is a value: {more['diagnosis']}"
            told |= {"diagnosis": where, "declare": more["declare"]}
        told["snippet"] = more["snippet"] or snippet
    if cause is not None:
        told |= {"diagnosis": cause.text, "declare": cause.declare}
    return told

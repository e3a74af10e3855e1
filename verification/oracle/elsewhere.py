"""Hold a cause against the other checks of the same functions, which may contradict it."""

from __future__ import annotations

from whichmin.verification.oracle.check import OracleCheck
from whichmin.verification.oracle.checks import all_checks
from whichmin.verification.oracle.outcome import CallFailed, Inconclusive
from whichmin.verification.oracle.session import Session

__all__ = ["others_hold"]


def others_hold(check: OracleCheck, session: Session, scale: float = 1.0) -> bool:
    """Tell whether the other exact checks of the same functions find no more than rounding.

    Args:
        check: The check that failed.
        session: The target.
        scale: Factor of their bounds: how much coarser the rounding of a precision is.

    Returns:
        Whether all that they find is within its bound times the factor.
    """
    others = [
        c for c in all_checks()
        if c.id != check.id and c.kind == "exact" and (c.quick or not session.quick)
        and set(c.functions) <= set(check.functions)
    ]  # fmt: skip
    notes = list(session.notes)
    try:
        # What a long run is off by has grown on the way: its own check judges it.
        found = [f for c in others for f in c.run(session) if f.coarse]
    except (CallFailed, Inconclusive):
        found = []
    session.notes[:] = notes
    return all(f.distance(f.nearest, scale) <= 1 for f in found)

"""All checks, by topic."""

from __future__ import annotations

import functools

from whichmin.verification.checks import (
    batches,
    derivations,
    dynamics,
    engines,
    equivariance,
    landscape,
    limits,
    prediction,
    selection,
    sharpness,
)
from whichmin.verification.evidence import Check

__all__ = ["all_checks"]


@functools.cache
def all_checks() -> tuple[Check, ...]:
    """Return every check, in the order in which they run."""
    topics = (
        derivations, batches, landscape, sharpness, dynamics, engines, limits, equivariance,
        selection, prediction,
    )  # fmt: skip
    checks = tuple(check for topic in topics for check in topic.CHECKS)
    assert len({c.id for c in checks}) == len(checks), "two checks share an id"
    return checks

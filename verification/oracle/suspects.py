"""Suspects: what a mistake would give in place of the expected value of a finding."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from whichmin.verification.oracle.check import Candidate, Finding
from whichmin.verification.oracle.references import floats

__all__ = ["Suspect", "allowed", "suspected"]

# A root and a division, as in Adam, give a value this many times the roundings of a product.
_DIVIDED = 8


@dataclass(frozen=True)
class Suspect:
    """A cause, and what it would give in place of the finding's expected value.

    ``named`` marks a mistake that the check itself thinks of: it says more than a factor does;
    ``allowed`` is what its value may err by.
    """

    text: str
    finding: Finding
    scale: float = 1.0
    declare: str = ""
    named: bool = False
    allowed: Any = None

    @property
    def holds(self) -> bool:
        """Whether the target's value is the suspect's."""
        if self.allowed is None:
            return self.finding.distance(self.finding.nearest, max(1.0, self.scale)) <= 1
        return dataclasses.replace(self.finding, bound=self.allowed).ratio <= 1


def allowed(finding: Finding, value: Any) -> Any:
    """Compute what rounding explains of another value than the expected one.

    The bound, in proportion to the values; and for an entry that is far larger than the right one,
    such as 1e-10 where 1e-28 is right, a few times the relative error of the best entry.

    Args:
        finding: The finding.
        value: The other value.

    Returns:
        The largest deviation allowed, entry by entry.
    """
    own, size = np.abs(finding.nearest), np.abs(value)
    bound = np.broadcast_to(np.asarray(finding.bound, dtype=np.float64), size.shape)
    if not own.any() or not np.isfinite(size).all():
        return bound
    scale = max(1.0, float(size.max(initial=0.0) / own.max(initial=0.0)))
    relative = float((bound[own > 0] / own[own > 0]).min())
    return np.maximum(scale * bound, _DIVIDED * relative * size)


def suspected(finding: Finding, candidate: Candidate) -> Suspect:
    """Put a candidate in the place of what is expected."""
    value = candidate.made()
    wrong = dataclasses.replace(finding, expected=value, upper=None, parts=())
    size, own = (np.abs(floats(v)).max(initial=0.0) for v in (value, finding.nearest))
    scale = float(size / own) if own > 0 and np.isfinite(size) else 1.0
    most = allowed(finding, floats(value))
    if candidate.slack is not None and dataclasses.replace(wrong, bound=most).ratio > 1:
        most = np.maximum(most, candidate.slack())
    return Suspect(candidate.text, wrong, scale, candidate.declare, named=True, allowed=most)

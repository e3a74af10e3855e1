"""Data, rounding bounds and incomplete searches, for the checks of a rise of the loss."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from whichmin.verification.oracle import bounds
from whichmin.verification.oracle.check import Candidate, Finding
from whichmin.verification.oracle.diagnosis import diagnose
from whichmin.verification.oracle.references import Matrix, Vector

__all__ = ["basis", "rise_bound", "with_short"]

_LAST = (
    "values that occur, in places below that at the start: the search returns the last value and "
    "not the largest"
)
_DOWN = "values that occur, none above that at the start: the search goes downhill"


def basis(m: int, n: int) -> Matrix:
    """Return the first m vectors of the standard basis of R^n, ``(m, n)``."""
    return tuple(tuple(Fraction(int(i == p)) for p in range(n)) for i in range(m))


def rise_bound(far: Vector | Sequence[float], data: Matrix, dtype: str) -> float:
    """Bound the rounding of a difference of two mean losses, neither above the one at ``far``.

    Rounding w + z, of degree 4 in the loss, is among the operations counted.

    Args:
        far: Largest absolute values of the weights.
        data: Points.
        dtype: Precision of the target.

    Returns:
        The bound.
    """
    m, n = len(data), len(far)
    return 2 * float(bounds.rounding(bounds.loss_size(far, data) / m, n, m, dtype))


def with_short(
    findings: Sequence[Finding], text: str, dtype: str, lowest: Sequence[float] = ()
) -> Iterator[Finding]:
    """Add a cause to findings of searches that nothing else explains: a value below the maximum.

    A value below that of the start is no maximum of anything that was seen: where some values are
    above it and some below, the last one is returned; where none is above it, the search descends.

    Args:
        findings: Findings whose ``expected`` is the least value accepted, ``upper`` the maximum.
        text: The cause, if values between 0 and the maximum are all that is known.
        dtype: Precision of the target.
        lowest: By finding, a value below 0 that occurs, from which on all up to the maximum do;
            empty if none is known.

    Yields:
        The findings, with one more candidate if no other fits.
    """
    known = diagnose(findings, dtype) is not None
    values = [float(f.got) for f in findings]
    least = [0.0] * len(values)
    if any(got < -float(np.max(f.bound)) for got, f in zip(values, findings, strict=True)):
        least = list(lowest) or least
        above = any(got > float(np.max(f.bound)) for got, f in zip(values, findings, strict=True))
        text = _LAST if above else _DOWN
    for finding, low in zip(findings, least, strict=True):
        if known:
            yield finding
        else:
            candidates = functools.partial(_with_short, finding, text, low)
            yield dataclasses.replace(finding, candidates=candidates)


def _with_short(finding: Finding, text: str, low: float) -> Iterator[Candidate]:
    """The candidates, and last the value found, if the search may have met it."""
    given = finding.candidates
    yield from given() if callable(given) else given
    got = float(finding.got)
    met = finding.holds or low <= got < float(finding.upper)
    yield Candidate(text, got if met else float(np.nan))

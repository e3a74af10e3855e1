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


def with_short(findings: Sequence[Finding], text: str, dtype: str) -> Iterator[Finding]:
    """Add a cause to findings of searches that nothing else explains: a value below the maximum.

    Args:
        findings: Findings whose ``expected`` is the least value accepted, ``upper`` the maximum.
        text: The cause, if values between 0 and the maximum are all that is known.
        dtype: Precision of the target.

    Yields:
        The findings, with one more candidate if no other fits.
    """
    known = diagnose(findings, dtype) is not None
    for finding in findings:
        if known:
            yield finding
        else:
            candidates = functools.partial(_with_short, finding, text)
            yield dataclasses.replace(finding, candidates=candidates)


def _with_short(finding: Finding, text: str) -> Iterator[Candidate]:
    """The candidates, and last the value found, if the search may have met it."""
    given = finding.candidates
    yield from given() if callable(given) else given
    got = float(finding.got)
    met = finding.holds or 0 <= got < float(finding.upper)
    yield Candidate(text, got if met else float(np.nan))

"""Statements that are false: exact runs that no limit argument can save."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from whichmin.verification.evidence import Check, Margin, Settings, differs
from whichmin.verification.exact import exact_step
from whichmin.verification.subject import Subject
from whichmin.words import Activation, EvidenceKind

__all__ = ["CHECKS"]

# One rounding of each of the two numbers shown; they are computed as fractions.
ROUNDING = 2.0**-51


def _gd_limit(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """GD's loss never rises (smt.gd_descent), so it cannot converge to a point of larger loss."""
    del subject, settings
    plane = ((Fraction(1), Fraction(0)), (Fraction(0), Fraction(1)))
    w = (Fraction(3, 5), Fraction(-3, 10))
    for _ in range(6):
        w = exact_step(w, plane, Fraction(1, 5), Activation.RELU)
    energy, norm = max(w[0], Fraction(0)) ** 2, w[0] ** 2 + w[1] ** 2
    loss = Fraction(1, 2) + (norm - 2) * energy / 4
    yield differs("loss after six steps, and at the claimed limit", 0.3, float(loss), ROUNDING)
    yield Margin("the loss is below that of the claimed limit", max(0.0, float(loss) - 0.3), 1e-300)


CHECKS = (
    Check(
        "refuted.gd_limit",
        "ReLU: GD from (0.6, -0.3) falls below the loss of the normalised projection",
        EvidenceKind.COUNTEREXAMPLE,
        "exact: the distance of two fractions against their rounding when shown",
        _gd_limit,
    ),
)

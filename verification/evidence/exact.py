"""Comparisons in exact fractions, where no deviation is allowed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from whichmin.symbolic import ClosedForm
from whichmin.verification.evidence.check import Margin

__all__ = ["EXACT", "exactly", "value"]

# The bound of a check whose margins are all made by ``exactly``.
EXACT = "exact: both sides are fractions"


def value(form: ClosedForm, **values: Fraction | int) -> Fraction:
    """Evaluate a closed form in fractions.

    Args:
        form: The form.
        **values: Its arguments; more are ignored.

    Returns:
        The exact value.
    """
    found = form.exact(**{name: values[name] for name in form.arguments})
    return Fraction(int(found.p), int(found.q))


def exactly(what: str, left: Any, right: Any, cases: int = 1) -> Margin:
    """Compare two fractions, vectors or matrices of fractions.

    Args:
        what: What they are.
        left: One of them, tuples for vectors and matrices.
        right: The other, of the same shape.
        cases: How many cases are compared at once.

    Returns:
        The largest difference; only 0 passes.
    """
    return Margin(what, _apart(left, right), 0.0, cases)


def _apart(left: Any, right: Any) -> float:
    if isinstance(left, tuple):
        return max(_apart(p, q) for p, q in zip(left, right, strict=True))
    return float(abs(Fraction(left) - Fraction(right)))

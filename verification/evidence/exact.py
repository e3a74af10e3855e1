"""Margins of exact statements: what holds has no deviation, what does not has an infinite one."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy as sp

from whichmin.verification.evidence.check import Margin

if TYPE_CHECKING:
    from whichmin.symbolic import ClosedForm
    from whichmin.symbolic.derivation import Derivation

__all__ = ["EXACT", "exactly", "follows", "truth", "value", "vanishing"]

# The bound of a check whose margins are made by ``exactly``.
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


def truth(what: str, holds: bool, cases: int = 1, found: str = "") -> Margin:
    """Return the margin of a statement that is either true or false.

    Args:
        what: The statement.
        holds: Whether it is true.
        cases: How many cases it was decided in.
        found: What was found, for the reader.

    Returns:
        No deviation if it is true, an infinite one if it is not.
    """
    return Margin(what, 0.0 if holds else math.inf, 1.0, cases, found)


def follows(what: str, chain: Derivation | ClosedForm, cases: int = 1) -> Margin:
    """Return the margin of a derivation, none of whose steps may fail.

    Args:
        what: What is derived.
        chain: The derivation, or a closed form with its own.
        cases: How many steps it has.

    Returns:
        The margin, which names the steps that fail.
    """
    failures = chain.failures()
    return truth(f"{what}: {'; '.join(failures)}" if failures else what, not failures, cases)


def vanishing(what: str, expression: sp.Expr, found: str = "") -> Margin:
    """Return the margin of an expression that must be identically zero.

    Args:
        what: What the expression is.
        expression: The expression; its symbols are positive if it contains logarithms.
        found: What was found, for the reader.

    Returns:
        The margin, which shows what is left of the expression.
    """
    rest = sp.simplify(sp.expand_log(expression, force=True))
    return truth(f"{what}: remainder {rest}", rest == 0, 1, found)

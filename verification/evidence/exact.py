"""Margins of exact statements: what holds has no deviation, what does not has an infinite one."""

from __future__ import annotations

import math
from collections.abc import Iterable
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


def vanishing(
    what: str, expression: sp.Expr, found: str = "", positive: Iterable[sp.Expr] = ()
) -> Margin:
    """Return the margin of an expression that must be identically zero.

    The logarithm of a product is the sum of those of its factors where all of them are positive:
    symbols that are declared so, sums of such with positive coefficients, and what is listed.

    Args:
        what: What the expression is.
        expression: The expression.
        found: What was found, for the reader.
        positive: Polynomials that are positive where the identity is claimed, ``1 - alpha`` say.

    Returns:
        The margin, which shows what is left of the expression.
    """
    listed = tuple(positive)
    logs = {log: _logarithms(log.args[0], listed) for log in expression.atoms(sp.log)}
    apart = expression.xreplace({log: told for log, told in logs.items() if told is not None})
    rest = sp.simplify(sp.expand(apart))
    return truth(f"{what}: remainder {rest}", rest == 0, 1, found)


def _logarithms(inner: sp.Expr, positive: tuple[sp.Expr, ...]) -> sp.Expr | None:
    """Write a logarithm as a sum over factors, or return None if one of them may be negative."""
    if inner in positive or _surely_positive(inner):
        return sp.log(inner)
    if inner.is_Mul:
        logs = [_logarithms(factor, positive) for factor in inner.args]
        if not any(log is None for log in logs):
            return sp.Add(*logs)
    elif inner.is_Pow and inner.exp.is_real:
        log = _logarithms(inner.base, positive)
        if log is not None:
            return inner.exp * log
    powers = _factors(inner, positive)
    if not all(base in positive or _surely_positive(base) for base in powers):
        return None
    return sp.Add(*(power * sp.log(base) for base, power in powers.items()))


def _surely_positive(inner: sp.Expr) -> bool:
    if inner.is_Number or inner.is_Symbol:
        return bool(inner.is_positive)
    if not inner.is_Add or not inner.is_polynomial():
        return False
    return all(c.is_positive for c in sp.Poly(inner).coeffs()) and all(
        v.is_positive for v in inner.free_symbols
    )


def _factors(inner: sp.Expr, positive: tuple[sp.Expr, ...]) -> dict[sp.Expr, int]:
    """Factor a rational function; factors that are listed come with the sign that they have there.

    Returns:
        Powers by factor, one of them a number; the expression alone if it is no such function.
    """
    over, under = sp.fraction(sp.together(inner))
    if not (over.is_polynomial() and under.is_polynomial()):
        return {inner: 1}
    number: sp.Expr = sp.Integer(1)
    powers: dict[sp.Expr, int] = {}
    for part, sign in ((over, 1), (under, -1)):
        constant, factors = sp.factor_list(part)
        number *= constant**sign
        for factor, power in factors:
            (told,) = [p for p in positive if (p / factor).cancel().is_number] or [factor]
            number *= (factor / told).cancel() ** (sign * power)
            powers[told] = powers.get(told, 0) + sign * power
    return powers | {number: 1}

"""Evaluate formulas of real algebra, given as text, in any arithmetic.

The text that a reader sees is the text that is decided: by z3
(:mod:`whichmin.verification.provers.smt`), in exact fractions when a model is checked, and as
polynomials when a certificate is (:mod:`whichmin.verification.provers.certificates`). Division is
by numbers only, so that nothing can divide by zero; comparisons may be chained; ``and``, ``or`` and
``not`` are allowed. An arithmetic may allow more: division by terms, and functions such as ``log``
(:mod:`whichmin.verification.provers.intervals`, which proves that they are defined).
"""

from __future__ import annotations

import ast
import functools
import itertools
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from whichmin.errors import InputError

__all__ = ["EXACT", "Arithmetic", "evaluate", "evaluate_all"]


@dataclass(frozen=True)
class Arithmetic:
    """An arithmetic: what the numbers and connectives of a formula become.

    Attributes:
        number: A rational number, in this arithmetic.
        every: Conjunction of a list.
        some: Disjunction of a list.
        negate: Negation.
        divide: Division by a term; None if it is not allowed.
        functions: Functions of one argument, by name.
    """

    number: Callable[[Fraction], Any]
    every: Callable[[list[Any]], Any]
    some: Callable[[list[Any]], Any]
    negate: Callable[[Any], Any]
    divide: Callable[[Any, Any], Any] | None = None
    functions: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)


EXACT = Arithmetic(lambda q: q, all, any, operator.not_)

_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
_RELATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


@functools.cache
def _parse(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def evaluate(text: str, values: Mapping[str, Any], arithmetic: Arithmetic = EXACT) -> Any:
    """Evaluate a formula or a term.

    Args:
        text: The formula, ``0 <= S <= N <= 21/20`` say.
        values: The variables.
        arithmetic: What numbers and connectives become; fractions by default.

    Returns:
        A truth value or a number of the arithmetic.

    Raises:
        InputError: The text is no formula of real algebra.
    """

    def constant(node: ast.expr) -> Fraction | None:
        """Return the rational number that a subterm without variables stands for."""
        match node:
            case ast.Constant(value=bool()):
                return None
            case ast.Constant(value=int(value)):
                return Fraction(value)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                over, under = constant(left), constant(right)
                return None if over is None or under is None else over / under
        return None

    def at(node: ast.expr) -> Any:
        number = constant(node)
        if number is not None:
            return arithmetic.number(number)
        match node:
            case ast.Name(id=name) if name in values:
                return values[name]
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                under = constant(right)
                if under is not None:
                    return at(left) * arithmetic.number(1 / under)
                if arithmetic.divide is not None:
                    return arithmetic.divide(at(left), at(right))
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if (
                name in arithmetic.functions
            ):
                return arithmetic.functions[name](at(argument))
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))) if (
                power > 0
            ):
                return functools.reduce(operator.mul, [at(left)] * power)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return _BINARY[type(op)](at(left), at(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return arithmetic.number(Fraction(-1)) * at(operand)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return arithmetic.negate(at(operand))
            case ast.BoolOp(op=op, values=parts):
                join = arithmetic.every if isinstance(op, ast.And) else arithmetic.some
                return join([at(part) for part in parts])
            case ast.Compare(left=left, ops=ops, comparators=rest):
                sides = [at(left), *(at(side) for side in rest)]
                return arithmetic.every([
                    _RELATIONS[type(op)](*pair)
                    for op, pair in zip(ops, itertools.pairwise(sides), strict=True)
                ])
        raise InputError("formula", ast.unparse(node), "must be real algebra in known variables")

    return at(_parse(text))


def evaluate_all(
    texts: Iterable[str],
    values: Mapping[str, Any],
    where: Iterable[tuple[str, str]] = (),
    arithmetic: Arithmetic = EXACT,
) -> list[Any]:
    """Evaluate formulas that use abbreviations.

    Args:
        texts: The formulas.
        values: The variables.
        where: Abbreviations with their terms; each may use the ones before it.
        arithmetic: What numbers and connectives become.

    Returns:
        One value per formula.
    """
    known = dict(values)
    for name, term in where:
        known[name] = evaluate(term, known, arithmetic)
    return [evaluate(text, known, arithmetic) for text in texts]

"""Evaluate formulas of real algebra, given as text, in any arithmetic.

The text that a reader sees is the text that is decided: by z3
(:mod:`whichmin.verification.provers.smt`), in exact fractions when a model is checked, and as
polynomials when a certificate is (:mod:`whichmin.verification.provers.certificates`). Division is
by numbers only, so that nothing can divide by zero; comparisons may be chained; ``and``, ``or`` and
``not`` are allowed.

Claims are stated in the same language with words added (an :class:`Arithmetic` with functions):
then functions may be called, with texts as arguments too, sequences indexed, terms divided, powers
have any exponent, and ``all(... for i in ...)``, ``any`` and ``sum`` run over finite sequences.
"""

from __future__ import annotations

import ast
import functools
import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
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
        compare: Compares two numbers; takes the Python operator (``operator.lt``) and both.
        functions: Words that formulas may use; empty for real algebra.
        operate: Adds, multiplies, divides; takes the Python operator (``operator.add``) and both.
    """

    number: Callable[[Fraction], Any]
    every: Callable[[list[Any]], Any]
    some: Callable[[list[Any]], Any]
    negate: Callable[[Any], Any]
    compare: Callable[[Callable[[Any, Any], Any], Any, Any], Any] = lambda relation, x, y: relation(
        x, y
    )
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    operate: Callable[[Callable[[Any, Any], Any], Any, Any], Any] = lambda does, x, y: does(x, y)


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


def _constant(node: ast.expr) -> Fraction | None:
    """Return the rational number that a subterm without variables stands for."""
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int(value)):
            return Fraction(value)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            over, under = _constant(left), _constant(right)
            return None if over is None or under is None else over / under
    return None


@dataclass(frozen=True)
class _Reading:
    """Evaluates terms for given values of the variables."""

    arithmetic: Arithmetic
    values: Mapping[str, Any]

    def at(self, node: ast.expr) -> Any:
        arithmetic = self.arithmetic
        number = _constant(node)
        if number is not None:
            return arithmetic.number(number)
        match node:
            case ast.Name(id=name) if name in self.values:
                return self.values[name]
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                under = _constant(right)
                if under is not None:
                    return self.at(left) * arithmetic.number(1 / under)
            case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))) if (
                power > 0
            ):
                return functools.reduce(operator.mul, [self.at(left)] * power)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return arithmetic.operate(_BINARY[type(op)], self.at(left), self.at(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return arithmetic.number(Fraction(-1)) * self.at(operand)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return arithmetic.negate(self.at(operand))
            case ast.BoolOp(op=op, values=parts):
                join = arithmetic.every if isinstance(op, ast.And) else arithmetic.some
                return join([self.at(part) for part in parts])
            case ast.Compare(left=left, ops=ops, comparators=rest) if all(
                type(op) in _RELATIONS for op in ops
            ):
                sides = [self.at(left), *(self.at(side) for side in rest)]
                return arithmetic.every([
                    arithmetic.compare(_RELATIONS[type(op)], *pair)
                    for op, pair in zip(ops, itertools.pairwise(sides), strict=True)
                ])
        if arithmetic.functions:
            return self.with_words(node)
        raise InputError("formula", ast.unparse(node), "must be real algebra in known variables")

    def with_words(self, node: ast.expr) -> Any:
        """Evaluate what only a language with words has."""
        words = self.arithmetic.functions
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self.arithmetic.operate(operator.truediv, self.at(left), self.at(right))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self.arithmetic.operate(operator.pow, self.at(left), self.at(right))
            case ast.Subscript(value=whole, slice=index):
                return self.at(whole)[int(self.at(index))]
            case ast.Call(
                func=ast.Name(id="all" | "any" | "sum" as join),
                args=[ast.GeneratorExp(elt=element, generators=[each])],
            ) if isinstance(each.target, ast.Name):
                found = list(self.quantified(element, each, each.target.id))
                if join == "sum":
                    return functools.reduce(operator.add, found, Fraction(0))
                return (self.arithmetic.every if join == "all" else self.arithmetic.some)(found)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=named) if name in words:
                by_name = {str(k.arg): self.at(k.value) for k in named}
                return words[name](*(self.at(a) for a in arguments), **by_name)
        raise InputError(
            "formula", ast.unparse(node),
            f"must be algebra in known variables and in the words {', '.join(sorted(words))}",
        )  # fmt: skip

    def quantified(self, element: ast.expr, each: ast.comprehension, name: str) -> Iterator[Any]:
        for value in self.at(each.iter):
            inner = _Reading(self.arithmetic, {**self.values, name: value})
            if all(bool(inner.at(condition)) for condition in each.ifs):
                yield inner.at(element)


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
    return _Reading(arithmetic, values).at(_parse(text))


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

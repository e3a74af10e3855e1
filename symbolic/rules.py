"""Name the rules by which the two sides of a step may differ; each is checked where it is used.

=====================  ==========================================================================
:class:`Definition`    a fresh symbol stands for an expression
:class:`Condition`     an equation is supposed; every form that results carries it
:class:`Proved`        the two ends of another derivation, its free symbols instantiated
:class:`Assumed`       taken for granted, in words: what rests on it is argued, not proved
=====================  ==========================================================================

Rules on expectations, roots and recursions are in :mod:`.operator_rules`, those on integrals and
sums in :mod:`.certificates`.
"""

from __future__ import annotations

import abc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import sympy as sp

from whichmin.symbolic.operators import DerivationError, bound_symbols, carry_out, linear

__all__ = [
    "Assumed",
    "Condition",
    "Definition",
    "DerivationError",
    "Lemma",
    "Past",
    "Proved",
    "Rule",
    "as_rules",
    "define",
    "of_model",
    "where",
]


class Lemma(Protocol):
    """What a rule can rest on: a derivation or a closed form."""

    @property
    def start(self) -> sp.Expr:
        """Its first side."""

    @property
    def result(self) -> sp.Expr:
        """Its last side."""

    @property
    def definitions(self) -> Mapping[sp.Symbol, sp.Expr]:
        """What symbols stand for."""

    @property
    def conditions(self) -> tuple[sp.Eq, ...]:
        """What it supposes."""

    @property
    def hypotheses(self) -> tuple[sp.Eq, ...]:
        """What it takes from the model."""

    @property
    def argued(self) -> tuple[str, ...]:
        """What it argues in words."""

    def failures(self) -> list[str]:
        """Say what does not hold."""


@dataclass
class Past:
    """What a step may look back on.

    Attributes:
        symbols: Free symbols of all that came before, the step's own left side included.
        definitions: What symbols stand for, here and in the forms that the chain starts from.
        values: What was supposed of symbols.
    """

    symbols: set[sp.Basic] = field(default_factory=set)
    definitions: dict[sp.Basic, sp.Expr] = field(default_factory=dict)
    values: dict[sp.Basic, sp.Expr] = field(default_factory=dict)


class Rule(abc.ABC):
    """A reason why two sides may differ."""

    @property
    def brings(self) -> Mapping[sp.Symbol, sp.Expr]:
        """What symbols stand for in the derivations that the rule rests on."""
        return {}

    @property
    def conditions(self) -> tuple[sp.Eq, ...]:
        """Equations that the rule supposes."""
        return ()

    @property
    def hypotheses(self) -> tuple[sp.Eq, ...]:
        """Equations that belong to the model itself: unit length, slopes 0 or 1."""
        return ()

    @property
    def argued(self) -> tuple[str, ...]:
        """What is argued in words."""
        return ()

    def problems(self, past: Past, sides: tuple[sp.Expr, ...]) -> Iterator[str]:
        """Say why the rule may not be used in this place.

        Args:
            past: What came before.
            sides: The two sides of the step, evaluations carried out, and what earlier rules of
                the step put in.

        Yields:
            One line per objection.
        """
        del past, sides
        yield from ()

    @abc.abstractmethod
    def apply(self, expression: sp.Expr) -> sp.Expr:
        """Rewrite one side.

        Args:
            expression: The side, evaluations carried out.

        Returns:
            What it equals under the rule.

        Raises:
            DerivationError: What the rule claims does not hold.
        """


_ASSUMPTIONS = ("integer", "real", "positive", "nonnegative", "nonzero")


def _contradicts(symbol: sp.Basic, value: sp.Expr) -> str:
    """Name an assumption on a symbol that a value certainly breaks."""
    for name in _ASSUMPTIONS:
        if getattr(symbol, f"is_{name}") and getattr(value, f"is_{name}") is False:
            return name
    return ""


def _captured(new: sp.Basic, sides: tuple[sp.Expr, ...]) -> set[sp.Basic]:
    """Find free symbols of what is put in that a sum or an operator of a side would bind."""
    bound: set[sp.Basic] = set().union(*map(bound_symbols, sides))
    return {symbol for symbol in new.free_symbols if symbol in bound}


@dataclass(frozen=True)
class Definition(Rule):
    """Let a fresh symbol stand for an expression.

    Attributes:
        symbol: The symbol; it occurs in nothing before, unless it was defined so before.
        expression: What it stands for.
    """

    symbol: sp.Symbol
    expression: sp.Expr

    def problems(self, past: Past, sides: tuple[sp.Expr, ...]) -> Iterator[str]:
        """Object to a symbol that is not fresh, to a second definition, and to a circle."""
        symbol, known = self.symbol, past.definitions.get(self.symbol)
        if not isinstance(symbol, sp.Symbol):
            yield f"{symbol} is no symbol, a definition must be of one"
        if symbol in self.expression.free_symbols:
            yield f"{symbol} is defined by itself"
        if known is not None and known != self.expression:
            yield f"{symbol} is {known} already, it cannot be {self.expression}"
        elif known is None and symbol in past.symbols:
            yield f"{symbol} occurs before it is defined"
        if symbol in set().union(*map(bound_symbols, sides)):
            yield f"{symbol} is bound by a sum or an operator"
        if caught := _captured(self.expression, sides):
            yield f"{symbol} stands for what depends on {caught}, which is bound where it occurs"
        if name := _contradicts(symbol, self.expression):
            yield f"{symbol} is {name}, {self.expression} is not"

    def apply(self, expression: sp.Expr) -> sp.Expr:
        """Put the expression for the symbol."""
        return sp.sympify(expression.subs(self.symbol, self.expression))


@dataclass(frozen=True)
class Condition(Rule):
    """Suppose an equation; most often that a symbol has a value.

    Attributes:
        subject: A symbol, a polynomial in symbols, or a sum.
        value: What it equals.
        model: Whether the equation belongs to the model itself.
    """

    subject: sp.Expr
    value: sp.Expr
    model: bool = False

    @property
    def conditions(self) -> tuple[sp.Eq, ...]:
        """The equation."""
        return () if self.model else (sp.Eq(self.subject, self.value, evaluate=False),)

    @property
    def hypotheses(self) -> tuple[sp.Eq, ...]:
        """The equation, where it belongs to the model."""
        return (sp.Eq(self.subject, self.value, evaluate=False),) if self.model else ()

    def problems(self, past: Past, sides: tuple[sp.Expr, ...]) -> Iterator[str]:
        """Object to what cannot be supposed: of numbers, against an assumption, or twice."""
        subject, value = self.subject, self.value
        if not subject.free_symbols or subject == value:
            yield f"{subject} = {value} supposes nothing of a symbol"
        if isinstance(subject, sp.Symbol):
            if subject in value.free_symbols:
                yield f"{subject} = {value} does not set {subject}"
            if subject in set().union(*map(bound_symbols, sides)):
                yield f"{subject} is bound by a sum or an operator"
        if past.values.get(subject, value) != value:
            yield f"{subject} = {past.values[subject]} was supposed, {value} cannot be"
        if caught := _captured(value, sides):
            yield f"{value} depends on {caught}, which is bound"
        if name := _contradicts(subject, value):
            yield f"{subject} is {name}, {value} is not"

    def apply(self, expression: sp.Expr) -> sp.Expr:
        """Put the value for the subject; for a polynomial, reduce modulo the equation."""
        subject = self.subject
        if isinstance(subject, sp.Symbol):
            return sp.sympify(expression.subs(subject, self.value))
        if subject.has(sp.Sum, sp.Product, sp.Integral):
            return linear(expression).subs(linear(subject), self.value)
        symbols = sorted(subject.free_symbols, key=str)
        top, bottom = sp.fraction(sp.together(sp.expand(expression)))
        if not top.is_polynomial(*symbols) or bottom.has(*symbols):
            return sp.sympify(expression.subs(subject, self.value))
        rest = sp.reduced(sp.expand(top), [subject - self.value], *symbols)[1]
        return sp.sympify(rest / bottom)


@dataclass(frozen=True)
class Proved(Rule):
    """Use what another derivation has shown: its first side equals its last.

    Attributes:
        lemma: A derivation or a closed form.
        at: Values of its free symbols; each must meet all that is assumed of the symbol.
    """

    lemma: Lemma
    at: Mapping[sp.Symbol, Any] = field(default_factory=dict)

    def _put(self, expression: sp.Basic) -> Any:
        return expression.subs(dict(self.at), simultaneous=True)

    @property
    def conditions(self) -> tuple[sp.Eq, ...]:
        """Conditions of the lemma, instantiated."""
        return tuple(
            sp.Eq(self._put(e.lhs), self._put(e.rhs), evaluate=False) for e in self.lemma.conditions
        )

    @property
    def brings(self) -> Mapping[sp.Symbol, sp.Expr]:
        """Definitions of the lemma, where nothing is instantiated."""
        return {} if self.at else self.lemma.definitions

    @property
    def hypotheses(self) -> tuple[sp.Eq, ...]:
        """What the lemma takes from the model."""
        return tuple(self.lemma.hypotheses)

    @property
    def argued(self) -> tuple[str, ...]:
        """What the lemma argues."""
        return tuple(self.lemma.argued)

    def problems(self, past: Past, sides: tuple[sp.Expr, ...]) -> Iterator[str]:
        """Object to a lemma that does not hold, and to values that it does not allow."""
        del past
        yield from (f"the lemma fails: {line}" for line in self.lemma.failures())
        ends = (self.lemma.start, self.lemma.result)
        named = {
            s: e for s, e in self.lemma.definitions.items() if ends[1].has(s) or ends[0].has(s)
        }
        for symbol, value in self.at.items():
            value = sp.sympify(value)
            if caught := _captured(value, ends):
                yield f"{value} depends on {caught}, which the lemma binds"
            for name, stands_for in named.items():
                if symbol in stands_for.free_symbols:
                    yield f"{name} stands for {stands_for} in the lemma, which depends on {symbol}"
            if symbol in self.lemma.definitions:
                yield f"{symbol} is defined in the lemma, it cannot be {value}"
            elif symbol not in self.lemma.start.free_symbols | self.lemma.result.free_symbols:
                yield f"{symbol} is no free symbol of the lemma"
            for name in _ASSUMPTIONS:
                if getattr(symbol, f"is_{name}") and getattr(value, f"is_{name}") is not True:
                    yield f"the lemma needs {name} {symbol}, which {value} is not known to be"
        if caught := _captured(self._put(self.lemma.result), sides):
            yield f"the lemma's result depends on {caught}, which is bound"

    def apply(self, expression: sp.Expr) -> sp.Expr:
        """Put the lemma's last side for its first."""
        left = linear(carry_out(self._put(self.lemma.start)))
        raw = self._put(self.lemma.start)
        return sp.sympify(
            linear(expression).subs({raw: self._put(self.lemma.result)}).subs(
                left, self._put(self.lemma.result)
            )
        )  # fmt: skip


@dataclass(frozen=True)
class Assumed(Rule):
    """Take an equality for granted, in words.

    Attributes:
        reason: Why.
        before: Left-hand side.
        after: Right-hand side.
    """

    reason: str
    before: sp.Expr
    after: sp.Expr

    @property
    def argued(self) -> tuple[str, ...]:
        """The reason."""
        return (self.reason,)

    def problems(self, past: Past, sides: tuple[sp.Expr, ...]) -> Iterator[str]:
        """Object to an assumption without a reason."""
        del past, sides
        if not self.reason.strip():
            yield "an assumption needs its reason in words"

    def apply(self, expression: sp.Expr) -> sp.Expr:
        """Put the right-hand side for the left one."""
        return sp.sympify(expression.subs(self.before, self.after))


def define(names: Mapping[sp.Symbol, Any]) -> tuple[Definition, ...]:
    """Let fresh symbols stand for expressions.

    Args:
        names: Expressions by symbol.

    Returns:
        One rule each.
    """
    return tuple(Definition(symbol, sp.sympify(value)) for symbol, value in names.items())


def where(values: Mapping[sp.Basic, Any]) -> tuple[Condition, ...]:
    """Suppose equations, which the resulting form carries as conditions.

    Args:
        values: Values by symbol or expression.

    Returns:
        One rule each.
    """
    return tuple(Condition(s, sp.sympify(value)) for s, value in values.items())


def of_model(values: Mapping[sp.Basic, Any]) -> tuple[Condition, ...]:
    """Use equations that belong to the model itself.

    Args:
        values: Values by symbol or expression.

    Returns:
        One rule each.
    """
    return tuple(Condition(s, sp.sympify(value), model=True) for s, value in values.items())


def as_rules(rules: tuple[Rule | tuple[Rule, ...], ...]) -> tuple[Rule, ...]:
    """Flatten rules that are given one by one or in tuples.

    Args:
        rules: Rules and tuples of rules.

    Returns:
        The rules.
    """
    flat: list[Rule] = []
    for rule in rules:
        flat.extend(rule if isinstance(rule, tuple) else (rule,))
    return tuple(flat)

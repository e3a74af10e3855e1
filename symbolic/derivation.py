"""Write derivations as chains of steps, each of which is checked.

A step claims ``before = after``. Derivatives, limits and evaluations are carried out, the step's
rules (:mod:`.rules`, :mod:`.operator_rules`, :mod:`.certificates`) rewrite both sides, and what is
left of ``before - after`` must vanish identically. A rule that may not be used in its place, that
does not hold, or that changes nothing makes the step fail, and so does a step whose two sides are
the same expression. A chain holds when every step does and starts where the last one ended.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

from whichmin.symbolic.operators import DerivationError, carry_out, linear, vanishes
from whichmin.symbolic.rules import (
    Condition,
    Definition,
    Past,
    Rule,
    as_rules,
)

__all__ = ["Derivation", "DerivationError", "Step", "vanishes"]


@dataclass(frozen=True)
class Step:
    """Claim that two expressions agree under stated rules.

    Attributes:
        reason: Why the two sides agree.
        before: Left-hand side.
        after: Right-hand side.
        rules: Under which rules; empty for a plain identity.
    """

    reason: str
    before: sp.Expr
    after: sp.Expr
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no rule."""
        for rule in self.rules:
            if not isinstance(rule, Rule):
                raise TypeError(f"{rule} is no rule, step {self.reason}")

    def _sides(self) -> tuple[sp.Expr, sp.Expr]:
        return carry_out(self.before), carry_out(self.after)

    def residual(self) -> sp.Expr:
        """Return the difference of the two sides under the step's rules.

        Raises:
            DerivationError: What a rule claims does not hold.
        """
        left, right = self._sides()
        for rule in self.rules:
            was = (left, right)
            left, right = (carry_out(rule.apply(side)) for side in was)
            if was == (left, right):
                raise DerivationError(f"the rule {rule} changes nothing")
        return sp.expand(linear(left - right))

    def objections(self, past: Past) -> Iterator[str]:
        """Say what is wrong with the step.

        Args:
            past: What came before; it is brought up to date.

        Yields:
            One line per objection.
        """
        if self.before == self.after:
            yield f"{self.before} = {self.after} says nothing, both sides are one expression"
        past.symbols |= self.before.free_symbols
        try:
            lines = self._misused(past)
            left = sp.Integer(0) if lines else self.residual()
        except DerivationError as error:
            yield str(error)
            return
        yield from lines
        if not vanishes(left):
            shown = left if left.has(sp.Sum, sp.Integral) else sp.simplify(left, doit=False)
            yield f"{self.before} = {self.after} leaves {shown}"

    def _misused(self, past: Past) -> list[str]:
        """Say which rules may not be used here, definitions first; bring the past up to date."""
        sides: tuple[sp.Expr, ...] = self._sides()
        lines: list[str] = []
        put_in: dict[int, tuple[sp.Expr, ...]] = {}
        for place, rule in enumerate(self.rules):
            put_in[place] = sides
            if isinstance(rule, Definition):
                lines += rule.problems(past, sides)
                past.symbols |= rule.expression.free_symbols
                past.definitions.setdefault(rule.symbol, rule.expression)
                sides = (*sides, rule.expression)
            elif isinstance(rule, Condition):
                sides = (*sides, rule.value)
        for place, rule in enumerate(self.rules):
            if not isinstance(rule, Definition):
                lines += rule.problems(past, put_in[place])
            if isinstance(rule, Condition):
                past.values.setdefault(rule.subject, rule.value)
                past.symbols |= rule.subject.free_symbols | rule.value.free_symbols
            for symbol, expression in rule.brings.items():
                if past.definitions.setdefault(symbol, expression) != expression:
                    known = past.definitions[symbol]
                    lines.append(f"{symbol} is {known} already, not {expression}")
        past.symbols |= self.after.free_symbols
        return lines

    def holds(self) -> bool:
        """Decide whether the step holds by itself."""
        return not list(self.objections(Past()))


@dataclass(frozen=True)
class Derivation:
    """Chain steps from a definition to a result.

    Attributes:
        steps: The steps, in order.
        uses: Closed forms and derivations whose definitions the chain takes over.
    """

    steps: tuple[Step, ...]
    uses: tuple[Any, ...] = field(default=(), repr=False, compare=False)

    @classmethod
    def begin(
        cls,
        reason: str,
        before: sp.Expr,
        after: sp.Expr,
        *rules: Rule | tuple[Rule, ...],
        uses: tuple[Any, ...] = (),
    ) -> Derivation:
        """Start a chain.

        Returns:
            A derivation of one step.
        """
        return cls((Step(reason, sp.sympify(before), sp.sympify(after), as_rules(rules)),), uses)

    def then(self, reason: str, after: sp.Expr, *rules: Rule | tuple[Rule, ...]) -> Derivation:
        """Add a step that starts from the current result.

        Returns:
            The longer derivation.
        """
        step = Step(reason, self.result, sp.sympify(after), as_rules(rules))
        return replace(self, steps=(*self.steps, step))

    @property
    def start(self) -> sp.Expr:
        """Return the left-hand side of the first step."""
        return self.steps[0].before

    @property
    def result(self) -> sp.Expr:
        """Return the right-hand side of the last step."""
        return self.steps[-1].after

    def _rules(self) -> Iterator[Rule]:
        for step in self.steps:
            yield from step.rules

    @functools.cached_property
    def definitions(self) -> Mapping[sp.Symbol, sp.Expr]:
        """Return what symbols stand for, here and in what the chain uses."""
        found: dict[sp.Symbol, sp.Expr] = {}
        for used in self.uses:
            found.update(used.definitions)
        for rule in self._rules():
            found.update(rule.brings)
            if isinstance(rule, Definition):
                found[rule.symbol] = rule.expression
        return found

    @functools.cached_property
    def conditions(self) -> tuple[sp.Eq, ...]:
        """Return the equations that the chain supposes, and those of what it uses.

        A symbol that the chain defines and that the result does not hold is written out.
        """
        return self._equations("conditions")

    @functools.cached_property
    def hypotheses(self) -> tuple[sp.Eq, ...]:
        """Return the equations of the model that the chain takes for granted."""
        return self._equations("hypotheses")

    def _equations(self, kind: str) -> tuple[sp.Eq, ...]:
        taken_over = {symbol for used in self.uses for symbol in used.definitions}
        hidden = {
            r.symbol: r.expression
            for r in self._rules()
            if isinstance(r, Definition) and r.symbol not in self.result.free_symbols | taken_over
        }
        found = [e for used in self.uses for e in getattr(used, kind)]
        for rule in self._rules():
            for e in getattr(rule, kind):
                sides = (side.subs(hidden) for side in (e.lhs, e.rhs))
                found.append(sp.Eq(*sides, evaluate=False))
        return tuple(dict.fromkeys(found))

    @functools.cached_property
    def argued(self) -> tuple[str, ...]:
        """Return what the chain argues in words; without any of it every step is checked."""
        found = [line for used in self.uses for line in used.argued]
        for number, step in enumerate(self.steps, start=1):
            found += [f"step {number} ({step.reason}): {w}" for r in step.rules for w in r.argued]
        return tuple(dict.fromkeys(found))

    def failures(self) -> list[str]:
        """Describe every step that does not hold.

        Returns:
            One line per failure, empty when the chain holds.
        """
        lines = []
        past = Past()
        occurring = {s for step in self.steps for e in (step.before, step.after)
                     for s in e.free_symbols}  # fmt: skip
        for used in self.uses:
            for equation in (*used.conditions, *used.hypotheses):
                past.symbols |= equation.free_symbols
            for symbol, expression in used.definitions.items():
                known = past.definitions.setdefault(symbol, expression)
                if known != expression and symbol in occurring:
                    lines.append(f"{symbol} is {known} in one place, {expression} in another")
            if isinstance(used, Derivation):  # closed forms are checked where they stand
                lines += [f"what is used fails: {line}" for line in used.failures()]
        for number, step in enumerate(self.steps, start=1):
            if number > 1 and step.before != self.steps[number - 2].after:
                lines.append(f"step {number} ({step.reason}) does not start where the last ended")
            lines += [f"step {number} ({step.reason}): {line}" for line in step.objections(past)]
        return lines

    def check(self) -> None:
        """Check the chain.

        Raises:
            DerivationError: A step does not hold.
        """
        lines = self.failures()
        if lines:
            raise DerivationError("; ".join(lines))

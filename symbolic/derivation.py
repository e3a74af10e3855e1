"""Write derivations as chains of steps, each of which is checked.

A step claims ``before = after``. Its residual ``before - after`` must vanish identically, after
the rules that the step names (a definition, a lemma, a specialisation) have been applied to both
sides. A chain holds when every residual is zero and every step starts where the last one ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import sympy as sp

__all__ = ["Derivation", "DerivationError", "Step", "vanishes"]


class DerivationError(Exception):
    """Report that a step of a derivation does not hold, or that a chain is broken."""


def vanishes(expression: sp.Expr) -> bool:
    """Decide whether an expression is identically zero.

    Expanding suffices for polynomials, and for the numerator of a rational function with rational
    coefficients; radicals, logarithms and sums over a symbolic number of terms need simplification.

    Returns:
        True only when SymPy reaches the literal 0.
    """
    expanded = sp.expand(expression)
    if expanded == 0:
        return True
    if _is_rational(expanded):
        return bool(sp.expand(sp.fraction(sp.together(expanded))[0]) == 0)
    return bool(sp.simplify(expanded) == 0)


def _is_rational(expression: sp.Expr) -> bool:
    """Decide whether an expression is a rational function with rational coefficients."""
    if isinstance(expression, (sp.Symbol, sp.Rational)):
        return True
    if isinstance(expression, sp.Pow):
        return expression.exp.is_Integer is True and _is_rational(expression.base)
    return isinstance(expression, (sp.Add, sp.Mul)) and all(map(_is_rational, expression.args))


@dataclass(frozen=True)
class Step:
    """Claim that two expressions agree under stated rules.

    Attributes:
        reason: Why the two sides agree.
        before: Left-hand side.
        after: Right-hand side.
        rules: Substitutions under which they agree: definitions of the symbols that the step
            introduces, or the special values that it sets. Empty for a plain identity.
    """

    reason: str
    before: sp.Expr
    after: sp.Expr
    rules: Mapping[sp.Basic, sp.Basic] = field(default_factory=lambda: MappingProxyType({}))

    def residual(self) -> sp.Expr:
        """Return the difference of the two sides under the step's rules."""
        rules = dict(self.rules)
        difference = self.before.subs(rules) - self.after.subs(rules)
        return sp.expand(difference.doit())

    def holds(self) -> bool:
        """Decide whether the residual is identically zero."""
        return vanishes(self.residual())


@dataclass(frozen=True)
class Derivation:
    """Chain steps from a definition to a result.

    Attributes:
        steps: The steps, in order.
    """

    steps: tuple[Step, ...]

    @classmethod
    def begin(
        cls,
        reason: str,
        before: sp.Expr,
        after: sp.Expr,
        rules: Mapping[sp.Basic, sp.Basic] | None = None,
    ) -> Derivation:
        """Start a chain.

        Returns:
            A derivation of one step.
        """
        return cls((Step(reason, sp.sympify(before), sp.sympify(after), rules or {}),))

    def then(
        self, reason: str, after: sp.Expr, rules: Mapping[sp.Basic, sp.Basic] | None = None
    ) -> Derivation:
        """Add a step that starts from the current result.

        Returns:
            The longer derivation.
        """
        return Derivation((*self.steps, Step(reason, self.result, sp.sympify(after), rules or {})))

    @property
    def result(self) -> sp.Expr:
        """Return the right-hand side of the last step."""
        return self.steps[-1].after

    def failures(self) -> list[str]:
        """Describe every step that does not hold.

        Returns:
            One line per failure, empty when the chain holds.
        """
        lines = []
        for number, step in enumerate(self.steps, start=1):
            if number > 1 and step.before != self.steps[number - 2].after:
                lines.append(f"step {number} ({step.reason}) does not start where the last ended")
            if not step.holds():
                lines.append(
                    f"step {number} ({step.reason}): {step.before} = {step.after} leaves "
                    f"{sp.simplify(step.residual())}"
                )
        return lines

    def check(self) -> None:
        """Check the chain.

        Raises:
            DerivationError: A step does not hold.
        """
        lines = self.failures()
        if lines:
            raise DerivationError("; ".join(lines))

"""Say what means, roots, recursions and flows equal, and check it on the spot.

======================  =========================================================================
:class:`Expectation`    linear in the monomials, each from a table of moments
:class:`Solved`         the value solves the equation, and no other value that the unknown may have
:class:`Induction`      the start, and one step
:class:`Follows`        the start, and the differential equation
======================  =========================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from whichmin.symbolic.operators import (
    DerivationError,
    Flow,
    Iterate,
    Mean,
    Root,
    carry_out,
    replaced,
    vanishes,
)
from whichmin.symbolic.rules import Past, Rule

__all__ = [
    "Expectation",
    "Follows",
    "Induction",
    "Law",
    "Moment",
    "Solved",
    "given",
    "shown",
]


@dataclass(frozen=True)
class Moment:
    """The mean of a monomial.

    Attributes:
        value: The mean.
        reason: Which part of the definition of the law it is.
        derivation: Or how it follows: a derivation that ends in the value.
    """

    value: sp.Expr
    reason: str = ""
    derivation: Any = None


def given(value: Any, reason: str) -> Moment:
    """Take a moment from the definition of a law.

    Args:
        value: The mean.
        reason: Which part of the definition.

    Returns:
        The moment.
    """
    return Moment(sp.sympify(value), reason)


def shown(derivation: Any) -> Moment:
    """Take a moment from a derivation.

    Args:
        derivation: It ends in the moment.

    Returns:
        The moment.
    """
    return Moment(derivation.result, "", derivation)


@dataclass(frozen=True)
class Law:
    """The law of random symbols, as far as their moments go.

    Attributes:
        name: What it is.
        moments: Means of monomials.
    """

    name: str
    moments: Mapping[sp.Expr, Moment]

    @property
    def variables(self) -> tuple[sp.Symbol, ...]:
        """The random symbols."""
        return tuple(sorted(set().union(*(e.free_symbols for e in self.moments)), key=str))

    def mean(self, monomial: sp.Expr) -> sp.Expr:
        """Return the mean of a monomial.

        Raises:
            DerivationError: The table does not hold it.
        """
        if monomial == 1:
            return sp.Integer(1)
        if monomial not in self.moments:
            raise DerivationError(f"{self.name}: no moment of {monomial} is known")
        return self.moments[monomial].value


@dataclass(frozen=True, init=False)
class Expectation(Rule):
    """Take means as a linear map on polynomials of random symbols.

    Attributes:
        laws: Laws of groups of symbols; different groups are independent.
    """

    laws: tuple[Law, ...]

    def __init__(self, *laws: Law) -> None:
        object.__setattr__(self, "laws", laws)

    def _lemmas(self) -> list[Any]:
        moments = (m for law in self.laws for m in law.moments.values())
        return [m.derivation for m in moments if m.derivation is not None]

    @property
    def brings(self) -> Mapping[sp.Symbol, sp.Expr]:
        """Definitions in the derivations of the moments."""
        return {name: e for d in self._lemmas() for name, e in d.definitions.items()}

    @property
    def conditions(self) -> tuple[sp.Eq, ...]:
        """Conditions of the moments that are derived."""
        return tuple(dict.fromkeys(e for d in self._lemmas() for e in d.conditions))

    @property
    def hypotheses(self) -> tuple[sp.Eq, ...]:
        """What these moments take from the model."""
        return tuple(dict.fromkeys(e for d in self._lemmas() for e in d.hypotheses))

    @property
    def argued(self) -> tuple[str, ...]:
        """What these moments argue."""
        return tuple(dict.fromkeys(e for d in self._lemmas() for e in d.argued))

    def problems(self, past: Past, sides: tuple[sp.Expr, ...]) -> Iterator[str]:
        """Object to moments without grounds, and to a random symbol that is left."""
        for law in self.laws:
            for monomial, moment in law.moments.items():
                if moment.derivation is None and not moment.reason.strip():
                    yield f"{law.name}: the moment of {monomial} has no grounds"
                elif moment.derivation is not None:
                    lines = moment.derivation.failures()
                    yield from (f"{law.name}, moment of {monomial}: {line}" for line in lines)
        names = [v for law in self.laws for v in law.variables]
        if len(set(names)) < len(names):
            yield "a random symbol has two laws"
        occurring = set().union(*(side.free_symbols for side in sides))
        for known in (past.definitions, past.values):
            for name, value in known.items():
                if value.free_symbols & set(names) and name.free_symbols & occurring:
                    yield f"{name} is {value}, which is random"
        if left := sides[1].free_symbols & set(names):
            yield f"the random symbols {left} are left after means are taken"

    def apply(self, expression: sp.Expr) -> sp.Expr:
        """Put the means in."""
        return replaced(expression, Mean, self._mean)

    def _mean(self, node: Mean) -> sp.Expr:
        inside = sp.expand(carry_out(node.args[0]))
        variables = [v for law in self.laws for v in law.variables]
        if not inside.is_polynomial(*variables):
            raise DerivationError(f"{inside} is no polynomial in {variables}")
        total = sp.Integer(0)
        for powers, factor in sp.Poly(inside, *variables).terms():
            by_symbol = dict(zip(variables, powers, strict=True))
            for law in self.laws:
                factor *= law.mean(sp.Mul(*(v ** by_symbol[v] for v in law.variables)))
            total += factor
        return total


@dataclass(frozen=True)
class Solved(Rule):
    """Say what a root is.

    Attributes:
        values: Values of unknowns.
    """

    values: Mapping[sp.Symbol, sp.Expr]

    def apply(self, expression: sp.Expr) -> sp.Expr:
        """Put the values for the roots."""
        return replaced(expression, Root, self._root)

    def _root(self, node: Root) -> sp.Expr | None:
        unknown, equation = node.args
        if unknown not in self.values:
            return None
        value = self.values[unknown]
        top, bottom = sp.fraction(sp.together(carry_out(equation)))
        if not (top.is_polynomial(unknown) and bottom.is_polynomial(unknown)):
            raise DerivationError(f"{equation} is no rational function of {unknown}")
        poly = sp.Poly(sp.expand(top), unknown)
        if not vanishes(top.subs(unknown, value)) or vanishes(bottom.subs(unknown, value)):
            raise DerivationError(f"{unknown} = {value} does not solve {equation} = 0")
        if poly.degree() < 1 or vanishes(poly.LC()):
            raise DerivationError(f"{equation} = 0 does not determine {unknown}")
        if poly.degree() > 1 and not self._alone(unknown, poly, value):
            raise DerivationError(f"{equation} = 0 may have other solutions than {value}")
        return value

    @staticmethod
    def _alone(unknown: sp.Symbol, poly: sp.Poly, value: sp.Expr) -> bool:
        """Decide whether no other root is positive, for a positive unknown."""
        if not unknown.is_positive:
            return False
        # What the value is divided by is not 0.
        below = sp.fraction(sp.together(value))[1].free_symbols
        generic = {s: sp.Dummy(positive=True) for s in below if s.is_nonnegative}
        value, poly = value.xreplace(generic), sp.Poly(poly.as_expr().xreplace(generic), unknown)
        if poly.degree() == 2 and value.is_positive:
            product = sp.cancel(poly.coeff_monomial(1) / poly.LC())
            if product.is_nonpositive:
                return True
        roots = sp.roots(poly)
        others = [root for root in roots if not vanishes(root - value)]
        return sum(roots.values()) == poly.degree() and all(r.is_positive is False for r in others)


@dataclass(frozen=True)
class Induction(Rule):
    """Say what an iterate is, by its start and one step.

    Attributes:
        value: The iterate as a function of the number of steps.
        time: The number of steps.
    """

    value: sp.Expr
    time: sp.Symbol

    def apply(self, expression: sp.Expr) -> sp.Expr:
        """Put the value for the iterates."""
        return replaced(expression, Iterate, self._iterate)

    def _iterate(self, node: Iterate) -> sp.Expr:
        law, state, start, time = node.args
        if time != self.time or not (time.is_integer and time.is_nonnegative):
            raise DerivationError(f"{time} must be {self.time}, a number of steps")
        if self.time in law.free_symbols | start.free_symbols:
            raise DerivationError(f"the recursion depends on {self.time}")
        if not vanishes(self.value.subs(time, 0) - start):
            raise DerivationError(f"after no step {self.value} is not {start}")
        after = carry_out(law).subs(state, self.value)
        if not vanishes(self.value.subs(time, time + 1) - after):
            raise DerivationError(f"a step does not take {self.value} on by one")
        return self.value


@dataclass(frozen=True)
class Follows(Rule):
    """Say what solves a linear differential equation: it starts right and obeys it.

    Attributes:
        value: The solution as a function of time.
        time: Time.
    """

    value: sp.Expr
    time: sp.Symbol

    def apply(self, expression: sp.Expr) -> sp.Expr:
        """Put the value for the solutions."""
        return replaced(expression, Flow, self._flow)

    def _flow(self, node: Flow) -> sp.Expr:
        law, state, start, time = node.args
        law = carry_out(law)
        if time != self.time or self.time in law.free_symbols | start.free_symbols:
            raise DerivationError(f"{time} must be {self.time}, and the rate free of it")
        if not law.is_polynomial(state) or sp.degree(law, state) > 1:
            raise DerivationError(f"{law} is not linear in {state}")
        if not vanishes(self.value.subs(time, 0) - start):
            raise DerivationError(f"at time 0 {self.value} is not {start}")
        if not vanishes(sp.diff(self.value, time) - law.subs(state, self.value)):
            raise DerivationError(f"{self.value} does not obey the differential equation")
        return self.value

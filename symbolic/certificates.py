"""Say what integrals and sums equal, by certificates that are checked on the spot.

=======================  ========================================================================
:class:`Antiderivative`  its derivative is the integrand, without pole or jump; both ends' limits
:class:`Substituted`     an increasing change of the variable, with both ends
:class:`Telescoped`      ``F(k + 1) - F(k)`` is the term, no pole; values or the limit at both ends
=======================  ========================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp
from sympy.core.function import AppliedUndef

from whichmin.symbolic.operators import (
    DerivationError,
    bound_symbols,
    carry_out,
    replaced,
    vanishes,
)
from whichmin.symbolic.rules import Past, Rule

__all__ = ["Antiderivative", "Substituted", "Telescoped"]


def _smooth(expression: sp.Expr, x: sp.Symbol) -> bool:
    """Decide whether a function of x has no jump and no pole where x may be."""
    if not expression.has(x) or expression == x:
        return True
    if isinstance(expression, sp.Pow):
        base, power = expression.args
        if power.has(x):
            return bool(base.is_positive) and _smooth(base, x) and _smooth(power, x)
        whole = power.is_integer and power.is_nonnegative
        return _smooth(base, x) and bool(whole or base.is_positive)
    if isinstance(expression, sp.log):
        return bool(expression.args[0].is_positive) and _smooth(expression.args[0], x)
    if isinstance(expression, (sp.Add, sp.Mul, sp.exp, sp.erf, sp.sin, sp.cos)):
        return all(_smooth(arg, x) for arg in expression.args)
    if isinstance(expression, sp.Derivative):
        return _smooth(expression.expr, x)
    return isinstance(expression, AppliedUndef) and all(_smooth(e, x) for e in expression.args)


def _outside(variable: sp.Symbol, low: sp.Expr, high: sp.Expr) -> bool:
    """Decide whether a range may leave what is assumed of its variable."""
    if variable.is_nonpositive:
        return True
    if variable.is_integer and variable.is_positive:
        return not (low.is_extended_positive and high.is_extended_positive)
    inside = low.is_extended_nonnegative and high.is_extended_nonnegative
    return bool(variable.is_nonnegative and not inside)


def _end(function: sp.Expr, x: sp.Symbol, place: sp.Expr, side: str) -> sp.Expr:
    """Return the limit of a function at an end, which must be finite."""
    value = function.subs(x, place)
    if place.is_infinite or value.has(sp.nan, sp.zoo, sp.oo, -sp.oo):
        value = sp.limit(function, x, place) if place.is_infinite else sp.limit(
            function, x, place, side
        )  # fmt: skip
    if value.has(sp.nan, sp.zoo, sp.oo, -sp.oo, sp.Limit, sp.AccumBounds):
        raise DerivationError(f"{function} has no finite limit at {x} = {place}")
    return sp.sympify(value)


@dataclass(frozen=True)
class Antiderivative(Rule):
    """Say what integrals are, by an antiderivative.

    Attributes:
        function: F, whose derivative is the integrand.
        variable: Variable of the integral.
    """

    function: sp.Expr
    variable: sp.Symbol

    def apply(self, expression: sp.Expr) -> sp.Expr:
        """Put the difference of the ends for integrals whose integrand is F'."""
        return replaced(expression, sp.Integral, self._integral)

    def _integral(self, node: sp.Integral) -> sp.Expr | None:
        x = self.variable
        if len(node.limits[0]) != 3 or node.limits[0][0] != x:
            return None
        _, low, high = node.limits[0]
        if x in low.free_symbols | high.free_symbols:
            raise DerivationError(f"an end of the integral depends on {x}")
        if not vanishes(sp.diff(self.function, x) - carry_out(node.function)):
            return None
        if x.is_integer or _outside(x, low, high):
            raise DerivationError(f"{x} is assumed to be what it is not from {low} to {high}")
        if not _smooth(self.function, x):
            raise DerivationError(f"{self.function} may have a pole or a jump in {x}")
        inner = _end(self.function, x, high, "-") - _end(self.function, x, low, "+")
        return sp.Integral(inner, *node.limits[1:]) if node.limits[1:] else inner


@dataclass(frozen=True)
class Substituted(Rule):
    """Change the variable of an integral, by an increasing function.

    Attributes:
        variable: The old variable.
        function: What it is in terms of the new one.
        new: The new variable.
        ends: Where the new one starts and ends.
    """

    variable: sp.Symbol
    function: sp.Expr
    new: sp.Symbol
    ends: tuple[sp.Expr, sp.Expr]

    def apply(self, expression: sp.Expr) -> sp.Expr:
        """Change the variable of integrals over the old one."""
        return replaced(expression, sp.Integral, self._integral)

    def _integral(self, node: sp.Integral) -> sp.Expr | None:
        places = [p for p, limit in enumerate(node.limits) if limit[0] == self.variable]
        if not places:
            return None
        place = places[0]
        slope = sp.diff(self.function, self.new)
        if not slope.is_positive:
            raise DerivationError(f"{self.function} is not known to grow in {self.new}")
        if self.new in node.function.free_symbols | {limit[0] for limit in node.limits}:
            raise DerivationError(f"{self.new} is in use already")
        for old, end in zip(node.limits[place][1:], self.ends, strict=True):
            if not vanishes(self.function.subs(self.new, end) - old):
                raise DerivationError(f"{self.new} = {end} is not where {self.variable} = {old}")
        change = {self.variable: self.function}
        inner = [sp.Tuple(w, *(e.subs(change) for e in ends)) for w, *ends in node.limits[:place]]
        inside = node.function.subs(change) * slope
        return sp.Integral(inside, *inner, (self.new, *self.ends), *node.limits[place + 1 :])


@dataclass(frozen=True)
class Telescoped(Rule):
    """Say what a sum is, by a certificate F with ``F(k + 1) - F(k)`` equal to the term.

    Attributes:
        function: F.
        index: k.
    """

    function: sp.Expr
    index: sp.Symbol

    def apply(self, expression: sp.Expr) -> sp.Expr:
        """Put the difference of the ends for sums whose term F telescopes to."""
        return replaced(expression, sp.Sum, self._sum)

    def _sum(self, node: sp.Sum) -> sp.Expr | None:
        k, F = self.index, self.function
        if node.limits[0][0] != k:
            return None
        _, low, high = node.limits[0]
        if not vanishes(sp.combsimp(F.subs(k, k + 1) - F - carry_out(node.function))):
            raise DerivationError(f"{F} does not telescope to {node.function}")
        if _outside(k, low, high):
            raise DerivationError(f"{k} is assumed to be what it is not from {low} to {high}")
        # Powers k of something and binomial coefficients have no pole.
        entire = {
            e
            for e in F.atoms(sp.binomial, sp.Pow)
            if isinstance(e, sp.binomial) or (e.exp.has(k) and not e.base.has(k))
        }
        plain = F.xreplace({e: sp.Dummy(positive=True) for e in entire})
        top, bottom = sp.fraction(sp.together(plain))
        if not (top.is_polynomial(k) and bottom.is_polynomial(k)):
            raise DerivationError(f"the poles of {F} are not known")
        if bottom.has(k):
            for pole in sp.roots(sp.Poly(bottom, k)):
                if not ((pole - low).is_negative or (high + 1 - pole).is_negative):
                    raise DerivationError(f"{F} may have a pole at {k} = {pole}")
        past_end = high if high.is_infinite else high + 1
        inner = _end(F, k, past_end, "-") - _end(F, k, low, "+")
        return sp.Sum(inner, *node.limits[1:]) if node.limits[1:] else inner

    def problems(self, past: Past, sides: tuple[sp.Expr, ...]) -> Iterator[str]:
        """Object to a certificate whose index no sum has."""
        del past
        if self.index not in set().union(*map(bound_symbols, sides)):
            yield f"no sum runs over {self.index}"

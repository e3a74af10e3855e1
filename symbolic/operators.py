"""Write what a derivation starts from without working it out: means, roots, iterates, values.

An operator is an expression of SymPy that stays as it is until a rule of
:mod:`whichmin.symbolic.rules` says what it equals, and that rule is checked. The symbols that an
operator binds are no free symbols of it.

* ``Mean(e)``: expectation of e; which symbols are random, the rule's laws say.
* ``Root(u, e)``: the value of the unknown u at which e is 0.
* ``Iterate(f, u, a, t)``: the t-th iterate of the map ``u -> f`` from a.
* ``Flow(f, u, a, t)``: the solution at time t of ``du/dt = f`` from a.
* ``At(e, (u, ...), (a, ...))``: the value of e where the symbols u have the values a.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits

__all__ = [
    "At",
    "DerivationError",
    "Flow",
    "Iterate",
    "Mean",
    "Root",
    "at",
    "bound_symbols",
    "carry_out",
    "linear",
    "replaced",
    "vanishes",
]


class DerivationError(Exception):
    """Report that a step of a derivation does not hold, or that a chain is broken."""


class Mean(sp.Expr):
    """Expectation of an expression, not yet taken."""

    def __new__(cls, expression: Any) -> Mean:
        """Make the mean of an expression."""
        return cast(Mean, sp.Expr.__new__(cls, sp.sympify(expression)))


class _Binder(sp.Expr):
    """An operator whose first arguments may hold symbols that mean nothing outside of it."""

    inside: int  # how many leading arguments see the bound symbols

    @property
    def bound(self) -> frozenset[sp.Symbol]:
        """The symbols that mean nothing outside."""
        return frozenset()

    @property
    def free_symbols(self) -> set[sp.Basic]:
        inner = set().union(*(a.free_symbols for a in self.args[: self.inside]))
        outer: set[sp.Basic] = set().union(*(a.free_symbols for a in self.args[self.inside :]))
        return (inner - self.bound) | outer

    def _eval_subs(self, old: sp.Basic, new: sp.Basic) -> sp.Basic | None:
        if not self.bound & old.free_symbols:
            return None
        kept, rest = self.args[: self.inside], self.args[self.inside :]
        return self.func(*kept, *(a.subs(old, new) for a in rest))


class Root(_Binder):
    """The value of an unknown at which an expression is 0."""

    inside = 2

    def __new__(cls, unknown: sp.Symbol, expression: Any) -> Root:
        """Make the root of an expression in an unknown."""
        return cast(Root, sp.Expr.__new__(cls, unknown, sp.sympify(expression)))

    @property
    def bound(self) -> frozenset[sp.Symbol]:
        """The unknown."""
        return frozenset({self.args[0]})


class _Motion(_Binder):
    inside = 2

    def __new__(cls, law: Any, state: sp.Symbol, start: Any, time: Any) -> Any:
        return sp.Expr.__new__(cls, sp.sympify(law), state, sp.sympify(start), sp.sympify(time))

    @property
    def bound(self) -> frozenset[sp.Symbol]:
        return frozenset({self.args[1]})


class Iterate(_Motion):
    """An iterate of a map."""


class Flow(_Motion):
    """The solution of a differential equation."""


class At(_Binder):
    """The value of an expression at a point."""

    inside = 2

    def __new__(cls, expression: Any, symbols: Any, values: Any) -> At:
        """Make the value of an expression at a point."""
        point = sp.Tuple(*symbols), sp.Tuple(*map(sp.sympify, values))
        return cast(At, sp.Expr.__new__(cls, sp.sympify(expression), *point))

    @property
    def bound(self) -> frozenset[sp.Symbol]:
        """The symbols that have values."""
        return frozenset(self.args[1])

    def doit(self, **hints: Any) -> sp.Expr:
        """Put the values in, all at once.

        Raises:
            DerivationError: A value holds a symbol that the expression binds.
        """
        del hints
        expression, symbols, values = self.args
        if caught := values.free_symbols & bound_symbols(expression):
            raise DerivationError(f"{values} depends on {caught}, which {expression} binds")
        pairs = dict(zip(symbols, values, strict=True))
        return sp.sympify(expression.subs(pairs, simultaneous=True))


def at(expression: sp.Expr, point: Mapping[sp.Symbol, Any]) -> At:
    """Write the value of an expression at a point, not yet worked out.

    Args:
        expression: The expression.
        point: Values by symbol; the symbols are bound.

    Returns:
        The operator.
    """
    return At(expression, tuple(point), tuple(point.values()))


def bound_symbols(expression: sp.Expr) -> set[sp.Basic]:
    """Collect the symbols that are bound anywhere in an expression.

    Args:
        expression: The expression.

    Returns:
        Indices of sums and products, variables of integrals, symbols that operators bind.
    """
    found: set[sp.Basic] = set()
    for node in sp.preorder_traversal(expression):
        if isinstance(node, ExprWithLimits):
            found |= set(node.bound_symbols)
        elif isinstance(node, (_Binder, sp.Subs)):
            found |= set(node.bound if isinstance(node, _Binder) else node.variables)
    return found


def carry_out(expression: sp.Expr) -> sp.Expr:
    """Carry out derivatives, limits and evaluations, and nothing else.

    Integrals, sums and the other operators stay: only a rule may say what they equal.

    Args:
        expression: The expression.

    Returns:
        The expression without what could be carried out.

    Raises:
        DerivationError: A derivative or a limit is of an operator that no rule has said more of.
    """
    pending = (sp.Derivative, sp.Subs, sp.Limit, At)
    if not expression.has(*pending):
        return expression
    args = [carry_out(arg) if isinstance(arg, sp.Expr) else arg for arg in expression.args]
    waiting = (Mean, Root, Iterate, Flow)
    if isinstance(expression, (sp.Derivative, sp.Limit)) and args[0].has(*waiting):
        raise DerivationError(f"{expression} is of an operator")
    if isinstance(expression, sp.Derivative):
        args[1:] = expression.args[1:]
        # A derivative of a function that stays abstract stays.
        return sp.sympify(sp.diff(args[0], *expression.args[1:]))
    rebuilt = expression.func(*args) if args else expression
    if isinstance(rebuilt, sp.Limit):
        return _limit(rebuilt)
    if isinstance(rebuilt, (At, sp.Subs)):
        return sp.sympify(rebuilt.doit(integrals=False))
    return sp.sympify(rebuilt)


def _limit(node: sp.Limit) -> sp.Expr:
    """Work out a limit: of a rational function from its leading coefficients."""
    expression, variable, place = node.args[:3]
    if place in {sp.S.Zero, sp.oo}:
        top, bottom = sp.fraction(sp.together(expression))
        if top.is_polynomial(variable) and bottom.is_polynomial(variable):
            terms = [sp.Poly(side, variable) for side in (top, bottom)]
            terms = [
                {n: v for (n,), v in side.terms() if sp.expand(v) != 0} for side in terms
            ]  # fmt: skip
            if not all(terms):
                return sp.sympify(sp.limit(*node.args))
            pick = min if place == 0 else max
            over, under = (pick(side) for side in terms)
            if over == under:
                return sp.sympify(terms[0][over] / terms[1][under])
            if (over > under) == (place == 0):
                return sp.Integer(0)
    return sp.sympify(sp.limit(*node.args))


def replaced(expression: sp.Expr, kind: type, handle: Callable[[Any], sp.Expr | None]) -> sp.Expr:
    """Replace operators of one kind, inner ones first.

    Args:
        expression: The expression.
        kind: Their class.
        handle: What to put for one; None leaves it as it is.

    Returns:
        The expression with the replacements.
    """
    if not expression.has(kind):
        return expression
    args = [replaced(a, kind, handle) if isinstance(a, sp.Expr) else a for a in expression.args]
    rebuilt = expression.func(*args) if args else expression
    if isinstance(rebuilt, kind):
        found = handle(rebuilt)
        return rebuilt if found is None else found
    return sp.sympify(rebuilt)


def linear(expression: sp.Expr) -> sp.Expr:
    """Write sums and integrals in one way: expanded, with constant factors outside.

    A sum of what does not depend on the index is the number of terms times it. No sum or integral
    is worked out, and none to infinity is split: its parts need not converge.

    Args:
        expression: The expression.

    Returns:
        An equal expression, in which sums and integrals of one kind have one bound symbol.
    """
    if not expression.has(sp.Sum, sp.Integral):
        return expression
    if not isinstance(expression, (sp.Sum, sp.Integral)):
        return sp.sympify(expression.func(*map(linear, expression.args)))
    if any(len(limit) != 3 for limit in expression.limits):
        return expression
    total = linear(expression.function)
    for index, low, high in expression.limits:
        total = _over(total, expression.func, index, (linear(low), linear(high)))
    return total


def _over(inside: sp.Expr, kind: type, index: sp.Symbol, ends: tuple[sp.Expr, sp.Expr]) -> sp.Expr:
    """Sum or integrate term by term, constant factors outside."""
    name = sp.Symbol(f"_bound{_depth(inside) + 1}", **index.assumptions0)
    total, expanded = sp.Integer(0), sp.expand(sp.expand_log(inside))
    endless = any(end.is_infinite for end in ends)
    for term in (sp.factor_terms(expanded),) if endless else sp.Add.make_args(expanded):
        constant, varying = term.as_independent(index, as_Add=False)
        if varying == 1 and kind is sp.Sum and not endless:
            total += constant * (ends[1] - ends[0] + 1)
        else:
            total += constant * kind(varying.xreplace({index: name}), (name, *ends))
    return total


def _depth(expression: sp.Expr) -> int:
    """Count how many sums and integrals lie within each other."""
    nodes = expression.atoms(sp.Sum, sp.Integral)
    return max((len(node.limits) + _depth(node.function) for node in nodes), default=0)


def vanishes(expression: sp.Expr) -> bool:
    """Decide whether an expression is identically zero.

    What is no rational function is a letter at first: if the numerator then expands to zero it is
    zero. Where it does not, radicals, logarithms and exponentials are simplified. Integrals and
    sums are never worked out.

    Returns:
        True only when SymPy reaches the literal 0.
    """
    expanded = sp.expand(linear(expression))
    if expanded == 0:
        return True
    letters: dict[sp.Expr, sp.Symbol] = {}
    rational = _with_letters(expanded, letters)
    if sp.expand(sp.fraction(sp.together(rational))[0]) == 0:
        return True
    if all(isinstance(part, (sp.Sum, sp.Indexed)) for part in letters):
        return False  # sums are in one form, nothing else could cancel
    return bool(sp.simplify(expanded, doit=False) == 0)


def _with_letters(expression: sp.Expr, letters: dict[sp.Expr, sp.Symbol]) -> sp.Expr:
    """Put a letter for every part that is no rational function with rational coefficients."""
    if isinstance(expression, (sp.Symbol, sp.Rational)):
        return expression
    if isinstance(expression, (sp.Add, sp.Mul)):
        return sp.sympify(expression.func(*(_with_letters(e, letters) for e in expression.args)))
    if isinstance(expression, sp.Pow) and expression.exp.is_Integer:
        return sp.sympify(_with_letters(expression.base, letters) ** expression.exp)
    return letters.setdefault(expression, sp.Dummy())

"""Enclose elementary functions of one variable, and their Taylor coefficients, on intervals.

A number is a fraction, which is exact, or an :class:`Interval` whose ends are exact binary numbers
of python-flint, rounded outwards; an end may be infinite. A jet is a list of Taylor coefficients:
those of a function at a point, or enclosures of them at all points of an interval. The last one, on
an interval from a to x, encloses the remainder of the expansion at a (Taylor's theorem, Lagrange's
form).

Source: Moore, Kearfott and Cloud, *Introduction to Interval Analysis* (2009), chapters 5 and 9.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from whichmin.errors import InputError
from whichmin.verification.evidence.formula import Arithmetic

__all__ = ["ORDER", "TERMS", "Interval", "Jet", "Relation", "Term", "UndefinedError", "jet"]

# Orders of a jet: zeros up to this order at an end can be decided.
ORDER = 6


class UndefinedError(Exception):
    """Report that a term is not certain to be defined."""


@dataclass(frozen=True, eq=False)
class Interval:
    """All real numbers between two ends, which are exact ``flint.arb``, perhaps infinite."""

    low: Any
    high: Any

    def __post_init__(self) -> None:
        """Refuse what is no interval: python-flint's NaN compares false."""
        if not self.low <= self.high:
            raise ArithmeticError(f"no interval: {self.low}, {self.high}")

    @classmethod
    def between(cls, low: Fraction | float, high: Fraction | float) -> Interval:
        """Enclose the numbers between two fractions or infinities."""
        return cls(_ball(low).lower(), _ball(high).upper())

    def __add__(self, other: Number) -> Interval:
        """The sums."""
        right = _interval(other)
        return Interval((self.low + right.low).lower(), (self.high + right.high).upper())

    __radd__ = __add__

    def __neg__(self) -> Interval:
        """The opposites."""
        return Interval(-self.high, -self.low)

    def __sub__(self, other: Number) -> Interval:
        """The differences."""
        return self + -_interval(other)

    def __rsub__(self, other: Number) -> Interval:
        """The differences, the other way round."""
        return -self + other

    def __mul__(self, other: Number) -> Number:
        """The products; 0 times anything is 0, as an infinite end is no number of the interval."""
        if isinstance(other, Fraction) and not other:
            return other
        right = _interval(other)
        ends = itertools.product((self.low, self.high), (right.low, right.high))
        products = [p * q if p != 0 and q != 0 else _ball(Fraction(0)) for p, q in ends]
        return Interval(min(p.lower() for p in products), max(p.upper() for p in products))

    __rmul__ = __mul__

    def square(self) -> Interval:
        """The squares."""
        least = max(self.low, -self.high, _ball(Fraction(0)))
        most = max(-self.low, self.high)
        return Interval((least * least).lower(), (most * most).upper())

    def positive(self) -> Interval:
        """Leave what is not negative: for enclosures of what is known to be above 0."""
        return Interval(max(self.low, _ball(Fraction(0))), self.high)


Number: TypeAlias = Fraction | Interval
Jet: TypeAlias = list[Any]


def _ball(value: Fraction | float) -> Any:
    import flint

    if isinstance(value, float):
        return flint.arb.pos_inf() if value > 0 else flint.arb.neg_inf()
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def _interval(value: Number) -> Interval:
    return value if isinstance(value, Interval) else Interval.between(value, value)


def _is_positive(value: Number) -> bool:
    return bool(value > 0) if isinstance(value, Fraction) else bool(value.low > 0)


# Functions of numbers above 0 (exp: of any), increasing, with the fractions whose values are known.
def _rising(name: str, value: Number) -> Number:
    known = {"log": (1, 0), "exp": (0, 1), "sqrt": (1, 1)}[name]
    if isinstance(value, Fraction) and value == known[0]:
        return Fraction(known[1])
    within = _interval(value)
    return Interval(getattr(within.low, name)().lower(), getattr(within.high, name)().upper())


def _log(value: Number) -> Number:
    if isinstance(value, Interval) and value.low == 0:
        return Interval(_ball(-math.inf), value.high.log().upper())
    return _rising("log", value)


def _reciprocal(value: Number) -> Number:
    if isinstance(value, Fraction):
        return 1 / value
    low, high = (1 / value.high).lower(), _ball(math.inf)
    return Interval(low, high if value.low == 0 else (1 / value.low).upper())


def _sum(terms: Iterator[Number]) -> Number:
    return sum(terms, Fraction(0))


def _times(left: Jet, right: Jet) -> Jet:
    if left is right:
        first = left[0] * left[0] if isinstance(left[0], Fraction) else left[0].square()
        return [first, *(_product(left, left, k) for k in range(1, len(left)))]
    return [_product(left, right, k) for k in range(len(left))]


def _product(left: Jet, right: Jet, k: int) -> Number:
    return _sum(left[j] * right[k - j] for j in range(k + 1))


def _over(left: Jet, right: Jet) -> Jet:
    first, found = _reciprocal(right[0]), Jet()
    for k in range(len(left)):
        rest = _sum(right[j] * found[k - j] for j in range(1, k + 1))
        found.append((left[k] - rest) * first)
    return found


def _log_jet(inner: Jet) -> Jet:
    first, found = _reciprocal(inner[0]), [_log(inner[0])]
    for k in range(1, len(inner)):
        rest = _sum(Fraction(j, k) * found[j] * inner[k - j] for j in range(1, k))
        found.append((inner[k] - rest) * first)
    return found


def _exp_jet(inner: Jet) -> Jet:
    first = _rising("exp", inner[0])
    found = [first.positive() if isinstance(first, Interval) else first]
    for k in range(1, len(inner)):
        found.append(_sum(Fraction(j, k) * inner[j] * found[k - j] for j in range(1, k + 1)))
    return found


def _sqrt_jet(inner: Jet) -> Jet:
    found = [_rising("sqrt", inner[0])]
    first = _reciprocal(found[0]) * Fraction(1, 2)
    for k in range(1, len(inner)):
        rest = _sum(found[j] * found[k - j] for j in range(1, k))
        found.append((inner[k] - rest) * first)
    return found


_FUNCTIONS: dict[str, Callable[[Jet], Jet]] = {"log": _log_jet, "exp": _exp_jet, "sqrt": _sqrt_jet}
_GUARDED = ("log", "sqrt")


@dataclass(frozen=True)
class Relation:
    """A comparison of two terms: ``left`` is at least ``right``, or above it if ``strict``."""

    left: Term
    right: Term
    strict: bool


@dataclass(frozen=True, eq=False)
class Term:
    """A term of one variable as a tree.

    Attributes:
        operation: ``number``, ``variable``, ``+``, ``-``, ``*``, ``/`` or the name of a function.
        parts: What it is made of.
        value: The value of a number.
    """

    operation: str
    parts: tuple[Term, ...] = ()
    value: Fraction = Fraction(0)

    def __add__(self, other: Term) -> Term:
        """The sum."""
        return Term("+", (self, other))

    def __sub__(self, other: Term) -> Term:
        """The difference."""
        return Term("-", (self, other))

    def __mul__(self, other: Term) -> Term:
        """The product; that of numbers is a number."""
        if self.operation == other.operation == "number":
            return Term("number", value=self.value * other.value)
        return Term("*", (self, other))

    def __truediv__(self, other: Term) -> Term:
        """The quotient."""
        return Term("/", (self, other))

    def __ge__(self, other: Term) -> Relation:
        """The comparison."""
        return Relation(self, other, strict=False)

    def __gt__(self, other: Term) -> Relation:
        """The strict comparison."""
        return Relation(self, other, strict=True)

    def __le__(self, other: Term) -> Relation:
        """The comparison, the other way round."""
        return Relation(other, self, strict=False)

    def __lt__(self, other: Term) -> Relation:
        """The strict comparison, the other way round."""
        return Relation(other, self, strict=True)

    def guards(self) -> Iterator[Term]:
        """List what must be above 0 for the term to be defined, inner terms first.

        Yields:
            Denominators, and arguments of logarithms and roots.
        """
        for part in self.parts:
            yield from part.guards()
        if self.operation == "/":
            yield self.parts[1]
        if self.operation in _GUARDED:
            yield self.parts[0]


def jet(term: Term, at: Number, order: int, *, known: bool) -> Jet:
    """Compute Taylor coefficients of a term.

    Args:
        term: The term.
        at: A point, or an interval.
        order: Highest order.
        known: Whether what must be above 0 is known to be (on an interval): enclosures of it are
            cut at 0.

    Returns:
        Coefficients of order 0, 1 and so on; on an interval enclosures of those at its points.

    Raises:
        UndefinedError: ``known`` is false, and the term is not certain to be defined.
    """
    done: dict[int, Jet] = {}

    def guarded(inner: Jet) -> Jet:
        if _is_positive(inner[0]):
            return inner
        if not known or isinstance(inner[0], Fraction):
            raise UndefinedError
        return [inner[0].positive(), *inner[1:]]

    def compute(node: Term) -> Jet:
        parts = [of(part) for part in node.parts]
        match node.operation:
            case "number":
                return [node.value, *[Fraction(0)] * order]
            case "variable":
                return [at, *[Fraction(1), *[Fraction(0)] * order][:order]]
            case "+":
                return [p + q for p, q in zip(*parts, strict=True)]
            case "-":
                return [p - q for p, q in zip(*parts, strict=True)]
            case "*":
                return _times(*parts)
            case "/":
                return _over(parts[0], guarded(parts[1]))
        inner = guarded(parts[0]) if node.operation in _GUARDED else parts[0]
        return _FUNCTIONS[node.operation](inner)

    def of(node: Term) -> Jet:
        if id(node) not in done:
            done[id(node)] = compute(node)
        return done[id(node)]

    return of(term)


def _no_logic(*_: object) -> Any:
    raise TypeError("neither 'or' nor 'not' can be decided on intervals")


def _every(parts: list[Any]) -> list[Relation]:
    found = [r for part in parts for r in (part if isinstance(part, list) else [part])]
    if not all(isinstance(part, Relation) for part in found):
        raise InputError("formula", "==", "must compare terms by <, <=, > or >=")
    return found


def _applied(name: str, inner: Term) -> Term:
    return Term(name, (inner,))


# Formulas as trees: a formula becomes a list of relations.
TERMS = Arithmetic(
    number=lambda q: Term("number", value=q),
    every=_every,
    some=_no_logic,
    negate=_no_logic,
    functions={name: functools.partial(_applied, name) for name in _FUNCTIONS},
)

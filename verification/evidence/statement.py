"""State a claim formally: variables with their domains, hypotheses and conclusions, as formulas.

The formulas are those of :mod:`whichmin.verification.evidence.formula` with words added: functions
that :func:`word` marks, and domains that :func:`domain` marks. So what a reader sees is what is
attacked (:mod:`whichmin.verification.evidence.falsifier`). Numbers in the prose of a claim must
stand in its formulas too (:func:`unbound`).

Variables are drawn as integers and fractions. A word that cannot be exact computes with what
:func:`number` makes of them: floats, and 50 digits where a violation found with floats has to be
confirmed. Comparisons of such numbers allow for their rounding, on the side on which no true claim
is called false: a hypothesis must hold by more, a conclusion fail by more.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeVar

import mpmath

from whichmin.errors import InputError
from whichmin.verification.evidence.formula import Arithmetic, evaluate

__all__ = [
    "Statement",
    "Truth",
    "Undecided",
    "domain",
    "number",
    "numerals",
    "surely",
    "unbound",
    "word",
]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_WORDS: dict[str, Callable[..., Any]] = {}
_DOMAINS: dict[str, Callable[..., Any]] = {}

# Digits of the arithmetic in which a violation is confirmed; half of them may be lost on the way.
DIGITS = 50
# Part of the larger side by which two inexact numbers must differ to count as different: a run of
# thousands of steps, each with some roundings of 1e-16, that damps errors; half of the 50 digits.
_TOLERANCE = {False: 1e-9, True: 1e-25}
_sure: ContextVar[bool] = ContextVar("sure", default=False)


class Undecided(ArithmeticError):
    """Report that a word has no value here: a limit was not reached, a term is not defined."""


def _register(known: dict[str, Callable[..., Any]], function: _Function) -> _Function:
    name = function.__name__
    if not inspect.getdoc(function):
        raise InputError("word", name, "must have a docstring that says what it stands for")
    before = known.setdefault(name, function)
    if (before.__module__, before.__qualname__) != (function.__module__, function.__qualname__):
        home = f"{before.__module__}.{before.__qualname__}"
        raise InputError("word", name, f"must be new: {home} has the name")
    known[name] = function
    return function


def word(function: _Function) -> _Function:
    """Make a function a word of the claims' language, by its name; its docstring defines it."""
    return _register(_WORDS, function)


def domain(function: _Function) -> _Function:
    """Make a function that returns a Hypothesis strategy a domain of variables, by its name."""
    # Once for each set of arguments: making a strategy takes longer than drawing.
    cached = functools.cache(function)
    return _register(_DOMAINS, cached)  # type: ignore[return-value]  # called as the function is


def number(value: Any) -> Any:
    """Convert an integer or a fraction to a float, or to 50 digits where :func:`surely` asks."""
    if not _sure.get():
        return float(value)
    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    return mpmath.mpf(value)


@contextlib.contextmanager
def surely() -> Iterator[None]:
    """Compute with 50 digits within the block."""
    token = _sure.set(True)
    try:
        with mpmath.workdps(DIGITS):
            yield
    finally:
        _sure.reset(token)


@dataclass(frozen=True)
class Truth:
    """Whether a formula holds, and how far it is from the other answer.

    Attributes:
        holds: Whether it holds.
        slack: Distance of the two sides of the comparison that decided, over the larger side;
            negative if the formula fails, infinite if it compares no numbers.
    """

    holds: bool
    slack: float = math.inf

    def __bool__(self) -> bool:
        return self.holds


def _exact(value: Any) -> bool:
    return isinstance(value, (int, Fraction))


def _compare(strict: bool) -> Callable[[Callable[[Any, Any], Any], Any, Any], Truth]:
    """Make the comparison of hypotheses (strict), or of conclusions."""

    def compare(relation: Callable[[Any, Any], Any], x: Any, y: Any) -> Truth:
        exact = _exact(x) and _exact(y)
        if not exact:
            if not all(_exact(v) or isinstance(v, (float, mpmath.mpf)) for v in (x, y)):
                return Truth(bool(relation(x, y)))
            x, y = number(x) if _exact(x) else x, number(y) if _exact(y) else y
        size = max(abs(x), abs(y))
        if not exact and not mpmath.isfinite(size):
            if strict:
                raise Undecided(f"{x} and {y} cannot be compared")
            return Truth(False, -1.0)  # no number: there is no limit, or the run diverged
        apart = float((x - y) / size) if size else 0.0
        allowed = _TOLERANCE[_sure.get()]
        if relation is operator.eq:
            # Exact numbers may differ by less than a float holds; as a hypothesis an equation of
            # inexact ones is never certain. One that holds gives the search no direction.
            holds = x == y if exact or strict else abs(apart) <= allowed
            return Truth(bool(holds), math.inf if holds else -abs(apart))
        if relation is operator.ne:
            return Truth(bool(x != y) if exact else not strict or abs(apart) > allowed, abs(apart))
        above = -apart if relation in {operator.lt, operator.le} else apart
        if exact:
            return Truth(bool(relation(x, y)), above)
        return Truth(above > allowed if strict else above >= -allowed, above)

    return compare


def _operate(does: Callable[[Any, Any], Any], x: Any, y: Any) -> Any:
    """Add, multiply or divide; exact numbers stay so, beside an inexact one they are converted."""
    if _exact(x) and _exact(y):
        return does(Fraction(x), y) if does is operator.truediv else does(x, y)
    inexact = (float, mpmath.mpf)
    if isinstance(x, inexact) and _exact(y) and does is not operator.pow:
        y = number(y)
    elif isinstance(y, inexact) and _exact(x):
        x = number(x)
    return does(x, y)


def _every(parts: Iterable[Any]) -> Truth:
    found = [p if isinstance(p, Truth) else Truth(bool(p)) for p in parts]
    return Truth(all(found), min((p.slack for p in found), default=math.inf))


def _some(parts: Iterable[Any]) -> Truth:
    found = [p if isinstance(p, Truth) else Truth(bool(p)) for p in parts]
    return Truth(any(found), max((p.slack for p in found), default=-math.inf))


def _negate(part: Any) -> Truth:
    return Truth(not part, -part.slack if isinstance(part, Truth) else math.inf)


def _language(strict: bool) -> Arithmetic:
    return Arithmetic(lambda q: q, _every, _some, _negate, _compare(strict), _WORDS, _operate)


@dataclass(frozen=True)
class Statement:
    """A formal statement.

    Attributes:
        variables: Names with the terms of their domains; each may use the variables before it.
        given: Hypotheses: words and formula of each.
        then: Conclusions: words and formula of each.
        needed: For hypotheses that are known to be needed, by their words: terms for the variables
            where the conclusion fails though all other hypotheses hold.
    """

    variables: tuple[tuple[str, str], ...]
    given: tuple[tuple[str, str], ...]
    then: tuple[tuple[str, str], ...]
    needed: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()

    @property
    def formulas(self) -> str:
        """All formulas and domains, in one text."""
        return "; ".join(
            text for pair in (self.variables, self.given, self.then) for _, text in pair
        )

    @property
    def text(self) -> str:
        """The statement in one line."""
        drawn = ", ".join(f"{name} in {term}" for name, term in self.variables)
        told = ", ".join(formula for _, formula in self.then)
        if self.given:
            told = f"{', '.join(formula for _, formula in self.given)} imply {told}"
        return f"for all {drawn}: {told}" if drawn else told

    @property
    def words(self) -> dict[str, Callable[..., Any]]:
        """The words and domains that it uses, by name."""
        known = {**_DOMAINS, **_WORDS}
        used = [name for name in re.findall(r"[A-Za-z_]\w*", self.formulas) if name in known]
        return {name: known[name] for name in dict.fromkeys(used)}

    @property
    def definitions(self) -> dict[str, str]:
        """The first paragraph of the definition of each word and domain that it uses."""
        return {name: _first_paragraph(function) for name, function in self.words.items()}

    def draw(self, draw: Callable[[Any], Any]) -> dict[str, Any]:
        """Draw the variables.

        Args:
            draw: Draws from a Hypothesis strategy.

        Returns:
            Values by name.
        """
        values: dict[str, Any] = {}
        language = replace(_language(strict=True), functions={**_WORDS, **_DOMAINS})
        for name, term in self.variables:
            values[name] = draw(evaluate(term, values, language))
        return values

    def applies(self, values: Mapping[str, Any], without: int | None = None) -> bool:
        """Decide whether the hypotheses hold certainly.

        Args:
            values: Values of the variables.
            without: Number of a hypothesis that must not hold; None for none.

        Returns:
            Whether they do.
        """
        return all(
            bool(evaluate(formula, values, _language(strict=True))) is (position != without)
            for position, (_, formula) in enumerate(self.given)
        )

    def concluded(self, values: Mapping[str, Any]) -> Truth:
        """Evaluate the conclusions.

        Args:
            values: Values of the variables.

        Returns:
            Whether all hold, up to the rounding of inexact numbers.
        """
        return _every(evaluate(text, values, _language(strict=False)) for _, text in self.then)

    def at(self, terms: Mapping[str, str]) -> dict[str, Any]:
        """Evaluate terms for the variables, such as those of a counterexample.

        Args:
            terms: A term for each variable.

        Returns:
            Values by name.

        Raises:
            InputError: A variable has no term, or there are others.
        """
        names = [name for name, _ in self.variables]
        if sorted(terms) != sorted(names):
            raise InputError("at", list(terms), f"must give a value to each of: {', '.join(names)}")
        values: dict[str, Any] = {}
        for name in names:
            values[name] = evaluate(terms[name], values, _language(strict=True))
        return values


def _first_paragraph(function: Callable[..., Any]) -> str:
    paragraph = (inspect.getdoc(function) or "").partition("\n\n")[0]
    return " ".join(paragraph.split())


_NUMERAL = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)(?:/(\d+))?")
_POWER = re.compile(r"(?:\^|\*\*)\s*[({]?(-?\d+(?:/\d+)?)[)}]?")
_SCIENTIFIC = re.compile(r"(?<![\w.])\d+(?:\.\d+)?e-?\d+(?!\w)")
# What is glued to a letter names something: w0, L2, a_1.
_NAMES = re.compile(r"[A-Za-z]\w*|_\{?\w+\}?")
_SPOKEN = {
    "half": "1/2", "halves": "1/2", "twice": "2", "double": "2", "doubles": "2", "doubling": "2",
    "quarter": "1/4", "triple": "3",
}  # fmt: skip


def numerals(text: str) -> set[str]:
    """Find the numbers in a text or a formula, as digits or as words (half, twice).

    Args:
        text: The text; ``2m`` holds the number 2, names such as ``w0`` hold none.

    Returns:
        The numbers, as fractions; a quotient of two is one number, and exponents begin with ``^``.
    """
    found = {_SPOKEN[w] for w in re.findall(r"[a-z]+", text.lower()) if w in _SPOKEN}
    found |= {f"^{power}" for power in _POWER.findall(text)}
    rest = _POWER.sub(" ", re.sub(r"(?<=\d),(?=\d{3})", "", text))
    found |= {str(Fraction(value)) for value in _SCIENTIFIC.findall(rest)}
    rest = re.sub(r"(?<![\w.])(\d+)(?=[A-Za-z(])", r"\1 ", _SCIENTIFIC.sub(" ", rest))
    for over, under in _NUMERAL.findall(_NAMES.sub(" ", rest)):
        found.add(str(Fraction(over) / int(under) if under and int(under) else Fraction(over)))
    return found


def unbound(text: str, formulas: Iterable[str]) -> list[str]:
    """List the numbers of a text that stand in none of the formulas.

    Args:
        text: The prose.
        formulas: The formulas.

    Returns:
        The numbers, sorted.
    """
    bound: set[str] = set()
    for formula in formulas:
        bound |= numerals(formula)
    return sorted(numerals(text) - bound)

"""Prove inequalities with logarithms, exponentials and roots, by interval arithmetic.

An inequality in one variable says that a function is positive on an interval, which may be
unbounded, and the function may vanish or be infinite at its ends. The interval is cut into cells
with exact rational ends until each of them is decided by one of three arguments:

* an enclosure of the function (python-flint's balls, rounded outwards) lies above 0;
* at one end all Taylor coefficients up to some order are exact zeros or positive (signs alternate
  at a right end), and so is the enclosure on the cell of the next one: Lagrange's remainder;
* the function is positive at one end and its derivative on the cell has the sign that takes it
  further up. This also decides cells that go to infinity or to a singular end.

First the function is shown to be defined: every denominator, and every argument of a logarithm or a
root, is proved to be positive, by the same arguments. A point at which the function is certainly
negative refutes; a cell that is too small, or too many cells, is reported as undecided, with the
cell. Beside every inequality stand variants that go too far: each must be refuted, and the text of
the variant must be false there in floating point, so that a fault in the enclosures would be seen.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from whichmin.errors import InputError
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.formula import Arithmetic, evaluate_all
from whichmin.verification.provers.enclosures import (
    ORDER,
    TERMS,
    Interval,
    Relation,
    Term,
    UndefinedError,
    jet,
)
from whichmin.verification.provers.smt import Lemma
from whichmin.words import EvidenceKind

__all__ = [
    "Answer",
    "Inequality",
    "decide_inequality",
    "enclosed",
    "inequalities",
    "inequality_margins",
    "violated_in_floats",
]

# Cells for one function. None of ours takes more than 20; an undecided one is cut to 2^-200.
CELLS = 200
# Bits of the balls' midpoints.
BITS = 128

# The decorator of a check that yields from ``inequalities``; it takes an id.
enclosed = functools.partial(
    check,
    kind=EvidenceKind.CERTIFICATE,
    bound=(
        f"cells with a function of certain sign against {CELLS}; infinite if one is undecided or "
        "a false variant is not refuted"
    ),
    needs=("flint",),
)

Place: TypeAlias = Fraction | float  # a float only for an infinity


@dataclass(frozen=True)
class Inequality(Lemma):
    """A statement for all values of one variable in an interval.

    ``given`` holds bounds of the variable by numbers, ``then`` inequalities in it; both may be
    chained. Besides real algebra there are division, ``log``, ``exp`` and ``sqrt``.

    Attributes:
        split: Places inside at which both sides agree: cells begin and end there.
    """

    split: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """The answer for an inequality.

    Attributes:
        verdict: ``proved``, ``false`` or ``undecided``.
        cells: Number of cells that were needed.
        where: The place that refutes, or the cell that is undecided, in words.
        conclusion: What is not proved there.
        place: For ``false``: a place at which the conclusion fails; else None.
    """

    verdict: str
    cells: int
    where: str = ""
    conclusion: str = ""
    place: Fraction | None = None


@dataclass(frozen=True)
class _Domain:
    """An interval with its ends, whether they belong to it, and where to split it."""

    low: Place
    high: Place
    has_low: bool
    has_high: bool
    split: tuple[Fraction, ...]

    def edges(self) -> list[Place]:
        return [self.low, *self.split, self.high]

    def members(self) -> Iterator[Fraction]:
        """List the places where the function is looked at: ends that belong to it, and splits."""
        for place, has in ((self.low, self.has_low), (self.high, self.has_high)):
            if has and isinstance(place, Fraction):
                yield place
        yield from self.split


class _NotProvedError(Exception):
    def __init__(self, verdict: str, where: str, place: Fraction | None = None):
        super().__init__(where)
        self.verdict, self.where, self.place = verdict, where, place


def _domain(relations: list[Relation], split: Iterable[Fraction], text: str) -> _Domain:
    bounds: list[tuple[Place, bool]] = [(-math.inf, False), (math.inf, False)]
    for relation in relations:
        above, below = relation.left, relation.right
        upper = above.operation == "number"
        number, variable = (above, below) if upper else (below, above)
        if number.operation != "number" or variable.operation != "variable":
            raise InputError("given", text, "must be bounds of the variable by numbers")
        old, _ = bounds[upper]
        if number.value == old or (number.value < old) == upper:
            bounds[upper] = (number.value, not relation.strict)
    places = tuple(sorted(split))
    (low, has_low), (high, has_high) = bounds
    edges = [low, *places, high]
    if any(p >= q for p, q in itertools.pairwise(edges)):
        raise InputError("given", text, "must be an interval of more than a point, split inside")
    return _Domain(low, high, has_low, has_high, places)


def _above(value: Any, *, strict: bool) -> bool:
    """Whether a fraction or an interval is certainly above 0 (not ``strict``: or 0)."""
    least = value if isinstance(value, Fraction) else value.low
    return bool(least > 0 if strict else least >= 0)


def _below(value: Any) -> bool:
    return bool((value if isinstance(value, Fraction) else value.high) < 0)


def _on(term: Term, low: Place, high: Place, order: int) -> list[Any]:
    return jet(term, Interval.between(low, high), order, known=True)


def _at(term: Term, place: Fraction, order: int = 0) -> list[Any] | None:
    try:
        return jet(term, place, order, known=False)
    except UndefinedError:
        return None


def _expanded(term: Term, cell: tuple[Place, Place], end: int) -> bool:
    """Whether the expansion at an end (0: left, 1: right) shows that the term is positive."""
    place = cell[end]
    if not isinstance(place, Fraction) or math.inf in map(abs, cell):
        return False
    exact = _at(term, place, ORDER)
    if exact is None or not (exact[0] == 0 or _above(exact[0], strict=True)):
        return False
    around = _on(term, *cell, ORDER)
    for order in range(1, ORDER + 1):
        signs = [Fraction((-1) ** (end * j)) for j in range(order + 1)]
        rest = signs[order] * around[order]
        if _above(rest, strict=False):
            known = [signs[j] * exact[j] for j in range(order)]
            if any(_above(c, strict=True) for c in (*known, rest)):
                return True
        if not _above(signs[order] * exact[order], strict=False):
            return False
    return False


def _climbs(term: Term, cell: tuple[Place, Place], end: int) -> bool:
    """Whether the term is positive at an end and grows from there into the cell."""
    place = cell[end]
    value = _at(term, place) if isinstance(place, Fraction) else None
    if value is None or not _above(value[0], strict=True):
        return False
    slope = _on(term, *cell, 1)[1]
    return _above(slope if end == 0 else Fraction(-1) * slope, strict=False)


def _certain(term: Term, cell: tuple[Place, Place]) -> bool:
    """Whether the term is certainly positive on the open cell."""
    value, slope = _on(term, *cell, 1)
    if _above(value, strict=True):
        return True
    low, high = cell
    if isinstance(low, Fraction) and isinstance(high, Fraction):
        # The mean value theorem, from the middle.
        half = (high - low) / 2
        middle = _at(term, low + half)
        if middle and _above(middle[0] + slope * Interval.between(-half, half), strict=True):
            return True
    return any(_expanded(term, cell, end) or _climbs(term, cell, end) for end in (0, 1))


def _middle(low: Place, high: Place) -> Fraction:
    if isinstance(low, Fraction) and isinstance(high, Fraction):
        return (low + high) / 2
    if isinstance(low, Fraction):
        return max(2 * low, low + 1)
    if isinstance(high, Fraction):
        return min(2 * high, high - 1)
    return Fraction(0)


def _show(place: Place) -> str:
    if isinstance(place, float):
        return "oo" if place > 0 else "-oo"
    return str(place) if len(str(place)) <= 12 else f"{float(place):.6g}"


def _cell(low: Place, high: Place) -> str:
    if _show(low) == _show(high):
        return f"within {float(high - low):.1g} of {_show(low)}"
    return f"between {_show(low)} and {_show(high)}"


def _settle(term: Term, domain: _Domain, *, strict: bool) -> int:
    """Prove that a term is positive inside a domain, and at the places of it that are looked at.

    What must be above 0 for it to be defined is known to be.

    Returns:
        The number of cells.

    Raises:
        _NotProvedError: It is not, or that cannot be decided.
    """
    for place in domain.members():
        value = _at(term, place)
        if value is None or not _above(value[0], strict=strict):
            false = value is not None and (_below(value[0]) or value[0] == 0)
            verdict = "false" if false else "undecided"
            raise _NotProvedError(verdict, f"at {_show(place)}", place if false else None)
    cells = list(itertools.pairwise(domain.edges()))[::-1]
    decided = 0
    while cells:
        low, high = cells.pop()
        if _certain(term, (low, high)):
            decided += 1
            continue
        middle = _middle(low, high)
        value = _at(term, middle)
        if value is not None and (_below(value[0]) or (strict and value[0] == 0)):
            raise _NotProvedError("false", f"at {_show(middle)}", middle)
        if decided + len(cells) >= CELLS:
            raise _NotProvedError("undecided", f"{_cell(low, high)} after {CELLS} cells")
        cells += [(middle, high), (low, middle)]
    return decided


def decide_inequality(inequality: Inequality) -> Answer:
    """Decide an inequality.

    Args:
        inequality: The inequality.

    Returns:
        ``proved`` if every conclusion is; else the first that is not.

    Raises:
        InputError: The text is no inequality in one variable with an interval as its domain.
    """
    variables = {name: Term("variable") for name in inequality.variables.split()}
    if len(variables) != 1:
        raise InputError("variables", inequality.variables, "must be one variable")
    texts = (*inequality.given, *inequality.then)
    found = evaluate_all(texts, variables, inequality.where, TERMS)
    for text, relations in zip(texts, found, strict=True):
        if not isinstance(relations, list):
            raise InputError("formula", text, "must be a comparison")
    count = len(inequality.given)
    bounds = [r for relations in found[:count] for r in relations]
    split = [Fraction(place) for place in inequality.split]
    domain = _domain(bounds, split, ", ".join(inequality.given))
    import flint

    with flint.ctx.workprec(BITS):
        return _decide(inequality.then, found[count:], domain)


def _decide(texts: tuple[str, ...], found: list[list[Relation]], domain: _Domain) -> Answer:
    cells = 0
    for text, relations in zip(texts, found, strict=True):
        for relation in relations:
            difference = relation.left - relation.right
            try:
                for guard in difference.guards():
                    cells += _settle(guard, domain, strict=True)
            except _NotProvedError as why:
                return Answer("undecided", cells, why.where, f"that it is defined: {text}")
            try:
                cells += _settle(difference, domain, strict=relation.strict)
            except _NotProvedError as why:
                return Answer(why.verdict, cells, why.where, text, why.place)
    return Answer("proved", cells)


FLOATS = Arithmetic(
    number=float,
    every=all,
    some=any,
    negate=operator.not_,
    functions={"log": math.log, "exp": math.exp, "sqrt": math.sqrt},
)


def violated_in_floats(inequality: Inequality, place: Fraction) -> tuple[str, ...]:
    """Evaluate an inequality at a place in floating point, without enclosures.

    Args:
        inequality: The inequality.
        place: A value of its variable.

    Returns:
        The conclusions that fail though the bounds of the variable hold; empty if one does not.
    """
    values: Mapping[str, float] = {inequality.variables.strip(): float(place)}
    count = len(inequality.given)
    texts = (*inequality.given, *inequality.then)
    holds = evaluate_all(texts, values, inequality.where, FLOATS)
    if not all(holds[:count]):
        return ()
    pairs = zip(inequality.then, holds[count:], strict=True)
    return tuple(text for text, truth in pairs if not truth)


def inequality_margins(inequality: Inequality) -> Iterator[Margin]:
    """Decide an inequality and its variants.

    Args:
        inequality: The inequality.

    Yields:
        The number of cells against the largest one; infinite if the inequality is not proved, or
        if a variant is not refuted by a place where its text is false in floating point, too.
    """
    answer = decide_inequality(inequality)
    told = f"{inequality.name}: {inequality.text}: {answer.verdict}"
    if answer.verdict != "proved":
        yield Margin(f"{told}, {answer.where}: {answer.conclusion}", math.inf, CELLS)
    found = f"{told}, {answer.cells} cells"
    yield Margin(inequality.name, answer.cells, CELLS * len(inequality.then), 1, found)
    for variant in inequality.variants:
        false = inequality.changed(variant)
        assert isinstance(false, Inequality), "a variant is of the kind of what it changes"
        answer = decide_inequality(false)
        what = f"{inequality.name}, false variant ({variant.what}): {answer.verdict}"
        fails = violated_in_floats(false, answer.place) if answer.place is not None else ()
        if not fails:
            yield Margin(f"{what}, {answer.where}: no place where it fails", math.inf, CELLS)
        else:
            shown = f"{false.variables} = {_show(answer.place or Fraction(0))}"
            told = f"false variant, {variant.what}: {shown} violates {', '.join(fails)}"
            yield Margin(what, 0.0, CELLS, 1, told)


def inequalities(which: Iterable[Inequality]) -> Iterator[Margin]:
    """Decide inequalities and their variants.

    Args:
        which: The inequalities.

    Yields:
        The margins of each.
    """
    for inequality in which:
        yield from inequality_margins(inequality)

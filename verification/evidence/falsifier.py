"""Attack claims: search the domain as it is stated for a case that meets the hypotheses and fails.

Hypothesis draws the variables and follows the slack of the conclusions downwards (``target``). A
case that fails with floats counts only if it fails with 50 digits too. A hypothesis is needed if
some case meets all others, not this one, and fails the conclusion: such cases stand with the claim
and are decided again, the deep run searches where there is none. Where none is found, need is
unknown; nothing follows from that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from whichmin.verification.evidence.check import Check, Margin, Settings
from whichmin.verification.evidence.statement import Statement, Undecided, surely
from whichmin.words import EvidenceKind

if TYPE_CHECKING:
    from whichmin.verification.evidence.claim import Claim
    from whichmin.verification.evidence.subject import Subject

__all__ = ["Hunt", "attack_of", "attacks", "hunt", "shown"]

# Cases tried for a claim, and how many times as many in the deep run.
_TRIED, _DEEP = 40, 50
# Cases drawn at most for each that is to be tried.
_MOST = 12
# An attack that met the hypotheses less often has shown nothing.
_ENOUGH = 12


class _Found(Exception):
    """Leads out of Hypothesis, with a counterexample or with enough cases."""


@dataclass
class Hunt:
    """What a search found.

    Attributes:
        drawn: Cases drawn.
        met: Those that met the hypotheses and could be decided.
        undecided: Those that could not be decided.
        closest: Smallest slack of a conclusion that was met.
        where: The case with that slack.
        counterexample: The case that fails; empty if none was found.
    """

    drawn: int = 0
    met: int = 0
    undecided: int = 0
    closest: float = math.inf
    where: str = ""
    counterexample: str = ""


def shown(values: Mapping[str, Any]) -> str:
    """Write a case for a reader."""
    return ", ".join(f"{name} = {_text(value)}" for name, value in values.items())


def _text(value: Any) -> str:
    if type(value) is str:
        return f'"{value}"'
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return f"({', '.join(map(_text, value))})"
    return str(value)


def hunt(
    statement: Statement,
    examples: int,
    seed: int,
    without: int | None = None,
    *,
    shrink: bool = False,
) -> Hunt:
    """Search for a counterexample.

    Args:
        statement: What is attacked.
        examples: Cases to try; twelve times as many are drawn where few meet the hypotheses.
        seed: Seed of the search.
        without: Number of a hypothesis that is left out; None to attack the statement as it is.
        shrink: Whether to look for a simpler counterexample, once there is one; takes longer.

    Returns:
        What was found; the search ends at the first counterexample.
    """
    found = Hunt()

    def body(data: Any) -> None:
        found.drawn += 1
        try:
            values = statement.draw(data.draw)
            if found.drawn > _MOST * examples:
                raise _Found  # the search for a smaller slack counts only what meets the hypotheses
            if not statement.applies(values, without):
                hypothesis.reject()
            truth = statement.concluded(values)
            if not truth and _confirmed(statement, values, without):
                found.counterexample = shown(values)
                raise _Found
        except (Undecided, ZeroDivisionError, OverflowError):
            found.undecided += 1
            hypothesis.reject()
        found.met += 1
        if truth.slack < found.closest:
            found.closest, found.where = truth.slack, shown(values)
        if math.isfinite(truth.slack):
            hypothesis.target(-truth.slack)

    if not statement.variables:
        _once(statement, found)
        return found
    run: Callable[[], None] = hypothesis.seed(seed)(
        hypothesis.settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.target, *([Phase.shrink] if shrink else [])],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
            report_multiple_bugs=False,
        )(hypothesis.given(st.data())(body))
    )
    try:
        run()
    except _Found:
        found.met += bool(found.counterexample)
    except hypothesis.errors.Unsatisfiable:
        pass  # told by the number of cases that were met
    return found


def _once(statement: Statement, found: Hunt) -> None:
    """Decide a statement without variables."""
    found.drawn = found.met = 1
    if statement.applies({}) and not statement.concluded({}):
        found.counterexample = "it fails as it stands"


def _confirmed(statement: Statement, values: Mapping[str, Any], without: int | None) -> bool:
    with surely():
        return statement.applies(values, without) and not statement.concluded(values)


def _attack(claim: Claim, settings: Settings) -> Iterator[Margin]:
    statement = claim.formal
    assert statement is not None
    factor = _DEEP if settings.deep else 1
    asked = (settings.examples or _TRIED) * factor
    found = hunt(statement, asked, settings.seed)
    if found.counterexample:
        yield Margin(f"counterexample: {found.counterexample}", math.inf, 1.0, found.met)
    exhausted = found.drawn < asked  # there are no more cases
    if found.met < min(_ENOUGH, asked) and not (exhausted and found.met):
        what = f"only {found.met} of {found.drawn} cases met the hypotheses and were decided"
        yield Margin(what, math.inf, 1.0)
    told = f"{found.met} of {found.drawn} cases drawn met the hypotheses"
    if found.undecided:
        told += f", {found.undecided} could not be decided"
    if found.where and math.isfinite(found.closest):
        told += f"; closest to failing, by {found.closest:.2g} of the larger side: {found.where}"
    yield Margin("no counterexample", 0.0, 1.0, found.met, told)
    cases = dict(statement.needed)
    for position, (words, _) in enumerate(statement.given):
        if words in cases:
            yield _needed(statement, position, words, statement.at(dict(cases[words])))
        elif settings.deep:
            tried = hunt(statement, asked // 2, settings.seed, position)
            told = f"nothing failed without it in {tried.met} cases"
            if tried.counterexample:
                told = f"but without it this fails: {tried.counterexample}"
            yield Margin(words, 0.0, 1.0, tried.met, f"need unknown: '{words}'; {told}")


def _needed(statement: Statement, position: int, words: str, case: Mapping[str, Any]) -> Margin:
    """Decide the case that shows that a hypothesis is needed."""
    if _confirmed(statement, case, position):
        return Margin(words, 0.0, 1.0, 1, f"needed: '{words}'")
    return Margin(f"'{words}' is not shown to be needed by {shown(case)}", math.inf, 1.0)


def _refutation(claim: Claim) -> Iterator[Margin]:
    """Decide the counterexample of a refuted claim: it meets the hypotheses and fails."""
    statement, example = claim.formal, claim.counterexample
    assert statement is not None
    assert example is not None
    values = statement.at(dict(example.at))
    with surely():
        if not statement.applies(values):
            yield Margin(f"{shown(values)} does not meet the hypotheses", math.inf, 1.0)
        if statement.concluded(values):
            yield Margin(f"{shown(values)} is no counterexample", math.inf, 1.0)
    yield Margin("counterexample", 0.0, 1.0, 1, f"fails: {shown(values)}")


def attack_of(claim: Claim) -> Check | None:
    """Return the check that attacks a claim, or that decides its counterexample.

    Args:
        claim: The claim.

    Returns:
        The check, with the id ``attack.`` and the claim's; None without a formal statement, and
        for a claim whose counterexample has no values.
    """
    if claim.formal is None:
        return None
    refuted = claim.counterexample is not None
    if refuted and not (claim.counterexample and claim.counterexample.at):
        return None

    def measure(_: Subject, settings: Settings) -> Iterator[Margin]:
        return _refutation(claim) if refuted else _attack(claim, settings)

    measure.__module__ = __name__
    what = "The counterexample to" if refuted else "No counterexample was found to"
    cases = claim.counterexample.at if claim.counterexample else claim.formal.needed
    told = f"{claim.formal.text}; cases: {cases}" if cases else claim.formal.text
    ours = {f.__module__ for f in claim.formal.words.values()} - {"builtins"}
    return Check(
        id=f"attack.{claim.id}",
        statement=f"{what} {claim.id}.",
        kind=EvidenceKind.COUNTEREXAMPLE if refuted else EvidenceKind.ATTACK,
        bound="0 or infinite: a counterexample that holds with 50 digits is one",
        measure=measure,
        topic=claim.topic,
        shows=(told,),
        reads=tuple(sorted(ours)),
    )


def attacks(claims: tuple[Claim, ...]) -> tuple[Check, ...]:
    """Return the checks that attack claims."""
    found = (attack_of(claim) for claim in claims)
    return tuple(check for check in found if check is not None)

"""Prove lemmas of real algebra with an SMT solver, for all values of their variables.

A lemma is proved if hypotheses and negated conclusion are unsatisfiable together; ``unknown`` and a
timeout count as failure. Beside every lemma stand variants that go too far: each must have a model,
and the model is plugged into the text of the variant in exact fractions, so that a fault in the
translation for the solver would be seen.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.provers.formula import Arithmetic, evaluate_all
from whichmin.words import EvidenceKind

__all__ = [
    "Lemma",
    "SolverAnswer",
    "Variant",
    "decide_lemma",
    "lemma_margins",
    "lemmas",
    "smt",
    "violated",
]

# Seconds for one query. The slowest takes about a second on one core of an ordinary machine.
TIMEOUT = 30.0

# The decorator of a check that yields from ``lemmas``; it takes an id.
smt = functools.partial(
    check,
    kind=EvidenceKind.SMT,
    bound=(
        f"seconds against the timeout of {TIMEOUT:.0f} a query; infinite if a lemma is not proved "
        "or a false variant has no model in exact fractions"
    ),
    needs=("z3",),
)


@dataclass(frozen=True)
class Variant:
    """A lemma changed so that it is false.

    Attributes:
        what: The change, in words.
        drop: Hypotheses left out.
        add: Hypotheses put in their place.
        then: Another conclusion; empty for the same one.
        where: Abbreviations that are changed.
    """

    what: str
    drop: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Lemma:
    """A statement for all real values of a few variables.

    Attributes:
        name: What it says, in a few words.
        variables: Names, separated by blanks.
        given: Hypotheses, as formulas.
        then: Conclusions, as formulas; each is proved on its own.
        where: Abbreviations with their terms.
        variants: Versions that go too far.
    """

    name: str
    variables: str
    given: tuple[str, ...]
    then: tuple[str, ...]
    where: tuple[tuple[str, str], ...] = ()
    variants: tuple[Variant, ...] = ()

    @property
    def text(self) -> str:
        """The statement as formulas."""
        short = "; ".join(f"{name} = {term}" for name, term in self.where)
        then = ", ".join(self.then)
        told = f"{', '.join(self.given)} imply {then}" if self.given else then
        return f"{told} ({short})" if short else told

    def changed(self, variant: Variant) -> Lemma:
        """Return a variant as a lemma.

        Args:
            variant: One of the variants, or any other change.

        Returns:
            A lemma without variants.
        """
        assert set(variant.drop) <= set(self.given), variant.drop
        changes = dict(variant.where)
        assert set(changes) <= {name for name, _ in self.where}, variant.where
        return replace(
            self,
            name=f"{self.name}, {variant.what}",
            given=tuple(g for g in self.given if g not in variant.drop) + variant.add,
            then=variant.then or self.then,
            where=tuple((name, changes.get(name, term)) for name, term in self.where),
            variants=(),
        )


@dataclass(frozen=True)
class SolverAnswer:
    """The answer of the solver.

    Attributes:
        verdict: ``unsat`` (proved), ``sat`` (false) or ``unknown``.
        seconds: Time of the query.
        model: For ``sat``: values of the variables; roots are rounded to 30 digits.
        conclusion: For anything but ``unsat``: the conclusion that was not proved.
    """

    verdict: str
    seconds: float
    model: Mapping[str, Fraction]
    conclusion: str = ""


def _fraction(value: Any) -> Fraction:
    """A number of the solver as a fraction; an algebraic one is rounded."""
    import z3

    exact = value.approx(30) if z3.is_algebraic_value(value) else value
    return Fraction(exact.numerator_as_long(), exact.denominator_as_long())


# Hypotheses that nothing satisfies would imply anything.
SATISFIABLE = Variant("its hypotheses imply nonsense", then=("1 < 0",))


def decide_lemma(lemma: Lemma, timeout: float = TIMEOUT) -> SolverAnswer:
    """Decide a lemma by asking z3 for values that violate a conclusion and satisfy the hypotheses.

    Args:
        lemma: The lemma.
        timeout: Seconds for each conclusion.

    Returns:
        ``unsat`` if every conclusion is proved.
    """
    import z3

    algebra = Arithmetic(
        lambda q: z3.RealVal(str(q)),
        lambda parts: z3.And(*parts),
        lambda parts: z3.Or(*parts),
        z3.Not,
    )
    values = {name: z3.Real(name) for name in lemma.variables.split()}
    began = time.perf_counter()
    for conclusion in lemma.then:
        solver = z3.Solver()
        solver.set("timeout", math.ceil(1000 * timeout))
        *given, goal = evaluate_all((*lemma.given, conclusion), values, lemma.where, algebra)
        solver.add(*given, z3.Not(goal))
        verdict = str(solver.check())
        if verdict == "unsat":
            continue
        model = {}
        if verdict == "sat":
            found = solver.model()
            model = {
                name: _fraction(found.eval(value, model_completion=True))
                for name, value in values.items()
            }
        return SolverAnswer(verdict, time.perf_counter() - began, model, conclusion)
    return SolverAnswer("unsat", time.perf_counter() - began, {})


def violated(lemma: Lemma, model: Mapping[str, Fraction]) -> tuple[str, ...]:
    """Evaluate a lemma at given values in exact fractions, without the solver.

    Args:
        lemma: The lemma.
        model: Values of all variables.

    Returns:
        The conclusions that fail though all hypotheses hold; empty if one of those fails.
    """
    holds = evaluate_all((*lemma.given, *lemma.then), model, lemma.where)
    if not all(holds[: len(lemma.given)]):
        return ()
    pairs = zip(lemma.then, holds[len(lemma.given) :], strict=True)
    return tuple(text for text, truth in pairs if not truth)


def _show(model: Mapping[str, Fraction]) -> str:
    """The model for a reader: as it is if short, else in decimals."""
    return ", ".join(
        f"{name} = {value}" if len(str(value)) <= 12 else f"{name} = {float(value):.6g}"
        for name, value in model.items()
    )


def lemma_margins(lemma: Lemma, timeout: float = TIMEOUT) -> Iterator[Margin]:
    """Decide a lemma and its variants.

    Args:
        lemma: The lemma.
        timeout: Seconds for each query.

    Yields:
        For the lemma and for each variant the time used against the timeout; infinite if the lemma
        was not proved, if a variant was not refuted, or if its model fails in exact arithmetic.
    """
    answer = decide_lemma(lemma, timeout)
    told = f"{lemma.name}: {lemma.text}: {answer.verdict}"
    if answer.verdict != "unsat":
        what = f"{told} for {answer.conclusion}; {_show(answer.model)}".rstrip("; ")
        yield Margin(what, math.inf, timeout)
    allowed = timeout * len(lemma.then)
    found = f"{told} in {1000 * answer.seconds:.0f} ms"
    yield Margin(lemma.name, answer.seconds, allowed, len(lemma.then), found)
    for variant in (*lemma.variants, SATISFIABLE):
        false = lemma.changed(variant)
        answer = decide_lemma(false, timeout)
        fails = violated(false, answer.model) if answer.verdict == "sat" else ()
        what = f"{lemma.name}, false variant ({variant.what}): {answer.verdict}"
        if not fails:
            why = "no counterexample in exact fractions" if answer.model else "no model"
            yield Margin(f"{what}, {why}; {_show(answer.model)}", math.inf, timeout)
        found = f"false variant, {variant.what}: {_show(answer.model)} violates {', '.join(fails)}"
        if variant is SATISFIABLE:
            found = ""
        yield Margin(what, answer.seconds, timeout * len(false.then), 1, found)


def lemmas(which: Iterable[Lemma]) -> Iterator[Margin]:
    """Decide lemmas and their variants.

    Args:
        which: The lemmas.

    Yields:
        The margins of each.
    """
    for lemma in which:
        yield from lemma_margins(lemma)

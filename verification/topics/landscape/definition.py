"""The loss from its definition, in the words of the claims on it."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import sympy as sp

from whichmin.errors import InputError
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.exact import follows, vanishing
from whichmin.verification.evidence.formula import Arithmetic, evaluate
from whichmin.verification.evidence.subject import Subject
from whichmin.words import EvidenceKind

__all__ = ["SHOWN"]

SHOWN = (
    "loss(w, activation) == 1/2 + (N(w) - 2) * C(w, activation) / (2 * m(w))",
    "C(w, activation) == 1; N(w) == 1 => loss(w, activation) == 1/2 - 1 / (2 * m(w))",
)


@check(
    "landscape.from_definition",
    EvidenceKind.IDENTITY,
    bound="exact: the difference of the two sides is the number 0",
    shows=SHOWN,
)
def from_definition(subject: Subject, sentences: tuple[str, ...] = SHOWN) -> Iterator[Margin]:
    """The loss as derived from its definition, for symbolic m and n and every pattern of active
    points, is the one that the claims on the loss and on the minimum state.

    Args:
        subject: Supplies the closed forms.
        sentences: Formulas in the claims' language: ``hypotheses => equation``.

    Yields:
        That the derivation holds, and the difference of the two sides of each equation.
    """
    for name in ("model.sample_loss", "landscape.loss"):
        form = subject.forms[name]
        yield follows(f"closed form {name}", form, len(form.derivation.steps))
    loss = subject.forms["landscape.loss"].expression
    symbols = {s.name: s for s in loss.free_symbols}
    terms = {"loss": loss, **{name: symbols[name] for name in ("N", "C", "m")}}
    language = Arithmetic(
        lambda q: sp.Rational(q.numerator, q.denominator),
        lambda parts: parts[0],
        lambda parts: parts[0],
        lambda part: part,
        _difference,
        {name: _constant(term) for name, term in terms.items()},
    )
    words = {"w": None, "activation": None}
    for sentence in sentences:
        hypotheses, _, conclusion = sentence.rpartition(" => ")
        given = [evaluate(text, words, language) for text in hypotheses.split("; ") if text]
        where = [sp.solve(difference, dict=True)[0] for difference in given]
        apart = evaluate(conclusion, words, language)
        for values in where:
            apart = apart.subs(values)
        yield vanishing(sentence, sp.simplify(apart))


def _difference(relation: Any, left: Any, right: Any) -> Any:
    if relation is not operator.eq:
        raise InputError("formula", relation.__name__, "must be an equation")
    return left - right


def _constant(term: Any) -> Any:
    return lambda *_: term

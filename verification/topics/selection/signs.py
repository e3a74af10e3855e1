"""The arcsine bound never drifts up: the sign of its drift."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy as sp

from whichmin.verification.evidence.check import Margin
from whichmin.verification.evidence.exact import vanishing
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.signs import by_name
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt

__all__: list[str] = []

# S and Q: the sum of the other shares and of their squares; r is pi (1 - x^2)^(3/2).
DRIFT = (
    Lemma(
        "the drift of the bound is not positive",
        "D x S Q r drift",
        ("D > 0", "0 < x < 1", "r > 0", "S == 1 - x**2", "Q <= S**2",
         "drift*r == D*x*(Q - (1 - x**2)**2)"),
        ("drift <= 0", "Q == S**2 or drift < 0"),
        variants=(
            Variant("squares that are none", ("Q <= S**2",), ("Q <= 2*S**2",)),
            Variant("a drift below 0 with one other point, too", then=("drift < 0",)),
        ),
    ),
)  # fmt: skip


@smt("selection.arcsine_sign")
def arcsine_sign(subject: Subject, statements: Sequence[Lemma] = DRIFT) -> Iterator[Margin]:
    """On the sphere the arcsine bound of a point with 0 < x < 1 does not drift up, and drifts down
    if the sum of the squares of the other shares is below the square of their sum (smt.shares).
    """
    yield from lemmas(statements)
    D, Q, x = sp.symbols("D Q cosine", positive=True)
    drift = by_name(subject.forms["selection.arcsine_drift"].expression)
    below = sp.pi * (1 - x**2) ** sp.Rational(3, 2)
    told = "selection.arcsine_drift in these"
    yield vanishing(told, drift * below - D * x * (Q - (1 - x**2) ** 2))

"""Linear scaling on the loss |x|, which is not smooth: GD ends in a cycle as large as its step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.exact import exactly
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.sgd.rational_sgd import ROUNDING
from whichmin.words import EvidenceKind

__all__: list[str] = []

F = Fraction

CYCLE = (
    Lemma(
        "within a step of 0 the next step crosses 0, and the one after it comes back",
        "r eta",
        ("0 < r", "r < eta"),
        ("r - eta < 0", "(r - eta) + eta == r", "r + (eta - r) == eta"),
        variants=(Variant("up to two steps", ("r < eta",), ("r < 2*eta",)),),
    ),
    Lemma(
        "beyond a step from 0 a step brings x nearer to 0 by its size",
        "x eta",
        ("0 < eta", "eta < x"),
        ("0 < x - eta", "x - eta < x"),
        variants=(Variant("from half a step on", ("eta < x",), ("eta < 2*x",)),),
    ),
)


@smt("scaling.kink_lemma")
def kink_lemma(statements: Sequence[Lemma] = CYCLE) -> Iterator[Margin]:
    """On |x| steps of eta lead to within a step of 0 and there for ever from r to r - eta and back;
    the distances of the two from 0 add up to eta. For x < 0 the mirror image holds.
    """
    return lemmas(statements)


@check(
    "scaling.kink",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the two numbers; the cycles are exact",
)
def kink(share: Fraction = Fraction(1, 2)) -> Iterator[Margin]:
    """On the loss |x| without noise runs from five starts, with four step sizes, end in cycles of
    mean loss eta/2, which the rule multiplies by its factor.

    Without noise the diffusion ends at 0 for every step size.

    Args:
        share: Mean loss on the cycle over the step size.

    Yields:
        The mean loss on the cycle in which GD ends, from several starts; and that the rule
        multiplies it by K.
    """
    mean = {}
    for K in (1, 2, 3, 5):
        for start in (F(1, 4), F(7, 3), F(-9, 7), F(1, 100), F(20, 3)):
            x = start
            for _ in range(100):
                x -= F(K, 2) * (1 if x > 0 else -1)
            there = x - F(K, 2) * (1 if x > 0 else -1)
            back = there - F(K, 2) * (1 if there > 0 else -1)
            yield exactly(f"K = {K}, from {start}: back after two steps", back, x)
            mean[K] = (abs(x) + abs(there)) / 2
            yield exactly(
                f"K = {K}, from {start}: mean loss on the cycle", mean[K], share * F(K, 2)
            )
    yield differs(
        "mean loss on the cycles of K = 1, K = 2", float(mean[1]), float(mean[2]), ROUNDING
    )

"""The lemmas of finality: each is proved, and each variant of it is false."""

from fractions import Fraction

import pytest

pytest.importorskip("z3")

from whichmin.verification.provers.formula import evaluate_all
from whichmin.verification.provers.smt import decide_lemma, violated
from whichmin.verification.topics.cyclic.finality import BASIN, LEADER, MARGIN, NORM_WIDTH, SHARE

LEMMAS = (*LEADER, *MARGIN, *BASIN)
VARIANTS = [
    pytest.param(lemma.changed(v), id=f"{lemma.name}, {v.what}")
    for lemma in LEMMAS
    for v in lemma.variants
]


@pytest.mark.parametrize("lemma", LEMMAS, ids=lambda lemma: lemma.name)
def test_proved_and_with_a_false_variant(lemma):
    assert decide_lemma(lemma).verdict == "unsat"
    assert lemma.variants


@pytest.mark.parametrize("lemma", VARIANTS)
def test_a_variant_has_a_counterexample_in_fractions(lemma):
    answer = decide_lemma(lemma)
    assert answer.verdict == "sat"
    assert violated(lemma, answer.model)


def test_the_constants_of_the_basin_are_those_of_the_lemmas():
    # 47/360 is 1/8 of the largest norm, 1 + 2/9 * 1/5; 16/19 = 1/(1 + 3/2 * 1/8); the drift of an
    # epoch fits between the two boxes.
    assert Fraction(47, 360) == SHARE * (1 + Fraction(2, 9) * Fraction(1, 5))
    assert Fraction(16, 19) == 1 / (1 + Fraction(3, 2) * SHARE)
    assert Fraction(2, 9) - NORM_WIDTH == Fraction(1, 18)
    texts = " ".join(t for lemma in BASIN for t in (*lemma.given, *lemma.then))
    for piece in ("47/360", "16/19", "a/6", "2/9", "3/2", "3/20"):
        assert piece in texts


def test_the_norm_formula_is_the_step():
    a, n, e = Fraction(1, 7), Fraction(5, 6), Fraction(1, 3)
    s, g = 1 - a * e, a * (2 - n)
    (found,) = evaluate_all(
        ("N + a*e*(4*(1 - N) + a*(2 - N)**2 - a*e*(4 - 3*N))",), {"a": a, "N": n, "e": e}
    )
    assert found == s**2 * n + (2 * s * g + g**2) * e

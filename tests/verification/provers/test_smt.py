import math
from fractions import Fraction

import pytest

pytest.importorskip("z3")

from whichmin.verification.provers.smt import Lemma, Variant, decide_lemma, lemma_margins, violated

MEAN = Lemma(
    "a geometric mean is at most the arithmetic mean",
    "x y",
    ("x >= 0", "y >= 0"),
    ("x*y <= h**2",),
    (("h", "(x + y)/2"),),
    (Variant("h is smaller", where=(("h", "(x + y)/3"),)),),
)


def worst(margins):
    return max(m.ratio for m in margins)


def test_a_true_lemma_with_its_false_variant():
    margins = list(lemma_margins(MEAN))
    assert worst(margins) <= 1
    assert "unsat" in margins[0].found
    assert "violates x*y <= h**2" in margins[1].found
    assert "x = " in margins[1].found


def test_a_false_lemma_gets_a_model_that_fractions_confirm():
    false = MEAN.changed(MEAN.variants[0])
    answer = decide_lemma(false)
    assert answer.verdict == "sat"
    assert violated(false, answer.model) == ("x*y <= h**2",)
    assert worst(lemma_margins(false)) == math.inf


def test_a_variant_that_is_true_fails():
    lemma = Lemma("x^2", "x", (), ("x**2 >= 0",), variants=(Variant("same", then=("x**2 > -1",)),))
    assert worst(lemma_margins(lemma)) == math.inf


def test_hypotheses_that_nothing_satisfies_fail():
    assert worst(lemma_margins(Lemma("nothing", "x", ("x**2 < 0",), ("x == 7",)))) == math.inf


def test_unknown_counts_as_failure():
    # Fermat's equation for cubes, over the reals in five variables, in a millisecond.
    hard = Lemma(
        "hard",
        "a b c d x",
        ("a**5*b + b**5*c + c**5*d + d**5*a == x**3", "x > 1", "a*b*c*d > x"),
        ("a**6 + b**6 + c**6 + d**6 >= x**2/7",),
    )
    answer = decide_lemma(hard, 0.001)
    assert answer.verdict == "unknown"
    assert worst(lemma_margins(hard, 0.001)) == math.inf


def test_a_model_outside_the_hypotheses_refutes_nothing():
    assert violated(MEAN, {"x": Fraction(-1), "y": Fraction(-1)}) == ()
    assert violated(MEAN, {"x": Fraction(1), "y": Fraction(1)}) == ()


def test_a_rounded_root_that_breaks_an_equation_is_no_model():
    root = Lemma("root", "x", ("x**2 == 2", "x > 0"), ("x < 1",))
    answer = decide_lemma(root)
    assert answer.verdict == "sat"
    assert float(answer.model["x"]) == pytest.approx(math.sqrt(2), abs=1e-15)
    assert violated(root, answer.model) == ()


def test_a_changed_lemma_names_what_it_changes():
    with pytest.raises(AssertionError):
        MEAN.changed(Variant("unknown hypothesis", ("x >= 1",)))
    with pytest.raises(AssertionError):
        MEAN.changed(Variant("unknown abbreviation", where=(("k", "1"),)))
    assert "h = (x + y)/2" in MEAN.text

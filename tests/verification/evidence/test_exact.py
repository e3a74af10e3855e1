"""Margins of exact statements hold for what is true and for nothing else."""

from fractions import Fraction

import pytest
import sympy as sp

from whichmin.symbolic import closed_forms
from whichmin.symbolic.derivation import Derivation
from whichmin.verification.evidence.exact import exactly, follows, truth, value, vanishing

x = sp.Symbol("x", positive=True)


@pytest.mark.parametrize("holds", [True, False])
def test_truth(holds):
    margin = truth("two is even", holds, 3, "2")
    assert (margin.ratio <= 1) is holds
    assert (margin.what, margin.cases, margin.found) == ("two is even", 3, "2")


def test_a_derivation_with_a_wrong_step_says_which():
    assert (
        follows("a square", Derivation.begin("expand", (x + 1) ** 2, x**2 + 2 * x + 1)).error == 0
    )
    wrong = follows("a square", Derivation.begin("expand badly", (x + 1) ** 2, x**2 + 1))
    assert not wrong.ratio <= 1
    assert wrong.what.startswith("a square: ")
    assert "expand badly" in wrong.what


def test_a_closed_form_is_followed_too():
    form = closed_forms()["landscape.loss"]
    assert follows(form.id, form, len(form.derivation.steps)).ratio == 0


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        (sp.log(x**2) - 2 * sp.log(x), True),
        ((x**2 - 1) / (x - 1) - x - 1, True),
        (sp.log(x + 1) - x, False),
        (sp.Rational(1, 10**30), False),
    ],
)
def test_what_vanishes(expression, holds):
    margin = vanishing("a difference", expression)
    assert (margin.ratio <= 1) is holds
    assert margin.what.startswith("a difference: remainder ")


def test_a_form_is_evaluated_in_fractions_and_takes_what_it_needs():
    form = closed_forms()["scaling.noise_per_time"]
    third = value(form, eta=Fraction(1, 3), B=1, s=1, more=Fraction(7))
    assert (third, type(third)) == (Fraction(1, 3), Fraction)


@pytest.mark.parametrize("small", [Fraction(0), Fraction(1, 10**30)])
def test_only_equal_fractions_pass(small):
    one, other = ((Fraction(1), Fraction(2)), (Fraction(3), Fraction(4))), Fraction(1, 3)
    moved = (one[0], (Fraction(3) + small, Fraction(4)))
    assert (exactly("matrices", one, moved).ratio <= 1) is (small == 0)
    assert (exactly("numbers", other, other + small).ratio <= 1) is (small == 0)


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        exactly("vectors", (Fraction(1), Fraction(2)), (Fraction(1),))


LOG = sp.log


@pytest.mark.parametrize(
    ("expression", "positive", "holds"),
    [
        # For x < 2 the first is real and the second is not.
        (LOG((x - 2) ** 2) - 2 * LOG(x - 2), (), False),
        (LOG((x - 2) ** 2) - 2 * LOG(x - 2), (x - 2,), True),
        (LOG((x - 2) ** 2) - 2 * LOG(2 - x), (2 - x,), True),
        (LOG(1 - x**2) - LOG(1 - x) - LOG(1 + x), (), False),
        (LOG(1 - x**2) - LOG(1 - x) - LOG(1 + x), (1 - x,), True),
        (LOG(1 / (1 - x)) + LOG(1 - x), (), False),
        (LOG(1 / (1 - x)) + LOG(1 - x), (1 - x,), True),
        (LOG((1 - x) ** x / (2 + x)) - x * LOG(1 - x) + LOG(2 + x), (1 - x,), True),
        (LOG(1 / (1 / x + 1)) - LOG(x) + LOG(x + 1), (), True),
        # A number below 0 among the factors.
        (LOG(x - 1) - LOG(1 - x), (1 - x,), False),
        (LOG(sp.Symbol("z", real=True) ** 2) - 2 * LOG(sp.Symbol("z", real=True)), (), False),
    ],
)
def test_logarithms_are_taken_apart_where_factors_are_positive(expression, positive, holds):
    assert (vanishing("a difference", expression, positive=positive).ratio <= 1) is holds

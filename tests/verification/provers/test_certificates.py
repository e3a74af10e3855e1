from dataclasses import replace
from fractions import Fraction

import pytest

from whichmin.verification.provers.certificates import (
    Certificate,
    Polynomial,
    Term,
    expand,
    faults,
    residual,
    times,
)

# x y (1 - x) >= 0 on the unit square, plus (x - y)^2.
SIMPLE = Certificate(
    "simple",
    "x y",
    (("x", "x"), ("r", "1 - x"), ("y", "y")),
    "x*y - x**2*y + d**2",
    (Term("1", "x y r"), Term("1", squared="d")),
    (("d", "x - y"),),
)


def test_a_right_certificate():
    assert residual(SIMPLE).size == 0
    assert faults(SIMPLE) == ()
    assert "1 - x =: r" in SIMPLE.text


@pytest.mark.parametrize("place", [0, 1])
def test_a_changed_coefficient_is_noticed(place):
    terms = list(SIMPLE.terms)
    terms[place] = replace(terms[place], coefficient="1000001/1000000")
    assert residual(replace(SIMPLE, terms=tuple(terms))).size > 0


def test_what_may_be_negative_is_noticed():
    negative = replace(SIMPLE, terms=(Term("-1", "x"), *SIMPLE.terms))
    unknown = replace(SIMPLE, terms=(Term("1", "d"), *SIMPLE.terms))
    assert faults(negative) == ("-1 * x",)
    assert faults(unknown) == ("1 * d",)


def test_polynomials_against_values():
    p = expand("(x - 2*y)**3 + 1/3", SIMPLE)
    x, y = Fraction(5, 7), Fraction(-2, 3)
    value = sum(v * x ** dict(m).get("x", 0) * y ** dict(m).get("y", 0) for m, v in p.terms.items())
    assert value == (x - 2 * y) ** 3 + Fraction(1, 3)
    assert (p - p).size == 0
    assert expand("7", SIMPLE) == Polynomial.number(Fraction(7))
    assert Polynomial.number(Fraction(0)).terms == {}


def test_a_comparison_is_no_polynomial():
    with pytest.raises(TypeError):
        expand("x <= y", SIMPLE)


def test_products_of_sums():
    assert times((Term("2", "x", "d"),), "y", "x") == (Term("2", "y x", "x d"),)

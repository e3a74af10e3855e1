from fractions import Fraction

import pytest
import sympy as sp

from whichmin.errors import InputError
from whichmin.verification.evidence.formula import Arithmetic, evaluate, evaluate_all

HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("0 <= x <= 1", True),
        ("0 <= x < 1/2", False),
        ("not x == 1/2", False),
        ("x != 1/2 or x**2 == 1/4", True),
        ("x > 0 and x > 1", False),
        ("-x < 0", True),
        ("x/3 == 1/6", True),
        ("(1 + x)**2 - 1 == 5/4", True),
    ],
)
def test_formulas_in_fractions(text, truth):
    assert evaluate(text, {"x": HALF}) is truth


def test_a_fraction_is_exact():
    assert evaluate("1/3 + 1/3 + 1/3", {}) == 1


def test_abbreviations_may_use_those_before():
    assert evaluate_all(("z",), {"x": HALF}, (("y", "x + 1"), ("z", "y*y"))) == [Fraction(9, 4)]


@pytest.mark.parametrize(
    "text", ["1/x", "x.real", "y", "x**y", "f(x)", "0.5", "x**-1", "x**0", "True", "1/0*x"]
)
def test_anything_else_is_refused(text):
    with pytest.raises((InputError, ZeroDivisionError)):
        evaluate(text, {"x": HALF})


def test_another_arithmetic():
    x = sp.Symbol("x")
    algebra = Arithmetic(
        lambda q: sp.Rational(q.numerator, q.denominator), all, any, lambda t: not t
    )
    assert evaluate("x**2 - x/2", {"x": x}, algebra) == x**2 - x / 2

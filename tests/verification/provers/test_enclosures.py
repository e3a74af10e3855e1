import itertools
import math
from fractions import Fraction

import mpmath
import pytest

pytest.importorskip("flint")

import flint

from whichmin.errors import InputError
from whichmin.verification.evidence.formula import evaluate
from whichmin.verification.provers.enclosures import TERMS, Interval, Term, UndefinedError, jet

ENDS = [Fraction(-7, 3), Fraction(-1, 2), Fraction(0), Fraction(1, 10), Fraction(2)]
PAIRS = [Interval.between(p, q) for p, q in itertools.combinations_with_replacement(ENDS, 2)]
OPERATIONS = {
    "sum": (lambda p, q: p + q),
    "difference": (lambda p, q: p - q),
    "product": (lambda p, q: p * q),
}


def term(text):
    return evaluate(text, {"x": Term("variable")}, TERMS)


def contains(interval, value):
    return interval.low <= flint.arb(value) <= interval.high


@pytest.mark.parametrize("name", OPERATIONS)
def test_results_of_numbers_lie_in_the_result_of_intervals(name):
    act = OPERATIONS[name]
    for left, right in itertools.product(PAIRS, repeat=2):
        found = act(left, right)
        for p, q in itertools.product((left.low, left.high), (right.low, right.high)):
            assert contains(found, act(p, q).mid())


def test_fractions_stay_exact():
    values = jet(term("log(1 + x) - x + x**2/2"), Fraction(0), 3, known=False)
    assert values == [0, 0, 0, Fraction(1, 3)]
    assert jet(term("exp(2*x)"), Fraction(0), 3, known=False) == [1, 2, 2, Fraction(4, 3)]
    halves = jet(term("sqrt(1 + x)/(1 - x)"), Fraction(0), 2, known=False)
    assert halves == [1, Fraction(3, 2), Fraction(11, 8)]
    assert all(isinstance(value, Fraction) for value in halves)


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("log(1 + x)*x", lambda x: mpmath.log(1 + x) * x),
        ("exp(x)/(2 + x)", lambda x: mpmath.exp(x) / (2 + x)),
        ("sqrt(3 + x*x*x)", lambda x: mpmath.sqrt(3 + x**3)),
        ("x*x - x", lambda x: x**2 - x),
    ],
)
def test_coefficients_enclose_those_of_another_library(text, function):
    found = jet(term(text), Interval.between(Fraction(0), Fraction(1)), 4, known=True)
    with mpmath.workdps(50):
        for place in (0, Fraction(1, 3), 1):
            at = mpmath.mpf(place.numerator) / place.denominator
            for enclosure, value in zip(found, mpmath.taylor(function, at, 4), strict=True):
                # Numerical derivatives are good to 1e-20 at 50 digits; flint reads at 53 bits.
                around = Interval.between(Fraction(-1, 10**14), Fraction(1, 10**14))
                assert contains(around + enclosure, str(value))


def test_a_square_is_not_negative_and_a_product_of_equals_is():
    around = Interval.between(Fraction(-1), Fraction(2))
    assert jet(term("x*x"), around, 0, known=True)[0].low == 0
    assert jet(term("x*(x + 0)"), around, 0, known=True)[0].low <= -2


def test_infinite_ends():
    far = Interval.between(Fraction(2), math.inf)
    value, slope = jet(term("x - log(1 + x)"), far, 1, known=True)
    assert value.high == flint.arb.pos_inf()
    assert 0.66 < slope.low < 0.67
    near = Interval.between(Fraction(0), Fraction(1, 2))
    assert jet(term("log(x)"), near, 0, known=True)[0].low == flint.arb.neg_inf()
    assert jet(term("1/x"), near, 0, known=True)[0].low == 2
    low = Interval.between(-math.inf, Fraction(-1))
    found = jet(term("exp(x)"), low, 0, known=True)[0]
    assert found.low == 0
    assert 0.36 < found.high < 0.37


@pytest.mark.parametrize("text", ["log(x)", "sqrt(x)", "1/x", "log(x - 1)"])
def test_what_is_not_defined_at_a_point_is_refused(text):
    with pytest.raises(UndefinedError):
        jet(term(text), Fraction(0), 1, known=False)


def test_guards_come_inside_out():
    kinds = [guard.operation for guard in term("log(1/x)").guards()]
    assert kinds == ["variable", "/"]


@pytest.mark.parametrize("text", ["x == 1", "x != 1"])
def test_equations_are_refused(text):
    with pytest.raises(InputError, match="must compare"):
        term(text)


@pytest.mark.parametrize("text", ["x < 1 or x > 2", "not x < 1"])
def test_logic_is_refused(text):
    with pytest.raises(TypeError):
        term(text)


def test_what_is_no_interval_is_refused():
    with pytest.raises(ArithmeticError):
        Interval(flint.arb(1), flint.arb(0))
    with pytest.raises(ArithmeticError):
        Interval(flint.arb.nan(), flint.arb(0))

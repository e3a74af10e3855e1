"""Formal statements: their language, and the numbers that prose and formulas share."""

from fractions import Fraction

import mpmath
import pytest

from whichmin.errors import InputError
from whichmin.verification.evidence.statement import (
    Statement,
    Undecided,
    domain,
    number,
    numerals,
    surely,
    unbound,
    word,
)
from whichmin.verification.topics import vocabulary


def stated(then, *given):
    return Statement((), tuple(("", g) for g in given), (("", then),))


@pytest.mark.parametrize(
    ("formula", "holds"),
    [
        ("all(i < 3 for i in upto(3))", True),
        ("any(i > 2 for i in upto(3))", False),
        ("sum(i for i in upto(4) if i != 2) == 4", True),
        ("N(start(2, 3/5, 4/5)) == 1", True),
        ("c(start(2, 3/5, 4/5, 1))[1] == 4/5", True),
        ('C(start(2, 1, -1), "relu") == 1', True),
        ("sqrt(1/4) == 1/2", True),
        ("sqrt(2)**2 == 2", True),
        ("log(2) < 7/10", True),
        ("1/(1 + 1) == 2**(-1)", True),
        ("not 1 < 2", False),
        ("sum(1/i for i in upto(4) if i > 0) == 11/6", True),
        ("1/2 - sqrt(2) < 0 and sqrt(2) - 1/2 > 0 and 1/sqrt(2)*2 > 1", True),
    ],
)
def test_the_language(formula, holds):
    assert bool(stated(formula).concluded({})) is holds
    with surely():
        assert bool(stated(formula).concluded({})) is holds


@pytest.mark.parametrize("formula", ["unheard(1)", "[1]", "1 in 2", "(lambda: 1)()", "x.y"])
def test_anything_else_is_refused(formula):
    with pytest.raises(InputError, match="must be"):
        stated(formula).concluded({})


def test_a_violation_must_exceed_rounding_and_a_hypothesis_must_clear_it():
    near = "sqrt(2)**2 + 1/10000000000000 <= 2"
    assert stated(near).concluded({})
    with surely():
        assert not stated(near).concluded({})
    assert not stated("1 == 1", "sqrt(2)**2 <= 2").applies({})
    assert stated("1 == 1", "sqrt(2) <= 3/2").applies({})


def test_slack_is_relative():
    assert stated("3 <= 4").concluded({}).slack == pytest.approx(0.25)
    assert stated("4 <= 3").concluded({}).slack == pytest.approx(-0.25)
    assert stated("1 <= 2 and 3 <= 4").concluded({}).slack == pytest.approx(0.25)


def test_what_is_no_number_meets_no_hypothesis_and_no_conclusion():
    huge = stated("1 <= exp(700)*exp(700)", "1 <= exp(700)*exp(700)")
    assert not huge.concluded({})
    with pytest.raises(Undecided):
        huge.applies({})
    with surely():
        assert huge.concluded({})


def test_numbers_are_floats_or_have_fifty_digits():
    assert number(Fraction(1, 3)) == 1 / 3
    with surely():
        assert abs(3 * number(Fraction(1, 3)) - 1) < mpmath.mpf(10) ** -49


def test_a_word_has_one_meaning_and_says_it():
    with pytest.raises(InputError, match="'sign', but must be new"):

        @word
        def sign(x):
            """Another one."""

    with pytest.raises(InputError, match="must have a docstring"):
        word(lambda: 1)
    assert vocabulary.sign(-3) == -1


def test_definitions_are_those_of_the_words_used():
    told = Statement((("w", "starts()"),), (), (("", "N(w) >= 0"),)).definitions
    assert list(told) == ["starts", "N"]
    assert told["N"] == "The squared norm N = |w|^2."


def test_a_domain_is_made_once():
    made = []

    @domain
    def drawn_once(size):
        """A domain of a test."""
        return made.append(size)

    language = Statement((("a", "drawn_once(1)"), ("b", "drawn_once(1)")), (), ())
    language.draw(lambda strategy: strategy)
    assert made == [1]


def test_a_case_names_every_variable():
    two = Statement((("x", "positives()"), ("y", "positives()")), (), (("", "x < y"),))
    assert two.at({"x": "1/2", "y": "x + 1"}) == {"x": Fraction(1, 2), "y": Fraction(3, 2)}
    with pytest.raises(InputError, match="must give a value to each of: x, y"):
        two.at({"x": "1"})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("|w|^2 <= 21/20", {"^2", "21/20"}),
        ("1/2 + (N - 2) C/(2m), a_0 and w0", {"1/2", "2"}),
        ("1 - 4*eta/m**2", {"1", "4", "^2"}),
        ("half of it, twice", {"1/2", "2"}),
        ("8,192 images, 3.5 and 1e-3", {"8192", "7/2", "1/1000"}),
        ("2/9*a", {"2/9"}),
        ("no number", set()),
    ],
)
def test_numerals(text, found):
    assert numerals(text) == found


def test_a_number_of_the_prose_must_be_in_a_formula():
    assert unbound("up to m/4 steps", ("eta <= m/4",)) == []
    assert unbound("up to m/2 steps", ("eta <= m/4",)) == ["2"]

from fractions import Fraction

import numpy as np
import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle.validation import (
    LONGEST,
    JudgeSettings,
    check_choice,
    check_fraction,
    check_integer,
    check_limit,
    check_number,
    check_reasons,
)


@pytest.mark.parametrize("value", [1, np.int8(1), 5])
def test_integers(value):
    found = check_integer(value, "x", 1, 5)
    assert (found, type(found)) == (value, int)


@pytest.mark.parametrize("value", [0, 6, True, 1.0, "1", None, np.array([1, 2])])
def test_what_is_no_integer_in_the_range(value):
    with pytest.raises(InputError, match="must be an integer from 1 to 5"):
        check_integer(value, "x", 1, 5)


def test_choices_are_plain_texts():
    class Text(str):
        __slots__ = ()

    assert type(check_choice(Text("a"), "x", ("a", "b"))) is str
    for value in ("c", ["a"], None, np.array(["a", "b"])):
        with pytest.raises(InputError, match="must be one of: a, b"):
            check_choice(value, "x", ("a", "b"))


@pytest.mark.parametrize("value", [0, 1, 0.25, "1/3", "1e-300", np.float64(0.5), Fraction(2, 3)])
def test_shares(value):
    assert check_fraction(value, "x", share=True) == Fraction(str(value))


@pytest.mark.parametrize(
    "value",
    [-1, 1.5, "1/0", "half", True, None, [0.5], float("nan"), "1e-999999999", "1e999999999"],
)
def test_what_is_no_share(value):
    with pytest.raises(InputError, match="must be a number from 0 to 1"):
        check_fraction(value, "x", share=True)


@pytest.mark.parametrize(("value", "right"), [(2, True), ("1/2", True), (0, False), (1e10, False)])
def test_factors(value, right):
    if right:
        assert check_fraction(value, "x", share=False) == Fraction(str(value))
    else:
        with pytest.raises(InputError, match="from 2\\^-32 to 2\\^32"):
            check_fraction(value, "x", share=False)


@pytest.mark.parametrize("value", [0.1, 1, LONGEST, np.float32(2), Fraction(1, 3)])
def test_limits(value):
    assert check_limit(value) == float(value)


@pytest.mark.parametrize(
    "value", [-1, 0, float("nan"), float("inf"), 10**400, "1", True, None, LONGEST + 1]
)
def test_what_is_no_limit(value):
    with pytest.raises(InputError, match=r"limit = .*, but must be seconds"):
        check_limit(value)


def test_reasons():
    assert check_reasons({"a": "b"}, "x") == {"a": "b"}
    for value, argument in (
        ([], "x"),
        ({1: "b"}, "x"),
        ({"a": 1}, "x['a']"),
        ({"a": ""}, "x['a']"),
    ):
        with pytest.raises(InputError) as caught:
            check_reasons(value, "x")
        assert caught.value.argument == argument


def test_the_defaults_are_allowed():
    found = JudgeSettings()
    assert (found.quick, found.deep, found.seed, found.expected) == (False, False, 0, None)
    assert (found.isolation, found.limit) == ("auto", 20.0)


def test_a_number_is_the_float64_that_a_target_computes_with():
    assert check_number(0.9, "x", 0, 1) == Fraction(0.9)
    assert check_number("1/3", "x", 0, 1) == Fraction(1 / 3)
    for value in (True, None, "a", "1/0", float("nan"), 2, -1, 10**400):
        with pytest.raises(InputError, match=r"x = .*must be a number from 0 to 1"):
            check_number(value, "x", 0, 1)

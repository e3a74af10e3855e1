"""A fitted parameter must give every answer, of those that passed too."""

from dataclasses import replace
from fractions import Fraction

from whichmin.verification.oracle.check import Finding
from whichmin.verification.oracle.fitting import fitted, of_family
from whichmin.verification.oracle.solving import Family, shown

TRUTH = 0.35


def case(x, cost=1):
    """A value x, to which half the square of a penalty's share is added."""
    families = {
        "square": Family(lambda p: f"{shown(p)} x^2 is added", lambda p: x + p * x * x, ((1.0,),),
                         declare=lambda p: f"'square': {p}", cost=cost),
        "both": Family(lambda p, q: f"{shown(p)} x^2 and {shown(q)}",
                       lambda p, q: x + p * x * x + q, ((1.0, 0.1),), cost=cost),
        "line": Family(lambda p: f"{shown(p)} x is added", lambda p: x + p * x, ((1.0,),)),
    }  # fmt: skip
    return Finding(f"x = {x}", x + TRUTH * x * x, Fraction(x), 1e-13, "rounding",
                   families=lambda: families.items())  # fmt: skip


CASES = [case(x, cost) for x, cost in ((1, 9), (2, 1), (3, 1), (5, 3), (7, 3), (-2, 200))]


def test_the_fewest_parameters_that_give_all_answers():
    (found,) = fitted(CASES)
    assert (found.text, found.declare) == ("0.35 x^2 is added", "'square': 0.35")


def test_what_one_answer_contradicts_is_no_cause():
    assert fitted([*CASES, replace(CASES[0], got=1.0)]) == []
    assert fitted([*CASES, replace(CASES[0], families=None)]) == []
    passed = replace(CASES[0], families=lambda: (), got=1.0)
    assert fitted([*CASES, passed])[0].text == "0.35 x^2 is added"


def test_a_family_that_a_case_does_not_have():
    assert of_family(CASES[0], "cube", (1.0,)) is None
    assert of_family(replace(CASES[0], families=None), "square", (1.0,)) is None
    assert of_family(CASES[0], "square", (TRUTH,)).holds

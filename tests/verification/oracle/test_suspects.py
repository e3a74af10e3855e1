"""What rounding explains of a value that a mistake would give."""

from fractions import Fraction

import numpy as np

from whichmin.verification.oracle.check import Candidate, Finding
from whichmin.verification.oracle.suspects import allowed, suspected


def finding(got, expected=(Fraction(1), Fraction(2)), bound=1e-15):
    return Finding("x", np.array(got), expected, bound, "rounding")


def test_a_value_is_met_within_the_bound_in_proportion():
    assert suspected(finding([100.0, 200.0 + 1e-13]), Candidate("x", (100, 200))).holds
    assert not suspected(finding([1.0, 2.0 + 1e-13]), Candidate("x", (1, 2))).holds


def test_an_entry_far_larger_than_the_right_one_has_its_own_rounding():
    case = finding([1.0, 1e-10 * (1 + 1e-15)], (Fraction(1), Fraction(1, 10**28)), [1e-15, 1e-43])
    assert suspected(case, Candidate("x", (1.0, 1e-10))).holds
    assert allowed(case, np.array([1.0, 1e-10]))[1] < 1e-23
    # Where the right value is 0 nothing is known but the bound.
    zero = finding([0.0, 0.0], (Fraction(0), Fraction(0)))
    assert allowed(zero, np.ones(2)).tolist() == [1e-15, 1e-15]


def test_slack_is_asked_for_where_the_bound_does_not_do():
    asked = []

    def slack():
        asked.append(1)
        return np.array([0.0, 1e-3])

    near, right = finding([1.0, 3.0001]), finding([1.0, 3.0])
    assert suspected(right, Candidate("x", (1.0, 3.0), slack=slack)).holds
    assert asked == []
    assert suspected(near, Candidate("x", (1.0, 3.0), slack=slack)).holds
    assert not suspected(near, Candidate("x", (1.0, 3.0))).holds


def test_a_value_beyond_float64_is_nobodys():
    assert not suspected(finding([1.0, 2.0]), Candidate("x", lambda: np.full(2, np.inf))).holds
    assert not suspected(finding([1.0, 2.0]), Candidate("x", lambda: np.full(2, np.nan))).holds

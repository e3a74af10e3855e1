"""Each suspect is named when it is the cause, and only then."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle.check import Call, Candidate, Finding
from whichmin.verification.oracle.diagnosis import diagnose
from whichmin.verification.oracle.solving import Family, shown

# m, n, b and a value for each case; no two scalars agree in all of them.
CASES = [(3, 5, 2, Fraction(7, 3)), (4, 2, 3, Fraction(-1, 5)), (2, 7, 1, Fraction(11, 4))]


def findings(wrong, *, candidates=None, cases=CASES, origin=0, **more):
    made = []
    for m, n, b, value in cases:
        scalars = {"m": m, "n": n, "b": b, "eta": Fraction(3, 10), "samples": 2 * m + 9}
        made.append(
            Finding(
                f"m = {m}", float(wrong(m, n, b, value)), value, 1e-12 * abs(value), "rounding",
                scalars=scalars, origin=origin,
                candidates=candidates(m, n, b, value) if candidates else (), **more,
            )
        )  # fmt: skip
    return made


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda m, n, b, v: m * v, "factor m: a sum over the points where a mean is expected"),
        (lambda m, n, b, v: v / m, "factor 1/m: a mean over the points"),
        (lambda m, n, b, v: b * v, "factor b: a sum over the batch"),
        (lambda m, n, b, v: v / b, "factor 1/b"),
        (lambda m, n, b, v: v / n, "factor 1/n"),
        (lambda m, n, b, v: 2 * v / n, "factor 2/n: the mean over the coordinates too"),
        (lambda m, n, b, v: 2 * m * v, "factor 2m"),
        (lambda m, n, b, v: m * v / (m - 1), r"factor m/(m-1)"),
        (lambda m, n, b, v: v * (n - 1) / n, r"factor (n-1)/n"),
        (lambda m, n, b, v: 2 * v, "factor 2: the 1/2 of the definition is missing"),
        (lambda m, n, b, v: v / 2, "factor 1/2"),
        (lambda m, n, b, v: -v, "factor -1: the sign"),
        (lambda m, n, b, v: -2 * v, "factor -2"),
        (lambda m, n, b, v: v * Fraction(3, 10), "factor eta"),
        (lambda m, n, b, v: v / Fraction(3, 10), "factor 1/eta"),
        (lambda m, n, b, v: (2 * m + 9) * v, "factor samples: not divided by the number"),
        (lambda m, n, b, v: v / 100, "factor 1/100"),
        (lambda m, n, b, v: 0, "always 0"),
        (lambda m, n, b, v: abs(v), "the absolute value of what is expected"),
        (lambda m, n, b, v: v * Fraction(17, 10), "off by the same factor 1.7 everywhere"),
        (lambda m, n, b, v: v * (1 + Fraction(m, 10**8)), "the rounding of float32"),
        (lambda m, n, b, v: v * (1 + Fraction(1, 10**10)), "the same factor 1 +1e-10 everywhere"),
    ],
)
def test_causes_are_named(wrong, text):
    found = diagnose(findings(wrong))
    assert found is not None
    assert text in found.text


@pytest.mark.parametrize(
    "wrong",
    [
        lambda m, n, b, v: v + 1,
        lambda m, n, b, v: v * (m if m == 3 else 1 + Fraction(1, m)),
        lambda m, n, b, v: v * m * n,
    ],
)
def test_no_cause_is_made_up(wrong):
    assert diagnose(findings(wrong)) is None


def test_a_coincidence_on_one_case_is_no_cause():
    # The factor is 2 and m = 2 there, but 2 is not m elsewhere.
    found = diagnose(findings(lambda m, n, b, v: 2 * v))
    assert "factor 2:" in found.text
    assert "factor m" not in found.text
    alone = diagnose(findings(lambda m, n, b, v: 2 * v, cases=CASES[2:]))
    assert alone is None  # 2, m, 2/b and more: nothing is known


def test_what_passed_must_not_contradict():
    wrong = findings(lambda m, n, b, v: m * v)
    right = findings(lambda m, n, b, v: v)
    assert diagnose(right) is None
    # Only the failures are a factor m: what passed says that it is something else.
    assert diagnose([*wrong, *right]) is None


def test_groups_are_diagnosed_apart():
    wrong = findings(lambda m, n, b, v: -v, group="relu")
    right = findings(lambda m, n, b, v: v, group="linear")
    assert diagnose([*right, *wrong]).text == "for relu: off by exactly a factor -1: the sign"
    # One mistake makes no two factors.
    both = [*findings(lambda m, n, b, v: 2 * v, group="linear"), *wrong]
    assert diagnose(both) is None


def candidate(m, n, b, value):
    return (Candidate("the square is returned", value * value, "'power': 2"),)


def test_candidates_come_first_and_say_what_to_declare():
    found = diagnose(findings(lambda m, n, b, v: v * v, candidates=candidate))
    assert (found.text, found.declare) == ("the square is returned", "'power': 2")


def test_a_candidate_that_fits_some_cases_is_no_cause():
    assert diagnose(findings(lambda m, n, b, v: v * v + m - 2, candidates=candidate)) is None


def test_a_candidate_may_be_absent_where_it_makes_no_difference():
    one = findings(lambda m, n, b, v: v * v, candidates=candidate, cases=CASES[:2])
    rest = findings(lambda m, n, b, v: v, cases=CASES[2:])
    assert diagnose([*one, *rest]).text == "the square is returned"
    wrong = findings(lambda m, n, b, v: v + 1, cases=CASES[2:])
    assert diagnose([*one, *wrong]) is None


def test_a_factor_of_the_update_is_taken_from_the_origin():
    found = diagnose(findings(lambda m, n, b, v: 10 + b * (v - 10), origin=10))
    assert "factor b" in found.text


@pytest.mark.parametrize(
    ("function", "wrong", "declare"),
    [
        ("loss", lambda m, n, b, v: m * v, "'loss': 'sum'"),
        ("gradient", lambda m, n, b, v: m * v, "'gradient': 'sum'"),
        ("step", lambda m, n, b, v: v * b, "'gradient': 'sum'"),
        ("hessian_trace", lambda m, n, b, v: v / m, "'hessian': 'mean'"),
        ("noise_scale", lambda m, n, b, v: v * m, ""),
        ("loss", lambda m, n, b, v: v * n, ""),
    ],
)
def test_a_convention_is_offered(function, wrong, declare):
    assert diagnose(findings(wrong, call=Call(function, {}))).declare == declare


def test_a_transpose():
    made = []
    for size in (2, 3):
        matrix = tuple(tuple(Fraction(p + 3 * q) for q in range(size)) for p in range(size))
        got = np.array(matrix, dtype=float).T
        made.append(Finding("x", got, matrix, 1e-12, "rounding"))
    assert diagnose(made).text == "the transpose of what is expected"


def test_a_segment_is_scaled_as_a_whole():
    made = [
        Finding("x", 2.0 * m * (1 + m), Fraction(m), 1e-12, "", upper=Fraction(3 * m),
                scalars={"m": 1 + m})
        for m in (2, 3)
    ]  # fmt: skip
    assert "factor m:" in diagnose(made).text


def test_float32_has_no_direction_and_no_size_of_its_own():
    cases = [(m, n, 2, Fraction(7 + m, 3 * n)) for m in (2, 3, 5, 7) for n in (2, 3, 5)]
    rounded = findings(lambda m, n, b, v: float(np.float32(float(v))), cases=cases)
    assert "float32" in diagnose(rounded).text
    # A step size that shrinks a little moves everything the same way.
    shrunk = findings(lambda m, n, b, v: v * (1 - Fraction(m, 10**8)), cases=cases)
    assert diagnose(shrunk) is None
    added = findings(lambda m, n, b, v: v + Fraction(1, 10**8) * (-1) ** m, cases=cases)
    assert diagnose(added) is None
    # Where the exact value is the origin, on dyadic data, float32 is exact too.
    at_rest = findings(lambda m, n, b, v: v + Fraction(m * (-1) ** n, 10**9), cases=cases)
    assert diagnose(at_rest).declare == "'dtype': 'float32'"
    rest = Finding("at rest", 1e-12, Fraction(0), 1e-16, "rounding")
    assert diagnose([*at_rest, rest]) is None


def test_what_differs_from_call_to_call_has_no_factor_and_no_precision():
    wrong = findings(lambda m, n, b, v: v * Fraction(17, 10))
    assert "the same factor 1.7" in diagnose(wrong).text
    assert diagnose(wrong, steady=False) is None


def test_a_mistake_with_a_parameter_is_fitted():
    made = findings(lambda m, n, b, v: v + m * Fraction(37, 100))

    def families(case):
        m, v = case[0], case[-1]
        return lambda: [("penalty", Family(lambda p: f"a penalty {shown(p)} m is added",
                                           lambda p: float(v) + m * p, ((1.0,), (0.01,)),
                                           declare=lambda p: f"'penalty': {p}"))]  # fmt: skip

    given = [replace(f, families=families(c)) for f, c in zip(made, CASES, strict=True)]
    found = diagnose(given)
    assert (found.text, found.declare) == ("a penalty 0.37 m is added", "'penalty': 0.37")
    # Every answer counts: one that passed and would not is against it.
    right = replace(given[0], got=float(given[0].expected))
    assert diagnose([*given[1:], right]) is None


def test_float32_is_no_excuse_for_a_float32_target_or_a_statistic():
    wrong = findings(lambda m, n, b, v: v * (1 + Fraction(1, 10**8) * m))
    assert diagnose(wrong).declare == "'dtype': 'float32'"
    assert diagnose(wrong, "float32") is None
    assert diagnose(wrong, "") is None

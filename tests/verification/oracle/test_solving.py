"""Parameters are found from values, with few digits where few explain them."""

import numpy as np
import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle.solving import Family, Known, shown, solve

X = np.array([0.3, -1.2, 2.0])


def family(value, starts=((1.0,),), **more):
    return Family(lambda *p: " and ".join(map(shown, p)), value, starts, **more)


def known(made, *truth, bound=1e-14):
    return [Known(made, made.value(*truth), lambda value: bound + 0 * value)]


@pytest.mark.parametrize("truth", [0.9, 0.123, 7e-6, 1 / 256, 40.0, 0.0])
def test_one_parameter(truth):
    made = family(lambda p: X * p + p * p, ((0.5,), (10.0,), (1e-3,)))
    assert solve(known(made, truth)) == pytest.approx((truth,), rel=1e-15, abs=1e-15)


def test_two_parameters_of_different_size():
    made = family(lambda p, q: np.exp(p * X) + q * X, ((1.0, 1.0), (0.1, 1e-3)))
    assert solve(known(made, 0.35, 2e-5)) == (0.35, 2e-5)


def test_a_number_with_many_digits_stays_what_it_is():
    made = family(lambda p: X * p, ((0.5,),))
    (found,) = solve(known(made, np.pi / 3))
    assert found == pytest.approx(np.pi / 3, rel=1e-14)


def test_what_no_parameter_explains_has_none():
    made = family(lambda p: X * p, ((0.5,),))
    assert solve([Known(made, X**2, lambda value: 1e-14 + 0 * value)]) is None


def test_a_start_where_nothing_moves_is_left():
    made = family(lambda c: np.clip(X, -c, c), ((8.0,), (4.0,), (1.0,)))
    assert solve(known(made, 0.75)) == (0.75,)


def test_parameters_that_are_not_allowed_are_far_away():
    def value(p):
        if p > 1:
            raise InputError("p", p, "must be at most 1")
        return X / (2 - p)

    made = family(value, ((5.0,), (0.5,)), high=1.0)
    assert solve(known(made, 0.25)) == (0.25,)
    assert np.all(known(made, 0.25)[0].residual((2.0,)) == 1e100)


def test_a_parameter_without_influence_stays_at_its_start():
    made = family(lambda p, q: X * p, ((1.0, 3.0),))
    assert solve(known(made, 0.5, 0.0)) == (0.5, 3.0)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.9, "0.9"), (1e-6, "1e-06"), (1 / 256, "1/256"), (1 / 3, "1/3"), (0.0625, "0.0625"),
     (0.0, "0"), (-1.0, "-1"), (np.pi, "3.141593"), (20000.0, "20000")],
)  # fmt: skip
def test_parameters_as_text(number, text):
    assert shown(number) == text

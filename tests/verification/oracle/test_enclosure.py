"""Enclosures hold what they promise: at random points of the box, in any order of summation."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle.arithmetic import FLOATS, FRACTIONS, slope
from whichmin.verification.oracle.enclosure import Enclosure, constant, enclosures
from whichmin.verification.oracle.references import floats

UNIT = 2.0**-46
RNG = np.random.default_rng(5)


def box(centre, width):
    n = len(centre)
    return Enclosure(
        centre, np.full(n, width), np.eye(n), np.zeros((n, n)), np.abs(centre) + width, UNIT
    )


FUNCTIONS = {
    "product": lambda x, k: x * x - (x @ x) * x,
    "quotient": lambda x, k: x / (x @ x + k.number(Fraction(1, 3))),
    "root": lambda x, k: k.sqrt(x * x + k.number(1)),
    "length": lambda x, k: k.number(2) * x / k.sqrt(x @ x),
    "larger": lambda x, k: k.larger(x, k.number(Fraction(1, 4))) * x,
    "clipped": lambda x, k: (k.number(1) / k.larger(k.sqrt(x @ x), k.number(1))) * x,
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("width", [0.0, 1e-3, 0.1])
def test_values_and_derivatives_in_the_box(name, width):
    function, centre = FUNCTIONS[name], np.array([0.7, -0.4, 1.1])
    made = function(box(centre, width), enclosures(3, UNIT))
    assert np.allclose(made.value, function(centre, FLOATS), rtol=1e-15)
    for _ in range(20):
        x, y = centre + width * RNG.uniform(-1, 1, (2, 3))
        away = np.abs(function(x, FLOATS) - made.value)
        assert (away <= made.spread + 1e-15).all()
        # The mean value theorem, with the hull of derivatives; rounding of the difference.
        moved = function(x, FLOATS) - function(y, FLOATS)
        error = np.abs(moved - made.slope @ (x - y))
        assert (error <= made.drift @ np.abs(x - y) + 1e-15).all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_sizes_bound_the_rounding_of_float32(name):
    function, unit = FUNCTIONS[name], 48 * 2.0**-24
    single = replace(FLOATS, number=lambda x: np.float32(float(x)))
    for _ in range(50):
        x = RNG.uniform(-1, 1, 3).astype(np.float32)
        e = Enclosure(
            x.astype(np.float64), np.zeros(3), np.eye(3), np.zeros((3, 3)), np.zeros(3), unit
        )
        made = function(e, enclosures(3, unit))
        found = function(x, single)
        assert found.dtype == np.float32
        assert (np.abs(found - made.value) <= unit * made.size).all()


def test_a_kink_in_the_box_has_both_derivatives():
    x = box(np.array([1e-4]), 1e-3)
    made = x.larger(constant(0.0, 1, 1, UNIT))
    low, high = made.slope - made.drift, made.slope + made.drift
    assert low <= 0 <= 1 <= high
    clear = box(np.array([1e-2]), 1e-3).larger(constant(0.0, 1, 1, UNIT))
    assert (clear.slope, clear.drift) == (1, 0)


def test_a_root_or_a_divisor_that_may_vanish_is_infinite():
    x = box(np.array([1e-4]), 1e-3)
    assert np.isinf(x.sqrt().drift).all()
    assert not np.isfinite(x.inverse().drift).any()
    nothing = x * constant(0.0, 1, 1, UNIT)
    assert nothing.value == 0


def test_sizes_bound_the_rounding_of_every_order():
    """Sums in float32, in many orders: at most a unit of the size of what is summed."""
    rows, w = RNG.standard_normal((6, 3)), RNG.standard_normal(3)
    unit = 60 * 2.0**-24
    numbers = enclosures(3, unit)
    e = Enclosure(w, np.zeros(3), np.eye(3), np.zeros((3, 3)), np.abs(w), unit)
    e = (rows @ e) @ rows
    exact = (rows @ w) @ rows
    for _ in range(50):
        order = RNG.permutation(6)
        part = rows[order].astype(np.float32)
        found = (part @ w.astype(np.float32)) @ part
        assert (np.abs(found - exact) <= unit * e.size).all()
    assert (numbers.number(3).value, numbers.power(Fraction(1, 2), 3).value) == (3, 0.125)


def test_the_gradient_in_a_box():
    rows, w = RNG.standard_normal((4, 3)), RNG.standard_normal(3)
    made = slope(box(w, 1e-3), rows, "linear", Fraction(1, 4), enclosures(3, UNIT))
    exact = slope(FRACTIONS.array(w), FRACTIONS.array(rows), "linear", Fraction(1, 4), FRACTIONS)
    assert np.allclose(made.value, floats(tuple(exact)), rtol=1e-14)

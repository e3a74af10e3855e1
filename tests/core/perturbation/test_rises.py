"""Rises of the loss against the definition in fractions."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from whichmin.core.data import make_data
from whichmin.core.frames import random_frame
from whichmin.core.landscape import gradient
from whichmin.core.perturbation.exact_sums import exact_dot, exact_sum, two_product
from whichmin.core.perturbation.rises import make_rise
from whichmin.words import Activation

RNG = np.random.default_rng(1)
FRAME = np.asarray(random_frame(3, 4, 1))
ROWS = RNG.normal(size=(5, 4))
# A minimum (for ReLU with a point at its kink, up to rounding), a minimum with an inactive point on
# the other side, and any point on any data.
PLACES = {
    "minimum": (np.array([0.6, 0.8, 0.0]) @ FRAME, FRAME),
    "run's end": (np.array([0.6, 0.8, -1e-10]) @ FRAME, FRAME),
    "single": (np.eye(4)[0], np.eye(3, 4)),
    "anywhere": (RNG.normal(size=4), ROWS),
}


def loss(x, rows, activation):
    total = Fraction(0)
    for row in rows:
        a = [Fraction(float(v)) for v in row]
        code = sum(p * q for p, q in zip(a, x, strict=True))
        code = code if activation is Activation.LINEAR else max(code, Fraction(0))
        total += sum((p - code * q) ** 2 for p, q in zip(a, x, strict=True))
    return total / (2 * len(rows))


@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("size", [1.0, 1e-3, 1e-9, 1e-15, 1e-100])
def test_rises_are_right_to_rounding_at_any_size(place, size, activation):
    w, rows = PLACES[place]
    rise = make_rise(torch.tensor(w), make_data(rows, handling="as-is"), activation)
    moves = size * RNG.normal(size=(4, 4))
    start = [Fraction(float(v)) for v in w]
    own = loss(start, rows, activation)
    found = rise(torch.from_numpy(moves)).tolist()
    for value, move in zip(found, moves, strict=True):
        there = [p + Fraction(float(q)) for p, q in zip(start, move, strict=True)]
        exact = loss(there, rows, activation) - own
        # Some 20 roundings of terms a few times larger than their sum.
        assert abs(Fraction(value) / exact - 1) < 1e-13


@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("place", PLACES)
def test_gradients_are_those_of_the_loss(place, activation):
    w, rows = PLACES[place]
    rise = make_rise(torch.tensor(w), make_data(rows, handling="as-is"), activation)
    moves = 0.3 * RNG.normal(size=(4, 4))
    plain = gradient(w + moves, rows, activation=activation)
    # Entries of the size of 100 at most, some 20 roundings each.
    assert torch.allclose(rise.gradient(torch.from_numpy(moves)), plain, rtol=0, atol=1e-12)


@pytest.mark.parametrize("activation", Activation)
def test_the_gradient_at_a_minimum_is_that_of_its_rounding(activation):
    w, rows = PLACES["minimum"]
    rise = make_rise(torch.tensor(w), make_data(rows), activation)
    start = [Fraction(float(v)) for v in w]
    # By central differences in fractions: a polynomial of degree 4, the third derivative times
    # h^2/6 is below 1e-39. ReLU's inactive point adds terms of third order.
    h = Fraction(1, 10**20)
    for k in range(4):
        ends = [[v + s * h * (j == k) for j, v in enumerate(start)] for s in (1, -1)]
        up, down = (loss(x, rows, activation) for x in ends)
        exact = float((up - down) / (2 * h))
        assert float(rise.slope[k]) == pytest.approx(exact, rel=1e-14, abs=1e-30)
    assert 0 < float(rise.slope.abs().max()) < 1e-15


NUMBERS = np.random.default_rng(4)


def test_products_and_their_errors_are_exact():
    a, b = (NUMBERS.normal(size=200) * 10.0 ** NUMBERS.integers(-60, 60, 200) for _ in range(2))
    product, error = two_product(a, b)
    assert (product == a * b).all()
    for x, y, p, e in zip(a, b, product, error, strict=True):
        assert Fraction(x) * Fraction(y) == Fraction(p) + Fraction(e)


@pytest.mark.parametrize("n", [1, 2, 50])
def test_inner_products_are_rounded_once(n):
    a, b = NUMBERS.normal(size=(2, n))
    # all but cancels
    a, b = np.append(a, 1.0), np.append(b, -float(a @ b))
    exact = sum(Fraction(x) * Fraction(y) for x, y in zip(a, b, strict=True))
    value, rest = exact_dot(a, b)
    assert value == float(exact)
    assert rest == float(exact - Fraction(value))


def test_sums_of_several_parts():
    assert exact_sum([1e16, 1.0], [-1e16]) == (1.0, 0.0)
    assert exact_sum([1e16, 1.0], np.ones(2)) == (1e16 + 4, -1.0)
    assert exact_sum() == (0.0, 0.0)

from fractions import Fraction

import numpy as np
import pytest
import torch

from whichmin.core.data import make_data
from whichmin.core.engines import AutogradEngine, Problem
from whichmin.verification.topics.landscape.equivariance import COUNTEREXAMPLES, ETA, START
from whichmin.verification.topics.sgd.rational_sgd import exact_step
from whichmin.words import Activation


def test_one_step_by_hand():
    # a = e1, w = (1/2, 0): phi = 1/2, gradient (N - 2) c a + c^2 w = -7/8 + 1/8 = -3/4.
    assert exact_step(
        (Fraction(1, 2), Fraction(0)), [(Fraction(1), Fraction(0))], Fraction(1, 5), Activation.RELU
    ) == (
        Fraction(1, 2) + Fraction(3, 20),
        Fraction(0),
    )


def test_an_inactive_point_changes_nothing():
    start = (Fraction(-1, 2), Fraction(1, 3))
    assert exact_step(start, [(Fraction(1), Fraction(0))], Fraction(1, 5), Activation.RELU) == start


@pytest.mark.parametrize("activation", list(Activation))
def test_agrees_with_autograd_on_rational_data(activation):
    batch = [(Fraction(3, 5), Fraction(4, 5)), (Fraction(-4, 5), Fraction(3, 5))]
    w = (Fraction(2, 7), Fraction(-3, 11))
    data = make_data([[float(v) for v in row] for row in batch])
    engine = AutogradEngine(
        Problem(data, activation, 0.2), torch.tensor([[float(v) for v in w]], dtype=torch.float64)
    )
    engine.step(None)
    exact = [float(v) for v in exact_step(w, batch, Fraction(1, 5), activation)]
    assert np.abs(engine.weights().numpy()[0] - exact).max() < 4e-16  # two roundings near 1


@pytest.mark.parametrize("example", COUNTEREXAMPLES, ids=lambda e: e[0])
def test_counterexamples_by_exact_arithmetic(example):
    _, activation, left, right, equal = example
    here, there = (exact_step(START, b, ETA, activation) for b in (left, right))
    assert (here == there) is equal

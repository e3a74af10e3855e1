import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from whichmin.core.data import make_data
from whichmin.core.frames import random_frame
from whichmin.core.landscape import gradient, loss, loss_gap, minimum_loss
from whichmin.words import Activation


def test_values_by_hand():
    # a1 = e1, a2 = e2, w = (1, 0): the first point is reproduced, the second costs 1/2.
    assert float(loss([1.0, 0.0], np.eye(2))) == 0.25
    # w = (-1, 0): linear reproduces a1 as well, ReLU is dead: both points cost 1/2.
    assert float(loss([-1.0, 0.0], np.eye(2), activation="linear")) == 0.25
    assert float(loss([-1.0, 0.0], np.eye(2))) == 0.5
    # one point, w = (1/2): (1 - 1/4)^2 / 2; derivative -2 w (1 - w^2) = -3/4.
    assert float(loss([0.5], [[1.0]])) == 0.28125
    assert gradient([0.5], [[1.0]]).tolist() == [-0.75]
    assert gradient([-0.5], [[1.0]]).tolist() == [0.0]


def test_replicas_keep_their_axis():
    w = [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]
    assert loss(w, np.eye(2)).shape == (3,)
    assert gradient(w, np.eye(2)).shape == (3, 2)
    assert loss(w[0], np.eye(2)).shape == ()


def test_gap_is_loss_minus_minimum():
    frame = random_frame(4, 7)
    data = make_data(frame)
    w = np.random.default_rng(0).normal(size=7)
    c = frame @ w
    energy = torch.tensor(c @ c)
    gap = loss_gap(energy, torch.tensor(w @ w) - energy, 4)
    expected = float(loss(w, data, activation="linear")) - minimum_loss(data, Activation.LINEAR)
    assert float(gap) == pytest.approx(expected, abs=1e-13)  # losses of size 10, 50 roundings


@pytest.mark.parametrize("seed", range(3))
def test_minimum_on_correlated_data_against_an_optimiser(seed):
    rows = np.random.default_rng(seed).normal(size=(4, 3))
    data = make_data(rows, handling="as-is")
    found = min(
        minimize(
            lambda w: float(loss(w, data, activation="linear")),
            np.random.default_rng(s).normal(size=3),
            jac=lambda w: gradient(w, data, activation="linear").numpy(),
        ).fun
        for s in range(5)
    )
    # BFGS stops at a gradient of 1e-5, so its value is within about 1e-9 of the minimum.
    assert found == pytest.approx(minimum_loss(data, Activation.LINEAR), abs=1e-8)


def test_minimum_is_unknown_for_correlated_relu():
    data = make_data([[1.0, 0.5], [0.0, 1.0]], handling="as-is")
    assert minimum_loss(data, Activation.RELU) is None

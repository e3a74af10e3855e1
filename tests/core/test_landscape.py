import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from whichmin.core.data import make_data
from whichmin.core.frames import random_frame
from whichmin.core.landscape import (
    activate,
    active_energy,
    gradient,
    loss,
    loss_gap,
    minimum_loss,
    rectified,
    slope,
)
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


@pytest.mark.parametrize("activation", list(Activation))
def test_numbers_that_are_not_differentiated_have_the_same_activation(activation):
    t = torch.tensor([[-2.0, 0.0, 0.5], [3.0, -1e-300, 1e-300]], dtype=torch.float64)
    assert torch.equal(rectified(t, activation), activate(t, activation))


def test_active_energy_by_hand():
    c = torch.tensor([[0.5, -2.0], [-1.0, -3.0]], dtype=torch.float64)
    assert active_energy(c, Activation.RELU).tolist() == [0.25, 0.0]
    assert active_energy(c, Activation.LINEAR).tolist() == [4.25, 10.0]


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


# Where the minima are, and ways to hand over weights and data.

FRAME = random_frame(4, 7, seed=3)


@pytest.mark.parametrize("seed", range(3))
def test_correlated_minimum_is_the_unit_top_eigenvector(seed):
    rows = np.random.default_rng(seed).normal(size=(5, 3))
    data = make_data(rows, handling="as-is")
    top = np.linalg.eigh(rows.T @ rows)[1][:, -1]
    best = minimum_loss(data, Activation.LINEAR)
    # losses of order 1, some ten roundings
    assert float(loss(top, data, activation="linear")) == pytest.approx(best, abs=1e-14)
    assert gradient(top, data, activation="linear").abs().max() < 1e-14
    for other in np.random.default_rng(seed + 9).normal(size=(50, 3)):
        assert float(loss(other, data, activation="linear")) > best


def test_minimum_by_hand():
    # M = diag(4, 1) / 2: (tr M - top) / 2 = (5/2 - 2) / 2.
    assert minimum_loss(make_data([[2.0, 0.0], [0.0, 1.0]], handling="as-is"),
                        Activation.LINEAR) == pytest.approx(0.25, rel=1e-15)  # fmt: skip
    for activation in Activation:
        assert minimum_loss(make_data(FRAME), activation) == 0.375


def test_minima_on_orthonormal_data():
    inside = np.array([0.6, 0.8, 0.0, 0.0]) @ FRAME
    mixed = np.array([0.6, -0.8, 0.0, 0.0]) @ FRAME
    # losses of order 1/2, some ten roundings
    assert float(loss(inside, FRAME)) == pytest.approx(0.375, abs=1e-14)
    assert float(loss(mixed, FRAME, activation="linear")) == pytest.approx(0.375, abs=1e-14)
    # ReLU sees c = 0.6 only: 1/2 + (1 - 2) 0.36 / 8
    assert float(loss(mixed, FRAME)) == pytest.approx(0.5 - 0.36 / 8, abs=1e-14)


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_gradient_by_differences(activation):
    rng = np.random.default_rng(4)
    rows, w, step = rng.normal(size=(4, 3)), rng.normal(size=3), 1e-5
    found = gradient(w, rows, activation=activation).numpy()
    for p, e in enumerate(step * np.eye(3)):
        ends = loss(np.stack([w + e, w - e]), rows, activation=activation)
        # step^2 times third derivatives (below 100) and eps |L| / step with |L| below 10
        assert float(ends[0] - ends[1]) / (2 * step) == pytest.approx(found[p], abs=2e-8)


def test_the_gradient_has_the_closed_form_of_the_theory():
    w = np.random.default_rng(5).normal(size=7)
    c = np.maximum(FRAME @ w, 0)
    expected = ((w @ w - 2) * c @ FRAME + (c @ c) * w) / 4
    assert np.abs(gradient(w, FRAME).numpy() - expected).max() < 1e-13  # roundings, |w|^3 near 20


def test_float32_is_computed_in_float32():
    value = loss(FRAME[0], FRAME, dtype="float32")
    assert value.dtype == torch.float32
    assert gradient(FRAME[0], FRAME, dtype="float32").dtype == torch.float32
    assert float(value) == pytest.approx(0.375, abs=1e-6)  # some ten roundings of 1.2e-7


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_lists_of_arrays_are_rows(make):
    rows = [make([1.0, 0.0]), make([0.0, 1.0])]
    assert loss(rows, np.eye(2)).tolist() == [0.25, 0.25]


def test_gradient_under_no_grad():
    with torch.no_grad():
        assert gradient([0.5], [[1.0]]).tolist() == [-0.75]


T = torch.tensor([-1.0, -1e-9, 0.0, 1e-9, 1.0], dtype=torch.float64)


def test_values():
    assert activate(T, Activation.RELU).tolist() == [0, 0, 0, 1e-9, 1]
    assert activate(T, Activation.LINEAR).tolist() == T.tolist()


def test_slopes():
    assert slope(T, Activation.RELU).tolist() == [0, 0, 0, 1, 1]
    assert slope(T, Activation.RELU, 1.0).tolist() == [0, 0, 1, 1, 1]
    assert slope(T, Activation.RELU, 1.0, 1e-6).tolist() == [0, 1, 1, 1, 1]
    assert slope(T, Activation.RELU, 0.0, 1e-6).tolist() == [0, 0, 0, 0, 1]
    assert slope(T, Activation.LINEAR).tolist() == [1] * 5


def test_the_declared_slope_is_what_backward_uses():
    t = T.clone().requires_grad_()
    activate(t, Activation.RELU, 1.0).sum().backward()
    assert t.grad.tolist() == [0, 0, 1, 1, 1]

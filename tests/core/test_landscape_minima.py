"""Where the minima are, and ways to hand over weights and data."""

import numpy as np
import pytest
import torch

from whichmin.core.data import make_data
from whichmin.core.frames import random_frame
from whichmin.core.landscape import gradient, loss, minimum_loss
from whichmin.words import Activation

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

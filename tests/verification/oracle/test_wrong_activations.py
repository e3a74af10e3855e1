"""Gradients with other activations, against automatic differentiation."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from whichmin.verification.oracle import wrong_activations

W = np.array([0.7, -0.4, 0.9])
ROWS = np.array([[1.0, 2.0, -0.5], [-1.5, 0.3, -2.0], [4.0, -3.0, 5.0], [0.2, 1.1, 0.1]])
TORCH = {
    "GELU in": functional.gelu,
    "GELU (its tanh form)": lambda c: functional.gelu(c, approximate="tanh"),
    "SiLU": functional.silu,
    "tanh in": torch.tanh,
    "the sigmoid": torch.sigmoid,
    "softplus": functional.softplus,
    "SELU": functional.selu,
    "Mish": functional.mish,
    "hard swish": functional.hardswish,
    "the square of relu": lambda c: torch.relu(c) ** 2,
    "the absolute value": torch.abs,
    "relu6": functional.relu6,
}


def gradient(phi):
    w, rows = torch.tensor(W, requires_grad=True), torch.from_numpy(ROWS)
    loss = (rows - phi(rows @ w)[:, None] * w).square().sum() / 2
    loss.backward()
    return w.grad.numpy()


@pytest.mark.parametrize("name", TORCH)
def test_gradients_are_those_of_torch(name):
    (phi,) = [p for text, p in wrong_activations.named("relu") if text.startswith(name)]
    found = wrong_activations.slope_with(phi)(W, ROWS)
    # Some hundred roundings of terms of size 1e3; SELU's constants are given to 16 digits.
    assert np.allclose(found, gradient(TORCH[name]), rtol=1e-11, atol=1e-11)


def test_families_with_a_slope():
    for made, phi in (
        (wrong_activations.leaky(0.3), lambda c: functional.leaky_relu(c, 0.3)),
        (wrong_activations.elu(0.7), lambda c: functional.elu(c, 0.7)),
    ):
        found = wrong_activations.slope_with(made)(W, ROWS)
        assert np.allclose(found, gradient(phi), rtol=1e-12, atol=1e-12)


def test_the_formula_is_right_for_relu_alone():
    relu = wrong_activations.formula_with(lambda c: np.maximum(c, 0))(W, ROWS)
    assert np.allclose(relu, gradient(torch.relu), rtol=1e-12, atol=1e-12)
    modulus = wrong_activations.formula_with(np.abs)(W, ROWS)
    assert np.abs(modulus - gradient(torch.abs)).max() > 1


def test_for_the_identity_fewer_are_listed():
    assert len(list(wrong_activations.named("linear"))) == len(TORCH) - 2

import torch

from whichmin.core.activations import activate, slope
from whichmin.words import Activation

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

"""Central differences and how far off they say they are."""

import math

import pytest
import torch

from whichmin.core.instruments.derivatives import Derivatives
from whichmin.core.instruments.differences import MORE_STEPS, STEPS, Differences, relative_move

W = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
MOVE = torch.tensor([0.5, 1.0, -1.0], dtype=torch.float64)


def differences(part, at=W, move=MOVE, more=False):
    derivatives = Derivatives("loss")
    found = Differences(lambda w: derivatives.value_and_gradient(part, w), at, move.to(at))
    found.add(STEPS[at.dtype])
    if more:
        found.add(MORE_STEPS[at.dtype])
    return found


@pytest.mark.parametrize("kind", [torch.float64, torch.float32])
def test_the_error_covers_what_is_off(kind):
    at = W.to(kind)
    found = differences(lambda w: (w**4).sum() + w.prod(), at)
    hessian = torch.autograd.functional.hessian(lambda w: (w**4).sum() + w.prod(), W)
    estimate = found.product()
    assert float((estimate.value - hessian @ MOVE).norm()) <= estimate.error
    assert estimate.error < (1e-8 if kind == torch.float64 else 0.1) * float(
        (hessian @ MOVE).norm()
    )
    slope = found.slope()
    gradient = 4 * W**3 + W.prod() / W
    assert abs(float(slope.value - gradient @ MOVE)) <= slope.error


def test_a_block_alone():
    found = differences(lambda w: (w**4).sum())
    assert torch.allclose(found.product(slice(1, 2)).value, 12 * W[1:2] ** 2 * MOVE[1:2], rtol=1e-7)


def test_near_a_kink_the_smaller_steps_are_taken():
    """At 1e-6 from it: the larger steps agree on 1 / (2 h), no number."""
    found = differences(lambda w: (w - 1 + 1e-6).relu().sum() + w.square().sum(), more=True)
    estimate = found.product()
    assert torch.allclose(estimate.value, 2 * MOVE, atol=1e-5)


def test_steps_that_agree_on_a_smoothed_loss_do_not_count():
    """Waves of the length 1e-6, whose curvature of 100 no step above can see."""
    k = 5e6
    found = differences(lambda w: w.square().sum() + 100 / k**2 * torch.sin(k * w).sum(), more=True)
    estimate = found.product()
    expected = (2 - 100 * torch.sin(k * W)) * MOVE
    assert float((estimate.value - expected).norm()) <= 10 * estimate.error


def test_a_function_without_a_slope():
    found = differences(lambda w: 0 * w.sum())
    assert not found.product().value.any()
    assert found.product().error == 0


def test_steps_that_lead_to_nowhere_are_left_out():
    found = differences(lambda w: (w + 2.00005).log().sum())
    assert found.steps == [1e-5]
    assert found.product().error == math.inf


def test_moves_are_as_large_as_the_weights():
    at = torch.tensor([3.0, 4.0, 0.0, 0.0]).double()
    move = relative_move(torch.ones(4), at, [2, 2])
    assert move.tolist() == pytest.approx([12.5**0.5] * 2 + [2.5] * 2, rel=1e-15)
    assert relative_move(torch.ones(2), torch.zeros(2).double(), [2]).tolist() == [1, 1]

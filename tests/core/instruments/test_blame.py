"""The functions that a loss calls, and which of them is faulty."""

import torch
from torch import nn

from whichmin.core.instruments import closure_objective
from whichmin.core.instruments.blame import blame, functions_of
from whichmin.core.instruments.derivatives import Derivatives

W = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)


class Forgets(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x.detach() ** 2


APPLY = Forgets.apply  # taken before anything is recorded, as is usual


def test_calls_are_recorded_with_their_places():
    net = nn.Sequential(nn.Tanh(), nn.Sequential(nn.ReLU()))
    constant = torch.ones(3).double().exp()

    def part(w):
        return (net(w) * constant.exp()).sum() + APPLY(w).sum()

    calls = functions_of(part, W, net)
    told = [call.name + call.place for call in calls]
    assert "tanh in Tanh '0'" in told
    assert "relu in ReLU '1.0'" in told
    assert "Forgets" in told
    assert "exp" not in told  # no function of the weights
    assert not torch.overrides._get_current_function_mode_stack()
    assert "apply" not in vars(torch.autograd.function._SingleLevelFunction)


def test_a_call_is_a_function_of_what_depends_on_the_weights():
    calls = functions_of(lambda w: torch.where(W > 0, w, W).square_().sum(), W)
    part, at, sizes = calls[0].part()
    assert torch.equal(at, W)
    assert sizes == [3]
    value, slope = Derivatives("loss").value_and_gradient(part, at)
    assert torch.isfinite(torch.tensor(value))
    assert slope[1] == 0
    assert slope[0] != 0
    again = calls[1].part()[0]  # in place: its argument stays
    assert again(W) == again(W)
    assert functions_of(lambda w: W.sum(), W) == []


def test_the_faulty_one_of_many_is_named():
    def part(w):
        return (Forgets.apply(w.tanh()).exp() * w).sum()

    objective = closure_objective(part, W)
    assert blame(part, W, "second", objective) == ["Forgets"]
    # Nothing of that kind: what there is.
    assert blame(part, W, "kink", objective) == ["Forgets"]
    assert blame(lambda w: w.exp().sum(), W, "second", objective) == []


def test_at_most_three_names():
    def part(w):
        zero = 0 * w
        return zero.abs().sum() + zero.relu().sum() + zero.max() + zero.clamp(min=0).sum()

    assert blame(part, W, "kink", closure_objective(part, W)) == ["abs", "relu", "max"]

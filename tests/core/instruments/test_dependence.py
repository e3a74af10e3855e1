"""Losses of the module's own parameters, and buffers that a call changes."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from whichmin.core.instruments import (
    curved_noise,
    estimate_trace,
    gradient_noise,
    hessian_matrix,
    module_objective,
)
from whichmin.errors import InputError


@pytest.fixture
def data():
    draws = torch.Generator().manual_seed(0)
    return tuple(torch.randn(9, k, generator=draws).double() for k in (3, 2))


def network():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()


def penalties(net):
    """Losses with a penalty on the network's parameters, by four ways to them."""
    held = list(net.parameters())

    class Holds(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, out, y):
            return nn.functional.mse_loss(out, y) + sum(p.square().sum() for p in held)

    mse = nn.functional.mse_loss
    return {
        "asked": lambda out, y: mse(out, y) + sum(p.square().sum() for p in net.parameters()),
        "held": lambda out, y: mse(out, y) + sum(p.square().sum() for p in held),
        "detached": lambda out, y: mse(out, y) + sum(p.data.abs().sum() for p in held),
        "module": Holds(),
    }


@pytest.mark.parametrize("way", ["asked", "held", "detached", "module"])
def test_a_penalty_in_the_loss_function_is_refused(data, way):
    net = network()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    with pytest.raises(InputError, match=r"loss_function = .*own parameters .*weight_decay="):
        module_objective(net, penalties(net)[way], data)
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())


def test_another_modules_parameters_are_fine(data):
    net, head = network(), nn.Linear(2, 2).double()
    loss = lambda out, y: nn.functional.mse_loss(head(out), y)  # noqa: E731
    assert module_objective(net, loss, data).size == 26


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_weight_decay_is_part_of_everything(data, reduction):
    loss = nn.MSELoss(reduction=reduction)
    plain, decayed = (
        module_objective(network(), loss, data, reduction=reduction, chunk_size=4, weight_decay=d)
        for d in (0, 0.3)
    )
    w = plain.point
    assert decayed.value() == pytest.approx(plain.value() + 0.15 * float(w @ w), rel=1e-14)
    np.testing.assert_allclose(decayed.gradient(), plain.gradient() + 0.3 * w, rtol=1e-13)
    expected = hessian_matrix(plain) + 0.3 * torch.eye(26).double()
    np.testing.assert_allclose(hessian_matrix(decayed), expected, atol=1e-13)
    trace = estimate_trace(decayed, method="exact").value
    assert trace == pytest.approx(float(expected.trace()), rel=1e-13)
    ours, theirs = gradient_noise(decayed), gradient_noise(plain)
    assert ours.trace == pytest.approx(theirs.trace, rel=1e-12)
    share = 1 if reduction == "mean" else 9
    np.testing.assert_allclose(share * ours.mean, decayed.gradient(), rtol=1e-12)
    whole = share * decayed.batch_gradient(np.arange(9))
    np.testing.assert_allclose(whole, decayed.gradient(), rtol=1e-12)
    slope = float(decayed.gradient() @ expected @ decayed.gradient())
    assert curved_noise(decayed).slope == pytest.approx(slope / share**3, rel=1e-11)


def test_weight_decay_with_curvlinops(data):
    pytest.importorskip("curvlinops", reason="the extra curvature is not installed")
    o = module_objective(network(), nn.MSELoss(), data, weight_decay=0.3)
    found, expected = (hessian_matrix(o, engine=e) for e in ("curvlinops", "torch"))
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("decay", [-0.1, float("nan"), "x"])
def test_refused_decay(data, decay):
    with pytest.raises(InputError, match="weight_decay = "):
        module_objective(network(), nn.MSELoss(), data, weight_decay=decay)


class Counts(nn.Module):
    """Replaces a buffer at every call."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 2).double()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls = self.calls + 1
        return self.inner(x)


def spectral():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.utils.parametrizations.spectral_norm(nn.Linear(3, 2).double())


@pytest.mark.parametrize(("make", "name"), [
    (Counts, "Counts: a call changes 'calls'"),
    (spectral, "_SpectralNorm 'parametrizations.weight.0': a call changes"),
])  # fmt: skip
def test_buffers_that_change_are_refused(data, make, name):
    net = make()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    with pytest.raises(InputError, match=f"module = .*{name}.*, but must leave .*mode='eval'"):
        module_objective(net, nn.MSELoss(), data)
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())
    assert not net._forward_hooks


def test_spectral_normalisation_in_evaluation(data):
    o = module_objective(spectral(), nn.MSELoss(), data, mode="eval")
    found, expected = (hessian_matrix(o, engine=e) for e in ("torch", "differences"))
    np.testing.assert_allclose(found, expected, atol=1e-6)


class Checkpointed(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = network()

    def forward(self, x):
        first = checkpoint(lambda t: self.net[0](t).tanh(), x, use_reentrant=False)
        return self.net[2](first)


def test_activations_that_are_computed_again_are_refused(data):
    """In the backward pass the module has its own weights, not those that are measured."""
    with pytest.raises(InputError, match=r"Linear 'net.0': called again .*checkpointing"):
        module_objective(Checkpointed(), nn.MSELoss(), data)


class Chance(nn.Module):
    """A change of the outputs in one call of twenty, or numbers that are drawn for nothing."""

    def __init__(self, *, used):
        super().__init__()
        self.net, self.used = network(), used

    def forward(self, x):
        rare = (torch.rand(()) < 0.05).to(x)
        return self.net(x) + rare * self.used


def test_a_rare_chance_is_noticed(data):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        before = torch.random.get_rng_state()
        with pytest.raises(InputError, match="two different losses at the same weights"):
            module_objective(Chance(used=True), nn.MSELoss(), data)
        assert torch.equal(torch.random.get_rng_state(), before)
        assert module_objective(Chance(used=False), nn.MSELoss(), data).samples == 9

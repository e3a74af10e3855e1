"""Squares from activations against those of the samples' gradients, and where they must not be."""

import numpy as np
import pytest
import torch
from torch import nn

from whichmin.core.instruments import (
    ghosts,
    gradient_noise,
    module_objective,
    sample_gradient_norms,
)
from whichmin.core.instruments.ghosts import sample_squares


class Sequence(nn.Module):
    """Words, a layer on each position, normalised, and the mean over positions."""

    def __init__(self, padding=None):
        super().__init__()
        self.words = nn.Embedding(7, 6, padding_idx=padding)
        self.norm = nn.LayerNorm(6)
        self.each = nn.Linear(6, 4)
        self.last = nn.Linear(4, 3)

    def forward(self, x):
        return self.last(torch.tanh(self.each(self.norm(self.words(x)))).mean(1))


def images(*parts):
    return nn.Sequential(nn.Unflatten(1, (2, 6, 6)), *parts)


NETS = {
    "mlp": lambda: nn.Sequential(nn.Linear(72, 5), nn.Tanh(), nn.Linear(5, 3)),
    "no bias": lambda: nn.Sequential(nn.Linear(72, 5, bias=False), nn.ReLU(), nn.Linear(5, 3)),
    "convolutions": lambda: images(
        nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 2, groups=2, stride=1, dilation=2), nn.Tanh(), nn.Flatten(),
        nn.Linear(6, 3),
    ),
    "in place": lambda: images(
        nn.Conv2d(2, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(64, 5),
        nn.LeakyReLU(inplace=True), nn.Linear(5, 3),
    ),
    "large kernel": lambda: images(nn.Conv2d(2, 8, 5), nn.Flatten(), nn.Linear(32, 3)),
    "sequence": Sequence,
    "padding": lambda: Sequence(2),
}  # fmt: skip


def made(net, *, words=False, dtype=torch.float64, reduction="mean", **options):
    x = torch.randint(0, 7, (11, 9)) if words else torch.randn(11, 72, dtype=dtype)
    y = torch.arange(11) % 3
    loss = nn.CrossEntropyLoss(reduction=reduction)
    return module_objective(
        net.to(dtype), loss, (x, y), mode="eval", reduction=reduction, **options
    )


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        yield


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_two_routes(name, reduction, monkeypatch):
    words = name in {"sequence", "padding"}
    objective = made(NETS[name](), words=words, reduction=reduction, chunk_size=4)
    found = sample_squares(objective)
    assert found is not None
    slopes = torch.cat(list(objective.sample_gradients()))
    torch.testing.assert_close(found[0], slopes.square().sum(1), rtol=1e-11, atol=0)
    torch.testing.assert_close(found[1], slopes.sum(0), rtol=1e-10, atol=1e-14)
    fast = gradient_noise(objective)
    assert fast.route == "activations"
    norms = sample_gradient_norms(objective)
    monkeypatch.setattr(
        "whichmin.core.instruments.noise_scale.sample_squares", lambda *_, **__: None
    )
    slow = gradient_noise(objective)
    assert slow.route == "gradients"
    assert fast.trace == pytest.approx(slow.trace, rel=1e-9)
    torch.testing.assert_close(fast.mean, slow.mean, rtol=1e-9, atol=1e-14)
    torch.testing.assert_close(norms, sample_gradient_norms(objective), rtol=1e-10, atol=0)


def test_single_precision():
    objective = made(NETS["mlp"](), dtype=torch.float32)
    found = sample_squares(objective)
    slopes = torch.cat(list(objective.sample_gradients())).double()
    torch.testing.assert_close(found[0], slopes.square().sum(1), rtol=1e-4, atol=0)


def test_frozen_weights_do_not_count():
    net = NETS["mlp"]()
    net[0].weight.requires_grad_(False)
    objective = made(net)
    slopes = torch.cat(list(objective.sample_gradients()))
    torch.testing.assert_close(sample_squares(objective)[0], slopes.square().sum(1))


class Twice(nn.Module):
    """One layer called twice, or its weight used beside it."""

    def __init__(self, kind):
        super().__init__()
        self.kind, self.first = kind, nn.Linear(72, 72)
        self.last = nn.Linear(72, 3)

    def forward(self, x):
        hidden = torch.tanh(self.first(x))
        if self.kind == "called twice":
            hidden = torch.tanh(self.first(hidden))
        elif self.kind == "used beside":
            hidden = hidden @ self.first.weight
        return self.last(hidden)


class Scaled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


def tied():
    net = nn.Sequential(nn.Linear(72, 72), nn.Tanh(), nn.Linear(72, 72), nn.Linear(72, 3))
    net[2].weight = net[0].weight
    return net


@pytest.mark.parametrize("net", [
    lambda: Twice("called twice"), lambda: Twice("used beside"),
    lambda: Scaled(72, 3), tied, lambda: nn.Sequential(nn.Linear(72, 3), nn.PReLU()),
    lambda: nn.utils.parametrizations.weight_norm(nn.Linear(72, 3)),
])  # fmt: skip
def test_where_it_does_not_apply(net):
    objective = made(net())
    assert sample_squares(objective) is None
    slopes = torch.cat(list(objective.sample_gradients()))
    found = gradient_noise(objective)
    assert found.route == "gradients"
    assert found.trace == pytest.approx(float(slopes.var(0, correction=0).sum()), rel=1e-9)


def test_decay_and_closures_have_none():
    assert sample_squares(made(NETS["mlp"](), weight_decay=0.1)) is None


def test_a_wrong_formula_is_noticed(monkeypatch):
    def wrong(layer, a, g):
        return {
            k: v * (1.001 if k == "weight" else 1) for k, v in ghosts._linear(layer, a, g).items()
        }

    monkeypatch.setitem(ghosts._SQUARES, nn.Linear, wrong)
    assert sample_squares(made(NETS["mlp"]())) is None


def test_a_spread_that_cancels_is_left_to_the_slow_way():
    net = NETS["mlp"]()
    x = torch.randn(72).double() + 1e-6 * torch.randn(11, 72).double()
    objective = module_objective(net.double(), nn.CrossEntropyLoss(), (x, torch.zeros(11).long()))
    found = gradient_noise(objective)
    assert found.route == "gradients"
    slopes = torch.cat(list(objective.sample_gradients())).numpy()
    away = np.square(slopes - slopes.mean(0)).sum() / 11
    assert found.trace == pytest.approx(away, rel=1e-6)


def test_the_formula_is_tried_once_a_point(monkeypatch):
    objective = made(NETS["mlp"]())
    slopes = torch.cat(list(objective.sample_gradients()))
    asked, right = [], type(objective).sample_loss
    monkeypatch.setattr(
        type(objective), "sample_loss", lambda *a: asked.append(len(a)) or right(*a)
    )
    for _ in range(3):
        squares, total = sample_squares(objective, total=False)
        torch.testing.assert_close(squares, slopes.square().sum(1))
        assert not total.any()
    assert len(asked) == ghosts._TRIED
    objective.point = objective.point + 1
    assert sample_squares(objective) is not None
    assert len(asked) == 2 * ghosts._TRIED


def test_hooks_are_removed():
    net = NETS["mlp"]()
    gradient_noise(made(net))
    assert not any(part._forward_hooks for part in net.modules())

"""What is no sum over samples is found wherever its samples are; what is one is not refused."""

import math

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from whichmin.core.instruments.additive import training_flags, with_flags
from whichmin.core.instruments.module import module_objective
from whichmin.errors import InputError

WEIGHTED = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 100.0], dtype=torch.float64))
REFUSED = "that is not the mean of theirs alone"


def linear(seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Linear(4, 2, dtype=torch.float64)


def inputs(count):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, 4, generator=generator, dtype=torch.float64)


SORTED = (inputs(40), (torch.arange(40) >= 20).long())


@pytest.mark.parametrize("chunk", [1, 2, 10, 20, 1024])
def test_a_weighted_mean_of_sorted_classes(chunk):
    """In every chunk of one class the weights cancel: 0.71 in place of 0.84, for another net."""
    with pytest.raises(InputError, match=REFUSED):
        module_objective(linear(), WEIGHTED, SORTED, chunk_size=chunk)


def test_a_weighted_mean_in_batches_of_one_class():
    loader = DataLoader(TensorDataset(*SORTED), batch_size=10)
    with pytest.raises(InputError, match=REFUSED):
        module_objective(linear(), WEIGHTED, loader)


def test_a_class_of_one_sample_among_many():
    y = torch.zeros(1000).long()
    y[613] = 1
    with pytest.raises(InputError, match=REFUSED):
        module_objective(linear(), WEIGHTED, (inputs(1000), y), chunk_size=10)


def test_a_weighted_mean_where_all_losses_are_equal():
    """A last layer of zeros: every loss is log 2, and so is every mean."""
    net = linear()
    nn.init.zeros_(net.weight)
    nn.init.zeros_(net.bias)
    with pytest.raises(InputError, match=REFUSED):
        module_objective(net, WEIGHTED, SORTED)
    plain = module_objective(net, nn.CrossEntropyLoss(), SORTED)
    assert plain.value() == pytest.approx(math.log(2), rel=1e-14)


def test_targets_that_are_left_out():
    """The mean over the others is none over all samples; of one that is left out it is 0/0."""
    x, y = SORTED
    y = y.clone()
    y[1::3] = -100
    with pytest.raises(InputError, match=r"NaN or infinite.*must be finite for every sample alone"):
        module_objective(linear(), nn.CrossEntropyLoss(), (x, y))
    total = nn.CrossEntropyLoss(reduction="sum")
    o = module_objective(linear(), total, (x, y), reduction="sum")
    assert o.value() == pytest.approx(float(total(linear()(x), y).detach()), rel=1e-13)


@pytest.mark.parametrize("part", ["x", "y"])
def test_data_that_are_not_finite_beyond_the_first_chunk(part):
    x, y = inputs(3000), torch.zeros(3000, 2, dtype=torch.float64)
    (x if part == "x" else y)[2777, 1] = math.nan
    with pytest.raises(InputError, match=r"loss_function = .*NaN or infinite.*finite at the point"):
        module_objective(linear(), nn.MSELoss(), (x, y))


def test_a_loss_that_is_rounding_is_not_refused():
    """A float32 network that fits its data: losses of 2e-6 are multiples of the last bit of 14.

    Products of another shape round otherwise, by chance; here it is made certain, by one such bit.
    """

    def loss(p, y):
        bit = 9.5e-7 if len(p) == 1 else 0.0
        return (torch.logsumexp(p, 1) + bit - p.gather(1, y[:, None])[:, 0]).mean()

    net = nn.Linear(2, 2, bias=False)
    nn.init.eye_(net.weight)
    first = torch.linspace(12, 16, 20)
    x, y = torch.stack([first, first - 13], dim=1), torch.zeros(20).long()
    value = module_objective(net, loss, (x, y)).value()
    assert 1e-6 < value < 5e-6
    with torch.no_grad():
        alone = sum(float(loss(net(x[i : i + 1]), y[:1])) for i in range(20)) / 20
    assert abs(alone - value) > 0.1 * value


@pytest.mark.parametrize("defined", ["raises", "nan"])
def test_a_loss_that_is_defined_near_the_point_only(defined):
    """Random weights are tried; a loss need not be defined there."""

    class Near(nn.Module):
        def __init__(self):
            super().__init__()
            self.p = nn.Parameter(torch.full((50,), 0.5, dtype=torch.float64))

        def forward(self, x):
            return x * self.p

    def loss(p, y):
        if defined == "raises":
            return nn.functional.binary_cross_entropy(p, y)
        return -(y * torch.log(p)).mean()

    x = torch.ones(4, 50, dtype=torch.float64)
    o = module_objective(Near(), loss, (x, x))
    assert o.value() == pytest.approx(math.log(2), rel=1e-14)


def test_samples_of_different_shapes_are_compared_with_their_like():
    net = nn.Linear(1, 1, dtype=torch.float64)
    batches = [(torch.ones(3, k, 1).double(), torch.zeros(3, k, 1).double()) for k in (2, 5)]
    o = module_objective(net, nn.MSELoss(), batches)
    assert o.value() == pytest.approx(float((net.weight + net.bias).detach()) ** 2, rel=1e-14)


@pytest.mark.parametrize("chunk", [4, 7, 1024])
def test_a_class_that_is_left_out(chunk):
    x, y = inputs(90), torch.arange(90) % 2
    with pytest.raises(InputError, match="must be finite for every sample alone"):
        module_objective(linear(), nn.CrossEntropyLoss(ignore_index=0), (x, y), chunk_size=chunk)


def test_a_fit_to_rounding_in_float32():
    """At a loss of 2e-14 the means differ by rounding of the predictions: 40 % of the loss."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net, x = nn.Linear(4, 1), torch.randn(50, 4)
        y = net(x).detach() + 1.5e-7 * torch.randn(50, 1)
    assert 1e-15 < module_objective(net, nn.MSELoss(), (x, y)).value() < 1e-13


@pytest.mark.parametrize(("x", "y", "message"), [
    (inputs(6), torch.zeros(6).double(), "data = RuntimeError: expected.*Long.*class numbers"),
    (inputs(6), torch.full((6,), 5), "data = IndexError: Target 5 is out of bounds"),
    (inputs(6)[:, :3], torch.zeros(6).long(), "data = RuntimeError: mat1 and mat2"),
])  # fmt: skip
def test_data_that_module_or_loss_do_not_take(x, y, message):
    with pytest.raises(InputError, match=message):
        module_objective(linear(), nn.CrossEntropyLoss(), (x, y))


def test_the_flags_come_back():
    net = nn.Sequential(linear(), nn.Dropout(0.5))
    net[1].train(False)
    before = [part.training for part in net.modules()]
    with with_flags(training_flags(net, "eval")):
        assert not any(part.training for part in net.modules())
    assert [part.training for part in net.modules()] == before
    flags = training_flags(net, "as-is")
    net.train(not net.training)
    with with_flags(flags):
        assert [part.training for part in net.modules()] == before

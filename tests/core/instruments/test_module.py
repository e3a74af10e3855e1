"""Modules as objectives: right derivatives, whatever the chunks; the module stays as it was."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from whichmin.core.instruments.module import module_objective
from whichmin.core.instruments.noise_scale import gradient_noise
from whichmin.errors import InputError

# Sums of at most 150 terms of size up to 10, and a few hundred operations before: far below 1e-12.
EXACT = {"rtol": 1e-12, "atol": 1e-12}


def test_the_network_on_digits(digits):
    o = digits.objective
    assert o.value() == pytest.approx(digits.losses(digits.w).mean(), rel=1e-13)
    np.testing.assert_allclose(o.gradient(), digits.slope(digits.w), **EXACT)
    np.testing.assert_allclose(torch.cat(list(o.sample_gradients())), digits.gradients, **EXACT)
    v = torch.from_numpy(np.random.default_rng(0).standard_normal((o.size, 3)))
    np.testing.assert_allclose(o.hessian_product(v), digits.hessian @ v.numpy(), **EXACT)
    batch = np.array([5, 0, 149, 5])
    np.testing.assert_allclose(o.batch_gradient(batch), digits.gradients[batch].mean(0), **EXACT)
    weights = torch.arange(150.0)
    expected = weights.numpy() @ digits.gradients
    np.testing.assert_allclose(o.weighted_gradient(weights), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("source", "chunk"), [("tensors", 40), ("loader", 40), ("loader", 1000)])
def test_neither_chunks_nor_batches_matter(digits, reduction, source, chunk):
    """150 samples in batches of 64: the last has 22. A mean of the batches' means would be off."""
    data = (digits.x, digits.y)
    if source == "loader":
        data = DataLoader(TensorDataset(*data), batch_size=64)
    loss = nn.CrossEntropyLoss(reduction=reduction)
    o = module_objective(digits.net, loss, data, reduction=reduction, chunk_size=chunk)
    scale = 150 if reduction == "sum" else 1
    assert o.value() == pytest.approx(scale * digits.losses(digits.w).mean(), rel=1e-13)
    np.testing.assert_allclose(o.gradient(), scale * digits.slope(digits.w), rtol=1e-10, atol=1e-11)
    v = torch.from_numpy(digits.slope(digits.w))
    expected = scale * digits.hessian @ v.numpy()
    np.testing.assert_allclose(o.hessian_product(v), expected, rtol=1e-10, atol=1e-11)
    batch = np.arange(100)
    np.testing.assert_allclose(o.batch_gradient(batch), digits.gradients[:100].mean(0), **EXACT)


def test_frozen_parameters_are_left_out(digits):
    net = copy.deepcopy(digits.net)
    net[0].weight.requires_grad_(False)
    o = module_objective(net, nn.CrossEntropyLoss(), (digits.x, digits.y))
    assert o.names == ("0.bias", "2.weight", "2.bias")
    frozen = net[0].weight.numel()
    np.testing.assert_allclose(o.gradient(), digits.slope(digits.w)[frozen:], **EXACT)


def test_tied_parameters_are_one(digits):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Parameter(torch.tensor([1.0, 2.0], dtype=torch.float64))
            self.b = self.a

        def forward(self, x):
            return x * self.a * self.b

    x = torch.ones(3, 2, dtype=torch.float64)
    o = module_objective(Tied(), nn.MSELoss(reduction="sum"), (x, 0 * x), reduction="sum")
    assert o.size == 2
    assert o.gradient().tolist() == [12.0, 96.0]  # d/da of 3 a^4


class Shared(nn.Module):
    """One layer and one buffer under two names each, and one parameter of two layers."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(4, 4, dtype=torch.float64)
        self.decoder = self.encoder
        self.other = nn.Linear(4, 4, dtype=torch.float64)
        self.other.weight = self.encoder.weight
        self.register_buffer("offset", torch.arange(4.0).double())
        self.inner = nn.Module()
        self.inner.register_buffer("same", self.offset)

    def forward(self, x):
        return self.other(torch.tanh(self.decoder(self.encoder(x) + self.offset))) * self.inner.same


@pytest.mark.parametrize("mode", ["as-is", "eval"])
def test_a_layer_with_two_names(batch, mode):
    """PyTorch's functional_call leaves its copies in such a module (its issue 164759)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        net = Shared()
    weight, before = net.encoder.weight, state(net)
    reference = nn.functional.mse_loss(net(batch[0]), batch[0])
    slopes = torch.autograd.grad(reference, list(net.parameters()))
    o = module_objective(net, nn.MSELoss(), (batch[0], batch[0]), mode=mode)
    assert o.names == ("encoder.weight", "encoder.bias", "other.bias")
    assert o.value() == pytest.approx(float(reference.detach()), rel=1e-14)
    flat = torch.cat([s.reshape(-1) for s in slopes])
    np.testing.assert_allclose(o.gradient(), flat, **EXACT)
    np.testing.assert_allclose(torch.cat(list(o.sample_gradients())).mean(0), flat, **EXACT)
    assert same(before, state(net))
    assert weight.requires_grad
    for layer in (net.encoder, net.decoder, net.other):
        assert layer.weight is weight
    assert net.inner.same is net.offset


def test_frozen_and_shared(batch):
    net = Shared()
    net.encoder.weight.requires_grad_(False)
    o = module_objective(net, nn.MSELoss(), (batch[0], batch[0]))
    assert o.names == ("encoder.bias", "other.bias")
    loss = nn.functional.mse_loss(net(batch[0]), batch[0])
    slopes = torch.autograd.grad(loss, [net.encoder.bias, net.other.bias])
    np.testing.assert_allclose(o.gradient(), torch.cat(slopes), **EXACT)


def test_a_loss_function_with_weights_of_its_own(batch):
    """In the type of the objective, and those that it had."""
    net = nn.Linear(4, 2)
    loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 3.0]), reduction="sum")
    data = (batch[0].float(), batch[1])
    o = module_objective(net, loss, data, reduction="sum", dtype="float64")
    value = o.value()
    assert value == pytest.approx(float(loss(net(data[0]), data[1]).detach()), rel=1e-5)
    with torch.no_grad():
        loss.weight *= 2
    assert o.value() == value


def test_a_gradient_of_a_sample_that_is_not_finite():
    class Root(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Parameter(torch.zeros(1, dtype=torch.float64))

        def forward(self, x):
            return (self.a * x).abs().sqrt()

    x = torch.ones(3, 1, dtype=torch.float64)
    o = module_objective(Root(), nn.L1Loss(), (x, x))
    with pytest.raises(InputError, match="'a gradient that is NaN or infinite', but sqrt in Root"):
        gradient_noise(o)


@pytest.mark.parametrize("index", [-1, 6])
def test_refused_indices(batch, index):
    o = module_objective(linear(), nn.CrossEntropyLoss(), batch)
    with pytest.raises(InputError, match=r"indices = .* but must lie in 0 .. 5"):
        o.batch_gradient(np.array([0, index]))


def test_another_type_of_number(digits):
    net = copy.deepcopy(digits.net).float()
    data = (digits.x.float(), digits.y)
    wide = module_objective(net, nn.CrossEntropyLoss(), data, dtype="float64")
    own = module_objective(net, nn.CrossEntropyLoss(), data)
    assert (wide.point.dtype, own.point.dtype) == (torch.float64, torch.float32)
    assert wide.value() == pytest.approx(digits.losses(wide.point.numpy()).mean(), rel=1e-13)
    assert own.value() == pytest.approx(wide.value(), rel=1e-5)  # 50 units of float32
    assert all(p.dtype == torch.float32 for p in net.parameters())


def guarded_network(training):
    net = nn.Sequential(
        nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Dropout(0.5), nn.Linear(3, 2)
    )
    net.double().train(training)
    net[1].eval()
    return net


def state(net):
    flags = [m.training for m in net.modules()]
    grads = [None if p.grad is None else p.grad.clone() for p in net.parameters()]
    return {k: v.clone() for k, v in net.state_dict().items()}, flags, grads


def same(a, b):
    return (
        all(torch.equal(a[0][k], b[0][k]) for k in a[0])
        and a[1] == b[1]
        and all(
            (x is None and y is None) or torch.equal(x, y) for x, y in zip(a[2], b[2], strict=True)
        )
    )


def plain(net, batch):
    with torch.no_grad():
        return float(nn.functional.cross_entropy(net(batch[0]), batch[1]))


@pytest.fixture
def batch():
    rng = np.random.default_rng(5)
    return torch.from_numpy(rng.standard_normal((6, 4))), torch.tensor([0, 1, 0, 1, 1, 0])


def test_the_module_stays_as_it_was(batch):
    net = guarded_network(training=True)
    before = state(net)
    o = module_objective(net, nn.CrossEntropyLoss(), batch, mode="eval")
    o.gradient(), o.value(o.point + 1), list(o.sample_gradients()), o.hessian_product(o.point)
    assert same(before, state(net))
    reference = copy.deepcopy(net).eval()
    assert o.value() == plain(reference, batch)
    with torch.no_grad():
        net[0].weight += 1  # the objective keeps the weights that it was made with
    assert o.value() == plain(reference, batch)


def test_the_module_stays_as_it_was_when_the_loss_fails(batch):
    net, calls = guarded_network(training=True), []

    def fails(prediction, y):
        calls.append(net.training)
        if len(calls) > 100:  # to make the objective takes fewer
            raise RuntimeError("as planned")
        return nn.functional.cross_entropy(prediction, y)

    o = module_objective(net, fails, batch, mode="eval")
    before = state(net)
    calls += [False] * 100
    with pytest.raises(RuntimeError, match="as planned"):
        o.gradient()
    assert same(before, state(net))
    assert not any(calls)


def test_the_random_state_stays_as_it_was(batch):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    module_objective(guarded_network(False), nn.CrossEntropyLoss(), batch, mode="eval").gradient()
    after_net = torch.get_rng_state()
    torch.manual_seed(1)
    guarded_network(False)  # draws its own start
    assert torch.equal(after_net, torch.get_rng_state())
    assert not torch.equal(before, after_net)


class Dropping(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 2, dtype=torch.float64)

    def forward(self, x):
        return nn.functional.dropout(self.inner(x), 0.5, training=True)


class Centring(Dropping):
    def forward(self, x):
        return self.inner(x - x.mean(0))


def linear():
    return nn.Linear(4, 2, dtype=torch.float64)


CE = nn.CrossEntropyLoss()
WEIGHTED = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 3.0], dtype=torch.float64))


@pytest.mark.parametrize(("net", "loss", "options", "message"), [
    (nn.Sequential(linear(), nn.Dropout(0.1)), CE, {}, r"Dropout '1': dropout is active.*eval"),
    (nn.Sequential(nn.BatchNorm1d(4), linear()).double(), CE, {}, "share batch statistics"),
    (nn.BatchNorm1d(4, track_running_stats=False).double().eval(), CE, {}, "batch statistics"),
    (nn.BatchNorm1d(4, track_running_stats=False).double(), CE, {"mode": "eval"}, "statistics"),
    (nn.LSTM(4, 2, 2, dropout=0.1), CE, {}, "LSTM '': dropout is active"),
    (Dropping(), CE, {}, "two different losses"),
    (Dropping(), CE, {"mode": "eval"}, "two different losses"),
    (Centring(), CE, {}, "that is not the mean of theirs alone"),
    (linear(), CE, {"reduction": "sum"}, "that is not the sum of theirs alone"),
    (linear(), nn.CrossEntropyLoss(reduction="sum"), {}, "that is not the mean of theirs alone"),
    (linear(), WEIGHTED, {}, "that is not the mean of theirs alone"),
    (linear(), CE, {"reduction": "none"}, r"must return shape \(6,\) with reduction='none'"),
    (linear(), nn.CrossEntropyLoss(reduction="none"), {}, r"must return shape \(\)"),
    (linear(), CE, {"reduction": "all"}, "reduction = 'all', but must be one of: mean, sum, none"),
    (linear(), CE, {"mode": "train"}, "mode = 'train', but must be one of: as-is, eval"),
    (linear(), CE, {"chunk_size": 0}, "chunk_size = 0"),
    (linear(), CE, {"dtype": "float16"}, "dtype = 'float16'"),
    (nn.Linear(4, 2).half(), CE, {}, "must be float64 or float32"),
    (nn.Sequential(linear(), nn.Linear(2, 2)), CE, {}, "2 types"),
    (nn.ReLU(), CE, {}, "must have trainable parameters"),
    (len, CE, {}, "must be a torch.nn.Module"),
    (linear(), lambda p, y: float(p.sum()), {}, "result of type float"),
    (linear(), lambda p, y: p.sum() / 0, {}, "must be finite at the point"),
])  # fmt: skip
def test_refused(batch, net, loss, options, message):
    with pytest.raises(InputError, match=message):
        module_objective(net, loss, batch, **options)


def test_a_mode_that_is_switched_later_changes_nothing(batch):
    """Dropout and batch statistics, active in the module, stay off in the objective."""
    x, y = batch
    net = nn.Sequential(linear(), nn.BatchNorm1d(2, dtype=torch.float64), nn.Dropout(0.5)).eval()
    o = module_objective(net, nn.CrossEntropyLoss(), (x, y))
    value, slope, noise = o.value(), o.gradient(), gradient_noise(o).trace
    net.train()
    assert o.value() == o.value() == value
    assert torch.equal(o.gradient(), slope)
    assert gradient_noise(o).trace == noise
    assert all(part.training for part in net.modules())


class Recurrent(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer(4, 3, dtype=torch.float64)

    def forward(self, x):
        if isinstance(self.layer, nn.RNNCellBase):
            state = self.layer(x)
            return state[0] if isinstance(state, tuple) else state
        return self.layer(x.expand(3, *x.shape))[0][-1]


@pytest.mark.parametrize("layer", [nn.RNN, nn.GRU, nn.LSTM, nn.RNNCell, nn.GRUCell, nn.LSTMCell])
def test_recurrent_layers_have_sample_gradients(batch, layer):
    x, y = batch
    net = Recurrent(layer)
    o = module_objective(net, nn.CrossEntropyLoss(), (x, y), chunk_size=4)
    rows = []
    for a, b in zip(x, y, strict=True):
        net.zero_grad()
        nn.functional.cross_entropy(net(a[None]), b[None]).backward()
        rows.append(torch.cat([p.grad.reshape(-1) for p in net.parameters()]))
    expected = torch.stack(rows)
    np.testing.assert_allclose(torch.cat(list(o.sample_gradients())), expected, **EXACT)
    signs = torch.arange(len(x)).double()
    np.testing.assert_allclose(o.weighted_gradient(signs), signs @ expected, **EXACT)


def test_what_vmap_does_not_take_is_taken_one_by_one(batch):
    class Asks(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = linear()

        def forward(self, x):
            return self.inner(x) if float(x.detach().sum()) < 1e9 else x

    o = module_objective(Asks(), nn.CrossEntropyLoss(), batch)
    plain = module_objective(o.module.inner, nn.CrossEntropyLoss(), batch)
    found, expected = (torch.cat(list(each.sample_gradients())) for each in (o, plain))
    np.testing.assert_allclose(found, expected, **EXACT)


def test_a_module_without_numbers(batch):
    with pytest.raises(InputError, match=r"device meta', but must be on cpu or cuda"):
        module_objective(nn.Linear(4, 2, device="meta"), nn.CrossEntropyLoss(), batch)


@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_weighted_losses_have_a_remedy(batch, reduction):
    loss = nn.CrossEntropyLoss(weight=WEIGHTED.weight, reduction=reduction)
    o = module_objective(linear(), loss, batch, reduction=reduction, chunk_size=4)
    value = float(loss(o.module(batch[0]).detach(), batch[1]).sum())
    assert o.value() == pytest.approx(value / (1 if reduction == "sum" else 6), rel=1e-14)


def test_a_lazy_module_is_refused_until_it_was_called():
    net = nn.Sequential(nn.LazyLinear(2)).double()
    data = torch.ones(3, 4).double(), torch.zeros(3, 2).double()
    with pytest.raises(InputError, match=r"lazy module.*called once"):
        module_objective(net, nn.MSELoss(), data)
    net(data[0])
    assert module_objective(net, nn.MSELoss(), data).size == 10

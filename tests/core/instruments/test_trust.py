"""Derivatives that are wrong, missing or at a kink are refused by name; right ones are not."""

import numpy as np
import pytest
import torch
from torch import nn

from whichmin.core.instruments import (
    closure_objective,
    curved_noise,
    estimate_trace,
    extreme_eigenvalues,
    full_spectrum,
    gradient_noise,
    hessian_matrix,
    module_objective,
    spectral_density,
    trust,
    two_batch_noise_scale,
)
from whichmin.errors import InputError

W = [1.0, -2.0, 0.5]


class Forgets(torch.autograd.Function):
    """A cube whose backward pass takes its input for a constant."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x.detach() ** 2


class Slips(torch.autograd.Function):
    """A cube with the derivative of a square."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 2 * x


def straight_through(w):
    return ((w.round() - w).detach() + w).square().sum()


class Layer(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.inner, self.function = nn.Linear(3, 2).double(), function

    def forward(self, x):
        return self.function(self.inner(x))


@pytest.fixture
def data():
    draws = torch.Generator().manual_seed(0)
    return tuple(torch.randn(12, k, generator=draws).double() for k in (3, 2))


@pytest.fixture
def normed(data):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2, bias=False).double())
    return net, module_objective(net, nn.MSELoss(), data)


@pytest.mark.parametrize("instrument", [
    hessian_matrix, full_spectrum, spectral_density, estimate_trace, extreme_eigenvalues,
    curved_noise, lambda o: o.hessian_product(o.point),
    lambda o: o.hessian_product(o.point, o.point + 1),
])  # fmt: skip
def test_weight_normalisation_is_refused_by_name(normed, instrument):
    with pytest.raises(InputError, match=r"contradict .*, but _weight_norm in _WeightNorm 'param"):
        instrument(normed[1])


def test_weight_normalisation_by_differences_and_by_hand(normed, data):
    net, objective = normed
    g, v = (p.detach() for p in net.parameters())
    x, y = data

    def by_hand(w):
        scale, rows = w[:2, None], w[2:].view(2, 3)
        return nn.functional.mse_loss(x @ (scale * rows / rows.norm(dim=1, keepdim=True)).T, y)

    hand = closure_objective(by_hand, torch.cat([g.reshape(-1), v.reshape(-1)]))
    found = hessian_matrix(objective, engine="differences")
    # The engine promises 1e-3 of the largest product; on this loss its steps give 1e-8.
    np.testing.assert_allclose(found, hessian_matrix(hand), atol=1e-6)


@pytest.mark.parametrize(("loss", "point", "message"), [
    (lambda w: Forgets.apply(w).sum(), W, "second derivatives that .*, but Forgets must have the"),
    (lambda w: Slips.apply(w).sum(), W, "a gradient that differences .*, but Slips must"),
    (straight_through, [1.2, 0.3], "a gradient that differences .*detach"),
    (lambda w: (w.detach() * w).sum(), W, "a gradient that .*, but detach must"),
    (lambda w: w.abs().sum(), [0.0, 1.0], "a kink or a jump just at the point', but abs must"),
    (lambda w: w.relu().square().sum(), [0.0, 1.0], "a kink or a jump .*, but relu must"),
    (lambda w: w.max(), [1.0, 1.0], "a kink or a jump .*, but max must"),
    (lambda w: w.clamp(-1, 1).square().sum(), [1.0, 0.5], "a kink or a jump .*, but clamp must"),
    (lambda w: w.norm(), [0.0, 0.0], "a Hessian that is NaN or infinite', but norm must"),
    (lambda w: w.sqrt().sum(), [0.0, 1.0], "a gradient that is NaN or infinite', but sqrt must"),
    (lambda w: nn.functional.hardsigmoid(w).square().sum(), [1.0, 0.5], "no second .*hardsigmoid"),
    (lambda w: (1e9 * w).sin().sum(), [1.0, 2.0], "cannot confirm at any step', but sin must"),
    (lambda w: w.half().double().square().sum(), [1.1, 2.0], "but half must"),
])  # fmt: skip
def test_ill_cases_are_refused_by_name(loss, point, message):
    with pytest.raises(InputError, match=f"loss = .*{message}"):
        hessian_matrix(closure_objective(loss, point))


def test_products_that_are_not_symmetric(monkeypatch):
    objective = closure_objective(lambda w: (w**4).sum(), W)
    right = objective.derivatives.product
    skew = torch.tensor([[0.0, 1, 0], [-1, 0, 0], [0, 0, 0]]).double() * 1e-5
    wrong = lambda part, at, columns: right(part, at, columns) + skew @ columns  # noqa: E731
    monkeypatch.setattr(objective.derivatives, "product", wrong)
    with pytest.raises(InputError, match="second derivatives that are not symmetric"):
        hessian_matrix(objective)


@pytest.mark.parametrize("function", [torch.relu, torch.tanh, nn.functional.gelu, torch.abs])
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_generic_points_are_fine(data, function, kind):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        objective = module_objective(Layer(function), nn.MSELoss(), data, dtype=kind)
    assert hessian_matrix(objective).dtype == getattr(torch, kind)


@pytest.mark.parametrize(("loss", "point"), [
    (lambda w: (w**4).sum(), [0.0, 0.0]),  # nothing but zeros
    (lambda w: w.sum(), W), (lambda w: 0 * w.sum(), W),
    (lambda w: (1e6 * w).sin().sum(), [1.0, 2.0]),  # as curved as that
    (lambda w: (w - 1 + 1e-7).relu().sum(), W),  # a kink close by
    (lambda w: (1e-200 * w.square()).sum(), W), (lambda w: (1e200 * w.square()).sum(), W),
    (lambda w: w.exp().sum(), [30.0, -30.0]), (lambda w: w.round().sum(), W),
])  # fmt: skip
def test_odd_but_right_ones_are_fine(loss, point):
    found = hessian_matrix(closure_objective(loss, point))
    expected = torch.autograd.functional.hessian(loss, torch.tensor(point).double())
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_kink_of_one_sample(data):
    """Zero biases and an input of zeros: ReLU is just at its kink."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).double()
    x, y = data
    x[5] = 0
    nn.init.zeros_(net[0].bias)
    with pytest.raises(InputError, match=r"module = 'a kink .*, but relu in ReLU '1' must"):
        hessian_matrix(module_objective(net, nn.MSELoss(), (x[4:7], y[4:7])))


def test_kinks_by_the_convention_of_pytorch(data):
    loss, point = (lambda w: w.relu().sum() + w.square().sum()), [0.0, 1.0]
    with pytest.raises(InputError, match=r"relu must .* kinks='pytorch'"):
        hessian_matrix(closure_objective(loss, point))
    taken = closure_objective(loss, point, kinks="pytorch")
    assert hessian_matrix(taken).tolist() == [[2, 0], [0, 2]]
    # Other faults stay faults.
    wrong = closure_objective(lambda w: Forgets.apply(w).sum(), W, kinks="pytorch")
    with pytest.raises(InputError, match="Forgets"):
        hessian_matrix(wrong)
    for make in (
        lambda: closure_objective(loss, point, kinks="smooth"),
        lambda: module_objective(Layer(torch.relu), nn.MSELoss(), data, kinks="smooth"),
    ):
        with pytest.raises(InputError, match="kinks = 'smooth', but must be one of"):
            make()


def test_a_wrong_gradient_is_seen_by_instruments_of_the_noise(data):
    objective = module_objective(Layer(Slips.apply), nn.MSELoss(), data)
    for instrument in (gradient_noise, lambda o: two_batch_noise_scale(o, 1, 2)):
        with pytest.raises(InputError, match=r"module = 'a gradient that .*, but Slips in Layer"):
            instrument(objective)
    # They need no second derivative.
    assert gradient_noise(module_objective(Layer(Forgets.apply), nn.MSELoss(), data)).trace > 0


def test_float32_has_the_last_word_in_float64(data):
    for function, name in ((Forgets.apply, "Forgets"), (Slips.apply, "Slips")):
        objective = module_objective(Layer(function), nn.MSELoss(), data, dtype="float32")
        with pytest.raises(InputError, match=f"contradict .*, but {name} in Layer"):
            hessian_matrix(objective)


def test_once_a_point(monkeypatch):
    objective = closure_objective(lambda w: (w**4).sum(), W)
    asked = []
    monkeypatch.setattr("whichmin.core.instruments.problem.confirm", lambda *a: asked.append(a))
    for _ in range(3):
        objective.hessian_product(objective.point)
        objective.confirm(second=False)
    assert len(asked) == 1
    objective.hessian_product(objective.point, objective.point + 1)
    assert len(asked) == 2


class Padded(nn.Module):
    """Words with a row for padding, whose table the last layer may share."""

    def __init__(self, padding, tied):
        super().__init__()
        self.words = nn.Embedding(7, 3, padding_idx=padding)
        self.last = nn.Linear(3, 7)
        if tied:
            self.last.weight = self.words.weight

    def forward(self, x):
        return self.last(torch.tanh(self.words(x)).mean(1))


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("value", [0.0, 0.7])
def test_the_row_for_padding_is_no_variable(tied, value):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        net = Padded(2, tied).double()
        x, y = torch.randint(0, 7, (12, 5)), torch.arange(12) % 7
    x[:, 0] = 2
    net.words.weight.data[2] = value
    objective = module_objective(net, nn.CrossEntropyLoss(), (x, y))
    nn.CrossEntropyLoss()(net(x), y).backward()
    slope = torch.cat([p.grad.reshape(-1) for p in net.parameters()])
    torch.testing.assert_close(objective.gradient(), slope, rtol=1e-12, atol=1e-16)
    torch.testing.assert_close(gradient_noise(objective).mean, slope, rtol=1e-12, atol=1e-15)
    row = slice(6, 9)
    matrix = hessian_matrix(objective)
    np.testing.assert_allclose(
        matrix, hessian_matrix(objective, engine="differences"), atol=1e-6 * float(matrix.norm())
    )
    assert bool(matrix[row].any()) == tied
    moved = objective.point.clone()
    moved[row] += 1
    assert (objective.value(moved) == objective.value()) != tied


def test_a_gradient_of_0_by_another_decree_is_refused():
    class Held(nn.Embedding):
        def forward(self, x):
            return nn.functional.embedding(x, 2 * self.weight, 2)  # no parameter: not held

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        net = nn.Sequential(Held(7, 3), nn.Flatten(), nn.Linear(15, 3)).double()
    net[0].weight.data[2] = 0.5
    x, y = torch.arange(60).reshape(12, 5) % 7, torch.arange(12) % 3
    with pytest.raises(InputError, match="a gradient that differences of the loss contradict"):
        hessian_matrix(module_objective(net, nn.CrossEntropyLoss(), (x, y)))


def test_a_fault_without_a_name():
    error = trust.Fault("second", 0.5).error("loss", [])
    assert str(error).startswith(
        "loss = 'second derivatives that differences contradict (off by 0.5 of their size)', but "
        "must have the second derivative"
    )

"""Derivatives by torch.func and by plain reverse mode: the same numbers, and errors in words."""

import numpy as np
import pytest
import torch
from torch import nn

from whichmin.core.instruments import gradient_noise, hessian_operator, module_objective
from whichmin.core.instruments.derivatives import Derivatives, by_formula, first_line
from whichmin.errors import InputError

W = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
EXACT = {"rtol": 1e-12, "atol": 1e-13}
COLUMNS = torch.tensor([[1.0, 0.0], [2.0, 1.0], [0.0, 3.0]], dtype=torch.float64)


class Cube(torch.autograd.Function):
    """In the older style, which torch.func does not take."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x**2


def cubes(w):
    return (w**3).sum()


@pytest.mark.parametrize("part", [cubes, lambda w: Cube.apply(w).sum()])
def test_both_ways_give_the_same(part):
    derivatives = Derivatives("loss")
    value, slope = derivatives.value_and_gradient(part, W)
    assert value == float((W**3).sum())
    assert torch.equal(slope, 3 * W**2)
    found = derivatives.product(part, W, COLUMNS)
    assert torch.allclose(found, 6 * W[:, None] * COLUMNS, rtol=1e-15)
    rows = derivatives.pullback(lambda w: part(w) * torch.ones(2).double(), W)(COLUMNS.T[:, :2])
    assert torch.allclose(rows, COLUMNS.T[:, :2].sum(1)[:, None] * 3 * W**2, rtol=1e-15)
    assert derivatives.plain == (part is not cubes)


def test_a_linear_part_has_products_of_zeros():
    for plain in (False, True):
        derivatives = Derivatives("loss")
        derivatives.plain = plain
        assert not derivatives.product(lambda w: w.sum(), W, COLUMNS).any()
        assert not derivatives.product(lambda w: 0 * W.sum(), W, COLUMNS).any()


def test_what_has_no_derivative_is_said():
    def part(w):
        return nn.functional.hardsigmoid(w).square().sum()

    derivatives = Derivatives("module")
    assert derivatives.value_and_gradient(part, W)[1].shape == (3,)
    with pytest.raises(InputError, match=r"module = .*hardsigmoid_backward.* engine='differences'"):
        derivatives.product(part, W, COLUMNS)


def test_an_error_of_the_loss_itself_stays_what_it_is():
    def part(w):
        raise RuntimeError("as planned")

    with pytest.raises(RuntimeError, match="as planned"):
        Derivatives("loss").value_and_gradient(part, W)


@pytest.mark.parametrize("recurrent", [False, True])
def test_the_settings_are_put_back(recurrent):
    def settings():
        return (
            torch.backends.cuda.flash_sdp_enabled(), torch.backends.cuda.math_sdp_enabled(),
            torch.backends.mha.get_fastpath_enabled(), torch.backends.cudnn.enabled,
            torch._C._get_mkldnn_enabled(),
        )  # fmt: skip

    def fails():
        with by_formula(recurrent=recurrent):
            inside.append(settings())
            raise ZeroDivisionError

    before, inside = settings(), []
    with pytest.raises(ZeroDivisionError):
        fails()
    assert inside[0][:3] == (False, True, False)
    assert inside[0][3:] == ((False, False) if recurrent else before[3:])
    assert settings() == before


def test_attention_has_a_second_derivative_by_its_formula():
    def part(w):
        with by_formula():
            rows = w.view(1, 3, 1)
            return nn.functional.scaled_dot_product_attention(rows, rows, rows).square().sum()

    derivatives = Derivatives("loss")
    products = derivatives.product(part, W, torch.eye(3).double())
    step = 1e-5
    for k, row in enumerate(torch.eye(3).double()):
        up, down = (derivatives.value_and_gradient(part, W + s * step * row)[1] for s in (1, -1))
        # Central differences: the third derivative is of order 10, times the step's square.
        assert torch.allclose((up - down) / (2 * step), products[:, k], atol=1e-8)


def test_the_first_line():
    assert first_line(ValueError("one\ntwo")) == "ValueError: one"


@pytest.fixture
def batch():
    draws = torch.Generator().manual_seed(0)
    return torch.randn(6, 4, generator=draws).double(), torch.arange(6) % 2


class Attends(nn.Module):
    """Attention by the function, by the layer, with and without its weights, or in an encoder."""

    def __init__(self, kind):
        super().__init__()
        self.kind, self.embed, self.out = kind, nn.Linear(4, 8), nn.Linear(8, 2)
        if kind == "encoder":
            self.inner = nn.TransformerEncoderLayer(8, 2, 8, dropout=0.0, batch_first=True)
        else:
            self.inner = nn.MultiheadAttention(8, 2, batch_first=True)
        self.double()

    def forward(self, x):
        h = self.embed(x[:, None] * torch.arange(1.0, 4.0)[:, None].to(x))
        if self.kind == "encoder":
            h = self.inner(h)
        elif self.kind in ("causal", "function"):
            causal = self.kind == "causal"
            h = nn.functional.scaled_dot_product_attention(h, h, h, is_causal=causal)
        else:
            h = self.inner(h, h, h, need_weights=self.kind == "weights")[0]
        return self.out(h.mean(1))


@pytest.mark.parametrize("mode", ["as-is", "eval"])
@pytest.mark.parametrize("kind", ["function", "causal", "layer", "weights", "encoder"])
def test_attention_has_second_derivatives(batch, kind, mode):
    """Warnings are errors here: there are none."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = Attends(kind)
    o = module_objective(net, nn.CrossEntropyLoss(), batch, mode=mode)
    v = torch.from_numpy(np.random.default_rng(2).standard_normal((o.size, 2)))
    found, differences = (hessian_operator(o, e)(v) for e in ("torch", "differences"))
    assert torch.allclose(found, differences, atol=1e-3 * float(found.abs().max()))
    mean = gradient_noise(o).mean
    np.testing.assert_allclose(mean, o.gradient(), rtol=1e-9, atol=1e-12)


def test_functions_in_the_older_style(batch):
    """torch.func does not take them; plain reverse mode does."""

    inner = nn.Linear(4, 2).double()

    class Net(nn.Module):
        def __init__(self, function):
            super().__init__()
            self.inner, self.function = inner, function

        def forward(self, x):
            return self.function(self.inner(x))

    o, plain = (
        module_objective(Net(f), nn.CrossEntropyLoss(), batch, chunk_size=4)
        for f in (Cube.apply, lambda x: x**3)
    )
    v = torch.eye(o.size).double()
    np.testing.assert_allclose(o.hessian_product(v), plain.hessian_product(v), **EXACT)
    ours, expected = (torch.cat(list(each.sample_gradients())) for each in (o, plain))
    np.testing.assert_allclose(ours, expected, **EXACT)
    np.testing.assert_allclose(o.batch_gradient(np.array([1, 1])), expected[1], **EXACT)

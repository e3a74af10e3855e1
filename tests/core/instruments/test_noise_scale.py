"""Noise of sample gradients: hand-written backpropagation, and fractions on the neuron."""

import itertools
import math

import numpy as np
import pytest
import torch
from neuron import C, closed_form, neuron

from whichmin.core.instruments import (
    batch_factor,
    closure_objective,
    curved_noise,
    gradient_noise,
    problem,
)
from whichmin.core.instruments.noise_scale import CurvedNoise
from whichmin.errors import InputError


def noisy(unit, dtype="float64"):
    """Nine samples in a unit of the loss; float32 rounds each gradient by 6e-8."""
    rows = torch.from_numpy(np.random.default_rng(3).standard_normal((9, 4))).to(
        getattr(torch, dtype)
    )
    return closure_objective(lambda w: unit * (rows @ w).cosh(), np.ones(4) / 3, dtype=dtype)


def test_the_neuron():
    found = gradient_noise(neuron())
    trace, square = closed_form(C, 0.3)
    assert found.samples == 5
    assert found.trace == pytest.approx(trace, rel=1e-13)
    assert found.square == pytest.approx(square, rel=1e-13)
    assert found.simple_scale == pytest.approx(trace / square, rel=1e-13)


def test_on_the_manifold():
    """(1 - sum c^4) / m on the unit sphere of the span; 0 at a data point, where all is at rest."""
    c = np.full(4, 0.5)
    found = gradient_noise(neuron(np.append(c, [0, 0])))
    assert found.trace == pytest.approx((1 - 0.25) / 5, rel=1e-14)
    assert math.isinf(found.simple_scale)
    still = gradient_noise(neuron(np.eye(6)[0]))
    assert still.trace == 0
    assert math.isnan(still.simple_scale)


def test_digits(digits, monkeypatch):
    g = digits.gradients
    trace = ((g - g.mean(0)) ** 2).sum() / len(g)
    curved = np.trace(digits.hessian @ np.cov(g.T, bias=True))
    slope = g.mean(0) @ digits.hessian @ g.mean(0)
    for block in (problem.BLOCK, 1000):  # many blocks of two or three rows
        monkeypatch.setattr("whichmin.core.instruments.module.BLOCK", block)
        found = gradient_noise(digits.objective)
        np.testing.assert_allclose(found.mean, g.mean(0), rtol=1e-11, atol=1e-13)
        assert found.trace == pytest.approx(trace, rel=1e-12)
    exact = curved_noise(digits.objective)
    assert exact.trace == pytest.approx(curved, rel=1e-9)
    assert exact.slope == pytest.approx(slope, rel=1e-9)
    assert exact.scale == pytest.approx(curved / slope, rel=1e-9)
    guess = curved_noise(digits.objective, probes=60, seed=1)
    # Student's tail beyond 6 of 60 terms: 1.3e-7, before the seed was fixed.
    assert 0 < guess.standard_error < 0.5 * curved
    assert abs(guess.trace - curved) < 6 * guess.standard_error


@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_all_batches(sampling, size):
    """The covariance of batch gradients, over all batches there are."""
    o = neuron()
    if sampling == "without-replacement":
        batches = list(itertools.combinations(range(5), size))
    else:
        batches = list(itertools.product(range(5), repeat=size))
    mean = o.gradient()
    away = [(o.batch_gradient(np.array(b)) - mean).square().sum() for b in batches]
    expected = gradient_noise(o).batch_trace(size, sampling)
    assert float(sum(away)) / len(batches) == pytest.approx(expected, rel=1e-11, abs=1e-16)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_reduction_does_not_matter(reduction):
    rows = torch.from_numpy(np.random.default_rng(3).standard_normal((9, 4)))
    o = closure_objective(lambda w: (rows @ w).cosh(), np.ones(4) / 3, reduction=reduction)
    first = closure_objective(lambda w: (rows @ w).cosh(), np.ones(4) / 3)
    assert gradient_noise(o).simple_scale == gradient_noise(first).simple_scale
    for probes in (None, 5):
        one, other = curved_noise(o, probes=probes), curved_noise(first, probes=probes)
        assert one.scale == pytest.approx(other.scale, rel=1e-12)
        assert one.trace == pytest.approx(other.trace, rel=1e-12)
        assert one.slope == pytest.approx(other.slope, rel=1e-12)
        assert one.standard_error == pytest.approx(other.standard_error, rel=1e-10)


def test_no_cancellation():
    """A spread of 1e-7 about a mean of 1e4: a difference of squares would have no digit left."""
    shift = torch.tensor([-1e-7, 1e-7, 1e-7, -1e-7], dtype=torch.float64)
    o = closure_objective(lambda w: (1e4 + shift) * w[0], [1.0])
    # Rounding of 1e4 + shift to 53 bits is 9e-13, 1e-5 of the shift.
    assert gradient_noise(o).trace == pytest.approx(1e-14, rel=1e-4)


@pytest.mark.parametrize(("unit", "dtype", "close"), [
    (1e-140, "float64", 1e-12), (1e145, "float64", 1e-12),
    (1e-25, "float32", 1e-5), (1e25, "float32", 1e-5),
])  # fmt: skip
def test_no_unit_of_the_loss_changes_the_scale(unit, dtype, close):
    """Squares of float32 underflow below 1e-23; they are formed in float64."""
    expected = gradient_noise(noisy(1.0)).simple_scale
    assert gradient_noise(noisy(unit, dtype)).simple_scale == pytest.approx(expected, rel=close)


@pytest.mark.parametrize(("unit", "dtype", "close"), [
    (1e-100, "float64", 1e-12), (1e95, "float64", 1e-12),
    (1e-25, "float32", 1e-5), (1e25, "float32", 1e-5),
])  # fmt: skip
def test_no_unit_of_the_loss_changes_the_curved_scale(unit, dtype, close):
    """Products with a gradient are of the second order: 1e-50 and 1e50 in float32."""
    for probes in (None, 5):
        expected = curved_noise(noisy(1.0), probes=probes).scale
        found = curved_noise(noisy(unit, dtype), probes=probes).scale
        assert found == pytest.approx(expected, rel=close)


@pytest.mark.parametrize("unit", [1e-170, 1e160])
def test_gradients_without_squares_are_refused(unit):
    with pytest.raises(InputError, match=r"loss = 'gradients up to .*whose squares float64 holds"):
        gradient_noise(noisy(unit))


@pytest.mark.parametrize("unit", [1e-110, 1e110])
def test_curved_noise_that_float64_does_not_hold_is_refused(unit):
    with pytest.raises(InputError, match=r"loss = .* products with the Hessian float64 holds"):
        curved_noise(noisy(unit))


def test_a_mean_of_block_means_is_noticed(digits, monkeypatch):
    """The usual slip with a smaller last block: every block counts alike."""
    g = digits.gradients
    cut = [torch.from_numpy(g[:100]), torch.from_numpy(g[100:])]
    slip = torch.stack([b.mean(0) for b in cut]).mean(0)
    monkeypatch.setattr(
        "whichmin.core.instruments.noise_scale.sample_squares", lambda *_, **__: None
    )
    monkeypatch.setattr(type(digits.objective), "sample_gradients", lambda *_: iter([slip[None]]))
    found = gradient_noise(digits.objective)
    assert np.linalg.norm(slip.numpy() - g.mean(0)) > 1e-3 * np.linalg.norm(g.mean(0))
    assert not np.allclose(found.mean, g.mean(0), rtol=1e-3, atol=0)
    assert found.trace == 0


def test_factors():
    assert batch_factor(1, 1) == 0
    assert batch_factor(3, 1, "with-replacement") == 1 / 3
    assert batch_factor(2, 4) == pytest.approx(1 / 3, rel=1e-15)
    with pytest.raises(InputError, match="batch_size = 5"):
        batch_factor(5, 4)
    with pytest.raises(InputError, match="must be without-replacement or with-replacement"):
        batch_factor(1, 4, "reshuffled")


def test_refused():
    alone = closure_objective(lambda w: w.square().sum(), [1.0])
    with pytest.raises(InputError, match="one loss per sample"):
        gradient_noise(alone)
    with pytest.raises(InputError, match="probes = 1"):
        curved_noise(neuron(), probes=1)


def test_without_signal_the_scale_is_infinite_with_the_sign_of_the_noise():
    # H is indefinite: tr(H Sigma) may be negative where G^T H G is 0.
    assert CurvedNoise(-1.0, 0.0, 0.0).scale == -math.inf
    assert CurvedNoise(1.0, 0.0, 0.0).scale == math.inf
    assert math.isnan(CurvedNoise(0.0, 0.0, 0.0).scale)

"""Objectives of closures, against hand-written derivatives."""

import numpy as np
import pytest
import torch

from whichmin.core import instruments as measures
from whichmin.core.instruments.curvature import estimate_trace
from whichmin.core.instruments.problem import closure_objective
from whichmin.core.instruments.spectrum import extreme_eigenvalues, full_spectrum
from whichmin.errors import InputError

A = torch.tensor([[2.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 1.0]], dtype=torch.float64)
W = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
ROWS = torch.tensor([[1.0, 0, 2], [0, 1, 1], [3, 1, 0], [1, 1, 1]], dtype=torch.float64)


def residuals(w):
    return (ROWS @ w) ** 2 / 2


def test_a_quadratic():
    objective = closure_objective(lambda w: w @ A @ w / 2, W)
    assert objective.size == 3
    assert objective.samples is None
    assert objective.value() == float(W @ A @ W / 2)
    value, slope = objective.value_and_gradient([0.0, 1.0, 2.0])
    assert value == 1.5  # (3 - 2 - 2 + 4) / 2
    assert slope.tolist() == [1.0, 1.0, 1.0]
    assert torch.equal(objective.hessian_product(torch.eye(3, dtype=torch.float64)), A)
    assert objective.hessian_product(W).shape == (3,)
    assert torch.allclose(objective.hessian_product(W), A @ W, rtol=1e-15, atol=0)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_loss_per_sample(reduction):
    objective = closure_objective(residuals, W, reduction=reduction)
    scale = 4 if reduction == "mean" else 1
    each = (ROWS @ W)[:, None] * ROWS
    assert objective.samples == 4
    assert objective.value() == pytest.approx(float(residuals(W).sum()) / scale, rel=1e-15)
    assert torch.allclose(objective.gradient(), each.sum(0) / scale, rtol=1e-14)
    assert torch.allclose(objective.hessian_product(W), ROWS.T @ (ROWS @ W) / scale, rtol=1e-14)
    assert torch.allclose(torch.cat(list(objective.sample_gradients())), each, rtol=1e-15)
    weights = torch.tensor([1.0, -2.0, 0.0, 3.0])
    expected = (weights.double()[:, None] * each).sum(0)
    assert torch.allclose(objective.weighted_gradient(weights), expected, rtol=1e-15)
    # A batch is a mean, whatever the objective is.
    batch = objective.batch_gradient(np.array([3, 0, 3]))
    assert torch.allclose(batch, (each[0] + 2 * each[3]) / 3, rtol=1e-14)


def test_float32_is_kept():
    objective = closure_objective(lambda w: w.square().sum(), W, dtype="float32")
    assert objective.gradient().dtype == objective.hessian_product(W).dtype == torch.float32


def test_a_loss_without_samples_says_so():
    objective = closure_objective(lambda w: w.sum(), W)
    with pytest.raises(InputError, match=r"loss = .* must return one loss per sample"):
        list(objective.sample_gradients())
    with pytest.raises(InputError, match="one loss per sample"):
        objective.batch_gradient(np.array([0]))


@pytest.mark.parametrize(("loss", "options", "message"), [
    (lambda w: 1.0, {}, "loss = 'result of type float', but must return a tensor of torch.float64"),
    (lambda w: w.float().sum(), {}, "must return a tensor of torch.float64"),
    (lambda w: w.sum() / 0, {}, "must be finite at the point"),
    (lambda w: w[:, None] * w, {}, r"must return shape \(\) or \(m,\)"),
    (lambda w: w[:0], {}, r"must return shape \(\) or \(m,\)"),
    (lambda w: (w * torch.rand(3)).sum(), {}, "two different losses at the same weights"),
    (lambda w: w.sum(), {"reduction": "none"}, "reduction = 'none', but must be one of: mean, sum"),
    (lambda w: w.sum(), {"dtype": "float16"}, "dtype = 'float16'"),
    (lambda w: w.add_(1).sum(), {}, "a function that changes its argument"),
])  # fmt: skip
def test_refused(loss, options, message):
    with pytest.raises(InputError, match=message):
        closure_objective(loss, W, **options)


def test_refused_points():
    with pytest.raises(InputError, match=r"point = 'array of shape \(2, 3\)'"):
        closure_objective(lambda w: w.sum(), torch.stack([W, W]))
    objective = closure_objective(lambda w: w.sum(), W)
    with pytest.raises(InputError, match="w = "):
        objective.value([1.0])
    for given in ([1.0, float("nan"), 0.0], torch.tensor([1.0, float("nan"), 0.0]).double()):
        with pytest.raises(InputError, match="w = '1 NaN or infinite entries'"):
            objective.value(given)
    for rows in (torch.stack([W, W]), [[1.0, 2.0, 3.0]] * 2):
        with pytest.raises(InputError, match=r"w = 'array of shape \(2, 3\)', but must have shape"):
            objective.gradient(rows)
    assert torch.equal(objective.gradient(W[None]), objective.gradient(W))
    for point in ("123", [[1.0], [2.0]], [], [1.0, float("inf")], 3.0, [None]):
        with pytest.raises(InputError, match=r"^point = "):
            closure_objective(lambda w: w.sum(), point)


@pytest.mark.parametrize(("vectors", "message"), [
    (torch.ones(2, 3), r"shape \(2, 3\)', but must have shape \(3,\) or \(3, k\), columns"),
    (torch.ones(6), r"shape \(6,\)"),
    (torch.ones(3, 1, 1), r"shape \(3, 1, 1\)"),
    (torch.full((3,), float("nan")), "NaN or infinite entries"),
    ([1.0, 2.0, 3.0], "must be a tensor"),
])  # fmt: skip
def test_refused_vectors(vectors, message):
    """Rows for columns, say: the same numbers in another order."""
    objective = closure_objective(lambda w: w @ A @ w / 2, W)
    with pytest.raises(InputError, match=f"vectors = .*{message}"):
        objective.hessian_product(vectors)


@pytest.mark.parametrize(("indices", "message"), [
    ([4], "'4 to 4', but must lie in 0 .. 3"),
    ([-1, 0], "'-1 to 0', but must lie in 0 .. 3"),
    ([], "must be integers"),
    ([0.5], "must be integers"),
    ([[0]], "must be integers"),
])  # fmt: skip
def test_refused_indices(indices, message):
    with pytest.raises(InputError, match=f"indices = .*{message}"):
        closure_objective(residuals, W).batch_gradient(np.array(indices))


@pytest.mark.parametrize("weights", [torch.ones(3), torch.ones(5), torch.ones(2, 4)])
def test_refused_weights_of_samples(weights):
    with pytest.raises(InputError, match=r"weights = .* but must have shape \(4,\)"):
        closure_objective(residuals, W).weighted_gradient(weights)


def test_the_units_of_float32_are_those_of_its_numbers():
    """A weight beyond float32, given in float64."""
    objective = closure_objective(lambda w: w.sum(), W, dtype="float32")
    assert objective.value(W) == -0.5
    with pytest.raises(InputError, match=r"w = 'entries up to 1e\+39'"):
        objective.value(torch.tensor([1e39, 0.0, 0.0], dtype=torch.float64))


@pytest.mark.parametrize(("loss", "call", "name"), [
    (lambda w: w.abs().sqrt(), lambda o: o.gradient(), "gradient"),
    (lambda w: w.abs().sqrt(), lambda o: next(o.sample_gradients()), "gradient of one sample"),
    (lambda w: w.abs().sqrt(), lambda o: o.batch_gradient(np.arange(3)), "gradient of one batch"),
    (lambda w: w.abs() ** 1.5, lambda o: o.hessian_product(torch.ones_like(o.point)), "Hessian"),
    (lambda w: w.abs() ** 1.5, full_spectrum, "Hessian"),
    (lambda w: w.abs() ** 1.5, extreme_eigenvalues, "Hessian"),
    (lambda w: w.abs() ** 1.5, lambda o: estimate_trace(o, method="exact"), "Hessian"),
])  # fmt: skip
def test_a_derivative_that_is_not_finite(loss, call, name):
    smooth, kink = closure_objective(loss, W), closure_objective(loss, [0.0, 1.0, 2.0])
    call(smooth)
    with pytest.raises(InputError, match=f"loss = 'a {name} that is NaN or infinite'"):
        call(kink)


@pytest.mark.parametrize("instrument", [
    measures.keskar_sharpness, measures.worst_sharpness, measures.sam_step,
    measures.average_sharpness, measures.estimate_trace, measures.extreme_eigenvalues,
    measures.full_spectrum, measures.hessian_matrix, measures.hessian_operator,
    measures.spectral_density, measures.gradient_noise, measures.curved_noise,
    lambda o: measures.two_batch_noise_scale(o, 1, 2),
])  # fmt: skip
def test_a_module_is_no_objective(instrument):
    with pytest.raises(
        InputError, match=r"objective = 'Linear', but must be what module_objective"
    ):
        instrument(torch.nn.Linear(2, 1))


def float32_only(w):
    """A network of float32, as a function of its weights."""
    inputs = torch.linspace(-1, 1, 12).view(4, 3)
    return torch.tanh(inputs @ w.view(3, 2)).square().mean()


def test_a_network_of_float32_says_which_type_it_takes():
    with pytest.raises(InputError, match=r"loss = RuntimeError: .*dtype='float32'"):
        closure_objective(float32_only, np.ones(6))
    objective = closure_objective(float32_only, np.ones(6), dtype="float32")
    wide = closure_objective(lambda w: float32_only(w.float()).double(), np.ones(6))
    # Differences in float32 settle it; float64, in which rounding would not hide it, it lacks.
    product = objective.hessian_product(torch.ones(6))
    exact = wide.derivatives.product(next(wide.parts()), wide.point, torch.ones(6, 1).double())
    # Sums of 12 products: some units of float32's roundoff.
    torch.testing.assert_close(product.double(), exact[:, 0], rtol=1e-5, atol=1e-6)

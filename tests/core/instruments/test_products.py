"""Two engines for products with the Hessian: the same numbers, and no silent replacement."""

import copy
import sys
import warnings

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
    hessian_matrix,
    hessian_operator,
    module_objective,
    products,
    spectral_density,
)
from whichmin.errors import InputError, MissingDependency


@pytest.fixture
def curvlinops():
    with warnings.catch_warnings():  # its dependency uses torch.jit.script
        warnings.simplefilter("ignore", DeprecationWarning)
        return pytest.importorskip("curvlinops", reason="the extra curvature is not installed")


def test_the_dense_hessian_on_digits(digits):
    np.testing.assert_allclose(hessian_matrix(digits.objective), digits.hessian, atol=1e-12)
    found = hessian_matrix(digits.closure)
    np.testing.assert_allclose(found, digits.hessian, atol=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_curvlinops_multiplies_alike(digits, curvlinops, reduction):
    """Batches of 64 with 22 left over, and one parameter frozen."""
    net = copy.deepcopy(digits.net)
    net[0].bias.requires_grad_(False)
    loss = nn.CrossEntropyLoss(reduction=reduction)
    o = module_objective(net, loss, (digits.x, digits.y), reduction=reduction, chunk_size=64)
    v = torch.from_numpy(np.random.default_rng(1).standard_normal((o.size, 20)))
    ours, theirs = (hessian_operator(o, engine)(v) for engine in ("torch", "curvlinops"))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-10)
    one = hessian_operator(o, "curvlinops")(v[:, 0])
    np.testing.assert_allclose(one, theirs[:, 0], rtol=1e-9, atol=1e-10)


def test_instruments_on_curvlinops(digits, curvlinops):
    o = digits.objective
    for instrument in (
        lambda e: estimate_trace(o, engine=e, target=0.1).value,
        lambda e: extreme_eigenvalues(o, 2, engine=e, tolerance=1e-10).values,
        lambda e: spectral_density(o, engine=e, steps=5, probes=1).nodes,
        lambda e: curved_noise(o, engine=e, probes=2).trace,
    ):
        np.testing.assert_allclose(instrument("torch"), instrument("curvlinops"), rtol=1e-8)


def test_their_estimators_agree(digits, curvlinops):
    """Their Hutch++ with its own random vectors: within 6 of our standard errors for one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        operator = torch.from_numpy(digits.hessian)
        theirs = float(curvlinops.hutchpp_trace(operator, 192))
    ours = estimate_trace(digits.objective, sketch=64, target=1e-9, max_products=192)
    assert abs(ours.value - theirs) < 6 * np.sqrt(2) * ours.standard_error


def test_curvlinops_works_on_a_copy(digits, curvlinops):
    net = nn.Sequential(nn.Linear(64, 3), nn.BatchNorm1d(3), nn.Dropout(0.5), nn.Linear(3, 10))
    before = copy.deepcopy(net.state_dict())
    data = (digits.x.float(), digits.y)
    o = module_objective(net, nn.CrossEntropyLoss(), data, mode="eval", dtype="float64")
    v = torch.ones(o.size, dtype=torch.float64)
    theirs = hessian_operator(o, "curvlinops")(v)
    np.testing.assert_allclose(o.hessian_product(v), theirs, rtol=1e-9, atol=1e-10)
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())
    assert all(m.training for m in net.modules())


def test_curvlinops_keeps_the_mode(digits, curvlinops):
    net = nn.Sequential(nn.Linear(64, 3), nn.Dropout(0.5), nn.Linear(3, 10)).double().eval()
    o = module_objective(net, nn.CrossEntropyLoss(), (digits.x, digits.y))
    v = torch.ones(o.size, dtype=torch.float64)
    expected = o.hessian_product(v)
    net.train()
    theirs = hessian_operator(o, "curvlinops")(v)
    np.testing.assert_allclose(expected, theirs, rtol=1e-9, atol=1e-10)
    assert all(m.training for m in net.modules())


def test_an_absent_engine_is_said_with_a_remedy(digits, monkeypatch):
    monkeypatch.setitem(sys.modules, "curvlinops", None)
    with pytest.raises(MissingDependency, match=r"whichmin\[curvature\].*engine='torch'"):
        hessian_operator(digits.objective, "curvlinops")


def test_curvlinops_refuses_what_it_cannot_take(digits, curvlinops):
    with pytest.raises(InputError, match="must be torch for a closure"):
        hessian_operator(digits.closure, "curvlinops")
    data = (digits.x, digits.y)
    loose = module_objective(digits.net, nn.functional.cross_entropy, data)
    with pytest.raises(InputError, match="whose attribute reduction is the declared one"):
        full_spectrum(loose, engine="curvlinops")
    none = nn.CrossEntropyLoss(reduction="none")
    o = module_objective(digits.net, none, data, reduction="none")
    with pytest.raises(InputError, match="mean or sum"):
        hessian_operator(o, "curvlinops")


def test_a_dense_hessian_has_a_limit(monkeypatch):
    monkeypatch.setattr(products, "LARGEST", 2)
    o = closure_objective(lambda w: w.sum() ** 2, np.zeros(3))
    with pytest.raises(InputError, match="must have at most 2 for a matrix"):
        hessian_matrix(o)


def test_products_by_differences(digits):
    o = digits.objective
    v = torch.from_numpy(np.random.default_rng(1).standard_normal((o.size, 3)))
    multiply = hessian_operator(o, "differences")
    found, expected = multiply(v).numpy(), digits.hessian @ v.numpy()
    off = np.linalg.norm(found - expected, axis=0) / np.linalg.norm(expected, axis=0)
    assert 0 < multiply.error < 1e-3
    assert off.max() < multiply.error
    np.testing.assert_allclose(multiply(v[:, 0]), found[:, 0], rtol=1e-15)
    assert not multiply(0 * v[:, 0]).any()


def test_differences_of_any_unit():
    for unit in (1e-200, 1e200):
        o = closure_objective(lambda w, u=unit: u * (w**4).sum(), [1.0, 2.0])
        found = hessian_matrix(o, engine="differences") / unit
        np.testing.assert_allclose(found, np.diag([12.0, 48.0]), atol=1e-6)


def test_differences_that_do_not_settle_are_refused():
    o = closure_objective(lambda w: w.abs().sum(), [0.0, 1.0])
    with pytest.raises(InputError, match=r"a kink or a jump|settle at no step"):
        hessian_matrix(o, engine="differences")
    turning = closure_objective(lambda w: (w.abs() ** 1.2).sum() / 3, [1e-300, 1.0])
    with pytest.raises(InputError, match="settle at no step"):
        hessian_matrix(turning, engine="differences")


def test_what_curvlinops_lacks_is_said_in_words(digits, curvlinops):
    net = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(64, 10))).double()
    o = module_objective(net, nn.CrossEntropyLoss(), (digits.x, digits.y))
    with pytest.raises(InputError, match=r"engine = 'curvlinops', .* curvlinops says: NotImpl"):
        hessian_operator(o, "curvlinops")


def test_another_product_of_curvlinops_is_refused(digits, curvlinops, monkeypatch):
    right = digits.objective.hessian_product
    objective = copy.copy(digits.objective)
    monkeypatch.setattr(objective, "hessian_product", lambda v: 1.001 * right(v))
    with pytest.raises(InputError, match="differ from those that differences confirm"):
        hessian_operator(objective, "curvlinops")


@pytest.mark.parametrize("small", [0, 10**6])
def test_kept_graphs_give_the_same_products(digits, monkeypatch, small):
    monkeypatch.setattr(products, "_SMALL", small)
    multiply = products.KeptOperator(digits.objective)
    vectors = torch.from_numpy(np.random.default_rng(0).standard_normal((len(digits.w), 3)))
    for some in (vectors[:, 0], vectors, vectors[:, 0]):
        close = {"rtol": 1e-10, "atol": 1e-13}
        torch.testing.assert_close(multiply(some), digits.objective.hessian_product(some), **close)
    assert multiply._slopes


def test_graphs_without_room_are_not_kept(digits, monkeypatch):
    monkeypatch.setattr(products, "_KEPT", 1000)
    multiply = products.KeptOperator(digits.objective)
    v = digits.objective.point
    assert torch.equal(multiply(v), digits.objective.hessian_product(v))
    assert multiply._slopes is None


def test_a_constant_gradient_has_no_graph():
    line = closure_objective(lambda w: w.sum(), [1.0, 2.0])
    assert products.KeptOperator(line)(torch.ones(2).double()).tolist() == [0, 0]

"""Eigenvalues of the Hessian, against NumPy's of a dense one."""

import numpy as np
import pytest
import torch

from whichmin.core.instruments import (
    closure_objective,
    extreme_eigenvalues,
    full_spectrum,
    spectral_density,
)
from whichmin.core.instruments import spectrum as module
from whichmin.errors import CheckFailed, InputError

DIAGONAL = np.array([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0, 10.0])


def quadratic(values=DIAGONAL):
    q = np.linalg.qr(np.random.default_rng(0).standard_normal((len(values), len(values))))[0]
    h = torch.from_numpy((q * values) @ q.T)
    return closure_objective(lambda w: w @ h @ w / 2, np.zeros(len(values)))


def test_digits(digits):
    exact = np.linalg.eigvalsh(digits.hessian)
    np.testing.assert_allclose(full_spectrum(digits.objective), exact, atol=1e-12)
    top = extreme_eigenvalues(digits.objective, 3)
    np.testing.assert_allclose(top.values, exact[::-1][:3], rtol=1e-6)
    images = digits.hessian @ top.vectors
    away = np.linalg.norm(images - top.vectors * top.values, axis=0)
    # Residuals are bounds, from what every product left over: not below, and close.
    assert np.all(away - 1e-11 <= top.residuals)
    assert np.all(top.residuals <= 1.5 * away + 1e-11)
    assert np.all(np.abs(top.values - exact[::-1][:3]) <= top.residuals + 1e-12)
    low = extreme_eigenvalues(digits.objective, which="smallest", tolerance=1e-3, doubt=1e-6)
    assert low.values[0] == pytest.approx(exact[0], abs=float(low.residuals[0]) + 1e-12)
    assert low.limits[0] <= exact[0] <= low.values[0] + 1e-12


def test_ends():
    assert extreme_eigenvalues(quadratic()).values == pytest.approx([10], rel=1e-9)
    found = extreme_eigenvalues(quadratic(), 2, which="smallest")
    assert found.values == pytest.approx([-1, -2], rel=1e-9)
    found = extreme_eigenvalues(quadratic(-DIAGONAL), which="magnitude")
    assert found.values == pytest.approx([-10], rel=1e-9)


def test_no_convergence_is_an_error(digits, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 0)  # not all of them in its place
    with pytest.raises(CheckFailed, match="raise max_restarts or tolerance"):
        extreme_eigenvalues(digits.objective, 40, which="smallest", tolerance=1e-14, max_restarts=1)


def test_all_are_computed_where_that_is_cheaper():
    found = extreme_eigenvalues(quadratic(), 2, which="magnitude")
    assert found.values == pytest.approx([10, 3], rel=1e-12)
    assert found.products == len(DIAGONAL)
    assert found.complete
    assert found.doubt == 0


# A flat direction: the published method (ARPACK) returns 0.01 for 0 with a residual of 2e-10.
FLAT = (0.0, *np.linspace(0.01, 1, 99))


@pytest.mark.parametrize("values", [
    FLAT, (-1e-12, *FLAT[1:]), (0.0, 0.0, *FLAT), (*np.linspace(0, 0.5, 97), 1 - 1e-9, 1.0, 1.0),
    (0.0,) * 90 + tuple(range(1, 6)), (1.0,) * 70, (*np.linspace(-1, 1, 90), -1.0),
])  # fmt: skip
@pytest.mark.parametrize("which", ["largest", "smallest", "magnitude"])
def test_none_is_skipped(values, which, monkeypatch):
    """Zero, copies, clusters: by runs alone, and within the limits."""
    monkeypatch.setattr(module, "LARGEST", 0)
    objective, exact = quadratic(np.array(values)), np.sort(values)
    size = np.abs(exact).max()
    for count in (1, 5):
        found = extreme_eigenvalues(objective, count, which=which, doubt=1e-9)
        keys = {"largest": -exact, "smallest": exact, "magnitude": -np.abs(exact)}[which]
        got, limits = found.values, found.limits
        wanted, sign = exact[np.argsort(keys, kind="stable")[:count]], 1
        if which == "magnitude":
            got, limits, wanted = (np.sort(np.abs(part)) for part in (got, limits, wanted))
        else:
            wanted, sign = np.sort(wanted)[::-1], -1 if which == "smallest" else 1
        # The tolerance; and bounds up to rounding of the table of coefficients.
        np.testing.assert_allclose(got, wanted, atol=2e-9 * size)
        assert np.all(sign * (limits - wanted) >= -1e-12 * size)
        assert found.doubt == 1e-9
        apart = np.abs(found.vectors.T @ found.vectors - np.eye(count))
        assert apart.max() < 1e-12


def test_a_search_that_stops_at_residuals_skips(monkeypatch):
    """Without limits one run sees one copy of a multiple eigenvalue."""
    monkeypatch.setattr(module, "LARGEST", 0)
    objective = quadratic(np.array((0.0, 0.0, 0.0, *np.linspace(0.01, 1, 99))))
    blind = extreme_eigenvalues(objective, 3, which="smallest", doubt=None)
    assert blind.values[0] > 0.005
    assert blind.residuals.max() < 1e-4
    assert not blind.complete
    assert np.all(np.isinf(blind.limits))


def test_fewer_products_for_less():
    """A gap of a tenth: the first of ten values to 1e-3 in a few products."""
    values = np.concatenate([np.linspace(0, 1, 990), np.arange(1, 11) * 10])
    exact = closure_objective(lambda w: (torch.from_numpy(values) * w) @ w / 2, np.zeros(1000))
    rough = extreme_eigenvalues(exact, tolerance=1e-3, doubt=None)
    checked = extreme_eigenvalues(exact, tolerance=1e-3)
    assert rough.values[0] == pytest.approx(100, rel=1e-3)
    assert checked.values[0] <= 100 <= checked.limits[0] < 100.2
    assert rough.products <= 12
    assert rough.products < checked.products <= 24


def test_the_density_has_the_moments_of_the_spectrum(digits):
    """Within 6 standard errors, from 12 vectors: Student's tail beyond 6 is 9e-5 (a fixed seed)."""
    exact = np.linalg.eigvalsh(digits.hessian)
    found = spectral_density(digits.objective, steps=12, probes=12)
    for function in (lambda t: t, np.square, np.tanh):
        value, error = found.mean(function)
        assert abs(value - function(exact).mean()) < 6 * error
    assert found.mean(np.ones_like)[0] == pytest.approx(1, rel=1e-12)
    grid = np.linspace(exact[0] - 1, exact[-1] + 1, 4001)
    total = np.trapezoid(found.density(grid, 0.05), grid)
    assert total == pytest.approx(1, abs=1e-6)


def test_full_lanczos_is_exact():
    """As many steps as weights: the nodes are the eigenvalues, and an invariant space ends it."""
    found = spectral_density(quadratic(), steps=50, probes=2)
    for row in found.nodes:
        np.testing.assert_allclose(row, DIAGONAL, atol=1e-12)
    low_rank = spectral_density(quadratic(np.array([0.0, 0, 0, 0, 2, 2, 5])), probes=1)
    kept = low_rank.weights[0] > 0
    np.testing.assert_allclose(low_rank.nodes[0][kept], [0, 2, 5], atol=1e-12)
    assert np.isnan(low_rank.mean(np.square)[1])


def test_wrong_weights_are_noticed(digits, monkeypatch):
    exact = np.linalg.eigvalsh(digits.hessian)
    right = module._lanczos

    def wrong(*arguments):
        nodes, weights = right(*arguments)
        return nodes, np.full_like(weights, 1 / len(weights))

    monkeypatch.setattr(module, "_lanczos", wrong)
    value, error = spectral_density(digits.objective, steps=12, probes=12).mean(np.square)
    assert abs(value - np.square(exact).mean()) > 6 * error


@pytest.mark.parametrize(("call", "message"), [
    (lambda o: extreme_eigenvalues(o, 7), "count = 7, but must be an integer >= 1 and <= 6"),
    (lambda o: extreme_eigenvalues(o, which="top"), "which = 'top'"),
    (lambda o: extreme_eigenvalues(o, tolerance=0), "tolerance = 0"),
    (lambda o: extreme_eigenvalues(o, doubt=0), "doubt = 0"),
    (lambda o: spectral_density(o, steps=0), "steps = 0"),
    (lambda o: spectral_density(o, probes=0), "probes = 0"),
    (lambda o: spectral_density(o, engine="scipy"), "engine = 'scipy'"),
    (lambda o: spectral_density(o).density(np.zeros(1), 0), "width = 0"),
])  # fmt: skip
def test_refused(call, message):
    with pytest.raises(InputError, match=message):
        call(quadratic())


def test_one_weight_has_no_ends():
    one = closure_objective(lambda w: w.square().sum(), [1.0])
    with pytest.raises(InputError, match=r"1 weight.*at least 2; full_spectrum"):
        extreme_eigenvalues(one)


def test_a_hessian_of_zeros():
    flat = closure_objective(lambda w: (0 * w).sum() + 1, [1.0, 2.0, 3.0])
    found = extreme_eigenvalues(flat, 2)
    assert found.values.tolist() == [0, 0]
    assert found.residuals.tolist() == [0, 0]
    assert (found.vectors.T @ found.vectors).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("unit", [1e-170, 1e-20, 1e100])
def test_no_unit_of_the_loss_changes_the_spectrum(unit):
    """Squares underflow without a unit of its own."""
    h = np.random.default_rng(0).standard_normal((300, 300))
    h = h + h.T
    values = np.linalg.eigvalsh(h)
    matrix = torch.from_numpy(h * unit)
    o = closure_objective(lambda w: w @ (matrix @ w) / 2, np.full(300, 1e-2))
    found = extreme_eigenvalues(o, 2)
    # The tolerance, 1e-9, bounds the error; the residual is of its root.
    assert found.values / unit == pytest.approx(values[-1:-3:-1], rel=1e-8)
    assert np.all(found.residuals / unit < 1e-3 * values[-1])
    assert np.all(found.residuals > 0)
    cloud = spectral_density(o, steps=20, probes=2)
    assert np.all(cloud.weights > 0)
    assert cloud.nodes.max() / unit == pytest.approx(values[-1], rel=0.1)  # 20 of 300 steps

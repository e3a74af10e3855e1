import math

import numpy as np
import pytest
import torch

from whichmin.core import gradient, hessian, make_data, random_frame, train
from whichmin.core.noise import (
    covariance_spectrum,
    covariance_trace,
    gradient_covariance,
    noise_along,
    noise_scales,
    sampling_factor,
)
from whichmin.core.noise.sample_gradients import sample_gradients
from whichmin.errors import InputError
from whichmin.words import Kink

RNG = np.random.default_rng(3)
ROWS, POINT = RNG.normal(size=(9, 4)), RNG.normal(size=4)


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("rows", [ROWS, ROWS[:3]], ids=["more points", "fewer points"])
def test_any_data_against_automatic_gradients(rows, activation):
    g = np.array([gradient(POINT, a[None], activation=activation).numpy() for a in rows])
    G, H = g.mean(0), hessian(POINT, rows, activation=activation).numpy()
    S = (g - G).T @ (g - G) / len(rows)
    # A few dozen roundings of sums without much cancellation.
    near = {"rel": 1e-12, "abs": 1e-12}
    found = gradient_covariance(POINT, rows, activation=activation)
    np.testing.assert_allclose(found.numpy(), S, rtol=1e-12, atol=1e-12)
    assert covariance_trace(POINT, rows, activation=activation) == pytest.approx(S.trace(), **near)
    spectrum = covariance_spectrum(POINT, rows, activation=activation).numpy()
    # A backward stable solver is off by a few roundings of the largest eigenvalue.
    solver = 1e-14 * np.linalg.norm(S, 2)
    np.testing.assert_allclose(spectrum, np.linalg.eigvalsh(S), rtol=0, atol=solver)
    scales = noise_scales(POINT, rows, activation=activation)
    assert scales.simple == pytest.approx(S.trace() / (G @ G), **near)
    assert scales.curved == pytest.approx((H @ S).trace() / (G @ H @ G), **near)
    sizes = np.linalg.norm(H) * np.linalg.norm(S)
    assert scales.alignment == pytest.approx((H @ S).trace() / sizes, **near)


def test_the_covariance_is_divided_by_m():
    found = gradient_covariance(POINT, ROWS).numpy()
    g = np.array([gradient(POINT, a[None]).numpy() for a in ROWS])
    np.testing.assert_allclose(found, np.cov(g.T, bias=True), rtol=1e-12, atol=1e-12)


def test_blocks_change_nothing(monkeypatch):
    whole = [gradient_covariance(POINT, ROWS), covariance_spectrum(POINT, ROWS)]
    figures = noise_scales(POINT, ROWS)
    monkeypatch.setattr("whichmin.core.noise.sample_gradients.BLOCK", 8)
    parts = [gradient_covariance(POINT, ROWS), covariance_spectrum(POINT, ROWS)]
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-13)  # another order of sums
    assert noise_scales(POINT, ROWS).curved == pytest.approx(figures.curved, rel=1e-12)


def test_at_minima_and_at_one_active_point():
    mixture = noise_scales([0.6, 0.8], np.eye(2))
    assert mixture.trace == pytest.approx(0.2304, abs=1e-15)  # (1 - 0.6^4 - 0.8^4)/2
    assert mixture.curvature == pytest.approx(0, abs=1e-15)
    vertex = noise_scales([1.0, 0.0], np.eye(2))
    assert (vertex.trace, vertex.gradient_energy) == (0, 0)
    assert math.isnan(vertex.simple)
    assert math.isnan(vertex.alignment)
    alone = noise_scales([0.5, -0.3, 0.2], np.eye(2, 3))
    assert alone.simple == pytest.approx(1, rel=1e-14)
    assert alone.curved == pytest.approx(1, rel=1e-13)


def test_sampling_factors():
    assert [sampling_factor(5, b) for b in (1, 2, 5)] == [1, 3 / 8, 0]
    assert [sampling_factor(5, b, "with-replacement") for b in (1, 2, 10)] == [1, 1 / 2, 1 / 10]
    assert sampling_factor(5, 2, "reshuffled") == 3 / 8
    assert sampling_factor(1, 1) == 0


def test_along_a_run_and_along_its_weights():
    data = random_frame(3, 6, 1)
    start = np.array([0.3, 0.2, 0.1, 0.2, -0.3, 0.1])
    run = train(data, start, activation="linear", step_size=0.3, record_at=10)
    along = noise_along(run)
    last = noise_scales(run.weights[0], data, activation="linear")
    assert along.trace[-1, 0] == pytest.approx(last.trace, rel=1e-12)
    first = noise_scales(start, data, activation="linear")
    for name in ("trace", "gradient_energy", "curvature", "gradient_curvature", "alignment"):
        assert getattr(along, name)[0, 0] == pytest.approx(getattr(first, name), rel=1e-12)
    given = noise_along(np.stack([start, run.weights[0].numpy()]), data, activation="linear")
    assert given.steps.tolist() == [0, 1]
    assert given.simple[0, 0] == pytest.approx(first.simple, rel=1e-12)
    assert given.curved.shape == (2, 1)
    assert noise_along(np.ones((2, 3, 6)), data).trace.shape == (2, 3)


def test_float32_and_tensors():
    found = gradient_covariance(torch.tensor(POINT), torch.tensor(ROWS), dtype="float32")
    assert found.dtype == torch.float32
    exact = gradient_covariance(POINT, ROWS).numpy()
    # An entry is a sum of 9 products of gradients, each a sum of 4 terms of some 8 roundings, all
    # of the size of the mean squared gradient.
    energy = np.trace(exact) + float(gradient(POINT, ROWS).square().sum())
    bound = 2 * (9 + 4 + 8) * np.finfo(np.float32).eps * energy
    np.testing.assert_allclose(found, exact, rtol=0, atol=bound)


RUN = train(np.eye(2), [0.3, 0.2], step_size=0.3)
RECORDED = train(np.eye(2), [0.3, 0.2], step_size=0.3, record_at=50)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gradient_covariance([1.0], np.eye(2)), "w = "),
        (lambda: covariance_trace(np.ones((2, 2)), np.eye(2)), r"must have shape \(2,\)"),
        (lambda: noise_scales([1.0, 0.0], np.eye(2), kink="middle"), "kink = 'middle'"),
        (lambda: noise_scales([1.0, 0.0], np.eye(2), kink_width=-1), "kink_width = -1"),
        (lambda: noise_scales([1.0, 0.0], np.eye(2), activation="gelu"), "activation = 'gelu'"),
        (lambda: sampling_factor(3, 4), "batch_size = 4"),
        (lambda: sampling_factor(0, 1), "m = 0"),
        (lambda: sampling_factor(3, 1, "cyclic"), "sampling = 'cyclic'"),
        (lambda: noise_along(RUN), "without a trajectory"),
        (lambda: noise_along(RECORDED, np.eye(2)), "data = 'given'"),
        (lambda: noise_along(np.ones(3), np.eye(3)), "run = "),
        (lambda: noise_along(np.ones((2, 4)), np.eye(3)), "run = "),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_run_on_correlated_data_has_no_weights_on_record():
    rows = make_data([[1.0, 0.3], [0.0, 1.0]], handling="as-is")
    run = train(rows, [0.3, 0.2], activation="linear", record_at=5, max_steps=10)
    with pytest.raises(InputError, match="on correlated data"):
        noise_along(run)


@pytest.mark.parametrize("kink", list(Kink))
@pytest.mark.parametrize("rows", [np.eye(3, 5), np.eye(4)[:, :2] + 0.5], ids=["wide", "tall"])
def test_quadratic_form_and_norm_of_the_hessian(rows, kink):
    w = np.array([0.7, 0.0, -0.3, 0.2, 0.1])[: rows.shape[1]]
    state = sample_gradients(w, rows, "relu", "float64", "cpu", kink)
    matrix = hessian(w, rows, kink=kink)
    u = torch.tensor(np.random.default_rng(0).normal(size=(1, 6, len(w))))
    expected = torch.einsum("kri,ij,krj->kr", u, matrix, u)
    # Entries of order 1 and some dozen roundings.
    np.testing.assert_allclose(state.quadratic_form(u), expected, rtol=0, atol=1e-13)
    assert float(state.hessian_square()[0]) == pytest.approx(
        float(matrix.square().sum()), abs=1e-13
    )

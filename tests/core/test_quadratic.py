import numpy as np
import pytest

from whichmin.core.quadratic import make_quadratic
from whichmin.errors import InputError

H = [[2.0, 0.3], [0.3, 1.0]]
C = [[1.0, 0.5], [0.5, 2.0]]
X = [1.0, -0.5]
MODEL = make_quadratic(H, C)


def test_one_step_by_hand():
    found = MODEL.moments(X, 0.1, 4, 1)
    assert found.mean == pytest.approx(np.array(X) - 0.1 * np.array(H) @ X)
    assert found.covariance == pytest.approx(0.01 / 4 * np.array(C))
    assert found.loss(MODEL.curvature) == pytest.approx(MODEL.mean_loss_after(X, 0.1, 4))
    assert MODEL.moments(X, 0.1, 4, 0).mean.tolist() == X


def test_long_runs_settle():
    # |1 - eta h| < 0.91: 1,000 steps leave nothing that float64 can hold
    settled = MODEL.moments(X, 0.1, 4, 1000)
    assert settled.covariance == pytest.approx(MODEL.stationary(0.1, 4), rel=1e-12)
    flowed = MODEL.diffused(X, 0.1, 4, 5.0)
    # e^(-2 h tau) = 1e-4 for the smaller curvature
    assert flowed.covariance == pytest.approx(MODEL.stationary_diffusion(0.1, 4), rel=1e-3)


def test_the_diffusion_is_the_limit_of_small_steps():
    gaps = []
    for eta in (1e-2, 1e-3):
        size = eta / 0.05
        found = MODEL.moments(X, eta, size, round(1 / eta))
        limit = MODEL.diffused(X, eta, size, 1.0)
        gaps.append(np.abs(found.covariance - limit.covariance).max())
    assert gaps[1] == pytest.approx(gaps[0] / 10, rel=0.1)


def test_runs_are_reproducible_and_cut_anyhow(monkeypatch):
    first = MODEL.simulate(X, 0.2, 2, 7, replicas=5, seed=3)
    assert first.shape == (5, 2)
    assert np.array_equal(first, MODEL.simulate(X, [0.2] * 7, 2, 7, replicas=5, seed=3))
    assert not np.array_equal(first, MODEL.simulate(X, 0.2, 2, 7, replicas=5, seed=4))
    monkeypatch.setattr("whichmin.core.quadratic._NUMBERS", 20)
    assert np.array_equal(first, MODEL.simulate(X, 0.2, 2, 7, replicas=5, seed=3))
    starts = np.tile(X, (5, 1))
    assert np.array_equal(first, MODEL.simulate(starts, 0.2, 2, 7, replicas=5, seed=3))


def test_without_noise_a_run_is_gradient_descent():
    silent = make_quadratic(H, np.zeros((2, 2)))
    end = silent.simulate(X, 0.1, 1, 9, replicas=2)
    assert end[0] == pytest.approx(silent.moments(X, 0.1, 1, 9).mean, rel=1e-13)
    assert end[0] == pytest.approx(end[1], rel=0)


def test_singular_noise_stays_on_its_line():
    line = make_quadratic(np.eye(2), np.ones((2, 2)))
    end = line.simulate([0.0, 0.0], 0.1, 1, 20, replicas=50)
    # a root of a singular matrix: its small eigenvalue is rounding, 1e-16, its root 1e-8
    assert np.abs(end[:, 0] - end[:, 1]).max() < 1e-7
    assert np.abs(end[:, 0]).max() > 0.1


def test_scales():
    noise_scale, simple = make_quadratic(np.diag([1.0, 4.0]), np.eye(2)).noise_scales([1, 1])
    assert (noise_scale, simple) == pytest.approx((1 / 13, 2 / 17))
    assert MODEL.top == pytest.approx(np.linalg.norm(H, 2))
    assert MODEL.critical_step == pytest.approx(2 / MODEL.top)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: make_quadratic([[1.0, 0.1], [0.0, 1.0]], np.eye(2)), "curvature"),
        (lambda: make_quadratic([[0.0]], [[1.0]]), "curvature"),
        (lambda: make_quadratic([[1.0, 2.0]], [[1.0]]), "curvature"),
        (lambda: make_quadratic([[1.0]], [[-1.0]]), "noise"),
        (lambda: make_quadratic([[1.0]], np.eye(2)), "noise"),
        (lambda: make_quadratic([["a"]], [[1.0]]), "curvature"),
        (lambda: MODEL.moments([1.0], 0.1, 1, 3), "start"),
        (lambda: MODEL.moments(X, 0.0, 1, 3), "step_size"),
        (lambda: MODEL.moments(X, 0.1, 0, 3), "batch_size"),
        (lambda: MODEL.moments(X, 0.1, 1, -1), "steps"),
        (lambda: MODEL.diffused(X, 0.1, 1, 0), "time"),
        (lambda: MODEL.stationary(1.0, 1), "step_size"),
        (lambda: MODEL.stationary_diffusion(-1.0, 1), "step_size"),
        (lambda: MODEL.simulate(X, 0.1, 1, 3, replicas=0), "replicas"),
        (lambda: MODEL.simulate(X, [0.1, 0.2], 1, 3), "step_size"),
        (lambda: MODEL.simulate(X, [0.1, 0.2, -1], 1, 3), "step_size"),
        (lambda: MODEL.simulate(np.zeros((2, 2)), 0.1, 1, 3, replicas=3), "start"),
        (lambda: MODEL.simulate(X, 0.1, 1, 3, seed=-1), "seed"),
        (lambda: MODEL.simulate(X, "fast", 1, 3), "step_size"),
        (lambda: MODEL.noise_scales([0.0, 0.0]), "x"),
    ],
)
def test_what_is_refused(call, argument):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.argument == argument

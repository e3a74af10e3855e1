import mpmath
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


def van_loan(model, eta, size, tau):
    """Covariance by a matrix exponential in 600 digits: e^(H tau) takes up to 435 of them."""
    with mpmath.workdps(600):
        n, block = model.n, mpmath.zeros(2 * model.n)
        for i in range(n):
            for j in range(n):
                h = mpmath.mpf(float(model.curvature[i, j])) * tau
                block[i, j], block[n + i, n + j] = h, -h
                block[i, n + j] = mpmath.mpf(float(model.noise[i, j])) * eta / size * tau
        flow = mpmath.expm(block)
        found = flow[n:, n:] * flow[:n, n:]
        return np.array(found.tolist(), dtype=float)


@pytest.mark.parametrize("tau", [1e-9, 0.5, 5.0])
def test_the_diffusion_where_curvatures_differ_a_hundredfold(tau):
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    steep = turn @ np.diag([1.0, 100.0]) @ turn.T
    model = make_quadratic((steep + steep.T) / 2, [[1.0, 0.3], [0.3, 2.0]])
    found = model.diffused([1.0, 1.0], 0.125, 1, tau).covariance
    # EPS times the ratio of the curvatures
    assert found == pytest.approx(van_loan(model, 0.125, 1, tau), rel=1e-13)
    assert np.array_equal(found, found.T)


def test_long_times_and_small_curvatures_keep_their_digits():
    line = make_quadratic([[1.0]], [[1.0]])
    for tau in (800.0, 1e308):
        assert line.diffused([1.0], 0.1, 1, tau).covariance.tolist() == [[0.05]]
    assert make_quadratic([[4.0]], [[1.0]]).diffused([1.0], 0.5, 1, 1e308).mean.tolist() == [0.0]
    # V = eta s/(B h (2 - eta h)), a rounding or two
    assert line.stationary(1e-12, 1)[0, 0] == pytest.approx(1e-12 / (2 - 1e-12), rel=1e-15)
    flat = make_quadratic(np.diag([1e-12, 1.0]), np.eye(2))
    settled = np.diag(flat.stationary(0.1, 1))
    assert settled == pytest.approx([0.1 / (1e-12 * (2 - 1e-13)), 0.1 / 1.9], rel=1e-15)
    assert np.diag(flat.stationary_diffusion(0.1, 1)) == pytest.approx([5e10, 0.05], rel=1e-15)


def test_a_step_a_rounding_below_the_critical_one():
    step = np.nextafter(2.0, 0.0)
    line = make_quadratic([[1.0]], [[1.0]])
    # 2 - eta = 2^-52 exactly
    assert line.stationary(step, 1)[0, 0] == pytest.approx(step * 2**52, rel=1e-15)


def test_the_diffusion_is_the_limit_of_small_steps():
    gaps = []
    for eta in (1e-2, 1e-3):
        size = eta / 0.05
        found = MODEL.moments(X, eta, size, round(1 / eta))
        limit = MODEL.diffused(X, eta, size, 1.0)
        gaps.append(np.abs(found.covariance - limit.covariance).max())
    # First order in eta; the next is about eta h of it: 2 % at eta = 0.01 and h up to 2.1.
    assert gaps[1] == pytest.approx(gaps[0] / 10, rel=0.02)


def test_runs_are_reproducible_and_cut_anyhow(monkeypatch):
    first = MODEL.simulate(X, 0.2, 2, 7, replicas=5, seed=3)
    assert first.shape == (5, 2)
    assert np.array_equal(first, MODEL.simulate(X, [0.2] * 7, 2, 7, replicas=5, seed=3))
    assert not np.array_equal(first, MODEL.simulate(X, 0.2, 2, 7, replicas=5, seed=4))
    monkeypatch.setattr("whichmin.core.quadratic.recursion._NUMBERS", 20)
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
        (lambda: MODEL.noise_scales([1, 2, 3]), "x"),
        (lambda: MODEL.noise_scales([1e-200, 0.0]), "x"),
        (lambda: MODEL.noise_scales(np.ones((2, 2))), "x"),
        (lambda: MODEL.mean_loss_after([1.0], 0.1, 1), "x"),
        (lambda: MODEL.mean_loss_after(np.ones((3, 2)), 0.1, 1), "x"),
        (lambda: MODEL.moments(np.ones((2, 2)), 0.1, 1, 3), "start"),
        (lambda: MODEL.diffused(np.ones((2, 2)), 0.1, 1, 1.0), "start"),
    ],
)
def test_what_is_refused(call, argument):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.argument == argument

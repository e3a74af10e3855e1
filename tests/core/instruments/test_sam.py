"""Sharpness in a ball and on average: exact values on quadratics, a dense Hessian on digits."""

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from whichmin.core.instruments import (
    average_sharpness,
    closure_objective,
    sam,
    sam_step,
    worst_sharpness,
)
from whichmin.errors import InputError

A = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 1.0]])
W = np.array([1.0, -2.0, 0.5])


def bowl(point=W):
    matrix = torch.from_numpy(A)
    return closure_objective(lambda w: w @ matrix @ w / 2, point)


def exact_rise(slope, hessian, radius):
    """Largest ``g d + d H d / 2`` on ``|d| <= r``: the trust-region problem, by its multiplier.

    ``d = (mu - H)^-1 g`` with ``mu`` above the top eigenvalue and ``|d| = r``.
    """
    values, vectors = np.linalg.eigh(hessian)
    g = vectors.T @ slope
    top = values[-1]

    def length(mu):
        return np.linalg.norm(g / (mu - values)) - radius

    mu = brentq(length, top + np.abs(g[-1]) / radius / 2, top + np.linalg.norm(g) / radius * 2)
    d = g / (mu - values)
    return g @ d + d @ (values * d) / 2


def test_one_step_of_sam():
    found = sam_step(bowl(), 0.3)
    g = A @ W
    d = 0.3 * g / np.linalg.norm(g)
    assert found.value == pytest.approx(g @ d + d @ A @ d / 2, rel=1e-13)
    np.testing.assert_allclose(found.move, d, rtol=1e-14)


@pytest.mark.parametrize("radius", [0.01, 0.5, 3.0])
def test_the_worst_case_on_a_quadratic(radius):
    found = worst_sharpness(bowl(), radius, steps=200, starts=2)
    exact = exact_rise(A @ W, A, radius)
    # 200 power steps with a ratio of at most 0.9: converged to rounding.
    assert found.value == pytest.approx(exact, rel=1e-10)
    assert float(torch.linalg.vector_norm(found.move)) == pytest.approx(radius, rel=1e-12)
    assert sam_step(bowl(), radius).value < exact


def test_the_worst_case_at_a_minimum():
    top = np.linalg.eigvalsh(A)[-1]
    found = worst_sharpness(bowl(np.zeros(3)), 0.1, steps=200)
    assert found.value == pytest.approx(0.01 * top / 2, rel=1e-10)
    with pytest.raises(InputError, match="gradient is 0 at the point"):
        sam_step(bowl(np.zeros(3)))


def test_the_worst_case_on_the_neuron():
    """One linear neuron on two points, at w = a_1: (2 r + r^2)^2 / (2 m), along w itself."""
    data = torch.eye(2, 3, dtype=torch.float64)

    def loss(w):
        return (data - (data @ w)[:, None] * w).square().sum(1) / 2

    r = 0.2
    found = worst_sharpness(closure_objective(loss, [1.0, 0.0, 0.0]), r, steps=300, starts=4)
    assert found.value == pytest.approx((2 * r + r * r) ** 2 / 4, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("radius", [0.05, 0.3])
def test_the_default_leaves_the_lower_maximum_opposite(radius, seed):
    """At the mixture the rise is (2 r + r^2)^2 / 2m along w, and (2 r - r^2)^2 / 2m along -w."""
    m = 4
    data = torch.eye(m, 6, dtype=torch.float64)
    w = torch.zeros(6, dtype=torch.float64)
    w[:m] = 1 / np.sqrt(m)
    neuron = closure_objective(lambda v: (data - (data @ v)[:, None] * v).square().sum(1) / 2, w)
    found = worst_sharpness(neuron, radius, seed=seed)
    # 50 power steps with a ratio of at most 1/2 in the angle; the rise falls as its square.
    assert found.value == pytest.approx((2 * radius + radius**2) ** 2 / (2 * m), rel=1e-9)


def test_the_worst_case_says_whether_it_has_settled():
    found = worst_sharpness(bowl(np.zeros(3)), 0.1)
    assert found.settled
    assert found.evaluations < 1 + 7 * 101  # it stops where nothing is gained
    assert str(found).endswith(")")
    # One value of 1.1 among 1s: from random starts 15 steps gain 1 % of what there is.
    flat = torch.ones(3000).double()
    flat[0] = 1.1
    valley = closure_objective(lambda w: (flat * w.square()).sum() / 2, np.zeros(3000))
    short = worst_sharpness(valley, 1.0, steps=15)
    assert short.value < 0.54
    assert not short.settled
    assert str(short).endswith(": not converged")
    full = worst_sharpness(valley, 1.0, steps=400)
    assert full.settled
    assert full.value == pytest.approx(0.55, rel=1e-6)
    # A single search says nothing of what others find; a step of SAM is none.
    assert not worst_sharpness(bowl(), 0.1, starts=1).settled
    assert sam_step(bowl(), 0.1).settled is None


def test_average_on_a_quadratic():
    found = average_sharpness(bowl(), 0.1, pairs=4000, seed=1)
    exact = 0.01 * np.trace(A) / 2
    # s^4 tr(A^2) / 2 per pair; 6 standard errors: 2e-9 before the seed was fixed.
    error = 0.01 * np.sqrt(np.trace(A @ A) / 2 / 4000)
    assert abs(found.value - exact) < 6 * error
    assert found.standard_error == pytest.approx(error, rel=0.2)  # known to 1 / sqrt(8000), tails
    by_radius = average_sharpness(bowl(), radius=0.1 * np.sqrt(3), pairs=2)
    assert by_radius.deviation == pytest.approx(0.1, rel=1e-15)


def test_digits(digits):
    """To second order in the radius, from the dense Hessian of the loss written out by hand."""
    slope, radius = digits.slope(digits.w), 1e-3
    length = np.linalg.norm(slope)
    unit = slope / length
    second = radius * length + radius**2 * unit @ digits.hessian @ unit / 2
    step = sam_step(digits.objective, radius)
    # Third derivatives of a tanh network with weights of size 1: r^3 times at most some hundred.
    assert step.value == pytest.approx(second, abs=100 * radius**3)
    moved = digits.losses(digits.w + radius * unit).mean() - digits.losses(digits.w).mean()
    assert step.value == pytest.approx(moved, abs=1e-14)  # two losses of size 1
    worst = worst_sharpness(digits.objective, radius, steps=60)
    exact = exact_rise(slope, digits.hessian, radius)
    assert worst.value == pytest.approx(exact, abs=100 * radius**3)
    assert worst.value >= step.value
    mean = average_sharpness(digits.objective, 1e-3, pairs=200)
    expected = 1e-6 * np.trace(digits.hessian) / 2
    # 6 standard errors; the fourth order is 1e-6 of the second.
    assert abs(mean.value - expected) < 6 * mean.standard_error
    assert mean.standard_error < 0.05 * expected


def test_wrong_versions_are_told_apart(monkeypatch):
    exact = exact_rise(A @ W, A, 0.5)
    right = sam.scaled
    monkeypatch.setattr(sam, "scaled", lambda v, r: right(v, r**2))
    assert worst_sharpness(bowl(), 0.5, steps=200).value < 0.9 * exact
    monkeypatch.setattr(sam, "scaled", lambda v, r: -right(v, r))
    assert worst_sharpness(bowl(), 0.5, steps=200).value < 0.999 * exact


@pytest.mark.parametrize(("call", "message"), [
    (lambda o: sam_step(o, 0), "radius = 0"),
    (lambda o: worst_sharpness(o, -1), "radius = -1"),
    (lambda o: worst_sharpness(o, 1, steps=0), "steps = 0"),
    (lambda o: worst_sharpness(o, 1, starts=0), "starts = 0"),
    (lambda o: average_sharpness(o), "must be given, or radius in its place, not both"),
    (lambda o: average_sharpness(o, 1, radius=1), "not both"),
    (lambda o: average_sharpness(o, 1, pairs=1), "pairs = 1"),
])  # fmt: skip
def test_refused(call, message):
    with pytest.raises(InputError, match=message):
        call(bowl())

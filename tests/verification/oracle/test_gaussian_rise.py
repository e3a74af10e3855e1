"""Mean and variance of the rise under Gaussian noise, each by another route."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import integrate

from whichmin.verification.oracle import gaussian_rise, references
from whichmin.verification.oracle.problems import problem, problems
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.rises import basis, rise_bound

F = Fraction
# Gauss and Hermite's three nodes: exact up to degree 5 in each coordinate.
NODES = [(0.0, 2 / 3), (math.sqrt(3), 1 / 6), (-math.sqrt(3), 1 / 6)]


def quadrature(w, data, sigma):
    total = 0.0
    for chosen in itertools.product(NODES, repeat=len(w)):
        moved = floats(w) + float(sigma) * np.array([x for x, _ in chosen])
        residual = floats(data) - np.outer(floats(data) @ moved, moved)
        total += math.prod(p for _, p in chosen) * (residual**2).sum() / (2 * len(data))
    return total


@pytest.mark.parametrize("name", ["generic", "generic square", "correlated", "kink", "long"])
def test_linear_is_gauss_hermite_quadrature(name):
    served = problem(name)
    for sigma in (F(1, 8), F(3, 2)):
        own = references.loss(served.w, served.data, "linear") / served.m
        exact = gaussian_rise.mean_rise(served.w, served.data, "linear", sigma)
        far = tuple(abs(x) + 2 * sigma for x in served.w)  # sqrt(3) < 2
        error = quadrature(served.w, served.data, sigma) - float(own + exact)
        assert abs(error) <= rise_bound(far, served.data, "float64") * 3**served.n / 3


def relu_point(w, a, sigma):
    """One point by numerical integration along a; across it, only the mean of |w|^2 matters."""
    length = np.sqrt(a @ a)
    c, across = a @ w, w @ w - (a @ w) ** 2 / length**2

    def rise(y):
        moved = c + sigma * length * y
        norm = (moved / length) ** 2 + across + sigma**2 * (len(w) - 1)
        return (norm - 2) * moved**2 * math.exp(-y * y / 2) / math.sqrt(2 * math.pi)

    kink = -c / (sigma * length)
    value = integrate.quad(rise, kink, kink + 40, epsabs=1e-14, epsrel=1e-13, limit=200)[0]
    return (value - (w @ w - 2) * max(c, 0.0) ** 2) / 2


@pytest.mark.parametrize("name", ["generic", "correlated", "dense", "negative curvature", "vertex"])
def test_relu_is_numerical_integration(name):
    served = problem(name)
    for sigma in (F(1, 8), F(1, 2), F(3, 2)):
        exact = float(gaussian_rise.mean_rise(served.w, served.data, "relu", sigma))
        w, data = floats(served.w), floats(served.data)
        found = np.mean([relu_point(w, a, float(sigma)) for a in data])
        assert abs(found - exact) < 1e-11 * max(1.0, abs(exact))  # that of the integration


def test_half_of_the_linear_one_where_all_points_are_at_a_kink():
    for name in ("saddle", "bad minimum", "local maximum"):
        served = problem(name)
        both = [
            gaussian_rise.mean_rise(served.w, served.data, a, F(1, 3)) for a in ("linear", "relu")
        ]
        assert both[1] == both[0] / 2


def test_second_order_is_half_the_trace():
    # ReLU at a kink: the trace with kappa = 1/2, the mean of the one-sided ones.
    for served in problems():
        # 2^-60 from a kink, the noise crosses it: what it sees is the kink.
        if {"scaled", "wide"} & served.tags or served.id in {"above the kink", "below the kink"}:
            continue
        sigma = F(1, 2**20)
        for activation in ("linear", "relu"):
            trace = references.trace(served.w, served.data, activation, F(1, 2)) / served.m
            exact = gaussian_rise.mean_rise(served.w, served.data, activation, sigma)
            assert abs(2 * exact / sigma**2 - trace) < 1e-9  # sigma^2 (n + 2): 2^-40 times 9


PLACES = [(3, (1.0, 0, 0, 0, 0)), (5, (0.5, 0.5, 0.5, 0.5, 0, 0)), (3, (0.75, -0.5, 0.25, -0.5))]


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize(("m", "w"), PLACES)
def test_both_means_agree(m, w, activation):
    for sigma in (F(1, 8), F(1, 2), F(3, 2)):
        exact = gaussian_rise.mean_rise(tuple(map(F, w)), basis(m, len(w)), activation, sigma)
        mean, _ = gaussian_rise.law(w, m, activation, [float(sigma)] * len(w))
        assert abs(mean - float(exact)) < 1e-14 * max(1.0, float(exact)) * 2 ** len(w)


def test_the_variance_is_gauss_hermite_quadrature():
    # Five nodes are exact up to degree 9: the square of a polynomial of degree 4.
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    weights = weights / weights.sum()
    for m, w in ((2, (0.75, -0.5, 0.5)), (1, (1.0, 0.0)), (3, (0.5, 0.25, 1.0, -0.5))):
        deviations = [0.25, 0.5, 0.125, 1.0][: len(w)]
        first = second = 0.0
        for chosen in itertools.product(range(5), repeat=len(w)):
            x = np.array(w) + np.array(deviations) * nodes[list(chosen)]
            q = float(x[:m] @ x[:m])
            value = (m - 1 + (1 - q) ** 2 + q * float(x[m:] @ x[m:])) / (2 * m)
            chance = math.prod(weights[list(chosen)])
            first, second = first + chance * value, second + chance * value**2
        own = float(references.loss(tuple(map(F, w)), basis(m, len(w)), "linear")) / m
        mean, variance = gaussian_rise.law(w, m, "linear", deviations)
        assert abs(mean - (first - own)) < 1e-13  # sums of a few hundred numbers near 1
        assert abs(variance / (second - first**2) - 1) < 1e-11


def test_the_variance_of_relu_is_numerical_integration():
    """m = n = 1: the loss is a function of one number."""
    for w, sigma in ((0.0, 0.5), (0.75, 0.25), (-0.5, 0.5)):

        def loss(x):
            return ((1 - max(x, 0.0) ** 2) ** 2 + max(x, 0.0) ** 2 * min(x, 0.0) ** 2) / 2

        def moment(k, w=w, sigma=sigma, loss=loss):
            def density(y):
                return loss(w + sigma * y) ** k * math.exp(-y * y / 2) / math.sqrt(2 * math.pi)

            parts = ((-40, -w / sigma), (-w / sigma, 40))
            return sum(integrate.quad(density, *p, epsabs=1e-13, limit=200)[0] for p in parts)

        mean, variance = gaussian_rise.law((w,), 1, "relu", [sigma])
        assert abs(mean - (moment(1) - loss(w))) < 1e-10
        assert abs(variance - (moment(2) - moment(1) ** 2)) < 1e-10


def test_no_noise_has_no_rise_and_no_variance():
    mean, variance = gaussian_rise.law((0.5, 0.0, -0.25), 2, "relu", [0.0] * 3)
    assert mean == 0
    assert abs(variance) < 1e-15

"""The closed forms of gradient noise in special cases that can be computed by hand."""

import inspect

import numpy as np
import pytest
import sympy as sp

from whichmin.symbolic import closed_form
from whichmin.symbolic.noise import covariance as noise
from whichmin.symbolic.noise.covariance import Q, eigenvectors, only_at_single_points


def form(name):
    return closed_form(f"noise.{name}")


def test_one_point_in_the_plane_by_hand():
    # w = (1/2, 1/4), a = (1, 0): gradient (N - 2) c a + c^2 w, N = 5/16.
    g = np.array([(5 / 16 - 2) / 2 + 1 / 8, 1 / 16])
    value = form("sample_energy")(N=5 / 16, c=0.5, sigma=1)
    assert value == pytest.approx(g @ g, rel=1e-15)
    assert form("sample_energy")(N=5 / 16, c=0.5, sigma=0) == 0


def test_small_weights_have_the_scale_m_minus_1():
    t = sp.Symbol("t", positive=True)
    scale = form("simple_scale")
    small = scale.exact(N=t, C=t, Q=t**2 / 3, m=5)
    assert sp.limit(small, t, 0) == 4
    assert scale.exact(N=t, C=t / 2, Q=t**2 / 4, m=5) == 4, "one active point: Q = C^2"


@pytest.mark.parametrize("m", [2, 5])
def test_equal_correlations_are_a_special_case(m):
    for k in range(1, m + 1):
        trace = form("trace_on_manifold")(Q=1 / k, m=m)
        assert form("trace_equal")(k=k, m=m) == pytest.approx(trace, abs=1e-16)
        value = form("eigenvalue_equal")(k=k, m=m)
        assert (k - 1) * value == pytest.approx(trace, abs=1e-16)
        square = form("square_on_manifold")(Q=1 / k, sixth_powers=1 / k**2, m=m)
        assert (k - 1) * value**2 == pytest.approx(square, abs=1e-16)


def test_lemmas_hold_and_can_fail():
    for chain in (*eigenvectors(), only_at_single_points()):
        assert chain.failures() == []
        assert chain.then("slip", chain.result + Q).failures()


def test_the_curvature_weighted_trace_is_written_out_not_repeated():
    # Mean of g_i^T H g_i less G^T H G at the place of the first test, by its forms.
    at = {"N": sp.Rational(5, 16), "C": sp.Rational(1, 4), "m": 3}
    mean = form("mean_curvature").exact(**at, Q=sp.Rational(1, 16))
    signal = form("gradient_curvature").exact(**at)
    assert form("curvature").exact(**at, Q=sp.Rational(1, 16)) == mean - signal
    source = inspect.getsource(noise.curvature)
    assert source.count("mean - signal") == 1

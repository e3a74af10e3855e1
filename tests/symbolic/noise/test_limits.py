import pytest
import sympy as sp

from whichmin.symbolic import closed_form
from whichmin.symbolic.noise.limits import flow_rise


def form(name):
    return closed_form(f"noise.{name}")


def test_limits_by_direction():
    # Along other active points alone there is no limit; along the point itself it is m - 1.
    assert (
        form("vertex_simple").exact(radial=1, tangential=0, R=0, m=5)
        == form("vertex_curved").exact(m=5)
        == 4
    )
    assert form("vertex_simple").exact(radial=0, tangential=1, R=0, m=5) == sp.zoo
    assert form("vertex_simple").exact(radial=0, tangential=1, R=1, m=5) == 14


def test_gradient_descent_and_its_flow():
    # eta to 0: lambda = 1 and m (2 Q - 1) - 1; one point, Q = 1: m - 1.
    eta = sp.Symbol("eta", positive=True)
    limit = form("gd_curved").exact(m=4, Q=sp.Rational(1, 4))
    assert sp.limit(limit, eta, 0) == 4 * (sp.Rational(1, 2) - 1) - 1
    assert sp.simplify(form("gd_curved").exact(m=4, Q=1)) == 3
    assert form("gd_slope")(eta=1.0, m=5) == pytest.approx(9 / 11, rel=1e-15)


def test_single_sample_runs():
    assert form("sgd_slope")(eta=0.2) == pytest.approx(-2 / 11, rel=1e-15)
    assert form("sgd_curved")(eta=0.2, m=4) == pytest.approx(14, rel=1e-14)
    assert form("sgd_simple")(eta=0.2, m=4) == pytest.approx(242, rel=1e-13)


def test_the_rise_is_derived_and_can_fail():
    chain, sign = flow_rise()
    assert chain.failures() == []
    assert chain.then("slip", chain.result + sign).failures()

import pytest
import sympy as sp

from whichmin.symbolic import starts as gaussian


@pytest.mark.parametrize("name", ["shares", "moments", "positive_set", "tails"])
def test_every_chain_holds(name):
    chains = getattr(gaussian, name)()
    assert len(chains) >= 2
    for chain in chains.values():
        chain.check()


def test_densities_are_sympys():
    x = sp.Symbol("x", positive=True)
    from sympy.stats import Beta, Gamma, density

    shape = sp.Rational(5, 2)
    assert sp.simplify(gaussian.gamma_density(shape, x) - density(Gamma("g", shape, 2))(x)) == 0
    ours = gaussian.beta_density(sp.Integer(3), sp.Integer(4), x)
    assert sp.simplify(ours - density(Beta("b", 3, 4))(x)) == 0


def test_results():
    m, n = sp.symbols("m n", integer=True, positive=True)
    moments, signs = gaussian.moments(), gaussian.positive_set()
    assert moments["mean of sum p_i^2"].result == 3 / (m + 2)
    assert moments["mean of cos^2 with the start, linear"].result == m / n
    mean = signs["mean trace gap, start not dead"].result
    assert sp.limit(mean, m, sp.oo) == sp.Rational(1, 4)

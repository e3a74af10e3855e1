"""The closed forms are those of the literature, and fit each other."""

import sympy as sp

from whichmin.symbolic.stationary import (
    covariance,
    exit_time,
    gibbs,
    hessian_noise_odds,
    log_basin_mass,
    loss_noise,
    score,
    second_moment_factor,
    well_odds,
)


def symbols(form):
    return {str(s): s for s in form.expression.free_symbols}


def test_score_of_geometric_brownian_noise():
    """D = x^2, L' = a x: the textbook's power law x^(-2 - a)."""
    x, a = sp.symbols("x a", positive=True)
    told = score().exact(slope=a * x, diffusion=x**2, diffusion_slope=2 * x)
    assert sp.simplify(told - sp.diff(sp.log(x ** (-2 - a)), x)) == 0


def test_gibbs_is_boltzmanns_factor():
    assert gibbs().exact(gap=0, T=3) == 1
    assert gibbs().exact(gap=6, T=3) == sp.exp(-2)


def test_loss_noise_is_a_power():
    assert loss_noise().exact(ratio=4, tau=1) == sp.Rational(1, 16)
    assert loss_noise().exact(ratio=4, tau=2) == sp.Rational(1, 8)


def test_two_wells_are_the_ratio_of_two_basins():
    """Constant noise: the odds are the difference of two log masses; depth is minus the lowest."""
    d, e, h, k, T = sp.symbols("d e h k T", positive=True)
    mass = log_basin_mass()
    one = mass.exact(lowest=-d, T=T, n=1, logdet=sp.log(h))
    two = mass.exact(lowest=-e, T=T, n=1, logdet=sp.log(k))
    odds = well_odds().exact(
        depth=d, other_depth=e, h=h, other_h=k, noise=T, other_noise=T
    )  # fmt: skip
    assert sp.simplify(sp.expand_log(one - two - odds, force=True)) == 0


def test_the_flatter_well_wins_under_hessian_noise():
    odds = hessian_noise_odds()
    flat = [odds(depth=1.0, h=1.0, other_h=4.0, tau=t) for t in (0.1, 0.01)]
    assert 0 < flat[0] < flat[1]
    assert odds(depth=1.0, h=2.0, other_h=2.0, tau=0.1) == 0


def test_covariance_is_isotropic_where_noise_is_the_hessian():
    h = sp.Symbol("h", positive=True)
    assert covariance().exact(h=h, other_h=h, cross_diffusion=5 * h) == 5
    assert covariance().exact(h=h, other_h=h, cross_diffusion=5) == 5 / h


def test_without_noise_the_factor_is_that_of_gradient_descent():
    form = second_moment_factor()
    assert form.exact(eta=sp.Rational(1, 2), h=4, curvature_spread=0, b=7) == 1
    # From this on the step is unstable; with noise already below.
    assert form.exact(eta=sp.Rational(1, 2), h=3, curvature_spread=2, b=1) > 1


def test_exit_time_is_set_by_the_curvature():
    assert exit_time().exact(unit_time=12, h=4) == 3

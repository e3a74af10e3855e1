"""Stationary densities of ``dx = -L'(x) dt + sqrt(2 D(x)) dB`` (Ito): where noise keeps x.

The density p solves the Fokker-Planck equation ``0 = (L' p + (D p)')'``; on the line, with
integrable p, the flux ``-L' p - (D p)'`` itself is zero. For SGD with step size eta, one unit of
time in 1/eta steps, ``D = eta (gradient variance) / (2 B)``: ``D = T`` constant and the same in all
directions is the case of the Gibbs density. The curvature of a well enters its mass, not the
density at a point, and what it does there depends on the noise:

=====================  ==========================================================================
noise                  log of the mass of well 1 over that of well 2
=====================  ==========================================================================
``D = T``              ``-(L_1 - L_2)/T + log(h_2/h_1)/2``; depth decides as T falls
``D = tau h`` (wells)  ``depth (1/h_1 - 1/h_2)/tau + log(h_2/h_1)`` at equal depth: flat ones win
=====================  ==========================================================================
"""

from __future__ import annotations

import functools

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.symbols import b, eta, n

__all__ = [
    "covariance",
    "exit_time",
    "gibbs",
    "hessian_noise_odds",
    "log_basin_mass",
    "loss_noise",
    "score",
    "second_moment_factor",
    "stationary_forms",
    "well_odds",
]

SOURCE = "Ito calculus; 003, Small Batch SGD Favors Flat Minima (its formulas are lost)"

x, y, _u = sp.symbols("x y u", real=True)
slope, diffusion_slope, gap = sp.symbols("slope diffusion_slope gap", real=True)
cross_diffusion = sp.Symbol("cross_diffusion", real=True)
lowest, logdet = sp.symbols("lowest logdet", real=True)
diffusion, T, tau = sp.symbols("diffusion T tau", positive=True)
depth, other_depth, h, other_h, noise, other_noise = sp.symbols(
    "depth other_depth h other_h noise other_noise", positive=True
)
ratio, unit_time = sp.symbols("ratio unit_time", positive=True)
curvature_spread = sp.Symbol("curvature_spread", nonnegative=True)

_L, _p, _D = (sp.Function(name) for name in ("L", "p", "D"))
_SLOPES = {
    sp.Derivative(_L(x), x): slope,
    sp.Derivative(_D(x), x): diffusion_slope,
    _D(x): diffusion,
}


@functools.cache
def score() -> ClosedForm:
    """Slope of the log density, for any loss and any noise, from zero flux."""
    flux = -sp.Derivative(_L(x), x) * _p(x) - sp.diff(_D(x) * _p(x), x)
    (solved,) = sp.solve(flux, sp.Derivative(_p(x), x))
    chain = Derivation.begin(
        "the flux -L' p - (D p)' is zero",
        solved / _p(x),
        -(slope + diffusion_slope) / diffusion,
        _SLOPES,
    )
    return ClosedForm(
        "stationary.score",
        "derivative of the log of the stationary density; slope = L', diffusion = D",
        chain.result,
        chain,
        SOURCE,
    )


def _log_density(law: sp.Expr, loss: sp.Expr, start: sp.Expr, end: sp.Expr) -> sp.Expr:
    """Log of the density at the end over that at the start: the score, integrated over _u."""
    at = score().expression.subs({diffusion: law, diffusion_slope: sp.diff(law, _u)})
    return sp.Integral(at.subs(slope, sp.Derivative(loss, _u)), (_u, start, end)).doit()


@functools.cache
def gibbs() -> ClosedForm:
    """Density under constant noise, in any dimension: no factor of the curvature at any point.

    With D = T the flux ``-grad(L) p - T grad(p)`` is zero in every component, and along its
    coordinate each component is the line's equation, the others held. A path from point to point
    changes one coordinate after the other: here x, from y, with the other at v; then that, to w.

    Returns:
        Over the density at another point, for the gap between the two losses.
    """
    v, w = sp.symbols("v w", real=True)
    chain = Derivation.begin(
        "D = T: the score, integrated along one coordinate after the other, in the exponent",
        sp.exp(_log_density(T, _L(_u, v), y, x) + _log_density(T, _L(x, _u), v, w)),
        sp.exp(-gap / T),
        {_L(x, w): _L(y, v) + gap},
    )
    return ClosedForm(
        "stationary.gibbs",
        "density at a point over that at another whose loss is lower by gap, constant noise D = T",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def loss_noise() -> ClosedForm:
    """Density under noise that is proportional to the loss: a power of the loss."""
    chain = Derivation.begin(
        "D = tau L: the score, integrated from y to x, in the exponent",
        sp.exp(_log_density(tau * _L(_u), _L(_u), y, x)),
        ratio ** (-(1 + 1 / tau)),
        {_L(x): ratio * _L(y)},
    )
    return ClosedForm(
        "stationary.loss_noise",
        "density at a point over that at another whose loss is smaller by the factor ratio, noise "
        "D = tau L",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def log_basin_mass() -> ClosedForm:
    """Mass of a quadratic basin in n dimensions: here the determinant has its place."""
    one = sp.Integral(sp.exp(-h * x**2 / (2 * T)), (x, -sp.oo, sp.oo)).doit()
    chain = Derivation.begin(
        "Gibbs density in the eigenbasis: a product of n Gaussian integrals sqrt(2 pi T/h_i), so "
        "only the geometric mean h of the eigenvalues matters",
        sp.log(gibbs().expression.subs(gap, lowest)) + n * sp.log(one),
        -lowest / T + n * sp.log(2 * sp.pi * T / h) / 2,
    ).then(
        "n log h is the log determinant",
        -lowest / T + n * sp.log(2 * sp.pi * T) / 2 - logdet / 2,
        {h: sp.exp(logdet / n)},
    )
    return ClosedForm(
        "stationary.log_basin_mass",
        "log of the integral of exp(-L/T) over a quadratic basin with least loss lowest and log "
        "determinant logdet of the Hessian",
        chain.result,
        chain,
        SOURCE,
    )


def _log_well(deep: sp.Expr, curvature: sp.Expr, level: sp.Expr) -> sp.Expr:
    """Log mass of a parabolic well whose top is a point where D p = 1 for both wells.

    Within a well D is constant, so ``D p = exp((L_top - L)/D)``: zero flux keeps D p, not p,
    continuous where D jumps.

    Returns:
        The log of the Gaussian integral over the whole line, tails beyond the top included.
    """
    shape = gibbs().expression.subs({gap: curvature * x**2 / 2 - deep, T: level}) / level
    return sp.log(sp.Integral(shape, (x, -sp.oo, sp.oo)).doit())


@functools.cache
def well_odds() -> ClosedForm:
    """Odds of two parabolic wells, each with a noise of its own."""
    chain = Derivation.begin(
        "D p is continuous at the top; one Gaussian integral per well",
        sp.expand_log(_log_well(depth, h, noise) - _log_well(other_depth, other_h, other_noise)),
        depth / noise - other_depth / other_noise + sp.log(other_noise * other_h / (noise * h)) / 2,
    )
    return ClosedForm(
        "stationary.well_odds",
        "log of the mass of a well of that depth, curvature h and noise D over that of another, up "
        "to the tails beyond the top",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def hessian_noise_odds() -> ClosedForm:
    """Odds of two wells of equal depth under noise proportional to the curvature."""
    chain = Derivation.begin(
        "D = tau h in each well, equal depths",
        well_odds().expression,
        depth * (1 / h - 1 / other_h) / tau + sp.log(other_h / h),
        {noise: tau * h, other_noise: tau * other_h, other_depth: depth},
    )
    return ClosedForm(
        "stationary.hessian_noise_odds",
        "log of the mass of a well of curvature h over that of another of equal depth, noise tau "
        "times curvature",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def covariance() -> ClosedForm:
    """Stationary covariance of two coordinates of a quadratic loss under constant noise."""
    first, second, product = sp.symbols("x_1 x_2 x_1*x_2", real=True)
    moment = first * second
    # Generator: -grad L . grad + sum D_kl d_k d_l; both mixed terms count.
    rate = (
        -h * first * sp.diff(moment, first)
        - other_h * second * sp.diff(moment, second)
        + 2 * cross_diffusion * sp.diff(moment, first, second)
    )
    (solved,) = sp.solve(sp.expand(rate).subs(moment, product), product)
    chain = Derivation.begin(
        "the expected rate of change of x_1 x_2 is zero; eigenbasis of the Hessian",
        solved,
        2 * cross_diffusion / (h + other_h),
    )
    return ClosedForm(
        "stationary.covariance",
        "stationary covariance of two eigencoordinates with curvatures h and other_h, "
        "cross_diffusion = D_12",
        chain.result,
        chain,
        "Lyapunov equation; Mandt, Hoffman, Blei 2017",
    )


@functools.cache
def second_moment_factor() -> ClosedForm:
    """Growth of the mean square distance in a step of SGD with noisy curvature."""
    z, batch_z = sp.symbols("z z^2", real=True)
    factor = sp.expand((1 - eta * (h + curvature_spread * z)) ** 2)
    expected = sp.expand(factor.subs(z**2, batch_z)).subs(z, 0)
    chain = Derivation.begin(
        "x <- (1 - eta h_B) x, h_B the batch's curvature, of mean h and variance spread^2/b",
        expected,
        (1 - eta * h) ** 2 + eta**2 * curvature_spread**2 / b,
        {batch_z: 1 / b},
    )
    return ClosedForm(
        "stationary.second_moment_factor",
        "factor of E x^2 in a step of SGD at a minimum that all data points share; the minimum is "
        "stable in mean square where it is below 1",
        chain.result,
        chain,
        "Wu, Ma, E 2018",
    )


@functools.cache
def exit_time() -> ClosedForm:
    """Mean time to the top of a parabolic well under constant noise: curvature sets the clock.

    Started at the bottom, ``T t'' - h x t' = -1`` with t = 0 at both tops gives
    ``t = (1/T) int_0^a int_0^y exp(h (y^2 - z^2)/(2T)) dz dy``, ``h a^2 = 2 depth``.

    Returns:
        The time in terms of that of a well of curvature 1, the same depth and noise.
    """
    u, v, integrand = sp.symbols("u v integrand", positive=True)
    at, from_ = u / sp.sqrt(h), v / sp.sqrt(h)
    inner = sp.exp(h * (at**2 - from_**2) / (2 * T)) / T
    unit = sp.exp((u**2 - v**2) / (2 * T)) / T
    chain = Derivation.begin(
        "y = u/sqrt h and z = v/sqrt h, with their Jacobian",
        inner * sp.diff(at, u) * sp.diff(from_, v),
        integrand / h,
        {integrand: unit},
    ).then(
        "over 0 < v < u < sqrt(2 depth), the same range for every h",
        unit_time / h,
        {integrand: unit_time},
    )
    return ClosedForm(
        "stationary.exit_time",
        "mean time from the bottom of a parabolic well of curvature h to its top, unit_time that "
        "of a well of curvature 1, equal depth and constant noise",
        chain.result,
        chain,
        SOURCE,
    )


def stationary_forms() -> tuple[ClosedForm, ...]:
    """The closed forms of this module."""
    return (
        score(),
        gibbs(),
        loss_noise(),
        log_basin_mass(),
        well_odds(),
        hessian_noise_odds(),
        covariance(),
        second_moment_factor(),
        exit_time(),
    )

"""Derive stationary densities of ``dx = -L'(x) dt + sqrt(2 D(x)) dB`` (Ito).

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

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.registry import derives, forms_of
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

SOURCE = "Ito calculus; lesson2026, Small Batch SGD Favors Flat Minima (its formulas are lost)"

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


@derives("stationary.score", SOURCE, where="slope = L', diffusion = D")
def score() -> Derivation:
    r"""Derive the derivative of the log of the stationary density.

    .. math:: (\log p)' = -\frac{L' + D'}{D}
    """
    flux = -sp.Derivative(_L(x), x) * _p(x) - sp.diff(_D(x) * _p(x), x)
    (solved,) = sp.solve(flux, sp.Derivative(_p(x), x))
    return Derivation.begin(
        "the flux -L' p - (D p)' is zero",
        solved / _p(x),
        -(slope + diffusion_slope) / diffusion,
        _SLOPES,
    )


def _log_density(law: sp.Expr, loss: sp.Expr, start: sp.Expr, end: sp.Expr) -> sp.Expr:
    """Integrate the score over _u: the log of the density at the end over that at the start."""
    at = score().expression.subs({diffusion: law, diffusion_slope: sp.diff(law, _u)})
    return sp.Integral(at.subs(slope, sp.Derivative(loss, _u)), (_u, start, end)).doit()


@derives("stationary.gibbs", SOURCE, where="constant noise D = T")
def gibbs() -> Derivation:
    r"""Derive the density at a point over that at another whose loss is lower by gap.

    .. math:: \frac{p(x)}{p(y)} = e^{-g / T}

    With D = T the flux ``-grad(L) p - T grad(p)`` is zero in every component, and along its
    coordinate each component is the line's equation, the others held. A path from point to point
    changes one coordinate after the other: here x, from y, with the other at v; then that, to w.
    """
    v, w = sp.symbols("v w", real=True)
    return Derivation.begin(
        "D = T: the score, integrated along one coordinate after the other, in the exponent",
        sp.exp(_log_density(T, _L(_u, v), y, x) + _log_density(T, _L(x, _u), v, w)),
        sp.exp(-gap / T),
        {_L(x, w): _L(y, v) + gap},
    )


@derives("stationary.loss_noise", SOURCE, where="noise D = tau L")
def loss_noise() -> Derivation:
    r"""Derive the density at a point over that where the loss is smaller by the factor ratio.

    .. math:: \frac{p(x)}{p(y)} = \rho^{-(1 + 1 / \tau)}
    """
    return Derivation.begin(
        "D = tau L: the score, integrated from y to x, in the exponent",
        sp.exp(_log_density(tau * _L(_u), _L(_u), y, x)),
        ratio ** (-(1 + 1 / tau)),
        {_L(x): ratio * _L(y)},
    )


@derives(
    "stationary.log_basin_mass",
    SOURCE,
    where="least loss lowest and log determinant logdet of the Hessian",
)
def log_basin_mass() -> Derivation:
    r"""Derive the log of the integral of exp(-L/T) over a quadratic basin.

    .. math:: \log \int e^{-L / T} = -\frac{L_0}{T} + \frac{n \log(2 \pi T)}{2} - \frac{\Lambda}{2}
    """
    one = sp.Integral(sp.exp(-h * x**2 / (2 * T)), (x, -sp.oo, sp.oo)).doit()
    return Derivation.begin(
        "Gibbs density in the eigenbasis: a product of n Gaussian integrals sqrt(2 pi T/h_i), so "
        "only the geometric mean h of the eigenvalues matters",
        sp.log(gibbs().expression.subs(gap, lowest)) + n * sp.log(one),
        -lowest / T + n * sp.log(2 * sp.pi * T / h) / 2,
    ).then(
        "n log h is the log determinant",
        -lowest / T + n * sp.log(2 * sp.pi * T) / 2 - logdet / 2,
        {h: sp.exp(logdet / n)},
    )


def _log_well(deep: sp.Expr, curvature: sp.Expr, level: sp.Expr) -> sp.Expr:
    """Return the log mass of a parabolic well whose top is a point where D p = 1 for both wells.

    Within a well D is constant, so ``D p = exp((L_top - L)/D)``: zero flux keeps D p, not p,
    continuous where D jumps.

    Returns:
        The log of the Gaussian integral over the whole line, tails beyond the top included.
    """
    shape = gibbs().expression.subs({gap: curvature * x**2 / 2 - deep, T: level}) / level
    return sp.log(sp.Integral(shape, (x, -sp.oo, sp.oo)).doit())


@derives("stationary.well_odds", SOURCE, where="up to the tails beyond the top")
def well_odds() -> Derivation:
    r"""Derive the log of the mass of a well of given depth, curvature h and noise D over another's.

    .. math::
        \log \frac{M_1}{M_2}
        = \frac{\Delta_1}{D_1} - \frac{\Delta_2}{D_2} + \frac{1}{2} \log \frac{D_2 h_2}{D_1 h_1}
    """
    return Derivation.begin(
        "D p is continuous at the top; one Gaussian integral per well",
        sp.expand_log(_log_well(depth, h, noise) - _log_well(other_depth, other_h, other_noise)),
        depth / noise - other_depth / other_noise + sp.log(other_noise * other_h / (noise * h)) / 2,
    )


@derives("stationary.hessian_noise_odds", SOURCE, where="noise tau times curvature")
def hessian_noise_odds() -> Derivation:
    r"""Derive the log of the mass of a well of curvature h over that of another of equal depth.

    .. math::
        \log \frac{M_1}{M_2}
        = \frac{\Delta_1}{\tau} \left(\frac{1}{h_1} - \frac{1}{h_2}\right) + \log \frac{h_2}{h_1}
    """
    return Derivation.begin(
        "D = tau h in each well, equal depths",
        well_odds().expression,
        depth * (1 / h - 1 / other_h) / tau + sp.log(other_h / h),
        {noise: tau * h, other_noise: tau * other_h, other_depth: depth},
    )


@derives(
    "stationary.covariance",
    "Lyapunov equation; Mandt, Hoffman, Blei 2017",
    where="cross_diffusion = D_12",
)
def covariance() -> Derivation:
    r"""Derive the stationary covariance of two eigencoordinates with curvatures h and other_h.

    .. math:: \mathbb{E}\,x_1 x_2 = \frac{2 D_{12}}{h_1 + h_2}
    """
    first, second, product = sp.symbols("x_1 x_2 x_1*x_2", real=True)
    moment = first * second
    # Generator: -grad L . grad + sum D_kl d_k d_l; both mixed terms count.
    rate = (
        -h * first * sp.diff(moment, first)
        - other_h * second * sp.diff(moment, second)
        + 2 * cross_diffusion * sp.diff(moment, first, second)
    )
    (solved,) = sp.solve(sp.expand(rate).subs(moment, product), product)
    return Derivation.begin(
        "the expected rate of change of x_1 x_2 is zero; eigenbasis of the Hessian",
        solved,
        2 * cross_diffusion / (h + other_h),
    )


@derives(
    "stationary.second_moment_factor",
    "Wu, Ma, E 2018",
    where="below 1 the minimum is stable in mean square",
)
def second_moment_factor() -> Derivation:
    r"""Derive the factor of E x^2 in a step of SGD at a minimum that all data points share.

    .. math::
        \frac{\mathbb{E}\,x'^2}{\mathbb{E}\,x^2} = (1 - \eta h)^2 + \frac{\eta^2 \varsigma^2}{b}
    """
    z, batch_z = sp.symbols("z z^2", real=True)
    factor = sp.expand((1 - eta * (h + curvature_spread * z)) ** 2)
    expected = sp.expand(factor.subs(z**2, batch_z)).subs(z, 0)
    return Derivation.begin(
        "x <- (1 - eta h_B) x, h_B the batch's curvature, of mean h and variance spread^2/b",
        expected,
        (1 - eta * h) ** 2 + eta**2 * curvature_spread**2 / b,
        {batch_z: 1 / b},
    )


@derives(
    "stationary.exit_time",
    SOURCE,
    where="unit_time that of a well of curvature 1, equal depth and constant noise",
)
def exit_time() -> Derivation:
    r"""Derive the mean time from the bottom of a parabolic well of curvature h to its top.

    .. math:: t(h) = \frac{t_1}{h}

    Started at the bottom, ``T t'' - h x t' = -1`` with t = 0 at both tops gives
    ``t = (1/T) int_0^a int_0^y exp(h (y^2 - z^2)/(2T)) dz dy``, ``h a^2 = 2 depth``.
    """
    u, v, integrand = sp.symbols("u v integrand", positive=True)
    at, from_ = u / sp.sqrt(h), v / sp.sqrt(h)
    inner = sp.exp(h * (at**2 - from_**2) / (2 * T)) / T
    unit = sp.exp((u**2 - v**2) / (2 * T)) / T
    return Derivation.begin(
        "y = u/sqrt h and z = v/sqrt h, with their Jacobian",
        inner * sp.diff(at, u) * sp.diff(from_, v),
        integrand / h,
        {integrand: unit},
    ).then(
        "over 0 < v < u < sqrt(2 depth), the same range for every h",
        unit_time / h,
        {integrand: unit_time},
    )


stationary_forms = forms_of(__name__)

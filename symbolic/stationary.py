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

from whichmin.symbolic.certificates import Antiderivative, Substituted
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.operator_rules import Expectation, Law, Solved, given
from whichmin.symbolic.operators import Mean, Root, at
from whichmin.symbolic.registry import derives, forms_of
from whichmin.symbolic.rules import Assumed, Proved, define, where
from whichmin.symbolic.symbols import b, eta, i, n

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

_L, _p, _D = (sp.Function(name, positive=True) for name in ("L", "p", "D"))


@derives("stationary.score", SOURCE, where="slope = L', diffusion = D")
def score() -> Derivation:
    r"""Derive the derivative of the log of the stationary density.

    .. math:: (\log p)' = -\frac{L' + D'}{D}
    """
    change = sp.Symbol("p'", real=True)
    flux = -sp.Derivative(_L(x), x) * _p(x) - sp.diff(_D(x) * _p(x), x)
    at_rest = flux.subs(sp.Derivative(_p(x), x), change)
    return Derivation.begin(
        "the flux -L' p - (D p)' is zero",
        Root(change, at_rest) / _p(x),
        -(slope + diffusion_slope) / diffusion,
        define({
            slope: sp.Derivative(_L(x), x),
            diffusion_slope: sp.Derivative(_D(x), x),
            diffusion: _D(x),
        }),
        Solved({change: -(sp.Derivative(_L(x), x) + sp.Derivative(_D(x), x)) * _p(x) / _D(x)}),
    )


def _log_density(law: sp.Expr, loss: sp.Expr, start: sp.Expr, end: sp.Expr) -> sp.Expr:
    """Write the integral of the score over _u: log density at the end over that at the start."""
    here = {diffusion: law, diffusion_slope: sp.Derivative(law, _u)}
    inside = at(score().expression, {**here, slope: sp.Derivative(loss, _u)})
    return sp.Integral(inside, (_u, start, end))


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
        Antiderivative(-_L(_u, v) / T, _u),
        Antiderivative(-_L(x, _u) / T, _u),
        define({gap: _L(x, w) - _L(y, v)}),
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
        Antiderivative(-(1 + 1 / tau) * sp.log(_L(_u)), _u),
        define({ratio: _L(x) / _L(y)}),
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
    curvature = sp.IndexedBase("h", positive=True)[i]
    one = sp.Integral(sp.exp(-curvature * x**2 / (2 * T)), (x, -sp.oo, sp.oo))
    return Derivation.begin(
        "Gibbs density in the eigenbasis: a product of n Gaussian integrals sqrt(2 pi T/h_i)",
        sp.log(at(gibbs().expression, {gap: lowest})) + sp.Sum(sp.log(one), (i, 1, n)),
        -lowest / T + n * sp.log(2 * sp.pi * T) / 2 - logdet / 2,
        _gaussian(curvature, T),
        define({logdet: sp.Sum(sp.log(curvature), (i, 1, n))}),
    )


def _gaussian(curvature: sp.Expr, level: sp.Expr) -> Antiderivative:
    """Return an antiderivative of ``exp(-curvature x^2 / (2 level))``, checked where it is used."""
    width = sp.sqrt(curvature / (2 * level))
    return Antiderivative(sp.sqrt(sp.pi) * sp.erf(width * x) / (2 * width), x)


def _well(deep: sp.Expr, curvature: sp.Expr, level: sp.Expr) -> Derivation:
    """Derive the mass of a parabolic well whose top is a point where D p = 1 for both wells.

    Within a well D is constant, so ``D p = exp((L_top - L)/D)``: zero flux keeps D p, not p,
    continuous where D jumps.

    Returns:
        The Gaussian integral over the whole line, tails beyond the top included.
    """
    shape = at(gibbs().expression, {gap: curvature * x**2 / 2 - deep, T: level}) / level
    top, gaussian = sp.exp(deep / level) / level, _gaussian(curvature, level)
    return Derivation.begin(
        "density over the whole line",
        sp.Integral(shape, (x, -sp.oo, sp.oo)),
        sp.sqrt(2 * sp.pi * level / curvature) * top,
        Antiderivative(top * gaussian.function, x),
    )


@derives("stationary.well_odds", SOURCE, where="up to the tails beyond the top")
def well_odds() -> Derivation:
    r"""Derive the log of the mass of a well of given depth, curvature h and noise D over another's.

    .. math::
        \log \frac{M_1}{M_2}
        = \frac{\Delta_1}{D_1} - \frac{\Delta_2}{D_2} + \frac{1}{2} \log \frac{D_2 h_2}{D_1 h_1}
    """
    one, other = _well(depth, h, noise), _well(other_depth, other_h, other_noise)
    odds, masses = sp.Symbol("odds", real=True), sp.log(one.start) - sp.log(other.start)
    return (
        Derivation
        .begin(
            "D p is 1 at the top for both wells",
            odds,
            masses,
            Assumed(
                "zero flux keeps D p, not p, continuous where D jumps, at the top", odds, masses
            ),
        )
        .then(
            "one Gaussian integral per well",
            sp.log(one.result) - sp.log(other.result),
            Proved(one),
            Proved(other),
        )
        .then(
            "logarithms of products",
            depth / noise
            - other_depth / other_noise
            + sp.log(other_noise * other_h / (noise * h)) / 2,
        )
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
        where({noise: tau * h, other_noise: tau * other_h, other_depth: depth}),
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
    law = Law("the stationary state", {moment: given(product, "the name of the covariance")})
    solved = 2 * cross_diffusion / (h + other_h)
    return Derivation.begin(
        "the expected rate of change of x_1 x_2 is zero; eigenbasis of the Hessian",
        Root(product, Mean(rate)),
        solved,
        Expectation(law),
        Solved({product: solved}),
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
    z = sp.Symbol("z", real=True)
    batch = Law(
        "mean of b independent deviations of mean 0 and variance 1",
        {z: given(0, "their mean"), z**2: given(1 / b, "variance of a mean of b of them")},
    )
    return Derivation.begin(
        "x <- (1 - eta h_B) x, h_B the batch's curvature, of mean h and variance spread^2/b",
        Mean((1 - eta * (h + curvature_spread * z)) ** 2),
        (1 - eta * h) ** 2 + eta**2 * curvature_spread**2 / b,
        Expectation(batch),
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
    u, v, y_, z_ = sp.symbols("u v y z", positive=True)
    top, time = sp.sqrt(2 * depth), sp.Symbol("time", positive=True)

    def double(curvature: sp.Expr, first: sp.Symbol, second: sp.Symbol, end: sp.Expr) -> sp.Expr:
        inner = sp.exp(curvature * (first**2 - second**2) / (2 * T)) / T
        return sp.Integral(sp.Integral(inner, (second, 0, first)), (first, 0, end))

    general = double(h, y_, z_, top / sp.sqrt(h))
    return Derivation.begin(
        "the boundary-value problem solved by two integrations",
        time,
        general,
        Assumed(
            "the mean time t obeys T t'' - h x t' = -1 and is 0 at both tops (Dynkin's formula)",
            time,
            general,
        ),
    ).then(
        "y = u/sqrt h and z = v/sqrt h: 0 < v < u < sqrt(2 depth), the same range for every h",
        unit_time / h,
        Substituted(y_, u / sp.sqrt(h), u, (sp.Integer(0), top)),
        Substituted(z_, v / sp.sqrt(h), v, (sp.Integer(0), u)),
        define({unit_time: double(sp.Integer(1), u, v, top)}),
    )


stationary_forms = forms_of(__name__)

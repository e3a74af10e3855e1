"""Derive Gaussian posteriors at a minimum, and their penalty in a PAC-Bayes bound.

Prior ``N(0, sigma^2)``, posterior ``N(d, v)`` in each coordinate, loss ``h x^2/2`` around d. Bounds
of the PAC-Bayes kind trade the posterior's mean loss against ``T KL(posterior | prior)``.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.operator_rules import Expectation, Law, Solved, given
from whichmin.symbolic.operators import Mean, Root, at
from whichmin.symbolic.registry import derives, forms_of

__all__ = ["divergence", "penalty", "penalty_slope", "posterior_forms", "variance"]

SOURCE = "Gaussian integrals; lesson2026, Flat minima are not guaranteed to generalize better"

x, d = sp.symbols("x d", real=True)
h, T, v, sigma = sp.symbols("h T v sigma", positive=True)


@derives("posterior.divergence", SOURCE)
def divergence() -> Derivation:
    r"""Derive the KL divergence of N(d, v) from N(0, sigma^2).

    .. math::
        \mathrm{KL}
        = \frac{1}{2} \left(\frac{v}{\sigma^2} - 1 + \log \frac{\sigma^2}{v}\right)
        + \frac{d^2}{2 \sigma^2}
    """
    log_ratio = x**2 / (2 * sigma**2) - (x - d) ** 2 / (2 * v) + sp.log(sigma**2 / v) / 2
    posterior = Law(
        "N(d, v)",
        {x: given(d, "its mean is d"), x**2: given(d**2 + v, "its variance is v")},
    )
    return Derivation.begin(
        "mean of log(q/p) over the posterior q",
        Mean(log_ratio),
        (v / sigma**2 - 1 + sp.log(sigma**2 / v)) / 2 + d**2 / (2 * sigma**2),
        Expectation(posterior),
    )


@derives("posterior.variance", SOURCE)
def variance() -> Derivation:
    r"""Derive the variance of the best posterior at curvature h.

    .. math:: v^* = \frac{1}{1 / \sigma^2 + h / T}
    """
    objective = h * v / 2 + T * divergence().expression
    best = 1 / (1 / sigma**2 + h / T)
    return Derivation.begin(
        "the mean of h (x - d)^2/2 is h v/2: where the derivative is 0",
        Root(v, sp.Derivative(objective, v)),
        best,
        Solved({v: best}),
    )


@derives("posterior.penalty", SOURCE)
def penalty() -> Derivation:
    r"""Derive the divergence of the best posterior at curvature h, for d = 0.

    .. math::
        \mathrm{KL}^*
        = \frac{1}{2} \left(\log\left(1 + \frac{h \sigma^2}{T}\right)
        - \frac{h \sigma^2 / T}{1 + h \sigma^2 / T}\right)
    """
    width = divergence().expression - d**2 / (2 * sigma**2)
    growth = h * sigma**2 / T
    return Derivation.begin(
        "the divergence at the best variance, without the part of d",
        at(width, {v: variance().expression}),
        (sp.log(1 + growth) - growth / (1 + growth)) / 2,
    )


@derives("posterior.penalty_slope", SOURCE)
def penalty_slope() -> Derivation:
    r"""Derive the derivative of the penalty by the curvature.

    .. math:: \frac{d\,\mathrm{KL}^*}{dh} = \frac{h \sigma^4}{2 (T + h \sigma^2)^2}
    """
    return Derivation.begin(
        "d penalty/dh",
        sp.Derivative(penalty().expression, h),
        h * sigma**4 / (2 * (T + h * sigma**2) ** 2),
    )


posterior_forms = forms_of(__name__)

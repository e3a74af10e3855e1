"""Gaussian posteriors at a minimum: width, curvature, and the penalty of a PAC-Bayes bound.

Prior ``N(0, sigma^2)``, posterior ``N(d, v)`` in each coordinate, loss ``h x^2/2`` around d. Bounds
of the PAC-Bayes kind trade the posterior's mean loss against ``T KL(posterior | prior)``.
"""

from __future__ import annotations

import functools

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation

__all__ = ["divergence", "penalty", "penalty_slope", "posterior_forms", "variance"]

SOURCE = "Gaussian integrals; 003, Flat minima are not guaranteed to generalize better"

x, d = sp.symbols("x d", real=True)
h, T, v, sigma = sp.symbols("h T v sigma", positive=True)


@functools.cache
def divergence() -> ClosedForm:
    """KL divergence of the posterior from the prior, from its integral."""
    density = sp.exp(-((x - d) ** 2) / (2 * v)) / sp.sqrt(2 * sp.pi * v)
    log_ratio = x**2 / (2 * sigma**2) - (x - d) ** 2 / (2 * v) + sp.log(sigma**2 / v) / 2
    integral = sp.integrate(sp.expand(log_ratio) * density, (x, -sp.oo, sp.oo))
    chain = Derivation.begin(
        "integral of q log(q/p) over the line",
        integral,
        (v / sigma**2 - 1 + sp.log(sigma**2 / v)) / 2 + d**2 / (2 * sigma**2),
    )
    return _form("divergence", "KL divergence of N(d, v) from N(0, sigma^2)", chain)


@functools.cache
def variance() -> ClosedForm:
    """Variance that makes mean loss plus T times the divergence least."""
    objective = h * v / 2 + T * divergence().expression
    (best,) = sp.solve(sp.diff(objective, v), v)
    chain = Derivation.begin(
        "the mean of h (x - d)^2/2 is h v/2: where the derivative is 0",
        best,
        1 / (1 / sigma**2 + h / T),
    )
    return _form("variance", "variance of the best posterior at curvature h", chain)


@functools.cache
def penalty() -> ClosedForm:
    """What the divergence has from the width alone, at the best posterior."""
    width = divergence().expression - d**2 / (2 * sigma**2)
    growth = h * sigma**2 / T
    chain = Derivation.begin(
        "the divergence at the best variance, without the part of d",
        width.subs(v, variance().expression),
        (sp.log(1 + growth) - growth / (1 + growth)) / 2,
    )
    return _form("penalty", "divergence of the best posterior at curvature h, for d = 0", chain)


@functools.cache
def penalty_slope() -> ClosedForm:
    """Derivative of the penalty by the curvature: positive."""
    chain = Derivation.begin(
        "d penalty/dh",
        sp.diff(penalty().expression, h),
        h * sigma**4 / (2 * (T + h * sigma**2) ** 2),
    )
    return _form("penalty_slope", "derivative of the penalty by the curvature", chain)


def _form(name: str, statement: str, chain: Derivation) -> ClosedForm:
    return ClosedForm(f"posterior.{name}", statement, chain.result, chain, SOURCE)


def posterior_forms() -> tuple[ClosedForm, ...]:
    """The closed forms of this module."""
    return (divergence(), variance(), penalty(), penalty_slope())

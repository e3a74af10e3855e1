"""The linear scaling rule: step size and batch size multiplied by one factor K.

Decided on the noisy quadratic (:mod:`whichmin.symbolic.quadratic.recursion`), exactly, and for the
noise of batches from m data points, drawn with or without replacement, whatever the loss.
"""

from __future__ import annotations

import functools

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.noise.sampling import sampling_with, sampling_without
from whichmin.symbolic.quadratic.recursion import (
    B,
    critical_step,
    h,
    mean,
    s,
    stationary_variance,
    step_covariance,
    t,
    v,
)
from whichmin.symbolic.symbols import alpha, b, eta, m

__all__ = ["K", "scaling_forms"]

SOURCE = "Goyal et al. 2017, section 2.1; exact on the quadratic"

K = sp.Symbol("K", positive=True)
_SCALED = {eta: K * eta, B: K * B}


@functools.cache
def noise_per_time() -> ClosedForm:
    """Covariance that the noise adds per unit of time ``tau = eta t``."""
    added = step_covariance().expression.subs(v, 0)
    chain = Derivation.begin(
        "the same for K eta and K B, for every K: it depends on eta/B alone",
        (added / eta).subs(_SCALED, simultaneous=True),
        added / eta,
    ).then("1/eta steps in a unit of time, each adds its noise", eta * s / B)
    return _form("noise_per_time", "covariance that the noise adds per unit of time", chain)


@functools.cache
def noise_per_step() -> ClosedForm:
    """Covariance that the noise adds in a step."""
    added = step_covariance().expression.subs(v, 0)
    root = added.subs({eta: sp.sqrt(K) * eta, B: K * B}, simultaneous=True)
    chain = Derivation.begin(
        "the same for sqrt(K) eta and K B: the square-root rule", root, added
    ).then("a step from covariance 0", eta**2 * s / B)
    return ClosedForm(
        "scaling.noise_per_step",
        "covariance that the noise adds in a step",
        chain.result,
        chain,
        "Hoffer et al. 2017, section 4.1",
    )


@functools.cache
def stationary_ratio() -> ClosedForm:
    """By how much the rule changes the stationary variance."""
    rest = stationary_variance().expression
    chain = Derivation.begin(
        "variance at (K eta, K B) over that at (eta, B)",
        rest.subs(_SCALED, simultaneous=True) / rest,
        (2 - eta * h) / (2 - K * eta * h),
    )
    return _form(
        "stationary_ratio", "stationary variance at (K eta, K B) over that at (eta, B)", chain
    )


@functools.cache
def stationary_order() -> ClosedForm:
    """First order of that change."""
    ratio = stationary_ratio().expression
    chain = Derivation.begin(
        "term of first order in eta",
        sp.diff(ratio, eta).subs(eta, 0) * eta,
        (K - 1) * eta * h / 2,
    )
    return _form(
        "stationary_order", "relative change of the stationary variance, first order in eta", chain
    )


@functools.cache
def mean_ratio() -> ClosedForm:
    """By how much the rule changes the mean after the same number of samples."""
    decay = mean().expression
    chain = Derivation.begin(
        "t steps of K eta against K t steps of eta: the same samples",
        decay.subs(eta, K * eta) / decay.subs(t, K * t),
        (1 - K * eta * h) ** t / (1 - eta * h) ** (K * t),
    )
    return _form(
        "mean_ratio", "mean after t steps of K eta over that after K t steps of eta", chain
    )


@functools.cache
def mean_order() -> ClosedForm:
    """First order of the logarithm of that ratio that is not 0."""
    exponent = sp.log(1 - K * eta * h) - K * sp.log(1 - eta * h)
    chain = Derivation.begin(
        "terms of first and second order in eta of t times the logarithm; the first is 0",
        t * sp.diff(exponent, (eta, 2)).subs(eta, 0) * eta**2 / 2
        + t * sp.diff(exponent, eta).subs(eta, 0) * eta,
        -K * (K - 1) * eta**2 * h**2 * t / 2,
    )
    return _form("mean_order", "logarithm of that ratio of means, leading order in eta", chain)


@functools.cache
def largest_factor() -> ClosedForm:
    """Where the rule stops to be stable."""
    limit = critical_step().expression
    (reached,) = sp.solve(sp.Eq(K * eta, limit), K)
    chain = Derivation.begin(
        "K eta reaches the critical step size",
        reached,
        2 / (eta * h),
    )
    return _form("largest_factor", "factor below which (K eta, K B) is stable", chain)


def _per_sample(factor: sp.Expr, after: sp.Expr) -> Derivation:
    """Variance that a step adds per sample, the batch's mean gradient having variance factor s.

    Returns:
        A chain that ends in ``after``.
    """
    return Derivation.begin(
        "(alpha b)^2 times the variance of the batch's mean gradient, over b samples",
        (alpha * b) ** 2 * factor * s / b,
        after,
    )


@functools.cache
def sampled_noise() -> ClosedForm:
    """Noise per sample of batches without replacement, ``alpha = eta/b``."""
    return _form(
        "sampled_noise",
        "variance that a step adds per sample, batches without replacement, alpha = eta/b, "
        "s the variance of the gradients over the data",
        _per_sample(sampling_without().expression, alpha**2 * s * (m - b) / (m - 1)),
    )


@functools.cache
def replaced_noise() -> ClosedForm:
    """Noise per sample of batches with replacement, ``alpha = eta/b``."""
    return _form(
        "replaced_noise",
        "variance that a step adds per sample, batches with replacement, alpha = eta/b",
        _per_sample(sampling_with().expression, alpha**2 * s),
    )


@functools.cache
def halving() -> ClosedForm:
    """What doubling the batch does to the variance of its gradient, without replacement."""
    # sampled_noise is alpha^2 b^2 Var/b per sample: the variance of a mean over the batch.
    variance = sampled_noise().expression / (alpha**2 * b)
    chain = Derivation.begin(
        "variance of the mean gradient of 2 b points over that of b points",
        variance.subs(b, 2 * b) / variance,
        (m - 2 * b) / (2 * (m - b)),
    )
    return _form(
        "halving", "gradient variance at batch size 2b over that at b, without replacement", chain
    )


def _form(name: str, statement: str, chain: Derivation) -> ClosedForm:
    return ClosedForm(f"scaling.{name}", statement, chain.result, chain, SOURCE)


def scaling_forms() -> tuple[ClosedForm, ...]:
    """The closed forms of this module."""
    return (
        noise_per_time(),
        noise_per_step(),
        stationary_ratio(),
        stationary_order(),
        mean_ratio(),
        mean_order(),
        largest_factor(),
        sampled_noise(),
        replaced_noise(),
        halving(),
    )

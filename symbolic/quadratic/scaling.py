"""Derive the linear scaling rule: step size and batch size multiplied by one factor K.

Decided on the noisy quadratic (:mod:`whichmin.symbolic.quadratic.recursion`), exactly, and for the
noise of batches from m data points, drawn with or without replacement, whatever the loss.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.noise.sampling import sampling_with, sampling_without
from whichmin.symbolic.operator_rules import Expectation, Law, Solved, given
from whichmin.symbolic.operators import Mean, Root, at
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
from whichmin.symbolic.registry import derives, forms_of
from whichmin.symbolic.symbols import alpha, b, eta, m

__all__ = [
    "sampled_noise",
    "scaling_forms",
]

SOURCE = "Goyal et al. 2017, section 2.1; exact on the quadratic"

K = sp.Symbol("K", positive=True)
_SCALED = {eta: K * eta, B: K * B}


@derives("scaling.noise_per_time", SOURCE)
def noise_per_time() -> Derivation:
    r"""Derive the covariance that the noise adds per unit of time.

    .. math:: \frac{v'}{\eta} = \frac{\eta s}{B}
    """
    added = at(step_covariance().expression, {v: 0})
    return Derivation.begin(
        "1/eta steps in a unit of time, each adds its noise: for K eta and K B the same as for "
        "eta and B",
        at(added / eta, _SCALED),
        added / eta,
    ).then("a step from covariance 0", eta * s / B)


@derives("scaling.noise_per_step", "Hoffer et al. 2017, section 4.1")
def noise_per_step() -> Derivation:
    r"""Derive the covariance that the noise adds in a step.

    .. math:: v' = \frac{\eta^2 s}{B}
    """
    added = at(step_covariance().expression, {v: 0})
    root = at(added, {eta: sp.sqrt(K) * eta, B: K * B})
    return Derivation.begin(
        "the same for sqrt(K) eta and K B: the square-root rule", root, added
    ).then("a step from covariance 0", eta**2 * s / B)


@derives("scaling.stationary_ratio", SOURCE)
def stationary_ratio() -> Derivation:
    r"""Derive the stationary variance at (K eta, K B) over that at (eta, B).

    .. math:: \frac{v_\infty(K \eta, K B)}{v_\infty(\eta, B)} = \frac{2 - \eta h}{2 - K \eta h}
    """
    rest = stationary_variance().expression
    return Derivation.begin(
        "variance at (K eta, K B) over that at (eta, B)",
        at(rest, _SCALED) / rest,
        (2 - eta * h) / (2 - K * eta * h),
    )


@derives("scaling.stationary_order", SOURCE)
def stationary_order() -> Derivation:
    r"""Derive the relative change of the stationary variance, first order in eta.

    .. math::
        \frac{v_\infty(K \eta, K B)}{v_\infty(\eta, B)} - 1 \approx \delta
        = \frac{(K - 1) \eta h}{2}
    """
    ratio = stationary_ratio().expression
    return Derivation.begin(
        "term of first order in eta",
        at(sp.Derivative(ratio, eta), {eta: 0}) * eta,
        (K - 1) * eta * h / 2,
    )


@derives("scaling.mean_ratio", SOURCE)
def mean_ratio() -> Derivation:
    r"""Derive the mean after t steps of K eta over that after K t steps of eta.

    .. math::
        \frac{\mathbb{E}\,x_t(K \eta)}{\mathbb{E}\,x_{K t}(\eta)}
        = \frac{(1 - K \eta h)^t}{(1 - \eta h)^{K t}}
    """
    decay = mean().expression
    return Derivation.begin(
        "t steps of K eta against K t steps of eta: the same samples",
        at(decay, {eta: K * eta}) / at(decay, {t: K * t}),
        (1 - K * eta * h) ** t / (1 - eta * h) ** (K * t),
    )


@derives("scaling.mean_order", SOURCE)
def mean_order() -> Derivation:
    r"""Derive the logarithm of the ratio of means under the rule, leading order in eta.

    .. math::
        \log \frac{\mathbb{E}\,x_t(K \eta)}{\mathbb{E}\,x_{K t}(\eta)} \approx \delta
        = -\frac{K (K - 1) \eta^2 h^2 t}{2}
    """
    exponent = sp.log(1 - K * eta * h) - K * sp.log(1 - eta * h)
    return Derivation.begin(
        "terms of first and second order in eta of t times the logarithm; the first is 0",
        t * at(sp.Derivative(exponent, (eta, 2)), {eta: 0}) * eta**2 / 2
        + t * at(sp.Derivative(exponent, eta), {eta: 0}) * eta,
        -K * (K - 1) * eta**2 * h**2 * t / 2,
    )


@derives("scaling.largest_factor", SOURCE)
def largest_factor() -> Derivation:
    r"""Derive the factor below which (K eta, K B) is stable.

    .. math:: K_{\max} = \frac{2}{\eta h}
    """
    return Derivation.begin(
        "K eta reaches the critical step size",
        Root(K, K * eta - critical_step().expression),
        2 / (eta * h),
        Solved({K: 2 / (eta * h)}),
    )


def _per_sample(factor: sp.Expr, after: sp.Expr) -> Derivation:
    """Derive the variance per sample of a step whose batch gradient has variance ``factor s``.

    Returns:
        A chain that ends in ``after``.
    """
    noise = sp.Symbol("noise", real=True)
    law = Law("noise of a batch's mean gradient", {noise**2: given(factor * s, "its variance")})
    return Derivation.begin(
        "(alpha b)^2 times the variance of the batch's mean gradient, over b samples",
        Mean((alpha * b * noise) ** 2) / b,
        after,
        Expectation(law),
    )


@derives(
    "scaling.sampled_noise",
    SOURCE,
    where="alpha = eta/b, s the variance of the gradients over the data",
)
def sampled_noise() -> Derivation:
    r"""Derive the variance that a step adds per sample, batches without replacement.

    .. math:: \frac{v'}{b} = \frac{\alpha^2 s (m - b)}{m - 1}
    """
    return _per_sample(sampling_without().expression, alpha**2 * s * (m - b) / (m - 1))


@derives("scaling.replaced_noise", SOURCE, where="alpha = eta/b")
def replaced_noise() -> Derivation:
    r"""Derive the variance that a step adds per sample, batches with replacement.

    .. math:: \frac{v'}{b} = \alpha^2 s
    """
    return _per_sample(sampling_with().expression, alpha**2 * s)


@derives("scaling.halving", SOURCE)
def halving() -> Derivation:
    r"""Derive the gradient variance at batch size 2b over that at b, without replacement.

    .. math:: \frac{\operatorname{Var}_{2b}}{\operatorname{Var}_b} = \frac{m - 2 b}{2 (m - b)}
    """
    # sampled_noise is alpha^2 b^2 Var/b per sample: the variance of a mean over the batch.
    variance = sampled_noise().expression / (alpha**2 * b)
    return Derivation.begin(
        "variance of the mean gradient of 2 b points over that of b points",
        at(variance, {b: 2 * b}) / variance,
        (m - 2 * b) / (2 * (m - b)),
    )


scaling_forms = forms_of(__name__)

"""What batches make of the gradients' covariance, and of the two-batch-size estimator.

With multiplicities ``mu_i`` (how often point i is in the batch, ``sum mu_i = b``) a batch's mean
gradient is ``(1/b) sum mu_i g_i``. Its covariance needs ``M2 = E mu_i^2`` and ``M11 = E mu_i mu_j``
alone, and both follow from ``sum mu_i = b`` and from the points being alike.
"""

from __future__ import annotations

import functools

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.symbols import b, m

__all__ = ["G", "beta", "sampling_forms", "tau"]

COCHRAN = "Cochran, Sampling Techniques (1977), theorem 2.2"
ESTIMATOR = "McCandlish et al. 2018, appendix A.1 (two batch sizes), expectations derived here"

# |G|^2, tr Sigma (divided by m) and their ratio B_simple.
G, tau = sp.symbols("signal trace_sigma", nonnegative=True)
beta = sp.Symbol("beta", positive=True)

_SECOND, _MIXED, _VARIANCE = sp.symbols("M2 M11 v", nonnegative=True)
_SMALL, _LARGE = sp.symbols("f_small f_large", nonnegative=True)
_LARGER = sp.Symbol("b_large", integer=True, positive=True)


def _factor(reason: str, square: sp.Expr, mixed: sp.Expr, result: sp.Expr) -> Derivation:
    """From moments of the multiplicities to the factor of the covariance.

    ``b^2 Cov = sum_ij Cov(mu_i, mu_j) g_i g_j^T``. All variances are ``M2 - (b/m)^2``, all other
    covariances ``M11 - (b/m)^2``; ``sum g_i = m G`` and ``sum g_i g_i^T = m (Sigma + G G^T)`` leave
    ``m (M2 - M11) Sigma + (coefficient) G G^T``, whose coefficient is ``Var(sum mu_i) = 0``.

    Returns:
        The chain.
    """
    own, cross = _SECOND - (b / m) ** 2, _MIXED - (b / m) ** 2
    signal = sp.Symbol("GG", nonnegative=True)
    return (
        Derivation
        .begin(
            "sums over equal and different points, per unit of Sigma",
            ((own - cross) * m * (_VARIANCE + signal) + cross * m**2 * signal) / (b**2 * _VARIANCE),
            (
                m * (_SECOND - _MIXED)
                + (m * _SECOND + m * (m - 1) * _MIXED - b**2) * signal / _VARIANCE
            )
            / b**2,
        )
        .then(
            "(sum mu_i)^2 = b^2, so m M2 + m (m - 1) M11 = b^2",
            m * (_SECOND - _MIXED) / b**2,
            {_MIXED: (b**2 - m * _SECOND) / (m * (m - 1))},
        )
        .then(reason, result, {_SECOND: square, _MIXED: mixed})
    )


@functools.cache
def sampling_without() -> ClosedForm:
    """Factor of the covariance for batches without replacement."""
    chain = _factor(
        "mu is 0 or 1: m M2 = E sum mu = b, m (m - 1) M11 = E ((sum mu)^2 - sum mu) = b^2 - b",
        b / m,
        (b**2 - b) / (m * (m - 1)),
        (m - b) / (b * (m - 1)),
    )
    return ClosedForm(
        "noise.sampling_without",
        "covariance of a batch's mean gradient over Sigma, without replacement",
        chain.result,
        chain,
        COCHRAN,
    )


@functools.cache
def sampling_with() -> ClosedForm:
    """Factor of the covariance for batches with replacement."""
    chain = _factor(
        "b independent draws: E mu_i mu_j = b (b - 1)/m^2, E mu_i^2 = b/m + b (b - 1)/m^2",
        b / m + b * (b - 1) / m**2,
        b * (b - 1) / m**2,
        1 / b,
    )
    return ClosedForm(
        "noise.sampling_with",
        "covariance of a batch's mean gradient over Sigma, with replacement",
        chain.result,
        chain,
        COCHRAN,
    )


@functools.cache
def balanced_batch() -> ClosedForm:
    """The batch without replacement whose noise is as large as the signal."""
    chain = Derivation.begin(
        "noise over signal, the factor times beta = B_simple, is 1 at this b and nowhere else: "
        "b + (noise over signal - 1) b (m - 1)/(m - 1 + beta)",
        b + (sampling_without().expression * beta - 1) * b * (m - 1) / (m - 1 + beta),
        m * beta / (m - 1 + beta),
    )
    return ClosedForm(
        "noise.balanced_batch",
        "batch size without replacement at which noise equals signal, beta = B_simple",
        chain.result,
        chain,
        "from noise.sampling_without",
    )


def _two_batches(
    name: str, statement: str, without: bool, square: bool, result: sp.Expr
) -> ClosedForm:
    """Expectation of one half of the estimator.

    Returns:
        The closed form.
    """
    small, large = (G + f * tau for f in (_SMALL, _LARGE))
    estimate = (
        (_LARGER * large - b * small) / (_LARGER - b)
        if square
        else (small - large) / (1 / b - 1 / _LARGER)
    )
    factor = (sampling_without() if without else sampling_with()).expression
    mode = "without replacement" if without else "with replacement"
    chain = Derivation.begin(
        f"E |g_B|^2 = |G|^2 + f_B tr Sigma in the estimator, factors {mode}",
        estimate,
        result,
        {_SMALL: factor, _LARGE: factor.subs(b, _LARGER)},
    )
    return ClosedForm(name, statement, chain.result, chain, ESTIMATOR)


@functools.cache
def two_batch_forms() -> tuple[ClosedForm, ...]:
    """Expectations of the estimator's two halves, in both sampling modes."""
    trace = "expectation of the two-batch estimate of tr Sigma"
    energy = "expectation of the two-batch estimate of |G|^2"
    return (
        _two_batches("noise.two_batch_trace", f"{trace}, with replacement", False, False, tau),
        _two_batches("noise.two_batch_energy", f"{energy}, with replacement", False, True, G),
        _two_batches(
            "noise.two_batch_trace_without",
            f"{trace}, without replacement: the covariance divided by m - 1",
            True,
            False,
            m * tau / (m - 1),
        ),
        _two_batches(
            "noise.two_batch_energy_without",
            f"{energy}, without replacement",
            True,
            True,
            G - tau / (m - 1),
        ),
    )


@functools.cache
def corrected_energy() -> ClosedForm:
    """Unbiased estimate of the squared gradient, without replacement."""
    trace, energy = (form.expression for form in two_batch_forms()[2:])
    chain = Derivation.begin(
        "the estimate of |G|^2 plus that of tr Sigma over m",
        energy + trace / m,
        G,
    )
    return ClosedForm(
        "noise.two_batch_corrected",
        "expectation of the estimate of |G|^2 plus 1/m of that of tr Sigma, without replacement",
        chain.result,
        chain,
        ESTIMATOR,
    )


@functools.cache
def two_batch_scale() -> ClosedForm:
    """Ratio of the expectations without replacement, in units of B_simple."""
    trace, energy = (form.expression for form in two_batch_forms()[2:])
    chain = Derivation.begin(
        "ratio of the two expectations, tr Sigma = beta |G|^2",
        trace / energy,
        m * beta / (m - 1 - beta),
        {tau: beta * G},
    )
    return ClosedForm(
        "noise.two_batch_scale",
        "what the two-batch estimate of B_simple = beta tends to without replacement",
        chain.result,
        chain,
        ESTIMATOR,
    )


def sampling_forms() -> tuple[ClosedForm, ...]:
    """The closed forms of this module."""
    return (
        sampling_without(),
        sampling_with(),
        balanced_batch(),
        *two_batch_forms(),
        corrected_energy(),
        two_batch_scale(),
    )

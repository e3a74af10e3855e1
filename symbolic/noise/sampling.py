"""Derive the covariance of a mini-batch gradient for each sampling scheme.

With multiplicities ``mu_i`` (how often point i is in the batch, ``sum mu_i = b``) a batch's mean
gradient is ``(1/b) sum mu_i g_i``. Its covariance needs ``M2 = E mu_i^2`` and ``M11 = E mu_i mu_j``
alone, and both follow from ``sum mu_i = b`` and from the points being alike.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.registry import derives, forms_of
from whichmin.symbolic.symbols import b, m

__all__ = [
    "sampling_forms",
    "sampling_with",
    "sampling_without",
]

COCHRAN = "Cochran, Sampling Techniques (1977), theorem 2.2"
ESTIMATOR = "McCandlish et al. 2018, appendix A.1 (two batch sizes), expectations derived here"

# |G|^2, tr Sigma (divided by m) and their ratio B_simple.
G, tau = sp.symbols("signal trace_sigma", nonnegative=True)
beta = sp.Symbol("beta", positive=True)

_SECOND, _MIXED, _VARIANCE = sp.symbols("M2 M11 v", nonnegative=True)
_SMALL, _LARGE = sp.symbols("f_small f_large", nonnegative=True)
_LARGER = sp.Symbol("b_large", integer=True, positive=True)


def _factor(reason: str, square: sp.Expr, mixed: sp.Expr, result: sp.Expr) -> Derivation:
    """Derive the factor of the covariance from moments of the multiplicities.

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


@derives("noise.sampling_without", COCHRAN)
def sampling_without() -> Derivation:
    r"""Derive the covariance of a batch's mean gradient over Sigma, without replacement.

    .. math:: \frac{\operatorname{Cov} g_B}{\Sigma} = \frac{m - b}{b (m - 1)}
    """
    return _factor(
        "mu is 0 or 1: m M2 = E sum mu = b, m (m - 1) M11 = E ((sum mu)^2 - sum mu) = b^2 - b",
        b / m,
        (b**2 - b) / (m * (m - 1)),
        (m - b) / (b * (m - 1)),
    )


@derives("noise.sampling_with", COCHRAN)
def sampling_with() -> Derivation:
    r"""Derive the covariance of a batch's mean gradient over Sigma, with replacement.

    .. math:: \frac{\operatorname{Cov} g_B}{\Sigma} = \frac{1}{b}
    """
    return _factor(
        "b independent draws: E mu_i mu_j = b (b - 1)/m^2, E mu_i^2 = b/m + b (b - 1)/m^2",
        b / m + b * (b - 1) / m**2,
        b * (b - 1) / m**2,
        1 / b,
    )


@derives("noise.balanced_batch", "from noise.sampling_without", where="beta = B_simple")
def balanced_batch() -> Derivation:
    r"""Derive the batch size without replacement at which noise equals signal.

    .. math:: b = \frac{m \beta}{m - 1 + \beta}
    """
    return Derivation.begin(
        "noise over signal, the factor times beta = B_simple, is 1 at this b and nowhere else: "
        "b + (noise over signal - 1) b (m - 1)/(m - 1 + beta)",
        b + (sampling_without().expression * beta - 1) * b * (m - 1) / (m - 1 + beta),
        m * beta / (m - 1 + beta),
    )


def _estimate(reason: str, factor: sp.Expr, squared: bool, result: sp.Expr) -> Derivation:
    """Take the expectation of the two-batch estimate of tr Sigma, or of that of ``|G|^2``.

    Args:
        reason: What the step says of the factors.
        factor: Covariance of a batch's mean gradient over Sigma, for batch size b.
        squared: Whether ``|G|^2`` is estimated.
        result: The expectation.

    Returns:
        The chain from the estimate, in which ``|g_B|^2`` has its mean, to the result.
    """
    small, large = (G + f * tau for f in (_SMALL, _LARGE))
    estimate = (
        (_LARGER * large - b * small) / (_LARGER - b)
        if squared
        else (small - large) / (1 / b - 1 / _LARGER)
    )
    return Derivation.begin(
        f"E |g_B|^2 = |G|^2 + f_B tr Sigma in the estimator, factors {reason}",
        estimate,
        result,
        {_SMALL: factor, _LARGE: factor.subs(b, _LARGER)},
    )


@derives("noise.two_batch_trace", ESTIMATOR)
def two_batch_trace() -> Derivation:
    r"""Derive the expectation of the two-batch estimate of tr Sigma, with replacement.

    .. math::
        \mathbb{E}\,\hat\tau = \mathbb{E}\,\frac{\|g_b\|^2 - \|g_{b'}\|^2}{1/b - 1/b'} = \tau
    """
    return _estimate("with replacement", sampling_with().expression, False, tau)


@derives("noise.two_batch_energy", ESTIMATOR)
def two_batch_energy() -> Derivation:
    r"""Derive the expectation of the two-batch estimate of ``|G|^2``, with replacement.

    .. math::
        \mathbb{E}\,\hat\gamma = \mathbb{E}\,\frac{b' \|g_{b'}\|^2 - b \|g_b\|^2}{b' - b} = \gamma
    """
    return _estimate("with replacement", sampling_with().expression, True, G)


@derives(
    "noise.two_batch_trace_without",
    ESTIMATOR,
    where="the trace of the covariance divided by m - 1",
)
def two_batch_trace_without() -> Derivation:
    r"""Derive the expectation of the two-batch estimate of tr Sigma, without replacement.

    .. math:: \mathbb{E}\,\hat\tau = \frac{m \tau}{m - 1}
    """
    factor = sampling_without().expression
    return _estimate("without replacement", factor, False, m * tau / (m - 1))


@derives("noise.two_batch_energy_without", ESTIMATOR)
def two_batch_energy_without() -> Derivation:
    r"""Derive the expectation of the two-batch estimate of ``|G|^2``, without replacement.

    .. math:: \mathbb{E}\,\hat\gamma = \gamma - \frac{\tau}{m - 1}
    """
    factor = sampling_without().expression
    return _estimate("without replacement", factor, True, G - tau / (m - 1))


@derives("noise.two_batch_corrected", ESTIMATOR, where="without replacement")
def corrected_energy() -> Derivation:
    r"""Derive the expectation of the estimate of ``|G|^2`` plus 1/m of that of tr Sigma.

    .. math:: \mathbb{E}\,\left[\hat{\gamma} + \frac{\hat{\tau}}{m}\right] = \gamma
    """
    trace = two_batch_trace_without().expression
    energy = two_batch_energy_without().expression
    return Derivation.begin(
        "the estimate of |G|^2 plus that of tr Sigma over m",
        energy + trace / m,
        G,
    )


@derives("noise.two_batch_scale", ESTIMATOR)
def two_batch_scale() -> Derivation:
    r"""Derive the limit of the two-batch estimate of B_simple = beta without replacement.

    .. math::
        \frac{\mathbb{E}\,\hat{\tau}}{\mathbb{E}\,\hat{\gamma}} = \frac{m \beta}{m - 1 - \beta}
    """
    trace = two_batch_trace_without().expression
    energy = two_batch_energy_without().expression
    return Derivation.begin(
        "ratio of the two expectations, tr Sigma = beta |G|^2",
        trace / energy,
        m * beta / (m - 1 - beta),
        {tau: beta * G},
    )


sampling_forms = forms_of(__name__)

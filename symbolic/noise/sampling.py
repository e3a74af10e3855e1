"""Derive the covariance of a mini-batch gradient for each sampling scheme.

With multiplicities ``mu_i`` (how often point i is in the batch, ``sum mu_i = b``) a batch's mean
gradient is ``(1/b) sum mu_i g_i``. Its covariance needs the moments of two multiplicities alone:
:func:`without_replacement` and :func:`with_replacement` derive them.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.operator_rules import Expectation, Law, Moment, Solved, given, shown
from whichmin.symbolic.operators import Mean, Root, at
from whichmin.symbolic.registry import derives, forms_of
from whichmin.symbolic.rules import define
from whichmin.symbolic.symbols import b, m

__all__ = [
    "sampling_forms",
    "sampling_with",
    "sampling_without",
    "with_replacement",
    "without_replacement",
]

COCHRAN = "Cochran, Sampling Techniques (1977), theorem 2.2"
ESTIMATOR = "McCandlish et al. 2018, appendix A.1 (two batch sizes), expectations derived here"

# |G|^2, tr Sigma (divided by m) and their ratio B_simple.
G, tau = sp.symbols("signal trace_sigma", nonnegative=True)
beta = sp.Symbol("beta", positive=True)

_VARIANCE = sp.Symbol("v", nonnegative=True)
_SMALL, _LARGE = sp.symbols("g_small^2 g_large^2", nonnegative=True)
_LARGER = sp.Symbol("b_large", integer=True, positive=True)

# How often two different points are in the batch.
MU_I, MU_J = sp.symbols("mu_i mu_j", nonnegative=True)


def without_replacement() -> Law:
    """Derive the moments of two multiplicities in a uniformly drawn subset of b of m points.

    Returns:
        The law: first and second moments.
    """
    value = sp.Symbol("M", real=True)
    alike = Derivation.begin(
        "mu is 0 or 1, the m points are alike and the sum of mu is b",
        Root(value, m * value - b),
        b / m,
        Solved({value: b / m}),
    )
    other = b * (b - 1) / (m * (m - 1))
    pairs = Derivation.begin(
        "m E mu_i^2 + m (m - 1) E mu_i mu_j is the mean of the square of the sum, b^2",
        Root(value, m * alike.result + m * (m - 1) * value - b**2),
        other,
        Solved({value: other}),
    )
    return _law("a subset of size b", shown(alike), shown(alike), shown(pairs))


def with_replacement() -> Law:
    """Derive the moments of two multiplicities in b independent draws from m points.

    Each draw gives i or j with chance 1/m each: ``E exp(x mu_i + y mu_j)`` is the b-th power of
    ``(exp x + exp y + m - 2)/m``.

    Returns:
        The law: first and second moments.
    """
    x, y = sp.symbols("x y", real=True)
    generating = ((sp.exp(x) + sp.exp(y) + m - 2) / m) ** b

    def moment(value: sp.Expr, *by: sp.Symbol) -> Moment:
        slope = at(sp.Derivative(generating, *by), {x: 0, y: 0})
        return shown(Derivation.begin("derivative of E exp(x mu_i + y mu_j) at 0", slope, value))

    other = b * (b - 1) / m**2
    return _law("b draws", moment(b / m, x), moment(b / m + other, x, x), moment(other, x, y))


def _law(name: str, first: Moment, second: Moment, mixed: Moment) -> Law:
    moments = {MU_I: first, MU_J: first, MU_I**2: second, MU_J**2: second, MU_I * MU_J: mixed}
    return Law(name, moments)


def _factor(law: Law, result: sp.Expr) -> Derivation:
    """Derive the factor of the covariance from moments of the multiplicities.

    ``b^2 Cov = sum_ij Cov(mu_i, mu_j) g_i g_j^T``, where ``sum g_i = m G`` and
    ``sum g_i g_i^T = m (Sigma + G G^T)``.

    Returns:
        The chain; ``G G^T`` drops out.
    """
    own = Mean(MU_I**2) - Mean(MU_I) ** 2
    cross = Mean(MU_I * MU_J) - Mean(MU_I) * Mean(MU_J)
    signal = sp.Symbol("GG", nonnegative=True)
    return Derivation.begin(
        f"sums over equal and different points, per unit of Sigma: {law.name}",
        ((own - cross) * m * (_VARIANCE + signal) + cross * m**2 * signal) / (b**2 * _VARIANCE),
        result,
        Expectation(law),
    )


@derives("noise.sampling_without", COCHRAN)
def sampling_without() -> Derivation:
    r"""Derive the covariance of a batch's mean gradient over Sigma, without replacement.

    .. math:: \frac{\operatorname{Cov} g_B}{\Sigma} = \frac{m - b}{b (m - 1)}
    """
    return _factor(without_replacement(), (m - b) / (b * (m - 1)))


@derives("noise.sampling_with", COCHRAN)
def sampling_with() -> Derivation:
    r"""Derive the covariance of a batch's mean gradient over Sigma, with replacement.

    .. math:: \frac{\operatorname{Cov} g_B}{\Sigma} = \frac{1}{b}
    """
    return _factor(with_replacement(), 1 / b)


@derives("noise.balanced_batch", "from noise.sampling_without", where="beta = B_simple")
def balanced_batch() -> Derivation:
    r"""Derive the batch size without replacement at which noise equals signal.

    .. math:: b = \frac{m \beta}{m - 1 + \beta}
    """
    return Derivation.begin(
        "noise over signal, the factor times beta = B_simple, is 1 at this b and nowhere else",
        Root(b, sampling_without().expression * beta - 1),
        m * beta / (m - 1 + beta),
        Solved({b: m * beta / (m - 1 + beta)}),
    )


# The estimates of tr Sigma and of |G|^2 from the squared norms of two batch gradients.
_TRACE = (_SMALL - _LARGE) / (1 / b - 1 / _LARGER)
_ENERGY = (_LARGER * _LARGE - b * _SMALL) / (_LARGER - b)


def _estimate(scheme: str, factor: sp.Expr, estimate: sp.Expr, result: sp.Expr) -> Derivation:
    """Take the expectation of a two-batch estimate.

    Args:
        scheme: How batches are drawn.
        factor: Covariance of a batch's mean gradient over Sigma, for batch size b.
        estimate: The estimate.
        result: Its expectation.

    Returns:
        The chain from the mean of the estimate to the result.
    """
    reason = f"|mean|^2 plus trace of the covariance of a batch gradient, {scheme}"
    norms = Law(
        "squared norms of batch gradients",
        {
            _SMALL: given(G + factor * tau, reason),
            _LARGE: given(G + factor.subs(b, _LARGER) * tau, reason),
        },
    )
    return Derivation.begin(
        f"E |g_B|^2 = |G|^2 + f_B tr Sigma in the estimator, factors {scheme}",
        Mean(estimate),
        result,
        Expectation(norms),
    )


@derives("noise.two_batch_trace", ESTIMATOR)
def two_batch_trace() -> Derivation:
    r"""Derive the expectation of the two-batch estimate of tr Sigma, with replacement.

    .. math::
        \mathbb{E}\,\hat\tau = \mathbb{E}\,\frac{\|g_b\|^2 - \|g_{b'}\|^2}{1/b - 1/b'} = \tau
    """
    return _estimate("with replacement", sampling_with().expression, _TRACE, tau)


@derives("noise.two_batch_energy", ESTIMATOR)
def two_batch_energy() -> Derivation:
    r"""Derive the expectation of the two-batch estimate of ``|G|^2``, with replacement.

    .. math::
        \mathbb{E}\,\hat\gamma = \mathbb{E}\,\frac{b' \|g_{b'}\|^2 - b \|g_b\|^2}{b' - b} = \gamma
    """
    return _estimate("with replacement", sampling_with().expression, _ENERGY, G)


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
    return _estimate("without replacement", factor, _TRACE, m * tau / (m - 1))


@derives("noise.two_batch_energy_without", ESTIMATOR)
def two_batch_energy_without() -> Derivation:
    r"""Derive the expectation of the two-batch estimate of ``|G|^2``, without replacement.

    .. math:: \mathbb{E}\,\hat\gamma = \gamma - \frac{\tau}{m - 1}
    """
    factor = sampling_without().expression
    return _estimate("without replacement", factor, _ENERGY, G - tau / (m - 1))


@derives("noise.two_batch_corrected", ESTIMATOR, where="without replacement")
def corrected_energy() -> Derivation:
    r"""Derive the expectation of the estimate of ``|G|^2`` plus 1/m of that of tr Sigma.

    .. math:: \mathbb{E}\,\left[\hat{\gamma} + \frac{\hat{\tau}}{m}\right] = \gamma
    """
    factor = sampling_without().expression
    return _estimate("without replacement", factor, _ENERGY + _TRACE / m, G)


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
        define({beta: tau / G}),
    )


sampling_forms = forms_of(__name__)

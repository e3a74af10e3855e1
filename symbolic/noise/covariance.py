"""Derive the covariance of per-sample gradients, plain and weighted by curvature, and noise scales.

A sample's gradient is ``g_i = p a_i + q w`` with ``p = (N - 2) c_i`` and ``q = c_i^2`` where the
point is active, and 0 elsewhere. ``Sigma = (1/m) sum g_i g_i^T - G G^T`` is the covariance over the
data, divided by m (not m - 1). Power sums over the active points: ``C`` of squares, ``Q`` of fourth
and ``T`` of sixth powers of the correlations. :mod:`.sampling` derives the covariance of batches,
:mod:`.limits` the noise scales near the minima.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.hessian.trace import second_derivative
from whichmin.symbolic.landscape.minima import P, X, derivative, gap, gradient_energy
from whichmin.symbolic.landscape.neuron import SOURCE, U, Y, sample_derivative, sum_over_data, x
from whichmin.symbolic.operators import at
from whichmin.symbolic.registry import derives, forms_of, recall
from whichmin.symbolic.rules import define, of_model, where
from whichmin.symbolic.symbols import C, N, c, k, m, sigma

__all__ = [
    "MANIFOLD",
    "Q",
    "T",
    "curvature",
    "curvature_on_manifold",
    "eigenvalue_equal",
    "eigenvectors",
    "gradient_curvature",
    "mean_curvature",
    "mean_energy",
    "noise_forms",
    "only_at_single_points",
    "sample_curvature",
    "sample_energy",
    "simple_scale",
    "square_on_manifold",
    "trace",
    "trace_equal",
    "trace_on_manifold",
]

Q, T = sp.symbols("Q sixth_powers", nonnegative=True)
MANIFOLD = {N: 1, C: 1}
MCCANDLISH = "McCandlish et al. 2018, section 2.2, for the loss of Ghosh et al. 2025"


def _parts() -> tuple[sp.Expr, sp.Expr]:
    """Return ``p`` and ``q`` of a sample's gradient ``p a + q w``."""
    form = sample_derivative().expression.expand()
    return sp.factor(form.coeff(x)), form.coeff(Y)


@derives("noise.sample_energy", SOURCE)
def sample_energy() -> Derivation:
    r"""Derive the squared norm of one sample's gradient.

    .. math:: \|g_i\|^2 = \sigma c^2 ((N - 2)^2 + (3 N - 4) c^2)
    """
    p, q = _parts()
    return Derivation.begin(
        "|p a + q w|^2 with |a| = 1, <a, w> = c, |w|^2 = N; sigma is 0 or 1",
        p**2 + 2 * p * q * c + q**2 * N,
        sigma * c**2 * ((N - 2) ** 2 + (3 * N - 4) * c**2),
        of_model({sigma**2: sigma}),
    )


def _mean(reason: str, own: sp.Expr, result: sp.Expr) -> Derivation:
    """Take the mean over the data of what an active point has, with 0 for inactive points.

    Returns:
        The chain.
    """
    fourth = define({Q: sum_over_data(sigma * c**4)})
    return Derivation.begin(
        reason, sum_over_data(sigma * own) / m, result, recall(gap(), C), fourth
    )


@derives("noise.mean_energy", SOURCE, where="Q = sum phi(c_i)^4")
def mean_energy() -> Derivation:
    r"""Derive the mean of the squared norms of the samples' gradients.

    .. math:: \frac{1}{m} \sum_i \|g_i\|^2 = \frac{(N - 2)^2 C + (3 N - 4) Q}{m}
    """
    return _mean(
        "mean of |g_i|^2 = h2 c_i^2 + h4 c_i^4; inactive samples have no gradient",
        sample_energy().expression.subs(sigma, 1),
        ((N - 2) ** 2 * C + (3 * N - 4) * Q) / m,
    )


@derives("noise.trace", SOURCE, where="Q = sum phi(c_i)^4")
def trace() -> Derivation:
    r"""Derive the trace of the gradients' covariance over the data (divided by m).

    .. math::
        \operatorname{tr} \Sigma
        = \frac{1}{m} \left((N - 2)^2 C + (3 N - 4) Q
        - \frac{C (N - 2 + C)^2 + C^2 (N - C)}{m}\right)
    """
    return Derivation.begin(
        "mean of the squared norms less the squared norm of the mean",
        mean_energy().expression - gradient_energy().expression,
        ((N - 2) ** 2 * C + (3 * N - 4) * Q - (C * (N - 2 + C) ** 2 + C**2 * (N - C)) / m) / m,
    )


@derives("noise.trace_on_manifold", SOURCE)
def trace_on_manifold() -> Derivation:
    r"""Derive the trace of the gradients' covariance at a minimum.

    .. math:: \operatorname{tr} \Sigma = \frac{1 - Q}{m}
    """
    return Derivation.begin("N = C = 1", trace().expression, (1 - Q) / m, where(MANIFOLD))


@derives("noise.trace_equal", SOURCE)
def trace_equal() -> Derivation:
    r"""Derive the trace of the gradients' covariance at the minimum of k equal correlations.

    .. math:: \operatorname{tr} \Sigma = \frac{k - 1}{k m}
    """
    return Derivation.begin(
        "k times c^4 = 1/k^2",
        trace_on_manifold().expression,
        (k - 1) / (k * m),
        where({Q: 1 / k}),
    )


@derives("noise.simple_scale", MCCANDLISH)
def simple_scale() -> Derivation:
    r"""Derive the simple noise scale ``tr Sigma / |G|^2`` (Sigma divided by m).

    .. math::
        B_{\mathrm{simple}} = m - 1 + \frac{m (C^2 - Q) (4 - 3 N)}{C ((2 - N - C)^2 + C (N - C))}
    """
    return Derivation.begin(
        "tr Sigma / |G|^2; what m - 1 leaves has a factor C^2 - Q",
        trace().expression / gradient_energy().expression,
        m - 1 + m * (C**2 - Q) * (4 - 3 * N) / (C * ((2 - N - C) ** 2 + C * (N - C))),
    )


@derives("noise.sample_curvature", SOURCE)
def sample_curvature() -> Derivation:
    r"""Derive the curvature g^T H g for the gradient g of an active sample.

    .. math::
        g^T H g = \frac{c^2}{m} ((N - 2)^2 (N - 2 + C) + 2 c^2 ((5 N - 6) (N - 2) + C (6 N - 7)))
    """
    p, q = (part.subs(sigma, 1) for part in _parts())
    # <a_j, g> is p + q c for the sample's own point and q c_j for every other.
    direction = {
        P: p**2 + 2 * p * q * c + q**2 * C,
        X: p * c + q * C,
        Y: p * c + q * N,
        U: sample_energy().expression.subs(sigma, 1),
    }
    return Derivation.begin(
        "u = g = p a + q w in the Hessian's quadratic form",
        at(second_derivative().expression, direction),
        c**2
        * ((N - 2) ** 2 * (N - 2 + C) + 2 * c**2 * ((5 * N - 6) * (N - 2) + C * (6 * N - 7)))
        / m,
    )


@derives("noise.gradient_curvature", SOURCE)
def gradient_curvature() -> Derivation:
    r"""Derive the curvature G^T H G for the gradient G.

    .. math:: G^T H G = \frac{C}{m^3} ((N - 2)^3 + C (11 N - 14) (N - 2) + 2 C^2 (6 N - 7))
    """
    p, q = (derivative().expression.expand().coeff(v) for v in (X, Y))
    # G = p w_A + q w, so <a_j, G> = (p + q) c_j on the active points.
    direction = {
        P: (p + q) ** 2 * C,
        X: (p + q) * C,
        Y: p * C + q * N,
        U: gradient_energy().expression,
    }
    return Derivation.begin(
        "u = G = p w_A + q w in the Hessian's quadratic form",
        at(second_derivative().expression, direction),
        C * ((N - 2) ** 3 + C * (11 * N - 14) * (N - 2) + 2 * C**2 * (6 * N - 7)) / m**3,
    )


@derives("noise.mean_curvature", SOURCE)
def mean_curvature() -> Derivation:
    r"""Derive the mean of g_i^T H g_i over the samples' gradients.

    .. math::
        \frac{1}{m} \sum_i g_i^T H g_i
        = \frac{(N - 2)^2 (N - 2 + C) C + 2 Q ((5 N - 6) (N - 2) + C (6 N - 7))}{m^2}
    """
    return _mean(
        "mean of g_i^T H g_i = h2 c_i^2 + h4 c_i^4; inactive samples have no gradient",
        sample_curvature().expression,
        ((N - 2) ** 2 * (N - 2 + C) * C + 2 * Q * ((5 * N - 6) * (N - 2) + C * (6 * N - 7))) / m**2,
    )


@derives("noise.curvature", MCCANDLISH)
def curvature() -> Derivation:
    r"""Derive the trace of H Sigma; B_noise is this trace over G^T H G.

    .. math::
        \operatorname{tr}(H \Sigma)
        = \frac{(N - 2)^2 (N - 2 + C) C + 2 Q ((5 N - 6) (N - 2) + C (6 N - 7))}{m^2}
        - \frac{C ((N - 2)^3 + C (11 N - 14) (N - 2) + 2 C^2 (6 N - 7))}{m^3}
    """
    mean, signal = mean_curvature().expression, gradient_curvature().expression
    return Derivation.begin(
        "tr(H Sigma): mean of g_i^T H g_i less G^T H G",
        sp.expand(mean - signal),
        ((N - 2) ** 2 * (N - 2 + C) * C + 2 * Q * ((5 * N - 6) * (N - 2) + C * (6 * N - 7))) / m**2
        - C * ((N - 2) ** 3 + C * (11 * N - 14) * (N - 2) + 2 * C**2 * (6 * N - 7)) / m**3,
    )


@derives(
    "noise.curvature_on_manifold",
    SOURCE,
    where="so H Sigma = 0 there: both are positive semidefinite",
)
def curvature_on_manifold() -> Derivation:
    r"""Derive the trace of H Sigma at a minimum.

    .. math:: \operatorname{tr}(H \Sigma) = 0
    """
    return Derivation.begin("N = C = 1", curvature().expression, sp.Integer(0), where(MANIFOLD))


@derives("noise.square_on_manifold", SOURCE, where="Q and T the sums of fourth and sixth powers")
def square_on_manifold() -> Derivation:
    r"""Derive the squared norm ``|Sigma|_F^2`` at a minimum.

    .. math:: \|\Sigma\|_F^2 = \frac{Q - 2 T + Q^2}{m^2}
    """
    # <g_i, g_j> = p_i q_j c_i + q_i p_j c_j + q_i q_j N, and p_i^2 more if i = j.
    left, right = sp.symbols("c_i c_j", real=True)
    p, q = (part.subs(sigma, 1) for part in _parts())
    other = (p * q.subs(c, right) * c).subs(c, left)
    other += (p * q.subs(c, left) * c).subs(c, right)
    other += q.subs(c, left) * q.subs(c, right) * N
    own = sample_energy().expression.subs(sigma, 1)
    # Off the diagonal, at N = 1, <g_i, g_j> is a multiple of c_i^2 c_j^2: its squares sum to Q^2
    # times that factor squared, less the diagonal.
    factor = sp.cancel(other.subs(N, 1) / (left * right) ** 2)
    return Derivation.begin(
        "squares of <g_i, g_j> over all pairs, at N = C = 1",
        (sum_over_data(sp.expand(sigma * (own**2 - factor**2 * c**8))) + factor**2 * Q**2) / m**2,
        (Q - 2 * T + Q**2) / m**2,
        where({N: 1}),
        recall(mean_energy(), Q),
        define({T: sum_over_data(sigma * c**6)}),
    )


def _covariance_entry(v: sp.Expr, inner: sp.Expr, cubes: sp.Expr) -> sp.Expr:
    """Write an entry of ``m Sigma v`` at a minimum, the sum over l of ``g_l <g_l, v>``.

    There ``<g_l, v> = -c_l v_l + c_l^2 <w, v>``.

    Args:
        v: The entry of v that belongs to the correlation c.
        inner: ``<w, v>``.
        cubes: The sum of ``c_l^3 v_l``.

    Returns:
        The entry.
    """
    return c * (c * v - c**2 * inner) + c * (-cubes + Q * inner)


@derives("noise.eigenvalue_equal", SOURCE, where="k equal correlations; 0 elsewhere")
def eigenvalue_equal() -> Derivation:
    r"""Derive the eigenvalue of Sigma on the k - 1 flat directions.

    .. math:: \lambda = \frac{1}{k m}
    """
    v, inner, cubes = sp.symbols("v inner cubes", real=True)
    return Derivation.begin(
        "v orthogonal to w: <w, v> = 0, and sum c_l^3 v_l = c^2 <w, v> = 0 for equal c",
        at(_covariance_entry(v, inner, cubes) / (m * v), {inner: 0, cubes: 0}),
        1 / (k * m),
        where({c: 1 / sp.sqrt(k)}),
    )


def eigenvectors() -> tuple[Derivation, ...]:
    """Derive the spectrum of the covariance at a minimum from its eigenvectors.

    ``v_i = c_i / (c_i^2 - mu)`` is an eigenvector of ``m Sigma`` if ``sum c_i^2/(c_i^2 - mu) = 0``:
    one root mu strictly between any two neighbouring squares (a square that occurs j times is a
    root j - 1 times); w, what is orthogonal to the active points: eigenvalue 0.

    Returns:
        Chains whose ends are 0.
    """
    mu_ = sp.Symbol("mu_root", positive=True)
    inner, cubes = sp.symbols("inner cubes", real=True)
    v = c / (c**2 - mu_)
    return (
        Derivation.begin(
            "sum c_l^3 v_l = sum c_l^2 + mu sum c_l^2/(c_l^2 - mu), term by term",
            c**3 * v,
            c**2 + mu_ * c**2 / (c**2 - mu_),
        ),
        Derivation.begin(
            "m Sigma v - mu v, with <w, v> = 0 and sum c_l^3 v_l = 1 + 0",
            _covariance_entry(v, inner, cubes) - mu_ * v,
            sp.Integer(0),
            where({inner: 0, cubes: 1}),
        ),
        Derivation.begin(
            "m Sigma w: v = c, <w, w> = 1, sum c_l^3 c_l = Q",
            _covariance_entry(c, inner, cubes),
            sp.Integer(0),
            where({inner: 1, cubes: Q}),
        ),
    )


def only_at_single_points() -> Derivation:
    """Derive that the noise vanishes at no other minima than single data points.

    Returns:
        The chain from ``1 - Q`` to ``sum c_i^2 (1 - c_i^2)``, all ``c_i^2`` in [0, 1].
    """
    return Derivation.begin(
        "1 = sum c_i^2",
        sum_over_data(sigma * c**2) - sum_over_data(sigma * c**4),
        sum_over_data(sigma * c**2 * (1 - c**2)),
    )


noise_forms = forms_of(__name__)

"""Derive one step of SGD and of gradient descent in correlation coordinates, limits and rates."""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.landscape.minima import X, derivative, gap
from whichmin.symbolic.landscape.neuron import SOURCE, Y, sample_derivative, sum_over_data, x
from whichmin.symbolic.operator_rules import Solved
from whichmin.symbolic.operators import Root, at
from whichmin.symbolic.registry import derives, forms_of, recall
from whichmin.symbolic.rules import Assumed, Condition, define, where
from whichmin.symbolic.symbols import C, N, R, S, alpha, b, c, eta, m, mu, sigma

__all__ = [
    "active_factor",
    "dynamics_forms",
    "gd_active_energy",
    "gd_limit",
    "gd_off_span_rate",
    "gd_radial_rate",
    "gd_rest_energy",
    "gradient_matches_step",
    "inactive_factor",
    "ratios_are_kept",
    "separation_rate",
]

THEOREM_1 = "Ghosh et al. 2025, Theorem 1"


def _batch_gradient(own: sp.Expr, own_share: sp.Expr) -> sp.Expr:
    """Sum the derivatives of a batch's samples along one coordinate direction u.

    Each sample's derivative is ``p <a_i, u> + q_i <w, u>``. Along a data direction only the
    samples equal to it contribute the first term; the second sums to S times ``<w, u>``.

    Returns:
        The sum.
    """
    form = sample_derivative().expression
    p = form.coeff(x)
    q = form.expand().coeff(Y)
    per_energy = sp.cancel(q / (sigma * c**2))
    return own_share * p.subs(sigma, 1) + per_energy * S * own


@derives("dynamics.active_factor", SOURCE, where="occurring mu times in the batch")
def active_factor() -> Derivation:
    r"""Derive the factor of an active correlation in one step.

    .. math:: \frac{c'}{c} = 1 - \alpha S + \alpha (2 - N) \mu
    """
    return Derivation.begin(
        "w - alpha * (sum of gradients over the batch), along a_j, <w, a_j> = c",
        (c - alpha * _batch_gradient(c, mu)) / c,
        1 - alpha * S + alpha * (2 - N) * mu,
    )


@derives("dynamics.inactive_factor", SOURCE)
def inactive_factor() -> Derivation:
    r"""Derive the factor of an inactive correlation or an off-span coordinate in one step.

    .. math:: \frac{c'}{c} = 1 - \alpha S
    """
    rest = sp.Symbol("r", real=True)
    return Derivation.begin(
        "the same along a direction that no active point of the batch has a part in",
        (rest - alpha * _batch_gradient(rest, sp.Integer(0))) / rest,
        1 - alpha * S,
    )


FULL_BATCH = {alpha: eta / m, S: C, mu: 1}


def full_batch(general: sp.Expr) -> tuple[Condition, ...]:
    """Suppose a step of gradient descent: every point is once in the batch, alpha = eta/m.

    Args:
        general: What is specialised; conditions on symbols that it does not hold are left out.

    Returns:
        The rules.
    """
    return where({symbol: value for symbol, value in FULL_BATCH.items() if general.has(symbol)})


@derives("dynamics.gd_active_energy", SOURCE)
def gd_active_energy() -> Derivation:
    r"""Derive the active energy C after one step of gradient descent.

    .. math:: C' = \left(1 + \frac{\eta (2 - 2 C - R)}{m}\right)^2 C
    """
    return Derivation.begin(
        "every active correlation has the same factor: full batch, alpha = eta/m, S = C, mu = 1",
        active_factor().expression ** 2 * C,
        (1 - eta * C / m + eta * (2 - N) / m) ** 2 * C,
        full_batch(active_factor().expression),
    ).then("N = C + R", (1 + eta * (2 - 2 * C - R) / m) ** 2 * C, recall(gap(), R))


@derives("dynamics.gd_rest_energy", SOURCE)
def gd_rest_energy() -> Derivation:
    r"""Derive the remaining energy R after one step of gradient descent.

    .. math:: R' = \left(1 - \frac{\eta C}{m}\right)^2 R
    """
    return Derivation.begin(
        "full batch: alpha = eta/m, S = C",
        inactive_factor().expression ** 2 * R,
        (1 - eta * C / m) ** 2 * R,
        full_batch(inactive_factor().expression),
    )


@derives("dynamics.gd_limit", THEOREM_1, where="from the starting c and C")
def gd_limit() -> Derivation:
    r"""Derive the limit of an active correlation under gradient descent.

    .. math:: c_\infty = \frac{c}{\sqrt{C}}
    """
    t, limit = sp.Symbol("t", positive=True), sp.Symbol("c_infinity", real=True)
    grown = Root(t, t**2 * C - 1) * c
    return Derivation.begin(
        "all active correlations grow by one factor t > 0, and t^2 C = 1 on the manifold",
        limit,
        grown,
        Assumed(
            "gradient descent converges to the manifold C = 1, R = 0 and changes no sign "
            "(Theorem 1); a step keeps the ratios of active correlations (ratios_are_kept)",
            limit,
            grown,
        ),
    ).then("that factor", c / sp.sqrt(C), Solved({t: 1 / sp.sqrt(C)}))


@derives("dynamics.gd_radial_rate", SOURCE)
def gd_radial_rate() -> Derivation:
    r"""Derive the factor per step of a small radial deviation under gradient descent.

    .. math:: \lambda = 1 - \frac{4 \eta}{m}

    At R = 0, ``C = (1 + d)^2`` goes to ``C' = f(C)``; ``d'/d`` tends to ``f'(1)`` as d goes to 0.
    """
    return Derivation.begin(
        "derivative of the map of C at C = 1, R = 0",
        at(sp.Derivative(gd_active_energy().expression, C), {C: 1, R: 0}),
        1 - 4 * eta / m,
    )


@derives("dynamics.gd_off_span_rate", SOURCE)
def gd_off_span_rate() -> Derivation:
    r"""Derive the factor per step of a small off-span deviation under gradient descent.

    .. math:: \lambda = 1 - \frac{\eta}{m}
    """
    return Derivation.begin(
        "factor of an off-span coordinate, full batch",
        inactive_factor().expression,
        1 - eta * C / m,
        full_batch(inactive_factor().expression),
    ).then("at a minimum C = 1", 1 - eta / m, where({C: 1}))


def _log_ratio(winner: int, other: int) -> sp.Expr:
    """Return the gain of ``log|c_j / c_*|`` in a step at a data point, by who is in the batch."""
    vertex = {N: 1, S: winner}
    factor = active_factor().expression
    return sp.log(at(factor, {**vertex, mu: other}) / at(factor, {**vertex, mu: winner}))


@derives(
    "dynamics.separation_rate",
    "new; the drift in Ghosh et al. 2025, section 4, at its end point",
    where="batches without replacement",
)
def separation_rate() -> Derivation:
    r"""Derive the expected change of log|c_j / c_*| per step near the winner.

    .. math::
        \mathbb{E}\,\Delta \log|c_j / c_*|
        = \frac{b (m - b)}{m (m - 1)} (\log(1 - \alpha) + \log(1 + \alpha))
    """
    one_of_two = sp.binomial(m - 2, b - 1) / sp.binomial(m, b)
    return Derivation.begin(
        "batches that hold the winner only, or the other point only; both or none: no change",
        one_of_two * (_log_ratio(1, 0) + _log_ratio(0, 1))
        + (1 - 2 * one_of_two) * _log_ratio(1, 1),
        one_of_two * (sp.log(1 - alpha) + sp.log(1 + alpha)),
    ).then(
        "the chance of such a batch: subsets of b - 1 of the other m - 2, out of b of m",
        b * (m - b) / (m * (m - 1)) * (sp.log(1 - alpha) + sp.log(1 + alpha)),
    )


@derives("dynamics.sgd_off_span_rate", SOURCE, where="r an off-span coordinate, near SGD's limit")
def sgd_off_span_rate() -> Derivation:
    r"""Derive the expected change of log|r| per step.

    .. math:: \mathbb{E}\,\Delta \log|r| = \frac{b}{m} \log(1 - \alpha)
    """
    factor = inactive_factor().expression
    return Derivation.begin(
        "the winner is in the batch with probability b/m; then S = 1, otherwise S = 0",
        b / m * sp.log(at(factor, {S: 1})) + (1 - b / m) * sp.log(at(factor, {S: 0})),
        b / m * sp.log(1 - alpha),
    )


@derives("dynamics.sgd_radial_rate", SOURCE)
def sgd_radial_rate() -> Derivation:
    r"""Derive the expected change of log|c_* - 1| per step near SGD's limit.

    .. math:: \mathbb{E}\,\Delta \log|c_* - 1| = \frac{b}{m} \log |1 - 4 \alpha|
    """
    step = at(c * active_factor().expression, {S: c**2, N: c**2, mu: 1})
    return Derivation.begin(
        "derivative at c = 1 of the winner's own step, taken with probability b/m",
        b / m * sp.log(sp.Abs(at(sp.Derivative(step, c), {c: 1}))),
        b / m * sp.log(sp.Abs(1 - 4 * alpha)),
    )


def ratios_are_kept() -> tuple[Derivation, Derivation]:
    """Derive that gradient descent keeps the ratios of active correlations.

    Returns:
        That a step keeps the ratio of two active correlations, and that the factor t takes C to
        ``t^2 C``.
    """
    other, t = sp.Symbol("c2", positive=True), sp.Symbol("t", positive=True)
    factor = active_factor().expression
    ratio = Derivation.begin(
        "full batch: both correlations have the same factor, since both are once in the batch",
        at(factor * c, FULL_BATCH) / at(factor * other, FULL_BATCH),
        c / other,
    )
    grown = Derivation.begin(
        "sum of the squares of t c_i over the active points",
        sum_over_data(sigma * (t * c) ** 2),
        t**2 * C,
        define({C: sum_over_data(sigma * c**2)}),
    )
    return ratio, grown


def gradient_matches_step() -> Derivation:
    """Derive the full-batch step a second time, from the gradient of the loss.

    Returns:
        A chain from the gradient's component along an active data direction to the step's.
    """
    return Derivation.begin(
        "gradient along an active a_j, where X = Y = c",
        c - eta * at(derivative().expression, {X: c, Y: c}),
        c * at(active_factor().expression, FULL_BATCH),
    )


dynamics_forms = forms_of(__name__)

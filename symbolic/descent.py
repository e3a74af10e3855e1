"""One step of SGD and of gradient descent in correlation coordinates, limits and rates."""

from __future__ import annotations

import functools

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.landscape.minima import derivative
from whichmin.symbolic.landscape.neuron import SOURCE, Y, sample_derivative, sum_over_data, x
from whichmin.symbolic.symbols import C, N, R, S, alpha, b, c, eta, m, mu, sigma

__all__ = [
    "active_factor",
    "dynamics_forms",
    "gd_active_energy",
    "gd_limit",
    "gd_rest_energy",
    "inactive_factor",
    "separation_rate",
]

THEOREM_1 = "Ghosh et al. 2025, Theorem 1"


def _batch_gradient(own: sp.Expr, own_share: sp.Expr) -> sp.Expr:
    """Sum over the batch of the per-sample derivatives along one coordinate direction u.

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


@functools.cache
def active_factor() -> ClosedForm:
    """Factor of an active correlation in one step, with multiplicity mu in the batch."""
    chain = Derivation.begin(
        "w - alpha * (sum of gradients over the batch), along a_j, <w, a_j> = c",
        (c - alpha * _batch_gradient(c, mu)) / c,
        1 - alpha * S + alpha * (2 - N) * mu,
    )
    return ClosedForm(
        "dynamics.active_factor",
        "factor of an active correlation in one step, occurring mu times in the batch",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def inactive_factor() -> ClosedForm:
    """Factor of everything else: inactive correlations and the off-span part."""
    rest = sp.Symbol("r", real=True)
    chain = Derivation.begin(
        "the same along a direction that no active point of the batch has a part in",
        (rest - alpha * _batch_gradient(rest, sp.Integer(0))) / rest,
        1 - alpha * S,
    )
    return ClosedForm(
        "dynamics.inactive_factor",
        "factor of an inactive correlation or an off-span coordinate in one step",
        chain.result,
        chain,
        SOURCE,
    )


FULL_BATCH = {alpha: eta / m, S: C, mu: 1}


@functools.cache
def gd_active_energy() -> ClosedForm:
    """C after one step of gradient descent."""
    chain = Derivation.begin(
        "every active correlation has the same factor: full batch, alpha = eta/m, S = C, mu = 1",
        active_factor().expression ** 2 * C,
        (1 - eta * C / m + eta * (2 - N) / m) ** 2 * C,
        FULL_BATCH,
    ).then("N = C + R", (1 + eta * (2 - 2 * C - R) / m) ** 2 * C, {N: C + R})
    return ClosedForm(
        "dynamics.gd_active_energy",
        "C after one step of gradient descent",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def gd_rest_energy() -> ClosedForm:
    """R after one step of gradient descent."""
    chain = Derivation.begin(
        "full batch: alpha = eta/m, S = C",
        inactive_factor().expression ** 2 * R,
        (1 - eta * C / m) ** 2 * R,
        FULL_BATCH,
    )
    return ClosedForm(
        "dynamics.gd_rest_energy",
        "R after one step of gradient descent",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def gd_limit() -> ClosedForm:
    """Limit of an active correlation under gradient descent."""
    t = sp.Symbol("t", positive=True)
    chain = Derivation.begin(
        "all active correlations have grown by one factor t, and t^2 C = 1 on the manifold",
        t * c,
        t * c / sp.sqrt(t**2 * C),
        {C: 1 / t**2},
    ).then("t > 0 cancels", c / sp.sqrt(C))
    return ClosedForm(
        "dynamics.gd_limit",
        "limit of an active correlation under gradient descent, from the starting c and C",
        chain.result,
        chain,
        THEOREM_1,
    )


@functools.cache
def gd_rates() -> tuple[ClosedForm, ClosedForm]:
    """Linearisation of gradient descent at a minimum, radial and off the active span."""
    # C = (1 + d)^2 with R = 0 maps to C' = f(C); d' / d -> f'(1) as d -> 0, since dC = 2 d.
    radial = Derivation.begin(
        "derivative of the map of C at C = 1, R = 0",
        sp.Derivative(gd_active_energy().expression, C),
        1 - 4 * eta / m,
        {C: 1, R: 0},
    )
    off = Derivation.begin(
        "factor of an off-span coordinate, full batch",
        inactive_factor().expression,
        1 - eta * C / m,
        FULL_BATCH,
    ).then("at a minimum C = 1", 1 - eta / m, {C: 1})
    return (
        ClosedForm(
            "dynamics.gd_radial_rate",
            "factor per step of a small radial deviation under gradient descent",
            radial.result,
            radial,
            SOURCE,
        ),
        ClosedForm(
            "dynamics.gd_off_span_rate",
            "factor per step of a small off-span deviation under gradient descent",
            off.result,
            off,
            SOURCE,
        ),
    )


def _log_ratio(winner: int, other: int) -> sp.Expr:
    """Log of |c_j / c_*| gained in a step at the vertex, by who is in the batch."""
    vertex = {N: 1, S: winner}
    top = active_factor().expression.subs({**vertex, mu: winner})
    low = active_factor().expression.subs({**vertex, mu: other})
    return sp.log(sp.cancel(low / top))


@functools.cache
def separation_rate() -> ClosedForm:
    """Expected change of log|c_j / c_*| per step near the winner, without replacement."""
    one_of_two = sp.Symbol("q", positive=True)
    chain = Derivation.begin(
        "batches that hold the winner only, or the other point only, each with chance q",
        one_of_two * (_log_ratio(1, 0) + _log_ratio(0, 1))
        + (1 - 2 * one_of_two) * _log_ratio(1, 1),
        one_of_two * (sp.log(1 - alpha) + sp.log(1 + alpha)),
    ).then(
        "q counts subsets: choose b - 1 of the other m - 2, out of b of m",
        b * (m - b) / (m * (m - 1)) * (sp.log(1 - alpha) + sp.log(1 + alpha)),
        {one_of_two: sp.binomial(m - 2, b - 1) / sp.binomial(m, b)},
    )
    return ClosedForm(
        "dynamics.separation_rate",
        "expected change of log|c_j / c_*| per step near the winner, batches without replacement",
        chain.result,
        chain,
        "new; the drift in Ghosh et al. 2025, section 4, at its end point",
    )


@functools.cache
def sgd_vertex_rates() -> tuple[ClosedForm, ClosedForm]:
    """Expected logarithmic rates of the other two deviations from SGD's limit."""
    inside = b / m
    off = Derivation.begin(
        "the winner is in the batch with probability b/m; then S = 1, otherwise S = 0",
        inside * sp.log(inactive_factor().expression.subs(S, 1))
        + (1 - inside) * sp.log(inactive_factor().expression.subs(S, 0)),
        b / m * sp.log(1 - alpha),
    )
    step = (c * active_factor().expression).subs({S: c**2, N: c**2, mu: 1})
    radial = Derivation.begin(
        "derivative at c = 1 of the winner's own step, taken with probability b/m",
        inside * sp.log(sp.Abs(sp.Derivative(step, c))),
        b / m * sp.log(sp.Abs(1 - 4 * alpha)),
        {c: 1},
    )
    return (
        ClosedForm(
            "dynamics.sgd_off_span_rate",
            "expected change of log|r| per step, r an off-span coordinate, near SGD's limit",
            off.result,
            off,
            SOURCE,
        ),
        ClosedForm(
            "dynamics.sgd_radial_rate",
            "expected change of log|c_* - 1| per step near SGD's limit",
            radial.result,
            radial,
            SOURCE,
        ),
    )


@functools.cache
def ratios_are_kept() -> tuple[Derivation, Derivation]:
    """What the GD limit rests on: one factor for all active correlations, and the manifold.

    Returns:
        That a step keeps the ratio of two active correlations, and that the factor t takes C to
        ``t^2 C``.
    """
    other, t = sp.Symbol("c2", positive=True), sp.Symbol("t", positive=True)
    factor = active_factor().expression.subs(FULL_BATCH)
    ratio = Derivation.begin(
        "full batch: both correlations have the same factor",
        factor * c / (factor * other),
        c / other,
    )
    grown = Derivation.begin(
        "sum of the squares of t c_i over the active points",
        sum_over_data(sigma * (t * c) ** 2),
        t**2 * C,
        {C: sum_over_data(sigma * c**2)},
    )
    return ratio, grown


def gradient_matches_step() -> Derivation:
    """The full-batch step is minus eta times the gradient: the two derivations meet.

    Returns:
        A chain from the gradient's component along an active data direction to the step's.
    """
    along = derivative().expression.subs({sp.Symbol("X", real=True): c, Y: c})
    return Derivation.begin(
        "gradient along an active a_j, where X = Y = c",
        c - eta * along,
        c * active_factor().expression.subs(FULL_BATCH),
    )


def dynamics_forms() -> tuple[ClosedForm, ...]:
    """The closed forms of this module."""
    return (
        active_factor(),
        inactive_factor(),
        gd_active_energy(),
        gd_rest_energy(),
        gd_limit(),
        *gd_rates(),
        separation_rate(),
        *sgd_vertex_rates(),
    )

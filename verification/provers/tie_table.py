"""Say which formula of the proofs is which closed form.

:data:`TIES` has an entry for each equation, or for each of its cases; :data:`FREE` has the
statements with a formula that no closed form has. A statement that is in neither fails a check.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from whichmin.symbolic.symbols import N, R, S, b, c, eta, m, mu
from whichmin.verification.provers.proof_sources import DEFINITIONS
from whichmin.verification.provers.tie import Forms, Means, Tie, factor, phi

__all__ = ["FREE", "TIES"]


def _not_convex(opposite: int) -> Means:
    """The loss at 0 less the mean of its values at a_i and at -a_i, whose energy is given."""

    def means(form: Forms) -> sp.Expr:
        at_point, at_opposite = (form("landscape.loss", N=1, C=energy) for energy in (1, opposite))
        return form("landscape.loss", N=0, C=0) - (at_point + at_opposite) / 2

    return means


def _next_norm(form: Forms) -> sp.Expr:
    """|w|^2 after a step: active correlations in the batch grow by one factor, the rest shrinks."""
    grown = form("dynamics.active_factor", mu=1, alpha=eta / b)
    return grown**2 * S + form("dynamics.inactive_factor", alpha=eta / b) ** 2 * (N - S)


def _corr_in_batch(*, active: bool) -> Means:
    """A correlation after a step, mu times in the batch and active, or not."""

    def means(form: Forms) -> sp.Expr:
        name = _FACTOR if active else "dynamics.inactive_factor"
        return c * form(name, alpha=eta / b)

    return means


def _leads_to_zero(form: Forms) -> sp.Expr:
    """|w|^2 from which a step on one point, w a multiple of it, leads to 0."""
    (norm,) = sp.solve(form(_FACTOR, mu=1, S=N, alpha=eta), N)
    return norm


_STEP = "corr a (step kind a eta B w) j"
_REPLACED = "corr a (replacement_step kind a eta s w) j"
_FACTOR = "dynamics.active_factor"
_SAMPLE = "sqnorm (sample_gradient kind a i w)"
_IN_B = r"j \in B"

#: Statement and left side, and what closed forms say that it is.
TIES = (
    Tie("loss_closed", "loss kind a w", lambda form: form("landscape.loss")),
    Tie("gap", "loss kind a w - min_loss R m", lambda form: form("landscape.gap")),
    Tie("critical_values", "loss kind a w", lambda form: form("landscape.loss", C=0)),
    Tie("min_loss", "min_loss", lambda form: form("landscape.minimum"), file=DEFINITIONS),
    Tie("rest", "rest", lambda form: form.defined("landscape.gap", R), file=DEFINITIONS),
    *(
        Tie(
            "not_convex",
            "loss kind a 0 - (loss kind a (a i) + loss kind a (- a i)) / 2%:R",
            _not_convex(0 if relu else 1),
            {"kind is Relu": relu},
        )
        for relu in (True, False)
    ),
    Tie(
        "sample_gradient", "sample_gradient",
        lambda form: form("model.sample_derivative", sigma=1, c=phi), file=DEFINITIONS,
    ),
    Tie("one_step", _STEP, _corr_in_batch(active=True), {_IN_B: True}, {phi: c, mu: 1}),
    Tie("one_step", _STEP, _corr_in_batch(active=False), {_IN_B: True}, {phi: 0}),
    Tie("one_step", _STEP, _corr_in_batch(active=False), {_IN_B: False}),
    Tie("one_step", "sqnorm (step kind a eta B w)", _next_norm),
    Tie("replacement_step_closed_form", _REPLACED, _corr_in_batch(active=True), given={phi: c}),
    Tie("replacement_step_closed_form", _REPLACED, _corr_in_batch(active=False), given={phi: 0}),
    Tie("replacement_needs_ball", "sqnorm w0", _leads_to_zero),
    Tie(
        "hessian", "hessian",
        lambda form: form("sharpness.second_derivative"), file=DEFINITIONS,
    ),
    Tie(
        "hessian_trace", r"\tr (hessian a w)",
        lambda form: form("sharpness.trace", k=m, z=0),
    ),
    Tie(
        "hessian_trace_at_minima", r"\tr (hessian a w)",
        lambda form: form("sharpness.linear_trace_at_minimum"),
    ),
    Tie(
        "sample_gradient_sqnorm", _SAMPLE,
        lambda form: form("noise.sample_energy", sigma=1, c=phi),
    ),
    Tie(
        "sample_gradient_sqnorm", _SAMPLE,
        lambda form: form("noise.sample_energy", sigma=0), given={phi: 0},
    ),
    Tie(
        "noise_trace", r"\tr (covariance (fun i => sample_gradient kind a i w))",
        lambda form: form("noise.trace_on_manifold"),
    ),
    Tie(
        "batch_covariance_factor", "batch_covariance b g",
        lambda form: factor * form("noise.sampling_without"),
    ),
)  # fmt: skip

#: Statements with a formula that no closed form has, and why.
FREE: Mapping[str, str] = {
    "gd_ratios": "the factor is any k that is at least 1, no formula",
}

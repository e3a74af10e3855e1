"""Say which formula of the proofs is which closed form.

:data:`TIES` has an entry for each equation, or for each of its cases; :data:`FREE` has the
statements with a formula that no closed form has. A statement that is in neither fails a check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from whichmin.symbolic.symbols import N, R, S, b, c, eta, m, mu
from whichmin.verification.provers.proof_sources import DEFINITIONS
from whichmin.verification.provers.tie import Forms, Means, Tie, Y, factor, phi, t

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


def _at_minimum(**values: Any) -> Means:
    """The Hessian's trace at a global minimum."""
    return lambda form: form("sharpness.trace_at_minimum", **values)


def _linear(form: Forms) -> sp.Expr:
    return form("sharpness.linear_trace_at_minimum")


def _spectrum(form: Forms) -> sp.Expr:
    """The characteristic polynomial at a minimum: each eigenvalue with its multiplicity."""
    kinds = ("top", "flat", "kink", "off_span")
    return sp.Mul(
        *(
            (t - form(f"sharpness.minimum_{kind}")) ** form(f"sharpness.minimum_count_{kind}")
            for kind in kinds
        )
    )


def _trace(of: str, kind: str = "kind", kappa: str = "kappa") -> str:
    return rf"\tr (hessian_kappa {kind} a {kappa} ({of}))"


_HALF = sp.Rational(1, 2)
_RELU, _LINEAR = {"kind is Relu": True}, {"kind is Relu": False}
_GD_LIMIT = "(Num.sqrt (energy kind a w0))^-1 *: active_part kind a w0"
_SGD_LIMIT = "Num.sg (corr a w0 i) *: a i"
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
        "weighted_hessian", "weighted_hessian",
        lambda form: form("sharpness.second_derivative"), file=DEFINITIONS,
    ),
    Tie(
        "hessian_trace", r"\tr (hessian a w)",
        lambda form: form("sharpness.trace", k=m, z=0),
    ),
    Tie("hessian_trace_at_minima", r"\tr (hessian a w)", _linear),
    Tie("hessian_kappa_trace", _trace("w"), _at_minimum()),
    Tie("hessian_kappa_spectrum", "char_poly (hessian_kappa kind a kappa w)", _spectrum),
    Tie(
        "top_eigenvalue", "w *m hessian_kappa kind a kappa w",
        lambda form: form("sharpness.minimum_top") * Y,
    ),
    Tie("top_eigenvalue", "l", lambda form: form("sharpness.minimum_top")),
    Tie(
        "sharpness_gap", f"{_trace('(a i)')} - {_trace('w')}",
        lambda form: form("sharpness.trace_difference"), _RELU,
    ),
    Tie("mean_hessian_trace", _trace("w", "Relu", "2%:R^-1"), _at_minimum(kappa=_HALF)),
    Tie("mean_hessian_trace", _trace("(a i)", "Relu", "2%:R^-1"), _at_minimum(k=1, kappa=_HALF)),
    Tie("gd_limit_trace", _trace(_GD_LIMIT), _at_minimum()),
    Tie("data_point_trace", _trace(_SGD_LIMIT), _at_minimum(k=1), _RELU),
    Tie("data_point_trace", _trace(_SGD_LIMIT), _linear, _LINEAR),
    Tie("sharpness_theorem", _trace("v"), _at_minimum(), _RELU),
    Tie("sharpness_theorem", _trace(_SGD_LIMIT), _at_minimum(k=1), _RELU),
    Tie(
        "sharpness_theorem", f"{_trace(_SGD_LIMIT)} - {_trace('v')}",
        lambda form: form("sharpness.trace_difference"), _RELU,
    ),
    Tie("sharpness_theorem", _trace("v"), _linear, _LINEAR),
    Tie("sharpness_theorem", _trace(_SGD_LIMIT), _linear, _LINEAR),
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
        "replacement_covariance", "list_covariance b g",
        lambda form: factor * form("noise.sampling_with"),
    ),
    Tie(
        "replacement_noise_at_minimum",
        r"\tr (list_covariance b (fun i => sample_gradient kind a i w))",
        lambda form: form("noise.trace_on_manifold") * form("noise.sampling_with"),
    ),
    Tie(
        "batch_covariance_factor", "batch_covariance b g",
        lambda form: factor * form("noise.sampling_without"),
    ),
)  # fmt: skip

#: Statements with a formula that no closed form has, and why.
FREE: Mapping[str, str] = {
    "gd_ratios": "the factor is any k that is at least 1, no formula",
    "curvature_is_slope": "about the slope of the activation, from which the forms start",
    "one_sided_hessians": "about three Hessians, of which the forms give traces and eigenvalues",
}

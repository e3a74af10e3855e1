"""Say which formula of the proofs is which closed form.

:data:`TIES` has an entry for each equation, or for each of its cases; :data:`FREE` has the
statements with a formula that no closed form has. A statement that is in neither fails a check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from whichmin.symbolic.symbols import C, N, R, S, alpha, b, c, eta, k, m, mu
from whichmin.verification.provers.proof_sources import DEFINITIONS
from whichmin.verification.provers.tie import (
    Forms,
    Means,
    Tie,
    Y,
    error,
    factor,
    off,
    off_along,
    phi,
    steps,
    t,
)  # fmt: skip

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
    return grown**2 * S + form(_INACTIVE, alpha=eta / b) ** 2 * (N - S)


def _corr_in_batch(*, active: bool) -> Means:
    """A correlation after a step, mu times in the batch and active, or not."""

    def means(form: Forms) -> sp.Expr:
        name = _FACTOR if active else _INACTIVE
        return c * form(name, alpha=eta / b)

    return means


def _factor(form: Forms, energy: sp.Expr, alpha: sp.Expr) -> sp.Expr:
    """The factor of a step on data in whose active part the weights are."""
    return form(_FACTOR, mu=1, S=energy, N=energy, alpha=alpha)


def _leads_to_zero(form: Forms, alpha: sp.Expr) -> sp.Expr:
    """|w|^2 from which a step leads to 0."""
    (norm,) = sp.solve(_factor(form, N, alpha), N)
    return norm


def _alternating(form: Forms) -> sp.Expr:
    """Gradient descent from |w|^2 = C = 1 + m/eta, step after step."""
    return _factor(form, 1 + m / eta, eta / m) ** steps * Y


def _next_length(form: Forms, length: sp.Expr) -> sp.Expr:
    """The length after a step of gradient descent, on the ray of a global minimum."""
    return length * _factor(form, length**2, eta / m)


def _radial(form: Forms) -> sp.Expr:
    """The step from length 1 + d, its part of first order by the rate."""
    length = _next_length(form, 1 + error)
    first = 1 + error * length.diff(error).subs(error, 0)
    return (1 + form("dynamics.gd_radial_rate") * error + length - first) * Y


def _off_span(form: Forms) -> sp.Expr:
    """The step from w_min + h, where C = 1 and |w|^2 = 1 + |h|^2."""
    along = form(_FACTOR, mu=1, S=1, N=1 + off, alpha=eta / m)
    return along * Y + form("dynamics.gd_off_span_rate") * off_along


def _full(form: Forms, name: str, **values: Any) -> sp.Expr:
    """A factor in a step on all points."""
    return form(name, S=C, alpha=eta / m, **values)


def _orbit(*, high: bool) -> Means:
    """One point of the orbit of period two: where gradient descent goes from the other one."""

    def means(form: Forms) -> sp.Expr:
        p = 2 * eta / m
        sign = -1 if high else 1
        other = (sp.sqrt(p + 3) + sign * sp.sqrt(p - 1)) / (2 * sp.sqrt(p))
        return _next_length(form, other) * Y

    return means


def _split_pair(form: Forms) -> sp.Expr:
    """The chance that a batch has one of two points: half of it each for a gain and a loss."""
    return 2 * form("dynamics.separation_rate") / (sp.log(1 - alpha) + sp.log(1 + alpha))


def _silent(form: Forms) -> sp.Expr:
    return form("landscape.loss", C=0)


def _given_up(form: Forms) -> sp.Expr:
    """The mean loss with k points exact and the other m - k not seen at all."""
    return (m - k) * form("model.sample_loss", sigma=0) / m


def _cosine_with_start(form: Forms) -> sp.Expr:
    """The sum of c_i times the limit of c_i, which is linear in c_i, over |w0|."""
    return form("dynamics.gd_limit", c=C) / sp.sqrt(N)


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


def _weights(start: str, kind: str = "kind") -> str:
    return f"gd_weights {kind} a eta ({start} *: w_min) t"


_P = "(2%:R * eta / m%:R)"
_HIGH, _LOW = (
    f"((Num.sqrt ({_P} + 3%:R) {sign} Num.sqrt ({_P} - 1)) / (2%:R * Num.sqrt {_P}))"
    for sign in "+-"
)
_FALLING = f"Num.sqrt ((1 + {_P}) / (3%:R * {_P}))"
_HALF = sp.Rational(1, 2)
_RELU, _LINEAR = {"kind is Relu": True}, {"kind is Relu": False}
_GD_LIMIT = "(Num.sqrt (energy kind a w0))^-1 *: active_part kind a w0"
_SGD_LIMIT = "Num.sg (corr a w0 i) *: a i"
_STEP = "corr a (step kind a eta B w) j"
_REPLACED = "corr a (replacement_step kind a eta s w) j"
_FACTOR, _INACTIVE = "dynamics.active_factor", "dynamics.inactive_factor"
_DESCENT, _ACTIVE = "corr a (gd_weights kind a eta w 1) i", "eligible kind a w i"
_SAMPLE = "sqnorm (sample_gradient kind a i w)"
_IN_B = r"j \in B"

#: Statement and left side, and what closed forms say that it is.
TIES = (
    Tie("loss_closed", "loss kind a w", lambda form: form("landscape.loss")),
    Tie("gap", "loss kind a w - min_loss R m", lambda form: form("landscape.gap")),
    Tie("critical_values", "v", _silent),
    Tie("critical_values", "loss kind a w", _silent),
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
    Tie("replacement_needs_ball", "sqnorm w0", lambda form: _leads_to_zero(form, eta)),
    Tie("gd_silent_start", "loss kind a w0", _silent),
    Tie("relu_falls_silent", "loss Relu a (gd_weights Relu a eta w0 t)", _silent),
    Tie("relu_falls_silent_from_ball", f"loss Relu a ({_weights(_FALLING, 'Relu')})", _silent),
    Tie("all_or_nothing_loss", r"(\sum_i tied_loss kind a i W) / m%:R", _given_up),
    Tie("split_pair", "split_pair", _split_pair, file=DEFINITIONS),
    *(
        tie
        for name, w in (("gd_cosines", "(gd_direction kind a w0)"), ("gd_limit_cosines", "w_gd"))
        for tie in (
            Tie(name, f"cosine {w} w0", _cosine_with_start),
            Tie(name, f"cosine {w} (a i)", lambda form: form("dynamics.gd_limit", c=phi)),
        )
    ),
    Tie("gd_ratios", _DESCENT, lambda form: c * _full(form, _FACTOR, mu=1), {_ACTIVE: True}),
    Tie("gd_ratios", _DESCENT, lambda form: c * _full(form, _INACTIVE), {_ACTIVE: False}),
    Tie("gd_radial_rate", "gd_weights kind a eta ((1 + d) *: w_min) 1", _radial),
    Tie("gd_off_span_rate", "gd_weights kind a eta (w_min + h) 1", _off_span),
    Tie("gd_period_two", _weights(_HIGH), _orbit(high=False), {"odd t": True}),
    Tie("gd_period_two", _weights(_HIGH), _orbit(high=True), {"odd t": False}),
    Tie("gd_period_two", _weights(_LOW), _orbit(high=True), {"odd t": True}),
    Tie("gd_period_two", _weights(_LOW), _orbit(high=False), {"odd t": False}),
    Tie("gd_alternates", "gd_weights Linear a eta w0 t", _alternating),
    Tie(
        "gd_boundary_start", "sqnorm w0 + energy kind a w0",
        lambda form: 2 * _leads_to_zero(form, eta / m),
    ),
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
    Tie("data_point_trace", _trace("v"), _at_minimum(k=1), _RELU),
    Tie("data_point_trace", _trace("v"), _linear, _LINEAR),
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
        "noise_elsewhere", _SAMPLE, lambda form: form("noise.sample_energy", sigma=1, c=phi, N=1),
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
    "sgd_cosines": "the cosine of an angle with a data point, by its definition",
    "gd_ratios_kept": "the factor is any k that is at least 1, no formula",
    "curvature_is_slope": "about the slope of the activation, from which the forms start",
    "one_sided_hessians": "about three Hessians, of which the forms give traces and eigenvalues",
}

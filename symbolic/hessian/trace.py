"""Derive the Hessian as a quadratic form, and its trace, at any point and at the minima."""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.landscape.minima import P, X
from whichmin.symbolic.landscape.neuron import (
    SOURCE,
    U,
    Y,
    c_,
    sample_second_derivative,
    sigma_,
    sum_over_data,
)
from whichmin.symbolic.landscape.neuron import x as x_symbol
from whichmin.symbolic.operators import at
from whichmin.symbolic.registry import derives, forms_of, recall
from whichmin.symbolic.rules import Condition, define, where
from whichmin.symbolic.symbols import C, N, c, i, k, kappa, m, n, sigma, z

__all__ = [
    "AT_MINIMUM",
    "THEOREM_13",
    "at_minimum",
    "autograd_trace_at_iterate",
    "linear_trace_at_minimum",
    "second_derivative",
    "sharpness_forms",
    "trace_at_minimum",
    "trace_at_point",
    "trace_difference",
]

THEOREM_13 = "Ghosh et al. 2025, Theorem 13 (there with kappa = 1/2)"
AT_MINIMUM = {N: sp.Integer(1), C: sp.Integer(1), z: m - k}


def at_minimum(general: sp.Expr) -> tuple[Condition, ...]:
    """Suppose a minimum: C = N = 1, and the m - k inactive points are at the kink.

    Args:
        general: What is specialised; conditions on symbols that it does not hold are left out.

    Returns:
        The rules.
    """
    return where({s: value for s, value in AT_MINIMUM.items() if general.has(s)})


@derives(
    "sharpness.second_derivative",
    SOURCE,
    where="P = sum sigma_i <a_i,u>^2, X = <w_A,u>, Y = <w,u>, U = |u|^2",
)
def second_derivative() -> Derivation:
    r"""Derive the second derivative of the loss along u.

    .. math:: u^T H u = \frac{(N - 2) P + 4 X Y + C U}{m}
    """
    return Derivation.begin(
        "sum over the data; P = sum sigma_i <a_i, u>^2, X = <w_A, u>",
        sum_over_data(sample_second_derivative().expression) / m,
        ((N - 2) * P + 4 * X * Y + C * U) / m,
        define({
            P: sum_over_data(sigma * x_symbol**2),
            X: sum_over_data(sigma * c * x_symbol),
            C: sum_over_data(sigma * c**2),
        }),
    )


@derives("sharpness.trace", SOURCE)
def trace_at_point() -> Derivation:
    r"""Derive the Hessian trace at a point with k active points and z at the kink.

    .. math:: \operatorname{Tr} H = \frac{(N - 2) (k + \kappa z) + (n + 4) C}{m}
    """
    quadratic = second_derivative()
    form = quadratic.expression
    on_data = form.subs({P: sigma_[i], X: sigma_[i] * c_[i], Y: c_[i], U: 1}, simultaneous=True)
    off_data = form.subs({P: 0, X: 0, U: 1})
    slopes = sp.Symbol("Sigma", nonnegative=True)
    return Derivation.begin(
        "sum over the data directions and n - m directions orthogonal to them",
        sp.Sum(on_data, (i, 1, m)) + (n - m) * off_data,
        ((N - 2) * slopes + 4 * C + m * C + (n - m) * C) / m,
        recall(quadratic, C),
        define({slopes: sum_over_data(sigma)}),
    ).then(
        "k slopes are 1, z are kappa (there c_i = 0), the others 0",
        ((N - 2) * (k + kappa * z) + (n + 4) * C) / m,
        where({slopes: k + kappa * z}),
    )


@derives("sharpness.trace_at_minimum", THEOREM_13)
def trace_at_minimum() -> Derivation:
    r"""Derive the Hessian trace at a minimum with k active points (GD: ``k = |S+|``, SGD: k = 1).

    .. math:: \operatorname{Tr} H = \frac{n + 4 - k - \kappa (m - k)}{m}
    """
    return Derivation.begin(
        "C = N = 1, and the m - k inactive points are at the kink",
        trace_at_point().expression,
        (n + 4 - k - kappa * (m - k)) / m,
        at_minimum(trace_at_point().expression),
    )


@derives("sharpness.linear_trace_at_minimum", THEOREM_13)
def linear_trace_at_minimum() -> Derivation:
    r"""Derive the Hessian trace at a minimum, linear activation.

    .. math:: \operatorname{Tr} H = \frac{n + 4 - m}{m}
    """
    return Derivation.begin(
        "linear: every point is active, k = m",
        trace_at_minimum().expression,
        (n - m + 4) / m,
        where({k: m}),
    )


@derives("sharpness.trace_difference", THEOREM_13, where="k = |S+|")
def trace_difference() -> Derivation:
    r"""Derive the trace at SGD's minimum minus trace at GD's.

    .. math::
        \operatorname{Tr} H_{\mathrm{SGD}} - \operatorname{Tr} H_{\mathrm{GD}}
        = \frac{(1 - \kappa) (k - 1)}{m}
    """
    general = trace_at_minimum().expression
    return Derivation.begin(
        "SGD's minimum has k = 1, GD's k = |S+|",
        at(general, {k: 1}) - general,
        (1 - kappa) * (k - 1) / m,
    )


@derives("sharpness.autograd_trace_at_iterate", SOURCE, where="k = |S+| for GD and SGD alike")
def autograd_trace_at_iterate() -> Derivation:
    r"""Derive the plain autograd's trace at a converged iterate.

    .. math:: \operatorname{Tr} H_{\mathrm{autograd}} = \frac{n + 4 - k}{m}
    """
    return Derivation.begin(
        "the dynamics keep signs: k = |S+| correlations stay positive, none is exactly 0 (z = 0)",
        trace_at_point().expression,
        ((N - 2) * k + (n + 4) * C) / m,
        where({z: 0}),
    ).then("to leading order C = N = 1", (n + 4 - k) / m, where({N: 1, C: 1}))


sharpness_forms = forms_of(__name__)

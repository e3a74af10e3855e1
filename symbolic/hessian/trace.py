"""The Hessian as a quadratic form, and its trace, at any point and at the minima."""

from __future__ import annotations

import functools

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.landscape.minima import X
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
from whichmin.symbolic.symbols import C, N, c, i, k, kappa, m, n, sigma, z

__all__ = [
    "AT_MINIMUM",
    "THEOREM_13",
    "P",
    "autograd_trace_at_iterate",
    "linear_trace_at_minimum",
    "second_derivative",
    "sharpness_forms",
    "trace",
    "trace_at_minimum",
    "trace_difference",
]

# sum sigma_i <a_i, u>^2: squared length of u's projection on the active points.
P = sp.Symbol("P", nonnegative=True)
THEOREM_13 = "Ghosh et al. 2025, Theorem 13 (there with kappa = 1/2)"
AT_MINIMUM = {N: 1, C: 1, z: m - k}


@functools.cache
def second_derivative() -> ClosedForm:
    """Second derivative of the loss along u: the Hessian as a quadratic form."""
    chain = Derivation.begin(
        "sum over the data; P = sum sigma_i <a_i, u>^2, X = <w_A, u>",
        sum_over_data(sample_second_derivative().expression) / m,
        ((N - 2) * P + 4 * X * Y + C * U) / m,
        {
            P: sum_over_data(sigma * x_symbol**2),
            X: sum_over_data(sigma * c * x_symbol),
            C: sum_over_data(sigma * c**2),
        },
    )
    return ClosedForm(
        "sharpness.second_derivative",
        "second derivative of the loss along u, P = sum sigma_i <a_i,u>^2, X = <w_A,u>, "
        "Y = <w,u>, U = |u|^2",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def trace() -> ClosedForm:
    """Trace of the Hessian at a point with k active points and z at the kink."""
    form = second_derivative().expression
    on_data = form.subs({P: sigma_[i], X: sigma_[i] * c_[i], Y: c_[i], U: 1}, simultaneous=True)
    off_data = form.subs({P: 0, X: 0, U: 1})
    slopes = sp.Symbol("Sigma", nonnegative=True)
    chain = Derivation.begin(
        "sum over the data directions and n - m directions orthogonal to them",
        sp.Sum(on_data, (i, 1, m)) + (n - m) * off_data,
        ((N - 2) * slopes + 4 * C + m * C + (n - m) * C) / m,
        {C: sum_over_data(sigma * c**2), slopes: sum_over_data(sigma)},
    ).then(
        "k slopes are 1, z are kappa (there c_i = 0), the others 0",
        ((N - 2) * (k + kappa * z) + (n + 4) * C) / m,
        {slopes: k + kappa * z},
    )
    return ClosedForm(
        "sharpness.trace",
        "Hessian trace at a point with k active points and z at the kink",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def trace_at_minimum() -> ClosedForm:
    """Hessian trace at a minimum with k active points; the others are at the kink."""
    chain = Derivation.begin(
        "C = N = 1, and the m - k inactive points are at the kink",
        trace().expression,
        (n + 4 - k - kappa * (m - k)) / m,
        AT_MINIMUM,
    )
    return ClosedForm(
        "sharpness.trace_at_minimum",
        "Hessian trace at a minimum with k active points (GD: k = |S+|, SGD: k = 1)",
        chain.result,
        chain,
        THEOREM_13,
    )


@functools.cache
def linear_trace_at_minimum() -> ClosedForm:
    """Hessian trace at every minimum of the linear autoencoder."""
    chain = Derivation.begin(
        "linear: every point is active, k = m",
        trace_at_minimum().expression,
        (n - m + 4) / m,
        {k: m},
    )
    return ClosedForm(
        "sharpness.linear_trace_at_minimum",
        "Hessian trace at a minimum, linear activation",
        chain.result,
        chain,
        THEOREM_13,
    )


@functools.cache
def trace_difference() -> ClosedForm:
    """How much larger the trace is at SGD's minimum than at GD's."""
    at = trace_at_minimum().expression
    chain = Derivation.begin(
        "SGD's minimum has k = 1, GD's k = |S+|",
        at.subs(k, 1) - at,
        (1 - kappa) * (k - 1) / m,
    )
    return ClosedForm(
        "sharpness.trace_difference",
        "trace at SGD's minimum minus trace at GD's, k = |S+|",
        chain.result,
        chain,
        THEOREM_13,
    )


@functools.cache
def autograd_trace_at_iterate() -> ClosedForm:
    """What plain automatic differentiation returns at an iterate near a minimum."""
    chain = Derivation.begin(
        "the dynamics keep signs: k = |S+| correlations stay positive, none is exactly 0 (z = 0)",
        trace().expression,
        ((N - 2) * k + (n + 4) * C) / m,
        {z: 0},
    ).then("to leading order C = N = 1", (n + 4 - k) / m, {N: 1, C: 1})
    return ClosedForm(
        "sharpness.autograd_trace_at_iterate",
        "plain autograd's trace at a converged iterate, k = |S+| for GD and SGD alike",
        chain.result,
        chain,
        SOURCE,
    )


def sharpness_forms() -> tuple[ClosedForm, ...]:
    """The closed forms of this module."""
    return (
        second_derivative(),
        trace(),
        trace_at_minimum(),
        linear_trace_at_minimum(),
        trace_difference(),
        autograd_trace_at_iterate(),
    )

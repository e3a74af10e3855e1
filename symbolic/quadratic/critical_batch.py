"""Progress with the best step size, and the batch size at which samples are traded for steps.

``U = G^T G``, ``Q = G^T H G``, ``W = tr(H Sigma)`` at a point with gradient G; noise ``Sigma/B``.
The noise scale is ``B_noise = W/Q``.
"""

from __future__ import annotations

import functools

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.quadratic.recursion import (
    B,
    h,
    s,
    stationary_variance,
    step_covariance,
    v,
)
from whichmin.symbolic.quadratic.recursion import g as g_symbol
from whichmin.symbolic.quadratic.scaling import sampled_noise
from whichmin.symbolic.symbols import alpha, b, eta, m

__all__ = ["E_min", "L_max", "R", "S_min", "critical_forms", "progress_lemmas"]

SOURCE = "McCandlish et al. 2018, section 2.2 and appendix D"

U, Q, W = sp.symbols("U Q W", positive=True)
R = sp.Symbol("B_noise", positive=True)
S_min, E_min, L_max = sp.symbols("S_min E_min L_max", positive=True)
S = sp.Symbol("steps", positive=True)


def _decrease(dimension: int) -> tuple[sp.Expr, dict[sp.Basic, sp.Expr]]:
    """Mean decrease of ``x^T H x / 2`` in a step, written out in coordinates.

    Returns:
        The mean decrease, and U, Q and W in coordinates.
    """
    x = sp.Matrix(sp.symbols(f"x1:{dimension + 1}", real=True))
    xi = sp.symbols(f"xi1:{dimension + 1}", real=True)
    H = sp.Matrix(dimension, dimension, lambda i, j: sp.Symbol(f"h{min(i, j)}{max(i, j)}"))
    C = sp.Matrix(dimension, dimension, lambda i, j: sp.Symbol(f"s{min(i, j)}{max(i, j)}"))
    G = H * x
    after = x - eta * (G + sp.Matrix(xi))
    loss = sp.Poly(sp.expand(((x.T * H * x - after.T * H * after) / 2)[0]), *xi)
    decrease = sp.Integer(0)
    for powers, value in loss.terms():
        # E xi_i = 0, E xi_i xi_j = s_ij/B; there are no higher powers.
        drawn = [i for i in range(dimension) for _ in range(powers[i])]
        if len(drawn) == 2:
            decrease += value * C[drawn[0], drawn[1]] / B
        elif not drawn:
            decrease += value
    return decrease, {U: (G.T * G)[0], Q: (G.T * H * G)[0], W: (H * C).trace()}


def progress_lemmas() -> dict[str, Derivation]:
    """The mean decrease in a step, in coordinates, in one to three dimensions.

    Returns:
        Derivations by name.
    """
    lemmas = {}
    for dimension in (1, 2, 3):
        decrease, rules = _decrease(dimension)
        lemmas[f"progress, n = {dimension}"] = Derivation.begin(
            f"mean decrease of the loss in a step, H and Sigma any, n = {dimension}",
            decrease,
            progress().expression,
            rules,
        )
    return lemmas


@functools.cache
def progress() -> ClosedForm:
    """Mean decrease of the loss in a step of size eta; exact on a quadratic."""
    decrease, rules = _decrease(2)
    chain = Derivation.begin(
        "x^T H x/2 before and after the step, in the plane, expectations taken",
        decrease,
        eta * U - eta**2 * (Q + W / B) / 2,
        rules,
    )
    return _form("progress", "mean decrease of the loss in a step of size eta", chain)


@functools.cache
def best_step() -> ClosedForm:
    """Step size of the largest mean decrease."""
    slope = sp.diff(progress().expression, eta)
    (best,) = sp.solve(slope, eta)
    chain = Derivation.begin("where alone the derivative is 0", best, U / (Q + W / B))
    return _form("best_step", "step size of the largest mean decrease", chain)


@functools.cache
def largest_progress() -> ClosedForm:
    """Largest decrease without noise."""
    best = progress().expression.subs(eta, best_step().expression)
    chain = Derivation.begin("decrease with the best step", best, U**2 / (2 * (Q + W / B))).then(
        "B to infinity", U**2 / (2 * Q), {W: 0}
    )
    return _form("largest_progress", "decrease with the best step, without noise", chain)


@functools.cache
def noise_scale() -> ClosedForm:
    """Batch size at which the noise halves the decrease."""
    best = progress().expression.subs(eta, best_step().expression)
    (half,) = sp.solve(sp.Eq(best, largest_progress().expression / 2), B)
    chain = Derivation.begin(
        "batch size of half the largest decrease",
        half,
        W / Q,
    )
    return _form("noise_scale", "noise scale tr(H Sigma)/(G^T H G)", chain)


@functools.cache
def best_progress() -> ClosedForm:
    """Decrease with the best step, in terms of the noise scale."""
    best = progress().expression.subs(eta, best_step().expression)
    chain = Derivation.begin(
        "decrease with the best step, L_max without noise",
        best,
        L_max / (1 + R / B),
        {L_max: largest_progress().expression, R: noise_scale().expression},
    )
    return _form("best_progress", "decrease with the best step, L_max without noise", chain)


@functools.cache
def rule_share() -> ClosedForm:
    """Best step size over what the linear scaling rule makes of that of small batches."""
    best = best_step().expression
    line = B * sp.limit(best / B, B, 0)
    chain = Derivation.begin(
        "best step size over B times its slope at B = 0",
        best / line,
        1 / (1 + B / R),
        {R: noise_scale().expression},
    )
    return _form("rule_share", "best step size over the linear scaling rule's", chain)


@functools.cache
def steps() -> ClosedForm:
    """Steps to a target where L_max and the noise scale stay as they are."""
    total = sp.Symbol("D", positive=True)
    chain = Derivation.begin(
        "a decrease D in equal parts; S_min = D/L_max steps at B to infinity",
        total / best_progress().expression,
        S_min * (1 + R / B),
        {S_min: total / L_max},
    )
    return _form("steps", "steps to a target, constant noise scale", chain)


@functools.cache
def samples() -> ClosedForm:
    """Samples to a target where L_max and the noise scale stay as they are."""
    chain = Derivation.begin("B samples a step", B * steps().expression, S_min * (B + R)).then(
        "E_min = S_min B_noise, the limit of small B", E_min * (1 + B / R), {S_min: E_min / R}
    )
    return _form("samples", "samples to a target, constant noise scale", chain)


@functools.cache
def frontier() -> ClosedForm:
    """Samples against steps: (S/S_min - 1)(E/E_min - 1) = 1."""
    (size,) = sp.solve(sp.Eq(S, steps().expression), B)
    chain = Derivation.begin(
        "the batch size eliminated",
        samples().expression.subs(B, size),
        E_min * (1 + 1 / (S / S_min - 1)),
    )
    return _form("frontier", "samples to a target that is reached in the given steps", chain)


@functools.cache
def doubling() -> ClosedForm:
    """By how much doubling the batch shortens training."""
    law = steps().expression
    chain = Derivation.begin(
        "steps at B over steps at 2 B", law / law.subs(B, 2 * B), 2 * (B + R) / (2 * B + R)
    )
    return _form("doubling", "steps at batch size B over steps at 2B", chain)


@functools.cache
def doubling_cost() -> ClosedForm:
    """By how much doubling the batch raises the number of samples."""
    law = samples().expression
    chain = Derivation.begin(
        "samples at 2 B over samples at B", law.subs(B, 2 * B) / law, (2 * B + R) / (B + R)
    )
    return _form("doubling_cost", "samples at batch size 2B over samples at B", chain)


@functools.cache
def elasticity() -> ClosedForm:
    """Slope of the steps in a plot of logarithms."""
    chain = Derivation.begin(
        "d log S/d log B",
        B * sp.diff(sp.log(steps().expression), B),
        -R / (B + R),
    )
    return _form("elasticity", "slope of log steps against log batch size", chain)


@functools.cache
def finite_samples() -> ClosedForm:
    """Samples to a target, batches without replacement from m data points."""
    factor = sampled_noise().expression / (alpha**2 * s * b)
    rate = R * factor
    chain = Derivation.begin(
        "the noise of a batch is (m - b)/(b (m - 1)) of that of a point",
        b * S_min * (1 + rate),
        S_min * (b + R * (m - b) / (m - 1)),
    )
    return _form(
        "finite_samples", "samples to a target, batches of b of m points without replacement", chain
    )


@functools.cache
def next_variance() -> ClosedForm:
    """Second moment after a step of the best size, along one direction."""
    step = step_covariance().expression.subs(g_symbol, h)
    (best,) = sp.solve(sp.diff(step, eta), eta)
    chain = Derivation.begin(
        "h x^2/2 with E x^2 = v: the step size that leaves least",
        step.subs(eta, best),
        1 / (1 / v + B * h**2 / s),
    )
    return _form("next_variance", "second moment after a step of the best size, from v", chain)


@functools.cache
def noise_scale_growth() -> ClosedForm:
    """Noise scale after a step of the best size: B more."""
    scale = noise_scale().expression.subs({W: h * s, Q: h**3 * v}, simultaneous=True)
    chain = Derivation.begin(
        "tr(H Sigma) = h s, G^T H G = h^3 E x^2; E x^2 after the step",
        scale.subs(v, next_variance().expression),
        R + B,
        {R: scale},
    )
    return _form(
        "noise_scale_growth", "noise scale after a step of the best size, from B_noise", chain
    )


@functools.cache
def stationary_scale() -> ClosedForm:
    """Noise scale in the stationary state of a constant step size."""
    scale = noise_scale().expression.subs({W: h * s, Q: h**3 * v}, simultaneous=True)
    chain = Derivation.begin(
        "E x^2 = stationary variance",
        scale.subs(v, stationary_variance().expression),
        B * (2 - eta * h) / (eta * h),
    )
    return _form("stationary_scale", "noise scale in the stationary state", chain)


def _form(name: str, statement: str, chain: Derivation) -> ClosedForm:
    return ClosedForm(f"critical.{name}", statement, chain.result, chain, SOURCE)


def critical_forms() -> tuple[ClosedForm, ...]:
    """The closed forms of this module."""
    return (
        progress(),
        best_step(),
        largest_progress(),
        noise_scale(),
        best_progress(),
        rule_share(),
        steps(),
        samples(),
        frontier(),
        doubling(),
        doubling_cost(),
        elasticity(),
        finite_samples(),
        next_variance(),
        noise_scale_growth(),
        stationary_scale(),
    )

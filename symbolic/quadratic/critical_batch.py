"""Derive the progress with the best step size, and the critical batch size.

``U = G^T G``, ``Q = G^T H G``, ``W = tr(H Sigma)`` at a point with gradient G; noise ``Sigma/B``.
The noise scale is ``B_noise = W/Q``.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.operator_rules import Expectation, Law, Solved, given
from whichmin.symbolic.operators import Mean, Root, at
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
from whichmin.symbolic.registry import derives, forms_of
from whichmin.symbolic.rules import Definition, define
from whichmin.symbolic.symbols import alpha, b, eta, i, j, m, n

__all__ = [
    "critical_forms",
    "progress",
    "progress_lemmas",
]

SOURCE = "McCandlish et al. 2018, section 2.2 and appendix D"

U, Q, W = sp.symbols("U Q W", positive=True)
R = sp.Symbol("B_noise", positive=True)
S_min, E_min, L_max = sp.symbols("S_min E_min L_max", positive=True)
S = sp.Symbol("steps", positive=True)


def _decrease(dimension: int) -> tuple[sp.Expr, Expectation, tuple[Definition, ...]]:
    """Write the mean decrease of ``x^T H x / 2`` in a step in coordinates.

    Returns:
        The mean decrease, the law of the noise, and U, Q and W in coordinates.
    """
    x = sp.Matrix(sp.symbols(f"x1:{dimension + 1}", real=True))
    xi = sp.symbols(f"xi1:{dimension + 1}", real=True)
    H = sp.Matrix(dimension, dimension, lambda p, q: sp.Symbol(f"h{min(p, q)}{max(p, q)}"))
    C = sp.Matrix(dimension, dimension, lambda p, q: sp.Symbol(f"s{min(p, q)}{max(p, q)}"))
    G = H * x
    after = x - eta * (G + sp.Matrix(xi))
    moments = {one: given(0, "the noise has mean 0") for one in xi}
    for row, one in enumerate(xi):
        for column, other in enumerate(xi):
            moments[one * other] = given(C[row, column] / B, "covariance of the noise")
    return (
        Mean(((x.T * H * x - after.T * H * after) / 2)[0]),
        Expectation(Law("noise of a batch", moments)),
        define({U: (G.T * G)[0], Q: (G.T * H * G)[0], W: (H * C).trace()}),
    )


def progress_lemmas() -> dict[str, Derivation]:
    """Derive the mean decrease in a step, in coordinates, in one to three dimensions.

    Returns:
        Derivations by name.
    """
    lemmas = {}
    for dimension in (1, 2, 3):
        decrease, law, names = _decrease(dimension)
        lemmas[f"progress, n = {dimension}"] = Derivation.begin(
            f"mean decrease of the loss in a step, H and Sigma any, n = {dimension}",
            decrease,
            progress().expression,
            law,
            names,
        )
    return lemmas


@derives("critical.progress", SOURCE)
def progress() -> Derivation:
    r"""Derive the mean decrease of the loss in a step of size eta.

    .. math:: \mathbb{E}\,[L(x) - L(x')] = \eta U - \frac{\eta^2}{2} \left(Q + \frac{W}{B}\right)
    """
    x, gradient, H, noise = (sp.IndexedBase(name) for name in ("x", "G", "h", "s"))
    xi_i, xi_j = sp.symbols("xi_i xi_j", real=True)

    def total(term: sp.Expr) -> sp.Expr:
        return sp.Sum(sp.Sum(term, (j, 1, n)), (i, 1, n))

    zero = given(0, "the noise has mean 0")
    law = {xi_i: zero, xi_j: zero, xi_i * xi_j: given(noise[i, j] / B, "covariance of the noise")}
    left, right = x[i] - eta * (gradient[i] + xi_i), x[j] - eta * (gradient[j] + xi_j)
    return Derivation.begin(
        "x^T H x/2 before and after the step; H is symmetric, so G_j = sum_i h_ij x_i and the "
        "first order is U",
        total(H[i, j] * Mean(x[i] * x[j] - left * right) / 2),
        eta * U - eta**2 * (Q + W / B) / 2,
        Expectation(Law("noise of a batch", law)),
        define({
            U: total(H[i, j] * (x[i] * gradient[j] + x[j] * gradient[i])) / 2,
            Q: total(H[i, j] * gradient[i] * gradient[j]),
            W: total(H[i, j] * noise[i, j]),
        }),
    )


@derives("critical.best_step", SOURCE)
def best_step() -> Derivation:
    r"""Derive the step size of the largest mean decrease.

    .. math:: \eta_B = \frac{U}{Q + W / B}
    """
    best = U / (Q + W / B)
    return Derivation.begin(
        "where alone the derivative is 0",
        Root(eta, sp.Derivative(progress().expression, eta)),
        best,
        Solved({eta: best}),
    )


@derives("critical.largest_progress", SOURCE)
def largest_progress() -> Derivation:
    r"""Derive the decrease with the best step, without noise.

    .. math:: L_{\max} = \frac{U^2}{2 Q}
    """
    return Derivation.begin(
        "decrease with the best step, B to infinity",
        sp.Limit(_best(), B, sp.oo),
        U**2 / (2 * Q),
    )


def _best() -> sp.Expr:
    """Write the mean decrease with the best step."""
    return at(progress().expression, {eta: best_step().expression})


@derives("critical.noise_scale", SOURCE)
def noise_scale() -> Derivation:
    r"""Derive the noise scale tr(H Sigma)/(G^T H G).

    .. math:: B_{\mathrm{noise}} = \frac{W}{Q}
    """
    return Derivation.begin(
        "batch size of half the largest decrease",
        Root(B, _best() - largest_progress().expression / 2),
        W / Q,
        Solved({B: W / Q}),
    )


@derives("critical.best_progress", SOURCE)
def best_progress() -> Derivation:
    r"""Derive the decrease with the best step, L_max without noise.

    .. math:: \Delta L_B = \frac{L_{\max}}{1 + B_{\mathrm{noise}} / B}
    """
    return Derivation.begin(
        "decrease with the best step, L_max without noise",
        _best(),
        L_max / (1 + R / B),
        define({L_max: largest_progress().expression, R: noise_scale().expression}),
    )


@derives("critical.rule_share", SOURCE)
def rule_share() -> Derivation:
    r"""Derive the best step size over the linear scaling rule's.

    .. math:: \frac{\eta_B}{B\, \eta'_0} = \frac{1}{1 + B / B_{\mathrm{noise}}}
    """
    best = best_step().expression
    line = B * sp.Limit(best / B, B, 0)
    return Derivation.begin(
        "best step size over B times its slope at B = 0",
        best / line,
        1 / (1 + B / R),
        define({R: noise_scale().expression}),
    )


@derives("critical.steps", SOURCE)
def steps() -> Derivation:
    r"""Derive the number of steps to a target, constant noise scale.

    .. math:: S = S_{\min} \left(1 + \frac{B_{\mathrm{noise}}}{B}\right)
    """
    total = sp.Symbol("D", positive=True)
    return Derivation.begin(
        "a decrease D in equal parts; S_min = D/L_max steps at B to infinity",
        total / best_progress().expression,
        S_min * (1 + R / B),
        define({S_min: total / L_max}),
    )


@derives("critical.samples", SOURCE)
def samples() -> Derivation:
    r"""Derive the number of samples to a target, constant noise scale.

    .. math:: E = E_{\min} \left(1 + \frac{B}{B_{\mathrm{noise}}}\right)
    """
    return Derivation.begin("B samples a step", B * steps().expression, S_min * (B + R)).then(
        "E_min = S_min B_noise, the limit of small B",
        E_min * (1 + B / R),
        define({E_min: S_min * R}),
    )


@derives("critical.frontier", SOURCE)
def frontier() -> Derivation:
    r"""Derive the number of samples to a target that is reached in the given steps.

    .. math:: E = E_{\min} \left(1 + \frac{1}{S / S_{\min} - 1}\right)
    """
    return Derivation.begin(
        "the batch size eliminated",
        at(samples().expression, {B: Root(B, S - steps().expression)}),
        E_min * (1 + 1 / (S / S_min - 1)),
        Solved({B: R / (S / S_min - 1)}),
    )


@derives("critical.doubling", SOURCE)
def doubling() -> Derivation:
    r"""Derive the number of steps at batch size B over that at 2B.

    .. math:: \frac{S(B)}{S(2 B)} = \frac{2 (B + B_{\mathrm{noise}})}{2 B + B_{\mathrm{noise}}}
    """
    law = steps().expression
    return Derivation.begin(
        "steps at B over steps at 2 B", law / at(law, {B: 2 * B}), 2 * (B + R) / (2 * B + R)
    )


@derives("critical.doubling_cost", SOURCE)
def doubling_cost() -> Derivation:
    r"""Derive the number of samples at batch size 2B over that at B.

    .. math:: \frac{E(2 B)}{E(B)} = \frac{2 B + B_{\mathrm{noise}}}{B + B_{\mathrm{noise}}}
    """
    law = samples().expression
    return Derivation.begin(
        "samples at 2 B over samples at B", at(law, {B: 2 * B}) / law, (2 * B + R) / (B + R)
    )


@derives("critical.elasticity", SOURCE)
def elasticity() -> Derivation:
    r"""Derive the slope of log steps against log batch size.

    .. math:: \frac{d \log S}{d \log B} = -\frac{B_{\mathrm{noise}}}{B + B_{\mathrm{noise}}}
    """
    return Derivation.begin(
        "d log S/d log B",
        B * sp.Derivative(sp.log(steps().expression), B),
        -R / (B + R),
    )


@derives("critical.finite_samples", SOURCE)
def finite_samples() -> Derivation:
    r"""Derive the number of samples to a target, batches of b of m points without replacement.

    .. math:: E = S_{\min} \left(b + B_{\mathrm{noise}} \frac{m - b}{m - 1}\right)
    """
    factor = sampled_noise().expression / (alpha**2 * s * b)
    rate = R * factor
    return Derivation.begin(
        "the noise of a batch is (m - b)/(b (m - 1)) of that of a point",
        b * S_min * (1 + rate),
        S_min * (b + R * (m - b) / (m - 1)),
    )


@derives("critical.next_variance", SOURCE)
def next_variance() -> Derivation:
    r"""Derive the second moment after a step of the best size, from v.

    .. math:: v' = \frac{1}{1 / v + B h^2 / s}
    """
    step = at(step_covariance().expression, {g_symbol: h})
    return Derivation.begin(
        "h x^2/2 with E x^2 = v: the step size that leaves least",
        at(step, {eta: Root(eta, sp.Derivative(step, eta))}),
        1 / (1 / v + B * h**2 / s),
        Solved({eta: v * h / (v * h**2 + s / B)}),
    )


@derives("critical.noise_scale_growth", SOURCE)
def noise_scale_growth() -> Derivation:
    r"""Derive the noise scale after a step of the best size, from B_noise.

    .. math:: B_{\mathrm{noise}}' = B_{\mathrm{noise}} + B
    """
    scale = at(noise_scale().expression, {W: h * s, Q: h**3 * v})
    return Derivation.begin(
        "tr(H Sigma) = h s, G^T H G = h^3 E x^2; E x^2 after the step",
        at(scale, {v: next_variance().expression}),
        R + B,
        define({R: scale}),
    )


@derives("critical.stationary_scale", SOURCE)
def stationary_scale() -> Derivation:
    r"""Derive the noise scale in the stationary state.

    .. math:: B_{\mathrm{noise}} = \frac{B (2 - \eta h)}{\eta h}
    """
    scale = at(noise_scale().expression, {W: h * s, Q: h**3 * v})
    return Derivation.begin(
        "E x^2 = stationary variance",
        at(scale, {v: stationary_variance().expression}),
        B * (2 - eta * h) / (eta * h),
    )


critical_forms = forms_of(__name__)

"""Rescaling two layers, ``(W1, W2) -> (r W1, W2 / r)`` with r > 0: what moves and what stays.

ReLU is positively homogeneous, so the network ``W2 phi(W1 x)`` is the same function for every r
and its loss satisfies ``L(r W1, W2 / r) = L(W1, W2)`` at *every* point, minimum or not. Two
derivatives of that identity give every Hessian measure along the orbit. T1 and T2 are the traces
of the Hessian's two diagonal blocks at r = 1, Q1 and Q2 the squared lengths of the layers, n1 and
n2 their numbers of parameters.

The untied neuron ``u phi(<v, x>)`` has this symmetry. The tied one, u = v = w, has not: what it
computes at x = w is ``|w|^2 w``, which no other positive multiple of w gives.
"""

from __future__ import annotations

import functools

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.symbols import k, kappa, m, n

__all__ = [
    "box_growth",
    "first_block",
    "gradient_scale",
    "keskar_neuron",
    "least_trace",
    "log_determinant",
    "mixed_block",
    "relative_flatness",
    "reparameterisation_forms",
    "second_block",
    "trace",
    "untied_least_trace",
    "untied_trace",
]

SOURCE = "Dinh, Pascanu, Bengio, Bengio 2017; 003, Sharp vs Flat Minima"

r = sp.Symbol("r", positive=True)
T1, T2 = sp.symbols("T1 T2", positive=True)
Q1, Q2 = sp.symbols("Q1 Q2", positive=True)
n1, n2 = sp.symbols("n1 n2", integer=True, positive=True)
second = sp.Symbol("second", real=True)
slope = sp.Symbol("slope", real=True)
weight = sp.Symbol("weight", nonnegative=True)
epsilon = sp.Symbol("epsilon", positive=True)
logdet = sp.Symbol("logdet", real=True)
total = sp.Symbol("total", positive=True)

_s, _t = sp.symbols("s t", real=True)
_jet = sp.symbols("g g_s g_t g_ss g_st g_tt g_sss g_stt", real=True)


def _loss_near(s: sp.Expr, t: sp.Expr) -> sp.Expr:
    """The loss moved by s in a direction of layer 1, t in one of layer 2: its Taylor polynomial.

    Derivatives up to the second at 0 are those of any smooth loss; two third-order terms stand for
    what they do not see.

    Returns:
        The polynomial.
    """
    g0, gs, gt, gss, gst, gtt, gsss, gstt = _jet
    low = g0 + gs * s + gt * t + gss * s**2 / 2 + gst * s * t + gtt * t**2 / 2
    return low + gsss * s**3 / 6 + gstt * s * t**2 / 2


def _derived(name: str, what: str, times: tuple[sp.Symbol, ...], power: int) -> ClosedForm:
    """A derivative of the loss at the rescaled point, by the symmetry and the chain rule.

    With g the loss near the original point, ``L(r W1 + s E, W2/r + t F) = g(s/r, r t)``.

    Returns:
        The derivative at the rescaled point in terms of that at the original one.
    """
    value = slope if len(times) == 1 else second
    at = {_s: 0, _t: 0}
    original = sp.diff(_loss_near(_s, _t), *times).subs(at)
    chain = Derivation.begin(
        "chain rule on L(r W1 + s E, W2/r + t F) = g(s/r, r t), at s = t = 0",
        sp.diff(_loss_near(_s / r, r * _t), *times).subs(at),
        value * r**power,
        {original: value},
    )
    return ClosedForm(f"reparameterisation.{name}", what, chain.result, chain, SOURCE)


@functools.cache
def gradient_scale() -> ClosedForm:
    """Gradient of layer 1 along the orbit."""
    return _derived(
        "gradient_scale", "entry of layer 1's gradient after rescaling, slope at r = 1", (_s,), -1
    )


@functools.cache
def first_block() -> ClosedForm:
    """Hessian entries within layer 1."""
    return _derived(
        "first_block", "Hessian entry within layer 1 after rescaling, second at r = 1", (_s, _s), -2
    )


@functools.cache
def mixed_block() -> ClosedForm:
    """Hessian entries between the layers."""
    return _derived("mixed_block", "Hessian entry between the layers after rescaling", (_s, _t), 0)


@functools.cache
def second_block() -> ClosedForm:
    """Hessian entries within layer 2."""
    return _derived(
        "second_block", "Hessian entry within layer 2 after rescaling, second at r = 1", (_t, _t), 2
    )


@functools.cache
def trace() -> ClosedForm:
    """Hessian trace along the orbit."""
    chain = Derivation.begin(
        "the diagonal entries of each block add up",
        first_block().expression.subs(second, T1) + second_block().expression.subs(second, T2),
        T1 / r**2 + r**2 * T2,
    )
    return ClosedForm(
        "reparameterisation.trace",
        "Hessian trace after rescaling, T1 and T2 the blocks' traces at r = 1",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def least_trace() -> ClosedForm:
    """The smallest trace on the orbit: what is left once the scale is minimised out."""
    along = trace().expression
    (best,) = sp.solve(sp.diff(along, r), r)
    chain = Derivation.begin(
        "where its derivative in r vanishes, r^4 = T1/T2",
        along.subs(r, best),
        2 * sp.sqrt(T1 * T2),
    )
    return ClosedForm(
        "reparameterisation.least_trace",
        "smallest Hessian trace on the orbit, for blocks of positive trace",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def log_determinant() -> ClosedForm:
    """Log determinant of a non-singular Hessian along the orbit."""
    rows = {r: r, second: 1}
    left = sp.sqrt(first_block().expression.subs(rows))
    right = sp.sqrt(second_block().expression.subs(rows))
    chain = Derivation.begin(
        "H = S H0 S with S = 1/r on the n1 parameters of layer 1 and r on the n2 of layer 2",
        logdet + 2 * sp.log(left**n1 * right**n2),
        logdet + 2 * (n2 - n1) * sp.log(r),
    )
    return ClosedForm(
        "reparameterisation.log_determinant",
        "log |det H| after rescaling where H is not singular, logdet at r = 1",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def relative_flatness() -> ClosedForm:
    """Squared length times trace, layer by layer: the same on the whole orbit."""
    first = r**2 * Q1 * first_block().expression.subs(second, T1)
    other = Q2 / r**2 * second_block().expression.subs(second, T2)
    chain = Derivation.begin(
        "|r W1|^2 = r^2 Q1 and |W2/r|^2 = Q2/r^2 undo the factors of the blocks",
        first + other,
        Q1 * T1 + Q2 * T2,
    )
    return ClosedForm(
        "reparameterisation.relative_flatness",
        "sum over the layers of |W_l|^2 tr H_ll after rescaling",
        chain.result,
        chain,
        "follows from the chain rule; compare Petzka et al. 2021",
    )


@functools.cache
def box_growth() -> ClosedForm:
    """Half-width of Keskar's box for a weight of layer 1, seen from the original point."""
    width = epsilon * (r * weight + 1)
    chain = Derivation.begin(
        "eps (|w| + 1) at the rescaled weight, divided by r to return to the original",
        width / r,
        epsilon * (weight + 1 / r),
    )
    return ClosedForm(
        "reparameterisation.box_growth",
        "half-width of Keskar's box for a weight of layer 1, in the coordinates at r = 1 (layer 2: "
        "1/r for r)",
        chain.result,
        chain,
        "Keskar et al. 2017, Metric 2.1, on the rescaled network",
    )


@functools.cache
def untied_trace() -> ClosedForm:
    """Hessian trace of the untied neuron ``u phi(<v, x>)`` along the orbit of a minimum.

    At r = 1 it is balanced: u = v = w with w a minimum of the tied neuron. Per point the loss is
    ``1/2 - t d + t^2 U/2`` with ``t = phi(<v, a>)``, ``d = <u, a>``, ``U = |u|^2``.

    Returns:
        The trace at (w/r, r w).
    """
    t, U, d, on_u, on_a = sp.symbols("t U d on_u on_a", real=True)
    sample = sp.Rational(1, 2) - t * d + t**2 * U / 2
    # u moved by s along a unit vector e: U + 2 s <u, e> + s^2 and d + s <a, e>.
    moved = sample.subs({U: U + 2 * _s * on_u + _s**2, d: d + _s * on_a})
    in_u = sp.diff(moved, _s, 2)
    in_v = sp.diff(sample, t, 2)
    chain = Derivation.begin(
        "in v (layer 1) each active point counts its own direction, |u|^2 = 1, a point at the kink "
        "kappa times (there d = 0); in u (layer 2) all n directions count, sum of t^2 = 1",
        trace().expression.subs({
            T1: (k + kappa * (m - k)) * in_v.subs(U, 1) / m,
            T2: n * in_u.subs(t**2, 1) / m,
        }),
        (n * r**2 + (k + kappa * (m - k)) / r**2) / m,
    )
    return ClosedForm(
        "reparameterisation.untied_trace",
        "Hessian trace of the untied neuron u phi(<v, x>) at (w/r, r w), w a minimum of the tied "
        "one with k active points",
        chain.result,
        chain,
        "whichmin",
    )


@functools.cache
def untied_least_trace() -> ClosedForm:
    """The flattest of the untied neuron's minima on an orbit, for kappa = 0."""
    along = sp.expand(untied_trace().expression.subs(kappa, 0))
    chain = Derivation.begin(
        "kappa = 0 in the least trace of an orbit, T1 = k/m and T2 = n/m",
        least_trace().expression.subs({T1: along.coeff(r, -2), T2: along.coeff(r, 2)}),
        2 * sp.sqrt(k * n) / m,
    )
    return ClosedForm(
        "reparameterisation.untied_least_trace",
        "smallest trace on the orbit of an untied neuron with k active points, kappa = 0",
        chain.result,
        chain,
        "whichmin",
    )


@functools.cache
def keskar_neuron() -> ClosedForm:
    """Keskar's metric of the scalar untied neuron, ``L = (1 - u v)^2 / 2``, at u v = 1.

    The upper corner of the box is the farthest from the minimum: with e = epsilon and
    d = e (1 + e)(u + v) + 2 e + 2 e^2 it has u v = 1 + d, and no point of the box has u v outside
    [1 - d, 1 + d] (a lemma of ``verification.checks.reparameterisation``).

    Returns:
        The metric; (1/r, r) has total = r + 1/r.
    """
    u, v = sp.symbols("u v", positive=True)
    upper = (u + epsilon * (u + 1)) * (v + epsilon * (v + 1))
    chain = Derivation.begin(
        "100 times the loss at the upper corner, over 1 + L with L = 0; u v = 1",
        50 * (sp.expand(upper).subs(u * v, 1) - 1) ** 2,
        50 * (epsilon * (1 + epsilon) * (2 + total)) ** 2,
        {v: total - u},
    )
    return ClosedForm(
        "reparameterisation.keskar_neuron",
        "Keskar's metric of u v fitted to 1, at a minimum with u + v = total",
        chain.result,
        chain,
        "Keskar et al. 2017, Metric 2.1, on the rescaled network",
    )


def reparameterisation_forms() -> tuple[ClosedForm, ...]:
    """The closed forms of this module."""
    return (
        gradient_scale(),
        first_block(),
        mixed_block(),
        second_block(),
        trace(),
        least_trace(),
        log_determinant(),
        relative_flatness(),
        box_growth(),
        untied_trace(),
        untied_least_trace(),
        keskar_neuron(),
    )

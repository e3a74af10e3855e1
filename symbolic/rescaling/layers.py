"""Derive what the rescaling ``(W1, W2) -> (r W1, W2 / r)`` of two layers changes, r > 0.

ReLU is positively homogeneous, so the network ``W2 phi(W1 x)`` is the same function for every r
and its loss satisfies ``L(r W1, W2 / r) = L(W1, W2)`` at *every* point, minimum or not. Two
derivatives of that identity give every Hessian measure along the orbit. T1 and T2 are the traces
of the Hessian's two diagonal blocks at r = 1, Q1 and Q2 the squared lengths of the layers, n1 and
n2 their numbers of parameters.

The untied neuron ``u phi(<v, x>)`` has this symmetry. The tied one, u = v = w, has not: what it
computes at x = w is ``|w|^2 w``, which no other positive multiple of w gives.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.operator_rules import Solved
from whichmin.symbolic.operators import Root, at
from whichmin.symbolic.registry import derives, forms_of
from whichmin.symbolic.rules import Assumed, define, where
from whichmin.symbolic.symbols import k, kappa, m, n

__all__ = [
    "gradient_scale",
    "keskar_neuron",
    "least_trace",
    "log_determinant",
    "relative_flatness",
    "reparameterisation_forms",
    "trace",
    "untied_least_trace",
    "untied_trace",
]

SOURCE = "Dinh, Pascanu, Bengio, Bengio 2017; lesson2026, Sharp vs Flat Minima"

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
    """Write the loss near a point as a Taylor polynomial, s along layer 1 and t along layer 2.

    Derivatives up to the second at 0 are those of any smooth loss; two third-order terms stand for
    what they do not see.

    Returns:
        The polynomial.
    """
    g0, gs, gt, gss, gst, gtt, gsss, gstt = _jet
    low = g0 + gs * s + gt * t + gss * s**2 / 2 + gst * s * t + gtt * t**2 / 2
    return low + gsss * s**3 / 6 + gstt * s * t**2 / 2


def _derived(times: tuple[sp.Symbol, ...], power: int) -> Derivation:
    """Differentiate the loss at the rescaled point, by the symmetry and the chain rule.

    With g the loss near the original point, ``L(r W1 + s E, W2/r + t F) = g(s/r, r t)``.

    Returns:
        The chain from the derivative at the rescaled point to that at the original one, called
        ``slope`` or ``second``, times r to the power.
    """
    value = slope if len(times) == 1 else second
    point = {_s: 0, _t: 0}
    return Derivation.begin(
        "chain rule on L(r W1 + s E, W2/r + t F) = g(s/r, r t), at s = t = 0",
        at(sp.Derivative(_loss_near(_s / r, r * _t), *times), point),
        value * r**power,
        define({value: sp.diff(_loss_near(_s, _t), *times).subs(point)}),
    )


@derives("reparameterisation.gradient_scale", SOURCE)
def gradient_scale() -> Derivation:
    r"""Derive the entry of layer 1's gradient after rescaling, slope at r = 1.

    .. math:: \frac{\partial L}{\partial W_1} = \frac{g}{r}
    """
    return _derived((_s,), -1)


@derives("reparameterisation.first_block", SOURCE)
def first_block() -> Derivation:
    r"""Derive the Hessian entry within layer 1 after rescaling, second at r = 1.

    .. math:: \frac{\partial^2 L}{\partial W_1^2} = \frac{H_0}{r^2}
    """
    return _derived((_s, _s), -2)


@derives("reparameterisation.mixed_block", SOURCE)
def mixed_block() -> Derivation:
    r"""Derive the Hessian entry between the layers after rescaling.

    .. math:: \frac{\partial^2 L}{\partial W_1 \partial W_2} = H_0
    """
    return _derived((_s, _t), 0)


@derives("reparameterisation.second_block", SOURCE)
def second_block() -> Derivation:
    r"""Derive the Hessian entry within layer 2 after rescaling, second at r = 1.

    .. math:: \frac{\partial^2 L}{\partial W_2^2} = r^2 H_0
    """
    return _derived((_t, _t), 2)


@derives("reparameterisation.trace", SOURCE)
def trace() -> Derivation:
    r"""Derive the Hessian trace after rescaling, T1 and T2 the blocks' traces at r = 1.

    .. math:: \operatorname{Tr} H = \frac{T_1}{r^2} + r^2 T_2
    """
    return Derivation.begin(
        "the diagonal entries of each block add up",
        at(first_block().expression, {second: T1}) + at(second_block().expression, {second: T2}),
        T1 / r**2 + r**2 * T2,
    )


@derives("reparameterisation.least_trace", SOURCE)
def least_trace() -> Derivation:
    r"""Derive the smallest Hessian trace on the orbit, for blocks of positive trace.

    .. math:: \min_r \operatorname{Tr} H = 2 \sqrt{T_1 T_2}
    """
    along = trace().expression
    return Derivation.begin(
        "where its derivative in r vanishes, r^4 = T1/T2",
        at(along, {r: Root(r, sp.Derivative(along, r))}),
        2 * sp.sqrt(T1 * T2),
        Solved({r: (T1 / T2) ** sp.Rational(1, 4)}),
    )


@derives("reparameterisation.log_determinant", SOURCE)
def log_determinant() -> Derivation:
    r"""Derive the log ``|det H|`` after rescaling where H is not singular, logdet at r = 1.

    .. math:: \log |\det H| = \Lambda + 2 (n_2 - n_1) \log r
    """
    left = sp.sqrt(at(first_block().expression, {second: 1}))
    right = sp.sqrt(at(second_block().expression, {second: 1}))
    return Derivation.begin(
        "H = S H0 S with S = 1/r on the n1 parameters of layer 1 and r on the n2 of layer 2",
        logdet + 2 * sp.log(left**n1 * right**n2),
        logdet + 2 * (n2 - n1) * sp.log(r),
    )


@derives(
    "reparameterisation.relative_flatness",
    "follows from the chain rule; compare Petzka et al. 2021",
)
def relative_flatness() -> Derivation:
    r"""Derive the sum over the layers of ``|W_l|^2 tr H_ll`` after rescaling.

    .. math:: \sum_l \|W_l\|^2 \operatorname{tr} H_{ll} = Q_1 T_1 + Q_2 T_2
    """
    first = r**2 * Q1 * at(first_block().expression, {second: T1})
    other = Q2 / r**2 * at(second_block().expression, {second: T2})
    return Derivation.begin(
        "|r W1|^2 = r^2 Q1 and |W2/r|^2 = Q2/r^2 undo the factors of the blocks",
        first + other,
        Q1 * T1 + Q2 * T2,
    )


@derives(
    "reparameterisation.box_growth",
    "Keskar et al. 2017, Metric 2.1, on the rescaled network",
    where="in the coordinates at r = 1 (layer 2: 1/r for r)",
)
def box_growth() -> Derivation:
    r"""Derive the half-width of Keskar's box for a weight of layer 1.

    .. math:: \frac{\varepsilon (r \omega + 1)}{r} = \varepsilon \left(\omega + \frac{1}{r}\right)
    """
    width = epsilon * (r * weight + 1)
    return Derivation.begin(
        "eps (|w| + 1) at the rescaled weight, divided by r to return to the original",
        width / r,
        epsilon * (weight + 1 / r),
    )


@derives(
    "reparameterisation.untied_trace",
    "whichmin",
    where="w a minimum of the tied one with k active points",
)
def untied_trace() -> Derivation:
    r"""Derive the Hessian trace of the untied neuron u phi(<v, x>) at (w/r, r w).

    .. math:: \operatorname{Tr} H = \frac{1}{m} \left(n r^2 + \frac{k + \kappa (m - k)}{r^2}\right)

    At r = 1 it is balanced: u = v = w with w a minimum of the tied neuron. Per point the loss is
    ``1/2 - t d + t^2 U/2`` with ``t = phi(<v, a>)``, ``d = <u, a>``, ``U = |u|^2``.
    """
    t, U, d, on_u, on_a = sp.symbols("t U d on_u on_a", real=True)
    sample = sp.Rational(1, 2) - t * d + t**2 * U / 2
    # u moved by s along a unit vector e: U + 2 s <u, e> + s^2 and d + s <a, e>.
    moved = sample.subs({U: U + 2 * _s * on_u + _s**2, d: d + _s * on_a})
    in_u = sp.diff(moved, _s, 2)
    in_v = sp.diff(sample, t, 2)
    return Derivation.begin(
        "in v (layer 1) each active point counts its own direction, |u|^2 = 1, a point at the kink "
        "kappa times (there d = 0); in u (layer 2) all n directions count, sum of t^2 = 1",
        at(
            trace().expression,
            {T1: (k + kappa * (m - k)) * at(in_v, {U: 1}) / m, T2: n * at(in_u, {t: 1}) / m},
        ),
        (n * r**2 + (k + kappa * (m - k)) / r**2) / m,
    )


@derives("reparameterisation.untied_least_trace", "whichmin")
def untied_least_trace() -> Derivation:
    r"""Derive the smallest trace on the orbit of an untied neuron with k active points, kappa = 0.

    .. math:: \min_r \operatorname{Tr} H = \frac{2 \sqrt{k n}}{m}
    """
    along = sp.expand(untied_trace().expression.subs(kappa, 0))
    traces = {T1: along.coeff(r, -2), T2: along.coeff(r, 2)}
    return Derivation.begin(
        "kappa = 0 in the least trace of an orbit, T1 = k/m and T2 = n/m",
        at(least_trace().expression, traces),
        2 * sp.sqrt(k * n) / m,
    )


@derives(
    "reparameterisation.keskar_neuron", "Keskar et al. 2017, Metric 2.1, on the rescaled network"
)
def keskar_neuron() -> Derivation:
    r"""Derive Keskar's metric of u v fitted to 1, at a minimum with u + v = total.

    .. math:: \phi = 50 (\varepsilon (1 + \varepsilon) (2 + t))^2

    The upper corner of the box is the farthest from the minimum: with e = epsilon and
    d = e (1 + e)(u + v) + 2 e + 2 e^2 it has u v = 1 + d, and no point of the box has u v outside
    [1 - d, 1 + d] (a lemma of ``verification.checks.reparameterisation``).
    """
    u, v = sp.symbols("u v", positive=True)
    upper, largest = (u + epsilon * (u + 1)) * (v + epsilon * (v + 1)), sp.Symbol("metric")
    there = 50 * (upper - 1) ** 2
    return Derivation.begin(
        "100 times the loss at the upper corner, over 1 + L with L = 0",
        largest,
        there,
        Assumed("no point of the box is farther from the minimum (an SMT lemma)", largest, there),
    ).then(
        "at a minimum u v = 1",
        50 * (epsilon * (1 + epsilon) * (2 + total)) ** 2,
        define({total: u + v}),
        where({u * v: 1}),
    )


reparameterisation_forms = forms_of(__name__)

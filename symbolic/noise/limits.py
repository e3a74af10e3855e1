"""Derive limits of noise scales: along gradient descent and SGD, and at a single data point.

At a minimum both scales are 0/0 or c/0. Next to it they depend on how it is approached.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.descent import (
    active_factor,
    gd_active_energy,
    gd_rest_energy,
    inactive_factor,
)
from whichmin.symbolic.noise.covariance import Q, curvature, gradient_curvature, simple_scale
from whichmin.symbolic.operator_rules import Solved
from whichmin.symbolic.operators import Root, at
from whichmin.symbolic.registry import derives, forms_of
from whichmin.symbolic.rules import Assumed
from whichmin.symbolic.symbols import C, N, R, S, alpha, eta, m, mu

__all__ = [
    "flow_rise",
    "limit_forms",
]

OWN = "new; expansion of the closed forms next to the minima of this model"

# Displacement from a data point a_1: r along it, s the length along other active points, R the
# energy of everything else (off the span, and inactive correlations).
r = sp.Symbol("radial", real=True)
s = sp.Symbol("tangential", nonnegative=True)
_T = sp.Symbol("t", positive=True)
_FOURTH = sp.Symbol("fourth", nonnegative=True)
_SLOPE = sp.Symbol("lambda", positive=True)
_SHARE = sp.Symbol("f", nonnegative=True)


def _near_data_point() -> dict[sp.Symbol, sp.Expr]:
    """Return the energies at ``a_1 + t (r a_1 + s u + sqrt(R) v)``.

    The fourth powers of the entries of s u sum to ``fourth``.

    Returns:
        Rules for C, N and Q.
    """
    own = (1 + r * _T) ** 2
    active = own + s**2 * _T**2
    return {N: active + R * _T**2, C: active, Q: own**2 + _FOURTH * _T**4}


def _limit(scale: sp.Expr, path: dict[sp.Symbol, sp.Expr]) -> sp.Expr:
    """Write the limit of a noise scale along a path, t to 0, not yet worked out.

    Returns:
        The limit.
    """
    return sp.Limit(at(scale, path), _T, 0)


def _noise_scale() -> sp.Expr:
    """Return ``B_noise``, the trace of H Sigma over G^T H G."""
    return curvature().expression / gradient_curvature().expression


@derives(
    "noise.vertex_simple",
    OWN,
    where="displaced along it (radial), along other active points (tangential), and R, the "
    "squared rest",
)
def vertex_simple() -> Derivation:
    r"""Derive the limit of B_simple at a data point.

    .. math:: \lim B_{\mathrm{simple}} = m - 1 + \frac{2 m s^2}{16 r^2 + R}
    """
    return Derivation.begin(
        "w = a_1 + t (displacement), t to 0: ratio of the coefficients of t^2",
        _limit(simple_scale().expression, _near_data_point()),
        m - 1 + 2 * m * s**2 / (16 * r**2 + R),
    )


@derives("noise.vertex_curved", OWN, where="unless the approach is along other active points alone")
def vertex_curved() -> Derivation:
    r"""Derive the limit of B_noise at a data point.

    .. math:: \lim B_{\mathrm{noise}} = m - 1
    """
    return Derivation.begin(
        "w = a_1 + t (displacement), t to 0: ratio of the coefficients of t^2",
        _limit(_noise_scale(), _near_data_point()),
        m - 1,
    )


@derives("noise.gd_slope", OWN, where="R > 0 at the start, eta/m <= 1/5")
def gd_slope() -> Derivation:
    r"""Derive the limit of (2 - N - C)/R along gradient descent.

    .. math:: \lim \frac{2 - N - C}{R} = \frac{2 m - \eta}{2 m + \eta}
    """
    # With C = 1 - (1 + lambda) t / 2 and R = t, y = 2 - 2 C - R is lambda t. The line is mapped
    # into itself if y' = lambda R' to first order in t.
    line = {C: 1 - (1 + _SLOPE) * _T / 2, R: _T}
    active, rest = (at(f.expression, line) for f in (gd_active_energy(), gd_rest_energy()))
    first = at(sp.Derivative(2 - 2 * active - rest - _SLOPE * rest, _T), {_T: 0})
    slope, limit = (2 * m - eta) / (2 * m + eta), sp.Symbol("limit", real=True)
    return Derivation.begin(
        "y = 2 - N - C and R after a step in the same ratio, to first order",
        limit,
        Root(_SLOPE, first),
        Assumed(
            "gradient descent comes in along the line that its step keeps",
            limit,
            Root(_SLOPE, first),
        ),
    ).then("that line", slope, Solved({_SLOPE: slope}))


@derives("noise.gd_curved", OWN, where="R > 0 at the start, eta/m <= 1/5; Q at the limit")
def gd_curved() -> Derivation:
    r"""Derive the limit of B_noise along gradient descent.

    .. math:: \lim B_{\mathrm{noise}} = m \left(Q - \frac{2 m - \eta}{2 m + \eta} (1 - Q)\right) - 1
    """
    slope = gd_slope().expression
    line = {C: 1 - (1 + slope) * _T / 2, N: 1 + (1 - slope) * _T / 2}
    line[Q] = Q * line[C] ** 2
    return Derivation.begin(
        "C = 1 - (1 + lambda) R/2 with gradient descent's lambda, R to 0; ratios of correlations "
        "are kept",
        _limit(_noise_scale(), line),
        m * (Q - (2 * m - eta) / (2 * m + eta) * (1 - Q)) - 1,
    )


def _single_steps() -> tuple[tuple[sp.Expr, sp.Expr], ...]:
    """Linearise a step of SGD at b = 1 next to the data point ``a_*``.

    ``c_*^2 = 1 - e t``, ``s^2 = t`` and ``s_j^2 = f t`` for a point j, to first order in t: a step
    on the point a_* itself, a step on j. Nothing is off the active span: ``N = 1 - e t + t``.

    Returns:
        For each of the two steps the derivatives of both by t at 0.
    """
    own, share = 1 - _SLOPE * _T, _SHARE * _T
    at = {N: own + _T, alpha: eta}
    hit, missed = (f.expression.subs(at) for f in (active_factor(), inactive_factor()))
    hit = hit.subs(mu, 1)
    changes = (
        (own * hit.subs(S, own) ** 2 - own, _T * missed.subs(S, own) ** 2 - _T),
        (
            own * missed.subs(S, share) ** 2 - own,
            (_T - share) * missed.subs(S, share) ** 2 + share * hit.subs(S, share) ** 2 - _T,
        ),
    )
    return tuple((sp.diff(own_, _T).subs(_T, 0), sp.diff(all_, _T).subs(_T, 0))
                 for own_, all_ in changes)  # fmt: skip


@derives("noise.sgd_slope", OWN, where="s^2 the energy of the losing points")
def sgd_slope() -> Derivation:
    r"""Derive the limit of (2 - N - C)/s^2 along SGD with b = 1.

    .. math:: \lim \frac{2 - N - C}{s^2} = -\frac{2 \eta}{2 + \eta}
    """
    # 1 - c_*^2 = e s^2 is kept by a step if the change of c_*^2 is -e times that of s^2.
    (own, length), (other_own, other_length) = _single_steps()
    root = Root(_SLOPE, own + _SLOPE * length)
    left = at(other_own + _SLOPE * other_length, {_SLOPE: root})
    limit, kept = sp.Symbol("limit", real=True), 2 * root - 2 + left
    return Derivation.begin(
        "2 - N - C = 2 (1 - c_*^2) - 2 s^2, on the line that steps on a_* keep; steps on another "
        "point keep it too: what they leave over is 0",
        limit,
        kept,
        Assumed("SGD comes in along the line that its steps keep", limit, kept),
    ).then("that line", -2 * eta / (2 + eta), Solved({_SLOPE: 2 / (2 + eta)}))


def _sgd_line(second: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """Return the line that SGD comes in on, to second order in ``t = s^2``.

    Returns:
        Rules for C, N and Q.
    """
    radial = sgd_slope().expression / 2
    active = 1 - radial * _T + second * _T**2
    return {N: active, C: active, Q: (active - _T) ** 2 + _FOURTH * _T**2}


@derives("noise.sgd_curved", OWN, where="off-span part gone first")
def sgd_curved() -> Derivation:
    r"""Derive the limit of B_noise along SGD with b = 1, several active points.

    .. math:: \lim B_{\mathrm{noise}} = m - 1 + \frac{m (2 + \eta)}{4 \eta}
    """
    return Derivation.begin(
        "ratio of the coefficients of s^4; the second order of the line drops out",
        _limit(_noise_scale(), _sgd_line(sp.Symbol("second", real=True))),
        m - 1 + m * (2 + eta) / (4 * eta),
    )


@derives("noise.sgd_simple", OWN, where="B_simple grows as s^2 goes to 0")
def sgd_simple() -> Derivation:
    r"""Derive the limit of s^2 B_simple along SGD with b = 1.

    .. math:: \lim s^2 B_{\mathrm{simple}} = \frac{m (2 + \eta)^2}{2 \eta^2}
    """
    return Derivation.begin(
        "coefficient of s^2 in the numerator over that of s^4 in the denominator",
        _limit(_T * simple_scale().expression, _sgd_line(sp.Symbol("second", real=True))),
        m * (2 + eta) ** 2 / (2 * eta**2),
    )


def flow_rise() -> tuple[Derivation, sp.Expr]:
    """Derive the rate of change of the simple noise scale along gradient flow.

    Returns:
        The chain to ``2 (1 - q) C E / D^2`` with ``q = Q/C^2`` and
        ``D = (2 - 2 C - R)^2 + C R``; and E, whose sign decides, a polynomial in C and R.
    """
    share = sp.Symbol("share", nonnegative=True)  # Q / C^2
    scale = simple_scale().expression.subs({N: C + R, Q: share * C**2}, simultaneous=True)
    speed = {
        v: sp.diff(f.expression, eta).subs(eta, 0)
        for v, f in ((C, gd_active_energy()), (R, gd_rest_energy()))
    }
    below = (2 - 2 * C - R) ** 2 + C * R
    above = C * (4 - 3 * C - 3 * R)
    sign = sp.expand(
        (2 - 2 * C - R) * (sp.diff(above, C) * below - above * sp.diff(below, C))
        - R * (sp.diff(above, R) * below - above * sp.diff(below, R))
    )
    chain = Derivation.begin(
        "chain rule, dC/dt and dR/dt the derivatives of a step of gradient descent by eta",
        sum((sp.diff(scale, v) * rate for v, rate in speed.items()), sp.Integer(0)),
        2 * (1 - share) * C * sign / below**2,
    )
    return chain, sign


limit_forms = forms_of(__name__)

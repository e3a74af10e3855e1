"""Derive Keskar's sharpness at a minimum on standard-basis data: the largest rise in a box.

The metric is ``100 max_z [L(w+z) - L(w)] / (1 + L(w))`` over ``|z_i| <= eps (|w_i| + 1)``. Where
the maximum is: with q the active energy of ``x = w + z`` and ``N = |x|^2`` the gap formula reads
``2m (L - L*) = (1-q)^2 + q (N-q) = 1 + q (N-2)``. On the standard basis every coordinate has its
own interval, so ``x_i^2`` is largest at the outer end, for all coordinates at once: ``N <= N_+``.

* ``N_+ >= 2``: q and N are both largest at the outer corner (inactive coordinates at +eps), and
  ``q (N-2) <= q_+ (N_+ - 2)``. Linear and ReLU agree.
* ``N_+ < 2``: the rise is ``1 - q (2-N)``. Linear: off the span only N counts; q enters through a
  convex function whose upper end wins if ``q_+ + q_- >= 2``; it does, since
  ``(c+r)^2 + max(c-r, 0)^2 >= 2 c^2``. ReLU: an inactive coordinate at -eps gives N all it can and
  q nothing; on the active ones the same argument holds unless one can be made negative. Where no
  ``c_i < eps (c_i + 1)`` that is out of reach; with k equal correlations it is so by itself.

So the metric depends on a minimum through ``s = sum |c_i|`` (and, for ReLU in a small box, k).
:mod:`whichmin.verification.topics.perturbation.box` proves the inequalities with z3.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.landscape.minima import gap, minimum
from whichmin.symbolic.landscape.neuron import c_, sigma_
from whichmin.symbolic.operator_rules import Solved
from whichmin.symbolic.operators import Root, at
from whichmin.symbolic.registry import derives, forms_of, recall
from whichmin.symbolic.rules import Assumed, define, where
from whichmin.symbolic.symbols import C, N, R, i, k, m, n

__all__ = [
    "active_energy",
    "eps",
    "keskar_forms",
    "largest_norm",
    "metric",
    "percent",
    "s",
    "small",
    "small_difference",
    "threshold",
]

KESKAR = "Keskar et al. 2017, metric 2.1 (full space), on the minima of Ghosh et al. 2025"

# Relative size of the box, and the sum of the absolute correlations of the minimum.
eps, s = sp.symbols("eps s", positive=True)
# Active energy where the loss is largest; largest <w, z> and |z|^2 in the box.
q, T, Z = sp.symbols("q_max T Z", positive=True)


@derives("keskar.active_energy", KESKAR)
def active_energy() -> Derivation:
    r"""Derive the energy of the k active points at the outer corner.

    .. math:: q = (1 + \varepsilon)^2 + 2 \varepsilon (1 + \varepsilon) s + k \varepsilon^2
    """
    active = sigma_[i]
    return Derivation.begin(
        "sum over the active points, sigma_i = 1 there and 0 elsewhere; c_i stands for |w_i|",
        sp.Sum(active * (c_[i] + eps * (c_[i] + 1)) ** 2, (i, 1, m)),
        (1 + eps) ** 2 * C + 2 * eps * (1 + eps) * s + k * eps**2,
        recall(gap(), C),
        define({s: sp.Sum(active * c_[i], (i, 1, m)), k: sp.Sum(active, (i, 1, m))}),
    ).then(
        "at a minimum C = 1",
        (1 + eps) ** 2 + 2 * eps * (1 + eps) * s + k * eps**2,
        where({C: 1}),
    )


@derives("keskar.largest_norm", KESKAR, where="s = sum |c_i|")
def largest_norm() -> Derivation:
    r"""Derive the largest ``|w + z|^2`` in the box.

    .. math:: N_+ = (1 + \varepsilon)^2 + 2 \varepsilon (1 + \varepsilon) s + n \varepsilon^2
    """
    return Derivation.begin(
        "all n coordinates at their outer ends |w_i| + eps (|w_i| + 1), active or not",
        at(active_energy().expression, {k: n}),
        (1 + eps) ** 2 + 2 * eps * (1 + eps) * s + n * eps**2,
    )


@derives("keskar.percent", KESKAR)
def percent() -> Derivation:
    r"""Derive Keskar's metric, the loss largest at energy q and ``|x|^2 = N``.

    .. math:: \phi = \frac{100 (1 + q (N - 2))}{3 m - 1}
    """
    excess = at(gap().expression, {C: q, R: N - q})
    return Derivation.begin(
        "rise over the minimum, in percent of 1 + loss",
        100 * excess / (1 + minimum().expression),
        100 * (1 + q * (N - 2)) / (3 * m - 1),
    )


def metric(active: sp.Expr, total: sp.Expr) -> sp.Expr:
    """Write Keskar's metric at a minimum in terms of the box.

    Args:
        active: Number of points that count as active at the maximum: k for ReLU in a small box, m
            for ReLU in a large box and for the linear neuron.
        total: Sum of the absolute correlations.

    Returns:
        An expression in eps, m, n and what the arguments hold.
    """
    energy = active_energy().expression.subs({k: active, s: total}, simultaneous=True)
    rest = (n - active) * eps**2
    return 100 * ((energy - 1) ** 2 + energy * rest) / (3 * m - 1)


@derives("keskar.small", KESKAR)
def small() -> Derivation:
    r"""Derive Keskar's metric over eps^2 for eps to 0, linear with k = m.

    .. math::
        \lim_{\varepsilon \to 0} \frac{\phi}{\varepsilon^2}
        = \frac{100 (4 (1 + s)^2 + n - k)}{3 m - 1}
    """
    at_corner = {q: active_energy().expression, N: largest_norm().expression}
    whole, limit = at(percent().expression, at_corner), sp.Symbol("limit", real=True)
    ratio = sp.Limit(whole / eps**2, eps, 0)
    return Derivation.begin(
        "over eps^2, eps to 0; active points at the outer ends, the others off q",
        limit,
        ratio,
        Assumed(
            "in a small box the loss is largest where active coordinates are at their outer ends "
            "and inactive ones give N all they can and q nothing (argued at the top of "
            "symbolic.perturbation.keskar; its inequalities are SMT lemmas)",
            limit,
            ratio,
        ),
    ).then("the leading coefficient", 100 * (4 * (1 + s) ** 2 + n - k) / (3 * m - 1))


@derives("keskar.small_difference", KESKAR)
def small_difference() -> Derivation:
    r"""Derive Keskar's metric over eps^2, ReLU, eps to 0: GD's minimum minus SGD's.

    .. math::
        \lim_{\varepsilon \to 0} \frac{\phi_{\mathrm{GD}} - \phi_{\mathrm{SGD}}}{\varepsilon^2}
        = \frac{100 (4 (s - 1) (s + 3) - (k - 1))}{3 m - 1}
    """
    general = small().expression
    return Derivation.begin(
        "SGD's minimum has k = s = 1",
        general - at(general, {k: 1, s: 1}),
        100 * (4 * (s - 1) * (s + 3) - (k - 1)) / (3 * m - 1),
    )


@derives("keskar.threshold", KESKAR)
def threshold() -> Derivation:
    r"""Derive the eps up to which the box is small (largest_norm at most 2).

    .. math:: \varepsilon_0 = \frac{1}{1 + s + \sqrt{(1 + s)^2 + 1 + 2 s + n}}
    """
    root = 1 / (1 + s + sp.sqrt((1 + s) ** 2 + 1 + 2 * s + n))
    return Derivation.begin(
        "the only positive root of largest_norm = 2, which is quadratic in eps",
        Root(eps, largest_norm().expression - 2),
        root,
        Solved({eps: root}),
    )


@derives("keskar.bound", KESKAR, where="T = max <w,z>, Z = max |z|^2, while 2T + Z <= 1")
def bound() -> Derivation:
    r"""Derive the upper bound in any frame.

    .. math:: \phi \le \bar\phi = \frac{100 (T^2 (3 + 2 T + Z) + Z (1 + 2 T))}{3 m - 1}

    With ``t = <w, z>`` the active energy is at least ``<w, x>^2 = (1+t)^2`` (Cauchy and Schwarz),
    and ``N = 1 + 2t + |z|^2``; so ``1 + q (N-2) <= 1 - (1+t)^2 (1 - 2t - |z|^2)`` while N <= 2.
    It grows in ``|t| <= T = eps (1 + |w|_1)`` and in ``|z|^2 <= Z = eps^2 (1 + 2 |w|_1 + n)``.
    """
    bounded, above = sp.Symbol("bound", real=True), at(
        percent().expression, {q: (1 + T) ** 2, N: 1 + 2 * T + Z}
    )  # fmt: skip
    return Derivation.begin(
        "q = (1+T)^2, N = 1 + 2T + Z",
        bounded,
        above,
        Assumed(
            "the active energy is at least <w, x>^2 (Cauchy and Schwarz), and what that leaves "
            "grows in |t| and in |z|^2",
            bounded,
            above,
        ),
    ).then("worked out", 100 * (T**2 * (3 + 2 * T + Z) + Z * (1 + 2 * T)) / (3 * m - 1))


keskar_forms = forms_of(__name__)

r"""Derive which data point SGD ends at: moments of a step, diffusion limit, selection law.

Active correlations only; ``u_i = log|c_i|``, ``p_i = c_i^2 / C``. To second order in alpha a step
changes ``u_i - u_j`` by a mean ``D (2 - N) C (p_i - p_j)`` and a variance ``2 D (2 - N)^2``. On the
unit sphere (N = C = 1) these are the moments of the diffusion with generator

.. math::
    G f = D \left(\frac{1}{2} \sum_j \partial_j^2 f + \sum_j p_j \partial_j f\right),
    \quad \partial_j = \frac{\partial}{\partial u_j},

up to a shift common to all u, which the functions below do not see.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.descent import active_factor
from whichmin.symbolic.landscape.minima import gap
from whichmin.symbolic.landscape.neuron import c_, sigma_
from whichmin.symbolic.noise.sampling import MU_I, MU_J, without_replacement
from whichmin.symbolic.operator_rules import Expectation, Law, Solved, shown
from whichmin.symbolic.operators import Mean, Root, at
from whichmin.symbolic.registry import derives, forms_of, recall
from whichmin.symbolic.rules import Assumed, define, where
from whichmin.symbolic.selection.slopes import NORM, OTHER, OWN, cosine_slopes, norm_slopes
from whichmin.symbolic.symbols import C, N, S, alpha, b, i, k, m, mu

__all__ = [
    "arcsine_bound",
    "arcsine_drift",
    "diffusion",
    "generator_lemmas",
    "log_ratio_mean",
    "log_ratio_variance",
    "reshuffled_noise",
    "selection_forms",
    "spread_drift",
    "two_point_drift",
    "two_point_probability",
    "two_point_time",
]

SOURCE = "new; the diffusion limit of SGD in this model"

theta = sp.Symbol("theta", nonnegative=True)
q = sp.Symbol("q", integer=True, nonnegative=True)
V = sp.Symbol("V", positive=True)
v, p = sp.symbols("v p", real=True)
x = sp.Symbol("cosine", nonnegative=True)
Q = sp.Symbol("Q", nonnegative=True)
D = sp.Symbol("D", positive=True)

_P_I, _P_J = sp.symbols("p_i p_j", nonnegative=True)


def _law() -> Law:
    """Derive the moments of two multiplicities and of S, which is ``sum sigma_l c_l^2 mu_l``.

    Returns:
        The law for batches without replacement.
    """
    pair = without_replacement()
    second, mixed = pair.mean(MU_I**2), pair.mean(MU_I * MU_J)
    energy = sp.Sum(sigma_[i] * c_[i] ** 2, (i, 1, m))

    def with_batch(share: sp.Expr) -> Derivation:
        # Point i has the energy p_i C; every other one shares the mixed moment.
        return Derivation.begin(
            "mean of S mu_i: E mu_i^2 for the point itself, E mu_l mu_i for the others",
            share * energy * second + (energy - share * energy) * mixed,
            C * (share * second + (1 - share) * mixed),
            recall(gap(), C),
            uses=(gap(),),
        )

    moments = {S * MU_I: shown(with_batch(_P_I)), S * MU_J: shown(with_batch(_P_J))}
    return Law("multiplicities and the batch's energy", {**pair.moments, **moments})


def _log_factors() -> tuple[sp.Expr, sp.Expr]:
    factor = active_factor().expression
    return sp.log(at(factor, {mu: MU_I})), sp.log(at(factor, {mu: MU_J}))


@derives("selection.log_ratio_mean", SOURCE, where="p = p_i - p_j")
def log_ratio_mean() -> Derivation:
    r"""Derive the mean change of log|c_i / c_j| in a step to order alpha^2.

    .. math:: \mathbb{E}\,\Delta \log|c_i / c_j| = \alpha^2 \frac{b (m - b)}{m (m - 1)} (2 - N) C p
    """
    first, second = _log_factors()
    by_step = [at(sp.Derivative(first - second, (alpha, order)), {alpha: 0}) for order in (1, 2)]
    return Derivation.begin(
        "mean of the Taylor terms in alpha of u_i - u_j, subsets of size b; the first has mean 0",
        Mean(alpha * by_step[0] + alpha**2 / 2 * by_step[1]),
        alpha**2 * b * (m - b) / (m * (m - 1)) * (2 - N) * C * p,
        Expectation(_law()),
        define({p: _P_I - _P_J}),
    )


@derives("selection.log_ratio_variance", SOURCE)
def log_ratio_variance() -> Derivation:
    r"""Derive the variance of the change of log|c_i / c_j| in a step to order alpha^2.

    .. math::
        \operatorname{Var} \Delta \log|c_i / c_j| = 2 \alpha^2 \frac{b (m - b)}{m (m - 1)} (2 - N)^2
    """
    first, second = _log_factors()
    return Derivation.begin(
        "mean square of the first-order Taylor term in alpha of u_i - u_j, subsets of size b",
        Mean((alpha * at(sp.Derivative(first - second, alpha), {alpha: 0})) ** 2),
        2 * alpha**2 * b * (m - b) / (m * (m - 1)) * (2 - N) ** 2,
        Expectation(_law()),
    )


@derives("selection.diffusion", SOURCE)
def diffusion() -> Derivation:
    r"""Derive the diffusion constant D per step: one unit of the selection process takes 1/D steps.

    .. math:: D = \alpha^2 \frac{b (m - b)}{m (m - 1)}
    """
    return Derivation.begin(
        "half the variance on the unit sphere",
        at(log_ratio_variance().expression, {N: 1}) / 2,
        alpha**2 * b * (m - b) / (m * (m - 1)),
    )


@derives(
    "selection.reshuffled_noise",
    SOURCE,
    where="q = m mod b points left out of an epoch; the mean is the same",
)
def reshuffled_noise() -> Derivation:
    r"""Derive the variance of log|c_i / c_j| per step under reshuffled over independent batches.

    .. math::
        \frac{\operatorname{Var}_{\mathrm{reshuffled}}}{\operatorname{Var}_{\mathrm{independent}}}
        = \frac{q}{m - b}
    """
    epoch = sp.Symbol("t", integer=True, positive=True)  # batches in an epoch
    used, ratio = at(log_ratio_variance().expression, {b: epoch * b}), sp.Symbol("ratio")
    per_batch = used / (epoch * log_ratio_variance().expression)
    return Derivation.begin(
        "per batch of an epoch, over the variance of an independent batch",
        ratio,
        per_batch,
        Assumed(
            "an epoch moves log|c_i / c_j| as one batch of the t b points that it uses, to this "
            "order (checked for m up to 4 by cyclic.epoch_lemmas)",
            ratio,
            per_batch,
        ),
    ).then(
        "q points of an epoch are left out, m = t b + q",
        q / (m - b),
        define({q: m - epoch * b}),
    )


def two_point_generator(f: sp.Expr) -> sp.Expr:
    """Apply the generator, in units of D, to a function of v = u_1 - u_2; p_1 - p_2 = tanh v."""
    return sp.Derivative(f, (v, 2)) + sp.tanh(v) * sp.Derivative(f, v)


@derives("selection.two_point_probability", SOURCE, where="theta the angle of Pw0 to a_1")
def two_point_probability() -> Derivation:
    r"""Derive the chance that SGD ends at a_1 of two active points.

    .. math:: P(a_1) = 1 - \frac{2 \theta}{\pi}
    """
    slope, chance = sp.Symbol("slope", real=True), sp.Symbol("P_1", real=True)
    line = 1 + Root(slope, 1 + slope * sp.pi / 2) * theta
    return Derivation.begin(
        "what the generator maps to 0 is linear in theta (lemma); it is 1 at a_1 and 0 at a_2",
        chance,
        line,
        Assumed(
            "in the diffusion limit the chance is what the generator maps to 0, with value 1 at "
            "a_1 and 0 at a_2, where the process ends",
            chance,
            line,
        ),
    ).then("the line through both ends", 1 - 2 * theta / sp.pi, Solved({slope: -2 / sp.pi}))


@derives("selection.two_point_drift", SOURCE, where="to order alpha^2")
def two_point_drift() -> Derivation:
    r"""Derive the expected change in a step of 1 - 2 theta/pi while the weights grow.

    .. math::
        \mathbb{E}\,\Delta\left(1 - \frac{2 \theta}{\pi}\right)
        = -\frac{D}{\pi} \sin(2 \theta) \cos(2 \theta) (2 - N) (2 - N - C)
    """
    h = two_point_probability().expression
    angle = sp.atan(sp.exp(-v))
    share = (sp.exp(2 * v) - 1) / (sp.exp(2 * v) + 1)  # p_1 - p_2
    of_v = at(h, {theta: angle})
    noise, drift = (2 - N) ** 2 * sp.Derivative(of_v, (v, 2)), (2 - N) * C * share
    return Derivation.begin(
        "moments at any N and C applied to 1 - 2 theta/pi, tan theta = exp(-v)",
        D * (noise + drift * sp.Derivative(of_v, v)),
        -D / sp.pi * sp.sin(2 * angle) * sp.cos(2 * angle) * (2 - N) * (2 - N - C),
    ).then(
        "in terms of theta",
        -D / sp.pi * sp.sin(2 * theta) * sp.cos(2 * theta) * (2 - N) * (2 - N - C),
        define({theta: angle}),
    )


@derives("selection.two_point_time", SOURCE, where="two active points on the sphere")
def two_point_time() -> Derivation:
    r"""Derive the expected steps until ``|log|c_1/c_2||`` reaches V from v.

    .. math:: \mathbb{E}\,t = \frac{\log \cosh V - \log \cosh v}{D}
    """
    free, time = sp.symbols("free time", real=True)
    solution = Root(free, free - sp.log(sp.cosh(V)) / D) - sp.log(sp.cosh(v)) / D
    return Derivation.begin(
        "the generator maps log cosh v to D (lemma); the time is 0 at v = V",
        time,
        solution,
        Assumed(
            "the mean time is what the generator maps to -1 (Dynkin's formula), even in v and 0 "
            "at v = V and v = -V",
            time,
            solution,
        ),
    ).then(
        "the constant",
        (sp.log(sp.cosh(V)) - sp.log(sp.cosh(v))) / D,
        Solved({free: sp.log(sp.cosh(V)) / D}),
    )


@derives("selection.spread_drift", SOURCE, where="k active points on the sphere")
def spread_drift() -> Derivation:
    r"""Derive the expected change in a step of k log|c| - sum of log|c_j|.

    .. math:: \mathbb{E}\,\Delta\left(k \log|c| - \sum_j \log|c_j|\right) = D (k - 1)
    """
    share = sp.IndexedBase("p")[i]
    return Derivation.begin(
        "generator on k log|c| - sum u_j: derivatives p_j and 2 p_j (1 - p_j) of log|c|, drift p_j",
        D
        * sp.Sum(
            k * NORM[1](share) / 2 + share * (k * NORM[0](share) - 1),
            (i, 1, k),
        ),
        D * (k - 1),
        where({sp.Sum(share, (i, 1, k)): 1}),
        uses=norm_slopes(),
    )


@derives(
    "selection.arcsine_bound",
    SOURCE,
    where="cosine that of Pw0 and a_i; equal to it for two points",
)
def arcsine_bound() -> Derivation:
    r"""Derive the upper bound of the chance to end at a_i.

    .. math:: P(a_i) \le \bar{P} = \frac{2}{\pi} \arcsin x
    """
    return Derivation.begin(
        "two points: the cosine with a_1 is cos theta, and theta = pi/2 - asin(cos theta)",
        two_point_probability().expression,
        2 / sp.pi * sp.asin(x),
        where({theta: sp.pi / 2 - sp.asin(x)}),
    )


@derives("selection.arcsine_drift", SOURCE, where="Q the sum of the other p_j^2")
def arcsine_drift() -> Derivation:
    r"""Derive the expected change in a step of the arcsine bound.

    .. math:: \mathbb{E}\,\Delta \bar{P} = \frac{D x (Q - (1 - x^2)^2)}{\pi (1 - x^2)^{3/2}}
    """
    f, lemmas = arcsine_bound().expression, cosine_slopes()
    share = sp.IndexedBase("p")[i]

    def others(term: sp.Expr) -> sp.Expr:
        return sp.Sum(term, (i, 2, k))

    drift = OWN[1](x) / 2 + x**2 * OWN[0](x)
    drift += others(OTHER[1](x, share) / 2 + share * OTHER[0](x, share))
    squared = OWN[0](x) ** 2 + others(OTHER[0](x, share) ** 2)
    return Derivation.begin(
        "generator on a function of x = cos, slopes of x in every u_j by the lemmas; the shares "
        "p_j of the others add up to 1 - x^2",
        D * (drift * sp.Derivative(f, x) + squared / 2 * sp.Derivative(f, (x, 2))),
        D * x * (Q - (1 - x**2) ** 2) / (sp.pi * (1 - x**2) ** sp.Rational(3, 2)),
        define({Q: others(share**2)}),
        where({others(share): 1 - x**2}),
        uses=lemmas,
    )


def _full_generator(f: sp.Expr, u: Sequence[sp.Symbol]) -> sp.Expr:
    total = sum(sp.exp(2 * w) for w in u)
    return sum(sp.diff(f, w, 2) / 2 + sp.exp(2 * w) / total * sp.diff(f, w) for w in u)


def generator_lemmas() -> dict[str, Derivation]:
    """Derive the lemmas on the generator by brute force in u, for 2, 3 and 4 points.

    Returns:
        Derivations by name.
    """
    h = sp.Function("h")
    angle = sp.Symbol("theta", positive=True)
    # d theta/dv = -sin(2 theta)/2, so functions of theta are differentiated by the chain rule.
    slope = -sp.sin(2 * angle) / 2
    first = slope * sp.Derivative(h(angle), angle)
    second = slope * sp.diff(first.doit(), angle)
    lemmas = {
        "angle": Derivation.begin(
            "tan theta = exp(-v) turns slowly: d theta/dv",
            sp.Derivative(sp.atan(sp.exp(-v)), v),
            -sp.sin(2 * sp.atan(sp.exp(-v))) / 2,
        ),
        "linear in theta": Derivation.begin(
            "the generator on functions of theta; tanh v = cos 2 theta",
            second + sp.cos(2 * angle) * first,
            sp.sin(2 * angle) ** 2 / 4 * sp.Derivative(h(angle), (angle, 2)),
        ),
        "log cosh": Derivation.begin(
            "the generator on log cosh v", two_point_generator(sp.log(sp.cosh(v))), sp.Integer(1)
        ),
    }
    for count in (2, 3, 4):
        w = sp.symbols(f"w1:{count + 1}", positive=True)
        u = sp.symbols(f"u1:{count + 1}", real=True)
        to_weights = {uj: sp.log(wj) for uj, wj in zip(u, w, strict=True)}
        total = sum(sp.exp(2 * uj) for uj in u)
        size = sum(wj**2 for wj in w)
        share = [wj**2 / size for wj in w]
        squares = sum(s**2 for s in share)
        F = sp.log(total) / 2
        cosine = sp.exp(u[0]) / sp.sqrt(total)
        slopes = sum(sp.diff(cosine, uj) ** 2 for uj in u)
        own = w[0] / sp.sqrt(size)
        for name, before, after in (
            ("Laplacian of log|c|", sum(sp.diff(F, uj, 2) for uj in u), 2 * (1 - squares)),
            ("gradient of log|c|", sp.diff(F, u[0]), share[0]),
            ("drift of a cosine", _full_generator(cosine, u), -own * (1 - squares) / 2),
            ("squared slope of a cosine", slopes, own**2 * (1 - 2 * own**2 + squares)),
        ):
            lemmas[f"{name}, {count} points"] = Derivation.begin(
                f"{name} in u, with c_j = exp u_j", at(before, to_weights), after
            )
    lemmas["p_1 - p_2"] = Derivation.begin(
        "p_1 - p_2 with c_1/c_2 = exp v",
        sp.tanh(v).rewrite(sp.exp),
        (sp.exp(2 * v) - 1) / (sp.exp(2 * v) + 1),
    )
    return lemmas


selection_forms = forms_of(__name__)

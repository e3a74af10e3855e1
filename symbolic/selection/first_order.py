"""Derive the selection law of two points on the sphere to first order in alpha.

Two active points with shares p and 1 - p, multiplicities that differ by d, a symmetric law. The
expansion is formal: it collects all terms of the next order, it does not bound the rest.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.descent import active_factor
from whichmin.symbolic.operators import at
from whichmin.symbolic.selection.law import log_ratio_variance, two_point_drift
from whichmin.symbolic.symbols import C, N, S, alpha, b, m, mu

__all__ = ["first_order_lemmas", "first_order_term"]

theta = sp.Symbol("theta", nonnegative=True)
D = sp.Symbol("D", positive=True)
x, d, p = sp.symbols("x d p", real=True)


def first_order_term() -> sp.Expr:
    r"""Return the term of first order in alpha, for batches without replacement.

    .. math::
        P(a_1) \approx 1 - \frac{2 \theta}{\pi}
        + \frac{m - b}{m - 1} \frac{\alpha \sin 4 \theta}{32 \pi}

    Returns:
        A function of alpha, m, b and theta.
    """
    return alpha * (m - b) / (m - 1) * sp.sin(4 * theta) / (32 * sp.pi)


def first_order_lemmas(term: sp.Expr | None = None) -> dict[str, Derivation]:
    """Derive the term of first order step by step.

    Args:
        term: The term; by default the one above.

    Returns:
        Derivations by name.
    """
    term = first_order_term() if term is None else term
    # On the sphere mu_1 - S = (1 - p) d and mu_2 - S = -p d.
    factor = active_factor().expression.subs({N: 1, S: 0})
    up, down = (factor.subs(mu, value) for value in ((1 - p) * d, -p * d))
    jump = sp.log(up) - sp.log(down)
    h1, h2, h3 = sp.symbols("h1:4", real=True)
    change = h1 * jump + h2 * jump**2 / 2 + h3 * jump**3 / 6
    third = sp.diff(change, (alpha, 3)).subs(alpha, 0) / 6
    size = p * up**2 + (1 - p) * down**2
    squared = log_ratio_variance().expression.subs(N, 1) / alpha**2
    push = p * (1 - p) * squared
    share = sp.Symbol("S", nonnegative=True)
    grown = active_factor().expression.subs({N: 1 + x, S: share * (1 + x)})
    sphere = alpha * p * (1 - p) * (m - b) / (2 * (m - 1))
    pull = 4 * alpha * b / m * x
    drift = two_point_drift().expression.subs({N: 1 + x, C: 1 + x})
    tangent = 2 * D * sp.sin(2 * theta) * sp.cos(2 * theta) * x / sp.pi
    hover = sphere.subs(p, sp.cos(theta) ** 2)
    return {
        "odd": Derivation.begin(
            "terms of order alpha^3 of h(v + change) are odd in d: their mean is 0",
            third + at(third, {d: -d}),
            sp.Integer(0),
        ),
        "push": Derivation.begin(
            "a step adds p (1 - p) d^2 alpha^2 to |c|^2 = 1, and nothing of first order",
            size,
            1 + p * (1 - p) * d**2 * alpha**2,
        ),
        "pull": Derivation.begin(
            "at |c|^2 = 1 + x, change of log|c|^2 of first order in alpha and x, S the share of "
            "the batch: points in it make up S",
            at(
                sp.Derivative(
                    2 * share * sp.log(grown.subs(mu, 1))
                    + 2 * (1 - share) * sp.log(grown.subs(mu, 0)),
                    alpha,
                    x,
                ),
                {alpha: 0, x: 0},
            ),
            -4 * share,
        ),
        "balance": Derivation.begin(
            "push alpha^2 E d^2 p (1 - p) equals pull 4 alpha (b/m) x: E S = b/m",
            at(alpha**2 * push - pull, {x: sphere}),
            sp.Integer(0),
        ),
        "drift": Derivation.begin(
            "drift of 1 - 2 theta/pi at N = C = 1 + x, to first order in x",
            at(sp.Derivative(drift, x), {x: 0}) * x,
            tangent,
        ),
        "correction": Derivation.begin(
            "the generator takes the term to minus that drift, D sin(2 theta)^2/4 its factor",
            D * sp.sin(2 * theta) ** 2 / 4 * sp.diff(term, (theta, 2)) + tangent.subs(x, hover),
            sp.Integer(0),
        ),
        "ends": Derivation.begin(
            "the term is 0 where one point has won",
            at(term, {theta: 0}) ** 2 + at(term, {theta: sp.pi / 2}) ** 2,
            sp.Integer(0),
        ),
    }

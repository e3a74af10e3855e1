"""Derive the boundary-value problem of the selection law of three active points.

``x = u_1 - u_3`` and ``y = u_2 - u_3`` remove the common shift. Gradients are paired by
``A = [[2, 1], [1, 2]]``, the inner products of the gradients of x and y in u.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from whichmin.symbolic.derivation import Derivation

__all__ = ["equation_lemmas", "pairing", "weight"]

x, y = sp.symbols("x y", real=True)


def weight() -> sp.Expr:
    r"""Return the weight W that makes the generator symmetric.

    .. math:: W = \frac{\|c\|^2}{|c_1 c_2 c_3|^{2/3}} = (e^{2 x} + e^{2 y} + 1) e^{-2 (x + y) / 3}

    Returns:
        A function of x and y.
    """
    return (sp.exp(2 * x) + sp.exp(2 * y) + 1) * sp.exp(-2 * (x + y) / 3)


def pairing(f: sp.Expr, g: sp.Expr) -> sp.Expr:
    """Pair two gradients: ``grad f . A grad g``.

    Returns:
        The product.
    """
    (fx, fy), (gx, gy) = ((sp.diff(h, x), sp.diff(h, y)) for h in (f, g))
    return 2 * fx * gx + 2 * fy * gy + fx * gy + fy * gx


def _divergence(scale: sp.Expr, f: sp.Expr) -> sp.Expr:
    fx, fy = sp.diff(f, x), sp.diff(f, y)
    return sp.diff(scale * (2 * fx + fy), x) + sp.diff(scale * (fx + 2 * fy), y)


def _generator(f: sp.Expr, u: Sequence[sp.Symbol]) -> sp.Expr:
    total = sum(sp.exp(2 * w) for w in u)
    return sum(sp.diff(f, w, 2) / 2 + sp.exp(2 * w) / total * sp.diff(f, w) for w in u)


def equation_lemmas(scale: sp.Expr | None = None) -> dict[str, Derivation]:
    """Derive that the equation is ``div(W A grad h) = 0``, and that it is coercive.

    Args:
        scale: The weight; by default :func:`weight`.

    Returns:
        Derivations by name.
    """
    W = weight() if scale is None else scale
    root = sp.sqrt(W)
    k = sp.Function("k")
    u = sp.symbols("u1:4", real=True)
    u1, u2, u3 = u
    # Exponentials as monomials of positive symbols, so that identities become rational.
    s, t = sp.symbols("s t", positive=True)
    monomials = {x: 3 * sp.log(s), y: 3 * sp.log(t)}
    shares = [v / (sp.exp(2 * x) + sp.exp(2 * y) + 1) for v in (sp.exp(2 * x), sp.exp(2 * y), 1)]
    squares = sum(p**2 for p in shares)
    # Second-order polynomials in x and y carry all values of a function's derivatives at a point.
    jet = sp.symbols("a0:6", real=True)
    quadratic = sum(a * b for a, b in zip(jet, (1, x, y, x**2, x * y, y**2), strict=True))
    in_u = quadratic.subs({x: u1 - u3, y: u2 - u3}, simultaneous=True)
    rest = _divergence(sp.Integer(1), root) / root
    flux = k(x, y) ** 2 / root
    return {
        "equation": Derivation.begin(
            "the generator on functions of x and y, for all values of the first and second "
            "derivatives, is div(W A grad h)/(2 W)",
            _generator(in_u, u)
            .subs({u1: x + u3, u2: y + u3}, simultaneous=True)
            .subs(u3, 0)
            .subs(monomials),
            (_divergence(W, quadratic) / (2 * W)).subs(monomials),
        ),
        "gap": Derivation.begin(
            "the ground-state potential is 5/3 minus the sum of the p_i^2, at least 2/3",
            rest.subs(monomials),
            (sp.Rational(5, 3) - squares).subs(monomials),
        ),
        "energy": Derivation.begin(
            "W |grad(k/sqrt W)|^2 = |grad k|^2 + potential k^2 - a divergence",
            W * pairing(k(x, y) / root, k(x, y) / root),
            pairing(k(x, y), k(x, y)) + rest * k(x, y) ** 2 - _divergence(flux, root),
        ),
    }

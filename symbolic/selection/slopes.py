"""Derive how log|c| and a cosine change with one ``u_j = log|c_j|``, the others held, for any k.

The generator of the selection process needs first and second derivatives in each u alone: what the
other correlations add to ``|c|^2`` is a constant then.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from whichmin.symbolic.derivation import Derivation

__all__ = ["NORM", "OTHER", "OWN", "cosine_slopes", "norm_slopes"]

# First and second derivative of log|c| in the u of a share p.
NORM: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
    lambda share: share,
    lambda share: 2 * share * (1 - share),
)
# Those of the cosine x with a_i in u_i itself, and in the u of another point of share p.
OWN: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
    lambda x: x * (1 - x**2),
    lambda x: x * (1 - x**2) * (1 - 3 * x**2),
)
OTHER: tuple[Callable[[sp.Expr, sp.Expr], sp.Expr], ...] = (
    lambda x, share: -x * share,
    lambda x, share: x * (3 * share**2 - 2 * share),
)

_u = sp.Symbol("u", real=True)
_rest, _top = sp.symbols("rest top", positive=True)
_size = sp.exp(2 * _u) + _rest  # |c|^2
_share = sp.exp(2 * _u) / _size


def norm_slopes() -> tuple[Derivation, ...]:
    """Derive the derivatives of log|c| in one u.

    Returns:
        The first and the second.
    """
    length = sp.log(_size) / 2
    return tuple(
        Derivation.begin("log|c| in one u", sp.Derivative(length, (_u, order)), slope(_share))
        for order, slope in enumerate(NORM, start=1)
    )


def cosine_slopes() -> tuple[Derivation, ...]:
    """Derive the derivatives of the cosine ``exp(u_i)/|c|`` in one u.

    Returns:
        First and second in u_i, and in another u.
    """
    own, other = sp.exp(_u) / sp.sqrt(_size), _top / sp.sqrt(_size)
    return (
        *(
            Derivation.begin("in its own u", sp.Derivative(own, (_u, order)), slope(own))
            for order, slope in enumerate(OWN, start=1)
        ),
        *(
            Derivation.begin(
                "in another u", sp.Derivative(other, (_u, order)), slope(other, _share)
            )
            for order, slope in enumerate(OTHER, start=1)
        ),
    )

r"""Compute the largest rise of the loss in a ball exactly, for orthonormal data.

Let K be the span of the points (ReLU: the cone spanned by them with coefficients of at least 0),
and x = Kx + Lx the projection on it and the rest. With p = \|Kx\| and u = \|Lx\| the loss is

.. math:: 2 m\, L(x) = m - 1 + (1 - p^2)^2 + p^2 u^2 ,

because ReLU's active part is the projection on the cone (Moreau, 1962).

*Reduction.* ``|x - w|^2 >= (p - p_0)^2 + (u - u_0)^2``: of the four inner products, ``<Kx, Kw>``
and ``<Lx, Lw>`` are at most those of parallel vectors, and ``<Kx, Lw> <= 0``, ``<Lx, Kw> <= 0``
since L lands in the polar cone. Equality holds for Kx along Kw and Lx along Lw. So p and u are
confined to a disc, and all of it (with p, u >= 0) is reached if Kw and Lw are not 0. The value
grows with u and is even in p and u, so its maximum over the disc lies on the circle.

*At a minimum* (p_0 = 1, u_0 = 0): on the disc ``u^2 <= r^2 - (p - 1)^2``, so
``(1 - p^2)^2 + p^2 u^2 <= (1 + p)^2 [(p - 1)^2 + u^2] <= (2 + r)^2 r^2`` because ``p <= 1 + p`` and
``p <= 1 + r``; the move ``z = r w`` attains it, also where no direction is left for u.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

__all__ = ["circle_maximum", "rise_at_minimum", "rise_in_ball"]

F = Fraction
Polynomial = list[Fraction]  # coefficients of 1, t, t^2, ...

# Width to which a stationary point is enclosed. The value is flat there, so its own error is of
# the size of the width's square, 2^-80: far below the rounding of any target.
WIDTH = F(1, 2**40)


def rise_at_minimum(radius: Fraction, m: int) -> Fraction:
    r"""Compute the largest rise of the loss in a ball about any global minimum w.

    .. math:: \max_{|z| \le r} L(w + z) - L(w) = \frac{(2 r + r^2)^2}{2 m}

    Args:
        radius: The radius r.
        m: Number of points.

    Returns:
        The maximum.
    """
    return (2 * radius + radius * radius) ** 2 / (2 * m)


def rise_in_ball(inside: Fraction, outside: Fraction, radius: Fraction, m: int) -> Fraction:
    r"""Compute the largest rise of the loss in a ball where Kw and Lw are both different from 0.

    .. math:: \max_{|z| \le r} L(w + z) - L(w) = \frac{1}{2m} \left[
              \max_{(p - p_0)^2 + (u - u_0)^2 = r^2} \bigl((1 - p^2)^2 + p^2 u^2\bigr)
              - (1 - p_0^2)^2 - p_0^2 u_0^2 \right]

    with :math:`p_0 = |Kw|` and :math:`u_0 = |Lw|`.

    Args:
        inside: ``|Kw|``, above 0.
        outside: ``|Lw|``, above 0.
        radius: The radius.
        m: Number of points.

    Returns:
        The maximum, within 2^-70 of itself.
    """
    own = _value(inside, outside)
    return (circle_maximum(inside, outside, radius) - own) / (2 * m)


def _value(p: Fraction, u: Fraction) -> Fraction:
    return (1 - p * p) ** 2 + (p * u) ** 2


def _times(left: Sequence[Fraction], right: Sequence[Fraction]) -> Polynomial:
    out = [F(0)] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            out[i + j] += a * b
    return out


def _minus(left: Sequence[Fraction], right: Sequence[Fraction]) -> Polynomial:
    size = max(len(left), len(right))
    wide = [[*p, *[F(0)] * (size - len(p))] for p in (left, right)]
    return _trimmed([a - b for a, b in zip(*wide, strict=True)])


def _trimmed(poly: Polynomial) -> Polynomial:
    while len(poly) > 1 and poly[-1] == 0:
        poly = poly[:-1]
    return poly


def _derivative(poly: Sequence[Fraction]) -> Polynomial:
    return [k * a for k, a in enumerate(poly)][1:] or [F(0)]


def _divided(above: Polynomial, below: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Quotient and remainder."""
    quotient, rest = [F(0)] * max(len(above) - len(below) + 1, 1), list(above)
    while len(rest) >= len(below) and any(rest):
        shift, factor = len(rest) - len(below), rest[-1] / below[-1]
        quotient[shift] = factor
        for i, b in enumerate(below):
            rest[shift + i] -= factor * b
        rest = _trimmed(rest[:-1] or [F(0)])
    return quotient, rest


def _chain(poly: Polynomial) -> list[Polynomial]:
    """Sturm's chain of a polynomial; its last member is the greatest common divisor with p'."""
    chain = [poly, _derivative(poly)]
    while len(chain[-1]) > 1:
        rest = _divided(chain[-2], chain[-1])[1]
        if not any(rest):
            break
        size = max(abs(a) for a in rest)  # keeps the fractions short; a positive factor is free
        chain.append([-a / size for a in rest])
    return chain


def _whole(poly: Polynomial) -> list[int]:
    """Integer coefficients of a positive multiple."""
    common = math.lcm(*(a.denominator for a in poly))
    return [int(a * common) for a in poly]


def _sign(poly: Sequence[int], t: Fraction) -> int:
    """Sign at a point; in integers, which is ten times as fast as in fractions."""
    total, power = 0, 1
    for a in reversed(poly):
        total = total * t.numerator + a * power
        power *= t.denominator
    return (total > 0) - (total < 0)


def _changes(chain: Sequence[Sequence[int]], t: Fraction) -> int:
    signs = [s for s in (_sign(p, t) for p in chain) if s]
    return sum(a != b for a, b in itertools.pairwise(signs))


def _roots(poly: Polynomial) -> list[Fraction]:
    """All real roots, each within ``WIDTH``, by Sturm's theorem: none is missed."""
    chain = _chain(_trimmed(poly))
    if len(chain[-1]) > 1:  # multiple roots: divide them out
        chain = _chain(_trimmed(_divided(chain[0], chain[-1])[0]))
    # Cauchy: no root is larger.
    size = 1 + max((abs(a / chain[0][-1]) for a in chain[0][:-1]), default=F(0))
    reach = F(2 ** (size.numerator // size.denominator).bit_length())
    whole = [_whole(p) for p in chain]
    open_, found = [(-reach, reach)], []
    while open_:
        a, b = open_.pop()
        inside = _changes(whole, a) - _changes(whole, b)
        if inside > 1:
            open_ += [(a, (a + b) / 2), ((a + b) / 2, b)]
        elif inside == 1:
            found.append(_enclosed(whole[0], a, b))
    return found


def _enclosed(poly: Sequence[int], a: Fraction, b: Fraction) -> Fraction:
    """The one simple root in (a, b], by its change of sign."""
    end = _sign(poly, b)
    while end and b - a > WIDTH:
        middle = (a + b) / 2
        here = _sign(poly, middle)
        if here == 0:
            return middle
        a, b = (a, middle) if here == end else (middle, b)
    return b


@functools.lru_cache(maxsize=4096)
def circle_maximum(inside: Fraction, outside: Fraction, radius: Fraction) -> Fraction:
    r"""Compute the largest value of a polynomial on a circle with centre (inside, outside).

    .. math:: \max\; (1 - p^2)^2 + p^2 u^2, \qquad
              p = p_0 + r\, \frac{1 - t^2}{1 + t^2}, \quad u = u_0 + r\, \frac{2t}{1 + t^2}

    The value is :math:`A(t) / (1 + t^2)^4` with a polynomial A, and stationary where
    :math:`A'(t)\, (1 + t^2) = 8\, t\, A(t)`; the point of :math:`t = \infty` is compared too.

    Args:
        inside: Centre, p.
        outside: Centre, u.
        radius: The radius.

    Returns:
        The maximum.
    """
    one, both = [F(1), F(0), F(1)], [F(1), F(0), F(2), F(0), F(1)]
    p = [inside + radius, F(0), inside - radius]
    u = [outside, 2 * radius, outside]
    square = _times(p, p)
    gap = _minus(both, square)
    above = _minus(_times(gap, gap), [-a for a in _times(square, _times(u, u))])
    above = [*above, *[F(0)] * (9 - len(above))]
    slope = _minus(_times(_derivative(above), one), _times([F(0), F(8)], above))
    best = _value(inside - radius, outside)
    for t in _roots(slope):
        length = 1 + t * t
        point = (inside + radius * (1 - t * t) / length, outside + 2 * radius * t / length)
        best = max(best, _value(*point))
    return best

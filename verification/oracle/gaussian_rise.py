r"""Compute mean and variance of the rise of the loss under Gaussian noise on the weights.

*Mean*, any data. With :math:`X = \langle w, g \rangle`, :math:`Y = \langle a, g \rangle` and
:math:`R = |g|^2`, a point's part of :math:`2\,[L(w + s g) - L(w)]` is
:math:`(N - 2 + 2 s X + s^2 R)(c + s Y)^2 - (N - 2)\, c^2`. Odd moments vanish, E X Y = c,
:math:`E Y^2 = |a|^2`, E R = n, :math:`E R Y^2 = (n + 2) |a|^2`, so the part's mean is

.. math:: s^2 \bigl[(N - 2) |a|^2 + (4 + n)\, c^2\bigr] + s^4 (n + 2) |a|^2 ,

which is :math:`s^2` times the trace of the point's Hessian, and a term of fourth order. For ReLU
the half space :math:`\langle w + s g, a \rangle < 0` contributes nothing; its part is subtracted.
It depends on the component of g along a only, through truncated moments of one Gaussian; at a kink
(c = 0) it is exactly half of the whole.

*Variance*, standard basis. The coordinates are independent, and 2 m L is a polynomial in the
energy Q on active points and the rest V, so joint moments of Q and V up to order 4 are enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.references import Matrix, Vector, dot

__all__ = ["law", "mean_rise"]

Floats = NDArray[np.float64]
F = Fraction
# Moments of Q and V up to this order: those of the square of a polynomial of degree 2.
ORDER = 4


def _density(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _beyond(x: float) -> float:
    """``P(g > x)``, accurate for large x too."""
    return math.erfc(x / math.sqrt(2)) / 2


def _opposite(c: Fraction, length: Fraction, norm: Fraction, n: int, sigma: Fraction) -> Fraction:
    """Mean of ``(N' - 2) c'^2`` where ``c' = c + s|a| y`` has the other sign than c (c not 0).

    ``N' = c'^2/|a|^2 + |w|^2 - c^2/|a|^2 + s^2 (n - 1)`` in the mean over what is orthogonal to a.

    Args:
        c: Inner product.
        length: ``|a|^2``.
        norm: ``|w|^2``.
        n: Dimension.
        sigma: Standard deviation.

    Returns:
        The mean; a float at heart, with an error of a few units of its largest term.
    """
    s, x = float(sigma) * math.sqrt(length), abs(float(c))
    tail, edge = _beyond(x / s), _density(x / s)
    second = (x * x + s * s) * tail - x * s * edge
    fourth = (x**4 + 6 * (x * s) ** 2 + 3 * s**4) * tail - (x**3 * s + 5 * x * s**3) * edge
    rest = norm - c * c / length + sigma * sigma * (n - 1) - 2
    return F(fourth / float(length) + float(rest) * second)


def mean_rise(w: Vector, data: Matrix, activation: str, sigma: Fraction) -> Fraction:
    r"""Compute the mean rise of the mean loss L under Gaussian noise.

    .. math:: E\,L(w + s g) - L(w) = \frac{1}{2m} \sum_i
              s^2 \bigl[(N - 2) |a_i|^2 + (4 + n)\, c_i^2\bigr] + s^4 (n + 2) |a_i|^2

    for the identity and a standard normal g; for ReLU see the module.

    Args:
        w: Weights, ``(n,)``.
        data: Points, ``(m, n)``, not 0; they need not be orthonormal.
        activation: ``linear`` or ``relu``.
        sigma: Standard deviation s of each coordinate, above 0.

    Returns:
        The mean, exact for ``linear``, and for ``relu`` at points at a kink.
    """
    n, norm, total = len(w), dot(w, w), F(0)
    for a in data:
        c, length = dot(w, a), dot(a, a)
        second = (norm - 2) * length + (4 + n) * c * c
        whole = sigma**2 * second + sigma**4 * (n + 2) * length
        if activation == "linear":
            total += whole
        elif c == 0:
            total += whole / 2
        else:
            other = _opposite(c, length, norm, n, sigma)
            total += whole - other if c > 0 else other
    return total / (2 * len(data))


def _half_moments(mean: float, deviation: float) -> tuple[list[float], list[float]]:
    """``E x^(2k)`` over x > 0 and over x < 0, k = 0 ... 4, of a Gaussian x.

    By parts: ``M_k = mu M_(k-1) + (k-1) s^2 M_(k-2)`` for k >= 2, ``M_1 = mu M_0 + s phi(mu/s)``.

    Args:
        mean: Its mean.
        deviation: Its standard deviation; 0 for a constant.

    Returns:
        Both lists.
    """
    if deviation == 0:
        powers = [mean ** (2 * k) for k in range(ORDER + 1)]
        none = [0.0] * (ORDER + 1)
        return (powers, none) if mean > 0 else (none, powers)
    halves = []
    for mu in (mean, -mean):
        moments = [_beyond(-mu / deviation)]
        moments.append(mu * moments[0] + deviation * _density(mu / deviation))
        for k in range(2, 2 * ORDER + 1):
            moments.append(mu * moments[-1] + (k - 1) * deviation**2 * moments[-2])
        halves.append(moments[::2])
    return halves[0], halves[1]


def _joint(w: Sequence[float], m: int, activation: str, deviations: Sequence[float]) -> Floats:
    """``E Q^a V^b`` for a, b up to ``ORDER``; moments over a! b! of a sum are a convolution."""
    factorials = np.array([math.factorial(k) for k in range(ORDER + 1)], dtype=float)
    weights = np.outer(factorials, factorials)
    joint = np.zeros((ORDER + 1, ORDER + 1))
    joint[0, 0] = 1
    for place, (mean, deviation) in enumerate(zip(w, deviations, strict=True)):
        above, below = _half_moments(mean, deviation)
        one = np.zeros_like(joint)
        if place >= m:
            one[0] = np.add(above, below)
        elif activation == "linear":
            one[:, 0] = np.add(above, below)
        else:
            one[:, 0], one[0, 1:] = above, below[1:]
            one[0, 0] = 1
        one /= weights
        new = np.zeros_like(joint)
        for a in range(ORDER + 1):
            for b in range(ORDER + 1):
                new[a:, b:] += one[a, b] * joint[: ORDER + 1 - a, : ORDER + 1 - b]
        joint = new
    return np.asarray(joint * weights)


def law(
    w: Sequence[float], m: int, activation: str, deviations: Sequence[float]
) -> tuple[float, float]:
    r"""Compute mean and variance of the rise for Gaussian noise z with independent coordinates.

    .. math:: L(w + z) - L(w), \qquad 2 m\, L = m + Q^2 + Q V - 2 Q

    with the energy Q on active points and the energy V of all other coordinates.

    Args:
        w: Weights, ``(n,)``; the data are the first m vectors of the standard basis.
        m: Number of points.
        activation: ``linear`` or ``relu``.
        deviations: Standard deviation of each coordinate of z.

    Returns:
        Mean and variance, in float64.
    """
    e = _joint(w, m, activation, deviations)
    own = _joint(w, m, activation, [0.0] * len(w))

    # 2 m L = m + X, X = Q^2 + Q V - 2 Q
    def first(t: Floats) -> float:
        return float(t[2, 0] + t[1, 1] - 2 * t[1, 0])

    square = e[4, 0] + e[2, 2] + 4 * e[2, 0] + 2 * e[3, 1] - 4 * e[3, 0] - 4 * e[2, 1]
    mean = first(e)
    variance = max(float(square) - mean * mean, 0.0)
    return (mean - first(own)) / (2 * m), variance / (2 * m) ** 2

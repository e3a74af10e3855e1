"""Say words of claims on rescaled single neurons, Gaussian posteriors and nearby points."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import mpmath
from hypothesis import strategies as st

from whichmin.verification.evidence.statement import Undecided, domain, number, word
from whichmin.verification.topics.rescaling.words import Row, randoms
from whichmin.verification.topics.vocabulary import C, N, Start, c

__all__: list[str] = []

# Digits for what cancels: the divergence of nearly equal densities.
_DIGITS = 120


@domain
def tied_weights() -> st.SearchStrategy[Row]:
    """Weights of a tied neuron, up to 4 of them, zeros included."""
    return randoms().map(lambda rng: _some(rng, rng.randint(1, 4)))


def _some(rng: random.Random, size: int) -> Row:
    zeros = rng.choice([0, 0.3])
    return tuple(
        Fraction(0) if rng.random() < zeros else Fraction(rng.randint(-6, 6), rng.randint(1, 3))
        for _ in range(size)
    )


@domain
def like_weights(w: Row) -> st.SearchStrategy[Row]:
    """Weights as many as w: w itself, -w, w with some signs changed or turned round, or others."""

    def like(rng: random.Random) -> Row:
        match rng.randint(0, 4):
            case 0:
                return w
            case 1:
                return tuple(-v for v in w)
            case 2:
                return tuple(v * rng.choice([1, -1]) for v in w)
            case 3:
                return w[::-1]
        return _some(rng, len(w))

    return randoms().map(like)


@word
def unit_inputs(w: Row) -> tuple[Row, ...]:
    """The inputs e_i and -e_i for every weight i."""
    size = range(len(w))
    return tuple(tuple(sign * (i == j) for j in size) for i in size for sign in (1, -1))


@word
def tied_output(w: Row, x: Row, activation: str = "linear") -> Row:
    """The output w phi(<w, x>) of the tied neuron."""
    z = sum(p * q for p, q in zip(w, x, strict=True))
    return tuple(v * (z if activation == "linear" or z > 0 else 0) for v in w)


@domain
def tied_minima() -> st.SearchStrategy[Start]:
    """Starts on up to 4 points that are mostly minima of the tied neuron, ReLU or linear."""
    return randoms().map(_minimum)


def _minimum(rng: random.Random) -> Start:
    size = rng.randint(1, 4)
    # Stereographic projection: rational points of the sphere.
    plane = [Fraction(rng.randint(-4, 4), rng.randint(1, 3)) for _ in range(size - 1)]
    square = sum((v * v for v in plane), Fraction(0))
    w = [2 * v / (square + 1) for v in plane] + [(square - 1) / (square + 1)]
    if rng.random() < 2 / 3:
        w = [abs(v) for v in w]
    if rng.random() < 1 / 6:
        w = [v / 2 for v in w]
    more = rng.randint(0, 2)
    w += [Fraction(0)] * more
    rng.shuffle(w)
    off = rng.randint(0, 2)
    return Start((*w, *(Fraction(0) for _ in range(off))), len(w))


@word
def tied_minimum(w: Start, activation: str) -> bool:
    """Whether w is a minimum of the tied neuron: |w| = 1, and the active points have energy 1."""
    return bool(N(w) == 1 and C(w, activation) == 1)


@word
def ambient(w: Start) -> int:
    """The dimension n."""
    return len(w.w)


@word
def counted(w: Start, activation: str) -> int:
    """The number k of active points: of positive correlations for ReLU, of all for linear."""
    return sum(activation == "linear" or v > 0 for v in c(w))


@word
def untied_trace(w: Start, r: Any, kappa: Any, activation: str = "relu") -> Any:
    """The Hessian trace of the untied neuron at u = w/r, v = r w, (phi^2/2)'' = kappa at a kink."""
    u, v = tuple(p / r for p in w.w), tuple(p * r for p in w.w)
    square = sum(p * p for p in u)
    total: Any = 0
    for i in range(w.m):
        z = v[i]
        active = activation == "linear" or z > 0
        if not active and z == 0 and u[i] != 0:
            raise Undecided("a point at the kink on which the decoder is not 0")
        # Of 1/2 - t <u, a> + t^2 |u|^2/2, t = phi(z): by z, and n times by a coordinate of u.
        share = 1 if active else kappa if z == 0 else 0
        total += share * square + (len(u) * z * z if active else 0)
    return total / Fraction(w.m) if isinstance(total, (int, Fraction)) else total / w.m


@word
def kl(v: Any, sigma: Any, d: Any = 0) -> Any:
    """The divergence of N(d, v) from N(0, sigma^2), from the moments of log q - log p under q."""
    with mpmath.workdps(_DIGITS):
        ratio = Fraction(v) / Fraction(sigma) ** 2
        shift = Fraction(d) ** 2 / Fraction(sigma) ** 2
        # log q - log p = -z^2/2 - log(v)/2 + x^2/(2 sigma^2) + log(sigma), z^2 of mean 1.
        excess = ratio - 1 + shift
        found = (
            mpmath.mpf(excess.numerator) / excess.denominator
            - mpmath.log(mpmath.mpf(ratio.numerator) / ratio.denominator)
        ) / 2
    return float(found) if isinstance(number(0), float) else +found


@word
def posterior_objective(v: Any, h: Any, T: Any, sigma: Any) -> Any:
    """The mean of h x^2/2 under N(0, v) plus T times its divergence from N(0, sigma^2)."""
    return h * v / 2 + T * kl(v, sigma)


@domain
def square_matrices() -> st.SearchStrategy[tuple[Row, ...]]:
    """Symmetric matrices of up to 4 rows."""

    def drawn(rng: random.Random) -> tuple[Row, ...]:
        size = rng.randint(1, 4)
        upper = [[Fraction(rng.randint(-6, 6), 2) for _ in range(size)] for _ in range(size)]
        pairs = range(size)
        return tuple(tuple(upper[min(i, j)][max(i, j)] for j in pairs) for i in pairs)

    return randoms().map(drawn)


def _signs(size: int) -> Iterator[tuple[int, ...]]:
    return itertools.product((1, -1), repeat=size)


@word
def corner_rise(H: tuple[Row, ...], s: Any) -> Any:
    """The mean rise of the loss x^T H x/2 from x = 0 to all points (+-s, ..., +-s)."""
    size = range(len(H))
    rises = [
        sum(H[i][j] * x[i] * x[j] for i in size for j in size) * s * s / Fraction(2)
        for x in _signs(len(H))
    ]
    return sum(rises) / len(rises)


@word
def matrix_trace(H: tuple[Row, ...]) -> Any:
    """The trace of a matrix."""
    return sum((H[i][i] for i in range(len(H))), Fraction(0))


@word
def quartic(a: Any, b: Any, g: Any, x: Any) -> Any:
    """The loss a x^2/2 + b x^3/6 + g x^4/24 along a line from a point of slope 0."""
    return a * x**2 / 2 + b * x**3 / 6 + g * x**4 / 24


@word
def quartic_curvature(a: Any, b: Any, g: Any, rho: Any) -> Any:
    """The largest second derivative a + b x + g x^2/2 of that loss for |x| <= rho."""
    places = [-rho, rho, 0]
    if g and abs(b / g) <= rho:
        places.append(-b / g)
    return max(a + b * x + g * x**2 / 2 for x in places)

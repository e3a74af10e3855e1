"""Say words of claims on stationary densities: generators, masses of wells, exits, linear steps.

The diffusion is ``dx = -L'(x) dt + sqrt(2 D(x)) dB`` (Ito). Integrals are by Gauss and Legendre's
rule or, where integrands fall off like a Gaussian, by the trapezoidal rule; both to about 1e-12.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from whichmin.verification.evidence.statement import Undecided, domain, word
from whichmin.verification.topics.vocabulary import Start, remembered

__all__ = ["basin_mass", "exit_time", "stationarity_defect", "well_log_odds", "well_share"]

Floats = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
# Largest exponent that an integrand may have.
_EXPONENT = 500.0
# Part of its maximum that an integrand may have at the edges of its grid.
_EDGE = 1e-14
# Steps of a diffusion, their length, and how near to its end it counts as ended.
_STEPS, _DT, _ENDED = 12000, 0.1, 1e-3


def _integral(f: Callable[[Floats], Floats], low: float, high: float, panels: int = 40) -> float:
    """Integrate a smooth function by Gauss and Legendre's rule on panels of equal length."""
    edges = np.linspace(low, high, panels + 1)
    half = np.diff(edges)[:, None] / 2
    x = edges[:-1, None] + half * (1 + _NODES)
    return float((half * _WEIGHTS * f(x)).sum())


# The loss of the attacks on the line: a quartic above 0 with one well or two.


def _loss(x: Floats, a: float, b: float) -> Floats:
    return np.asarray(0.25 + (x * x + b * x + a) ** 2 / 4)


def _slope(x: Floats, a: float, b: float) -> Floats:
    return np.asarray((x * x + b * x + a) * (2 * x + b) / 2)


def _curvature(x: Floats, a: float, b: float) -> Floats:
    return np.asarray((2 * x + b) ** 2 / 2 + x * x + b * x + a)


def _noise(kind: str, x: Floats, a: float, b: float, T: float) -> tuple[Floats, Floats]:
    """D and D' of a kind of noise."""
    if kind == "constant":
        return np.full_like(x, T), np.zeros_like(x)
    if kind == "bent":
        return np.asarray(T * (1 + x * x / 2)), np.asarray(T * x)
    if kind == "curvature":
        return np.asarray(T * _curvature(x, a, b)), np.asarray(T * 3 * (2 * x + b))
    return np.asarray(T * _loss(x, a, b)), np.asarray(T * _slope(x, a, b))


def _log_density(kind: str, noise: str, x: Floats, a: float, b: float, T: float) -> Floats:
    """The logarithm of a density that was told, at ascending points, up to a constant."""
    if kind == "power":
        return np.asarray(-(1 + 1 / T) * np.log(_loss(x, a, b)))
    if kind == "score":
        # d log p/dx = -(L' + D')/D, integrated from each point to the next.
        half = np.diff(x)[:, None] / 2
        inner = x[:-1, None] + half * (1 + _NODES)
        spread, inclination = _noise(noise, inner, a, b, T)
        parts = (-(_slope(inner, a, b) + inclination) / spread * half * _WEIGHTS).sum(1)
        return np.concatenate([[0.0], np.cumsum(parts)])
    found = -_loss(x, a, b) / T
    if kind == "determinant":
        found = found - np.log(np.abs(_curvature(x, a, b))) / 2
    return np.asarray(found)


def _decays(f: Floats) -> None:
    """Check that the integrand is negligible at the edges of the grid.

    Raises:
        Undecided: It is not.
    """
    edges = np.concatenate([f.take([0, -1], axis=axis).ravel() for axis in range(f.ndim)])
    if not edges.max() <= _EDGE * f.max():
        raise Undecided("the bump is too wide")


@word
def stationarity_defect(
    density: str,
    noise: str,
    a: Any,
    b: Any,
    T: Any,
    centre: Any,
    width: Any,
) -> float:
    """By how much a density is not stationary: the mean of -L' f' + D f'' for a Gaussian bump f of
    this centre and width, over that of its absolute terms. Densities: ``gibbs`` exp(-L/T),
    ``determinant`` exp(-L/T) |L''|^(-1/2), ``power`` L^(-(1 + 1/T)), ``score`` with d log p/dx =
    -(L' + D')/D.

    It is 0 for every f if the density is stationary. The loss is 1/4 + (x^2 + b x + a)^2/4. Noises:
    ``constant`` D = T, ``bent`` D = T (1 + x^2/2), ``loss`` D = T L, ``curvature`` D = T L''.

    Raises:
        Undecided: The bump is too wide for the density.
    """
    low, size = float(centre) - 10 * float(width), float(width)
    x = np.linspace(low, low + 20 * size, 401)
    first, second, temperature = float(a), float(b), float(T)
    log_density = _log_density(density, noise, x, first, second, temperature)
    p = np.exp(log_density - log_density.max())
    z = (x - float(centre)) / size
    f = np.exp(-z * z / 2) * p
    _decays(f)
    drift = _slope(x, first, second) * z / size * f
    spread = _noise(noise, x, first, second, temperature)[0] * (z * z - 1) / size**2 * f
    return float(abs((drift + spread).sum()) / (np.abs(drift) + np.abs(spread)).sum())


@word
def plane_defect(a: Any, b: Any, T: Any, centre: Any, width: Any) -> float:
    """The same in the plane for exp(-L/T) and D = T, where L is
    (x^2 + b x y + a)^2/4 + (y^2 + a y)^2/4.
    """
    first, second, size = float(a), float(b), float(width)
    line = np.linspace(-10, 10, 121)
    x = float(centre) + size * line[:, None]
    y = first + size * line[None, :]
    inner, other = x * x + second * x * y + first, y * y + first * y
    loss = inner**2 / 4 + other**2 / 4
    p = np.exp(-(loss - loss.min()) / float(T))
    f = np.exp(-(line[:, None] ** 2 + line[None, :] ** 2) / 2) * p
    _decays(f)
    slope_x = inner * (2 * x + second * y) / 2
    slope_y = inner * second * x / 2 + other * (2 * y + first) / 2
    terms = (
        slope_x * line[:, None] / size * f,
        slope_y * line[None, :] / size * f,
        float(T) * (line[:, None] ** 2 - 1) / size**2 * f,
        float(T) * (line[None, :] ** 2 - 1) / size**2 * f,
    )
    return float(abs(sum(t.sum() for t in terms)) / sum(np.abs(t).sum() for t in terms))


@word
def power_mass(tau: Any, low: Any, high: Any) -> float:
    """The mass of p = L^(-(1 + 1/tau)) from low to high beside the minimum of L = x^2/2."""
    power, start, end = -(1 + 1 / float(tau)), float(low), float(high)
    half = (end - start) / 2
    nodes = zip(_NODES, _WEIGHTS, strict=True)
    values = (math.pow((start + half * (1 + t)) ** 2 / 2, power) * weight for t, weight in nodes)
    return half * sum(values)


@word
def float_of(value: Any) -> float:
    """A number in floats."""
    return float(value)


@word
def pi_number() -> float:
    """The number pi."""
    return math.pi


@word
def basin_mass(n: Any, lowest: Any, T: Any, t: Any, h: Any, g: Any) -> float:
    """The mass of exp(-L/T) of a quadratic L with minimum lowest, by integration.

    In n = 1 dimension of curvature h, in n = 2 with eigenvalues h and g of the Hessian, turned by
    the angle of cosine (1 - t^2)/(1 + t^2).
    """
    temperature = float(T)
    spacing = 0.25
    u = spacing * np.arange(-40, 41)
    if int(n) == 1:
        width = math.sqrt(temperature / float(h))
        loss = float(h) * (width * u) ** 2 / 2
        total = float(np.exp(-loss / temperature).sum()) * width * spacing
    else:
        cosine, sine = float((1 - t * t) / (1 + t * t)), float(2 * t / (1 + t * t))
        p = float(h) * cosine**2 + float(g) * sine**2
        q = float(h) * sine**2 + float(g) * cosine**2
        r = (float(h) - float(g)) * cosine * sine
        # The grid follows the valley: y about its bottom -r x/q at each x.
        across = math.sqrt(temperature / q)
        along = math.sqrt(temperature * q / (float(h) * float(g)))
        x = along * u[:, None]
        y = -r * x / q + across * u[None, :]
        loss = p * x * x / 2 + r * x * y + q * y * y / 2
        total = float(np.exp(-loss / temperature).sum()) * across * along * spacing**2
    return math.exp(-float(lowest) / temperature) * total


def _half_mass(h: float, depth: float, noise: float) -> float:
    """The mass of exp(-h (x - a)^2/(2 noise)) from the top of a parabolic well on, a^2 = 2 depth/h.

    In units of its width.
    """
    top = math.sqrt(2 * depth / noise)
    low = max(-top, -12.0)
    return _integral(lambda z: np.exp(-z * z / 2), low, 12.0) * math.sqrt(noise / h)


@word
def well_share(h: Any, g: Any, depth: Any, T: Any) -> float:
    """The share of the mass of exp(-L/T) in the well of curvature h, of two parabolas of curvatures
    h and g that meet in a top, both of this depth.
    """
    own, other = (_half_mass(float(v), float(depth), float(T)) for v in (h, g))
    return own / (own + other)


@word
def well_log_odds(h: Any, g: Any, depth: Any, noise: Any, other_noise: Any) -> float:
    """The logarithm of the odds of two parabolic wells of curvatures h and g and one depth that
    meet in a top, with a constant D in each: p D is continuous at the top, where there is no flux.
    """
    found = []
    for curvature, D in ((float(h), float(noise)), (float(g), float(other_noise))):
        mass = _half_mass(curvature, float(depth), D)
        found.append(float(depth) / D - math.log(D) + math.log(mass))
    return found[0] - found[1]


@word
def exit_time(h: Any, depth: Any, T: Any) -> float:
    """The mean time from the bottom of a parabolic well of curvature h to its top at this depth:
    the solution of T t'' - h x t' = -1 that is 0 at both tops.

    Raises:
        Undecided: Depth over T is too large for a number.
    """
    rate, temperature, top = float(h), float(T), math.sqrt(2 * float(depth) / float(h))
    if float(depth) / temperature > _EXPONENT:
        raise Undecided("the exponent is too large")
    scale = math.sqrt(rate / (2 * temperature))
    erf = np.vectorize(math.erf)

    def inner(y: Floats) -> Floats:
        rise = np.exp(rate * y * y / (2 * temperature))
        return np.asarray(rise * erf(scale * y) * math.sqrt(math.pi) / (2 * scale))

    return _integral(inner, 0.0, top, 20) / temperature


@word
def linear_covariance(h: Any, g: Any, t: Any, d: Any, e: Any, f: Any) -> tuple[Any, Any, Any]:
    """The stationary covariance of dx = -H x dt + sqrt(2 D) dB in the eigenbasis of H, entries 11,
    12 and 22: there H C + C H = 2 D, so that the moments stay.

    H has the eigenvalues h and g, D the entries d, e and f in its eigenbasis. The equation is
    solved in a basis turned by the angle of cosine (1 - t^2)/(1 + t^2).
    """
    c, s = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)

    def turned(x: Any, y: Any, z: Any, sine: Any) -> tuple[Any, Any, Any]:
        return (
            c * c * x - 2 * c * sine * y + sine * sine * z,
            c * sine * x + (c * c - sine * sine) * y - c * sine * z,
            sine * sine * x + 2 * c * sine * y + c * c * z,
        )

    p, r, q = turned(h, 0, g, s)
    u, v, w = turned(d, e, f, s)
    # p X + r Y = u; r X + (p + q) Y + r Z = 2 v; r Y + q Z = w.
    y = (2 * v - r * u / p - r * w / q) / (p + q - r * r / p - r * r / q)
    return turned((u - r * y) / p, y, (w - r * y) / q, -s)


@domain
def curvature_sets(least: int = 1, most: int = 4) -> st.SearchStrategy[tuple[Fraction, ...]]:
    """Curvatures of ``least`` to ``most`` data points, of both signs or of one, some equal."""

    def drawn(seed: int) -> tuple[Fraction, ...]:
        choose = random.Random(seed)  # noqa: S311 - no secrets
        low = choose.choice([0, 0, 0, -6])
        scale = choose.choice([1, 4, 20])
        found = [
            Fraction(choose.randint(low, 20), scale)
            for _ in range(choose.randint(int(least), int(most)))
        ]
        return (found[0],) * len(found) if choose.random() < 0.1 else tuple(found)

    return st.integers(0, 2**32 - 1).map(drawn)


@word
def curvature_list(*entries: Any) -> tuple[Fraction, ...]:
    """Numbers as curvatures of data points."""
    return tuple(Fraction(v) for v in entries)


@remembered(256)
def _batch_curvatures(hs: tuple[Fraction, ...], b: int) -> tuple[Fraction, ...]:
    """The mean curvature of each batch with replacement."""
    return tuple(sum(batch, Fraction(0)) / b for batch in itertools.product(hs, repeat=b))


@word
def mean_curvature(hs: tuple[Fraction, ...]) -> Fraction:
    """The mean h of the curvatures."""
    return sum(hs, Fraction(0)) / len(hs)


@word
def batch_curvature_variance(hs: tuple[Fraction, ...], b: Any) -> Fraction:
    """The variance v of a batch's mean curvature, over all batches of b with replacement."""
    found = _batch_curvatures(hs, int(b))
    mean = sum(found, Fraction(0)) / len(found)
    return sum(((v - mean) ** 2 for v in found), Fraction(0)) / len(found)


@word
def square_factor(hs: tuple[Fraction, ...], b: Any, eta: Any) -> Fraction:
    """The factor of the mean of x^2 in a step x - eta h_B x, over all batches of b with
    replacement.
    """
    found = _batch_curvatures(hs, int(b))
    return sum(((1 - eta * v) ** 2 for v in found), Fraction(0)) / len(found)


@word
@remembered(64)
def diffusion_end(w: Start, strength: Any, seed: Any) -> Start:
    """Where the diffusion dw = -G dt + sqrt(strength Sigma) dB of the ReLU neuron ends, by the
    Euler-Maruyama scheme of steps 1/10, with weights within 1/1000 of 0 or 1 made these.

    Raises:
        Undecided: It takes too long.
    """
    choose = random.Random(int(seed))  # noqa: S311 - no secrets
    m, at = w.m, [float(v) for v in w.w]
    spread = math.sqrt(float(strength) * _DT / m)
    for _ in range(_STEPS):
        kicks = [choose.gauss(0, spread) for _ in range(m)]
        mean = sum(kicks) / m
        # The noise is sum_i (g_i - G) dB_i/sqrt(m); with -G dt this is sum_i share_i g_i.
        shares = [k - mean - _DT / m for k in kicks]
        c = [max(v, 0.0) for v in at[:m]]
        norm = sum(v * v for v in at)
        along = sum(s * v * v for s, v in zip(shares, c, strict=True))
        own = [(norm - 2) * s * v for s, v in zip(shares, c, strict=True)]
        at = [v + along * v + (own[p] if p < m else 0.0) for p, v in enumerate(at)]
        if all(min(abs(v), abs(v - 1)) <= _ENDED for v in at) and any(v > 1 / 2 for v in at):
            return Start(tuple(Fraction(round(v)) for v in at), m)
    raise Undecided("the diffusion has not ended")

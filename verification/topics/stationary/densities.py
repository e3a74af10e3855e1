"""Stationary densities of noisy steps: closed forms against the generator, quadrature and runs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import linalg

from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.words import EvidenceKind

__all__ = ["STABLE", "seeds", "weak_residual"]

Floats = NDArray[np.float64]
Field = Callable[[Floats], Floats]

# 120 nodes integrate a Gaussian over 20 of its widths, times functions that vary over about one
# of them, to the last bits; beyond 10 widths it is below 2e-22.
_NODES = np.polynomial.legendre.leggauss(120)
_CHEBYSHEV = 160


def seeds() -> st.SearchStrategy[int]:
    """Seeds of random cases."""
    return st.integers(0, 2**32 - 1)


def weak_residual(slope: Field, noise: Field, density: Field, low: float, high: float,
                  centre: float, width: float) -> tuple[float, float]:  # fmt: skip
    """Mean of the generator's image of a test function: zero under a stationary density.

    ``A f = -L' f' + D f''`` for ``f = exp(-(x - centre)^2 / (2 width^2))``: this is what stationary
    means, without zero flux or any solved equation. By Ito's rule for the noise.

    Args:
        slope: L'.
        noise: D.
        density: Of any scale.
        low: Lower end of the integral.
        high: Upper end.
        centre: Of the test function.
        width: Of the test function.

    Returns:
        The integral, and that of the sizes of its terms.
    """
    x = (high - low) / 2 * _NODES[0] + (high + low) / 2
    z = (x - centre) / width
    f = np.exp(-(z**2) / 2)
    first, second = -z / width * f, (z**2 - 1) / width**2 * f
    drift, spread = -slope(x) * first * density(x), noise(x) * second * density(x)
    weights = (high - low) / 2 * _NODES[1]
    return float(weights @ (drift + spread)), float(weights @ (np.abs(drift) + np.abs(spread)))


@check(
    "stationary.generator",
    EvidenceKind.PROPERTY,
    bound="rounding of an interpolant of degree 160, times the sizes of the terms",
    cases=seeds,
    examples=60,
    forms=("stationary.score", "stationary.gibbs", "stationary.loss_noise"),
)
def generator(subject: Subject, case: int) -> Iterator[Margin]:
    """Under the closed-form densities (any noise, constant noise, noise proportional to the loss,
    each on the line; constant noise in two dimensions too) the generator's image of a test function
    has mean zero.

    Random quartic loss L >= 1/2, and noise of three kinds; a test function somewhere.
    """
    rng = np.random.default_rng(case)
    a, c, d = rng.uniform(0.2, 0.5), rng.uniform(-0.8, 0.8), rng.uniform(0.1, 0.3)

    def loss(x: Floats) -> Floats:
        return np.asarray(0.5 + a * (x - c) ** 2 + d * x**4 / 4)

    def slope(x: Floats) -> Floats:
        return np.asarray(2 * a * (x - c) + d * x**3)

    T, tau, bend = rng.uniform(0.3, 2), rng.uniform(0.4, 2), rng.uniform(0.1, 0.5)
    centre, width = rng.uniform(-1, 1), rng.uniform(0.15, 0.25)
    low, high = centre - 10 * width, centre + 10 * width
    base = float(loss(np.array(centre)))
    forms = subject.forms

    def general(x: Floats) -> Floats:
        spread, spread_slope = T * (1 + bend * x**2), 2 * T * bend * x
        return np.asarray(
            forms["stationary.score"](
                slope=slope(x), diffusion=spread, diffusion_slope=spread_slope
            )
        )

    chebyshev = np.polynomial.chebyshev.Chebyshev.interpolate(general, _CHEBYSHEV, [low, high])
    log_density = chebyshev.integ(lbnd=centre)
    cases: tuple[tuple[str, Field, Field], ...] = (
        ("stationary.score, D = T (1 + bend x^2)", lambda x: T * (1 + bend * x**2),
         lambda x: np.exp(log_density(x))),
        ("stationary.gibbs, D = T", lambda x: np.full_like(x, T),
         lambda x: forms["stationary.gibbs"](gap=loss(x) - base, T=T)),
        ("stationary.loss_noise, D = tau L", lambda x: tau * loss(x),
         lambda x: forms["stationary.loss_noise"](ratio=loss(x) / base, tau=tau)),
    )  # fmt: skip
    here = np.array([centre])
    for what, noise, density in cases:
        # A density over that at a reference point: 1 there.
        at_reference = abs(float(density(here)[0]) - 1)
        yield Margin(f"{what}: at the reference point", at_reference, 100 * _CHEBYSHEV * EPS)
        value, size = weak_residual(slope, noise, density, low, high, centre, width)
        # log p is a sum of up to 160 terms, of the size of the score (below 100) times the width.
        allowed = 100 * _CHEBYSHEV * EPS * size
        yield Margin(f"{what}: mean of the generator's image", abs(value), allowed)
    yield from _in_space(subject, rng)


def _in_space(subject: Subject, rng: np.random.Generator) -> Iterator[Margin]:
    """Constant noise in two dimensions, a loss that is no sum of functions of one coordinate.

    ``A f = -grad(L) grad(f) + T lap(f)``, f a Gaussian bump: that its mean is zero is stationarity
    itself; the flux is not asked to vanish.

    Yields:
        That mean.
    """
    (a, b), c, T = rng.uniform(0.2, 0.5, 2), rng.uniform(0.1, 0.5), rng.uniform(0.3, 2)
    centre, width = rng.uniform(-1, 1, 2), rng.uniform(0.15, 0.25)

    def loss(x: Floats, y: Floats) -> Floats:
        return np.asarray(a * x**2 + b * y**4 + c * x**2 * y**2 + c * x * y)

    base = loss(*centre)
    density = subject.forms["stationary.gibbs"]
    z, weights = 10 * _NODES[0], 10 * width * _NODES[1]
    x, y = np.meshgrid(*(centre[:, None] + width * z), indexing="ij")
    f = np.exp(-(z[:, None] ** 2 + z**2) / 2) * density(gap=loss(x, y) - base, T=T)
    terms = (
        (2 * a * x + 2 * c * x * y**2 + c * y) * z[:, None] / width * f,
        (4 * b * y**3 + 2 * c * x**2 * y + c * x) * z / width * f,
        T * (z[:, None] ** 2 - 1) / width**2 * f,
        T * (z**2 - 1) / width**2 * f,
    )
    value, size = (
        float(weights @ part @ weights) for part in (sum(terms), sum(map(np.abs, terms)))
    )
    # The exponent is below 50 in size, with a few roundings; the sums have 120 terms each.
    yield Margin("stationary.gibbs, two dimensions", abs(value), 1000 * EPS * size)


@check(
    "stationary.wells",
    EvidenceKind.PROPERTY,
    bound="rounding of the exponents, depth over noise, times the sizes of the terms",
    cases=seeds,
    examples=60,
    forms=("stationary.well_odds", "stationary.hessian_noise_odds"),
)
def wells(subject: Subject, case: int) -> Iterator[Margin]:
    """The odds of two wells with noises of their own make the density stationary across the point
    where they meet.

    Two parabolas that meet in a top at 0, noise constant on either side of it.
    """
    rng = np.random.default_rng(case)
    h = rng.uniform(0.5, 4, 2)
    for what, equal in (("well_odds", False), ("hessian_noise_odds", True)):
        # Depth over noise of at least 40: the tail beyond the top is below erfc(sqrt 40)/2 = 2e-19
        # of a well's mass.
        tau = rng.uniform(0.05, 0.1)
        noise = tau * h if equal else rng.uniform(0.05, 0.1, 2)
        depth = np.full(2, 50 * noise.max()) if equal else noise * rng.uniform(40, 60, 2)
        name = f"stationary.{what}"
        if equal:
            odds = subject.forms[name](depth=depth[0], h=h[0], other_h=h[1], tau=tau)
        else:
            odds = subject.forms[name](
                depth=depth[0], other_depth=depth[1], h=h[0], other_h=h[1], noise=noise[0],
                other_noise=noise[1],
            )  # fmt: skip
        width = 0.01 * float(np.sqrt(2 * depth / h).min())
        centre = width * rng.uniform(0.5, 1)
        total, size = 0.0, 0.0
        for side, (sign, lead) in enumerate(((-1.0, odds), (1.0, 0.0))):
            # The well's bottom is at sign * a; its mass is exp(lead), so that the odds are as told.
            a, k, D = math.sqrt(2 * depth[side] / h[side]), h[side], noise[side]

            def density(
                x: Floats, a: float = sign * a, k: float = k, D: float = D, lead: float = lead
            ) -> Floats:
                return np.asarray(
                    np.exp(lead - k * (x - a) ** 2 / (2 * D)) * math.sqrt(k / (2 * math.pi * D))
                )

            def pull(x: Floats, a: float = sign * a, k: float = k) -> Floats:
                return np.asarray(k * (x - a))

            def spread(x: Floats, D: float = D) -> Floats:
                return np.full_like(x, D)

            ends = (-10 * width, 0.0) if sign < 0 else (0.0, 11 * width)
            value, sizes = weak_residual(pull, spread, density, *ends, centre, width)
            total, size = total + value, size + sizes
        # Densities carry the rounding of their exponents, up to depth / noise, of some four
        # operations each, and that of the odds, a difference of two such numbers.
        allowed = 8 * EPS * float((depth / noise).sum()) * size
        yield Margin(f"{name}: the generator across the top", abs(total), allowed)


def _spd(rng: np.random.Generator, n: int) -> Floats:
    turn = np.linalg.qr(rng.standard_normal((n, n)))[0]
    return np.asarray(turn @ np.diag(rng.uniform(0.5, 2, n)) @ turn.T)


@check(
    "stationary.basin_mass",
    EvidenceKind.PROPERTY,
    bound="rounding of the exponents; the trapezoidal rule's own error is below 1e-17",
    cases=seeds,
    examples=12,
    forms=("stationary.log_basin_mass",),
)
def basin_mass(subject: Subject, case: int) -> Iterator[Margin]:
    """The mass of a quadratic basin equals its integral on a grid, in 1, 2 and 3 dimensions.

    The integral over a basin, on a grid that knows nothing of eigenvectors.
    """
    rng = np.random.default_rng(case)
    for n in (1, 2, 3):
        H, T, lowest = _spd(rng, n), rng.uniform(0.5, 2), rng.uniform(-1, 1)
        # Trapezoidal rule: the error is exp(-2 pi^2 T / (h spacing^2)) < 1e-18 for a spacing of
        # 0.45 sqrt(T/h); the ends at 9 sqrt(T/h_min) cut off 2e-18.
        spacing, reach = 0.45 * math.sqrt(T / 2), 9 * math.sqrt(T / 0.5)
        line = np.arange(-reach, reach, spacing)
        grid = np.stack(np.meshgrid(*[line] * n), -1).reshape(-1, n)
        energy = np.einsum("pi,ij,pj->p", grid, H, grid) / 2 + lowest
        measured = math.log(float(np.exp(-energy / T).sum()) * spacing**n)
        told = subject.forms["stationary.log_basin_mass"](
            lowest=lowest, T=T, n=n, logdet=float(np.linalg.slogdet(H)[1])
        )
        yield Margin(
            f"stationary.log_basin_mass, {n} dimensions", abs(measured - told),
            # exponents up to 2 * 81 / 0.5, rounded, and the sum of pairwise rounding
            400 * EPS,
        )  # fmt: skip


@check(
    "stationary.lyapunov",
    EvidenceKind.PROPERTY,
    bound="backward error of SciPy's solver at condition number 4",
    cases=seeds,
    examples=60,
    forms=("stationary.covariance",),
)
def lyapunov(subject: Subject, case: int) -> Iterator[Margin]:
    """The stationary covariance solves H C + C H = 2 D, for any constant noise.

    SciPy's Lyapunov solver in coordinates that are not the eigenvectors.
    """
    rng = np.random.default_rng(case)
    n = int(rng.integers(2, 6))
    H, noise = _spd(rng, n), _spd(rng, n)
    solved = linalg.solve_continuous_lyapunov(H, 2 * noise)
    values, turn = np.linalg.eigh(H)
    inner = turn.T @ noise @ turn
    told = subject.forms["stationary.covariance"](
        cross_diffusion=inner, h=values[:, None], other_h=values[None, :]
    )
    error = float(np.abs(turn @ told @ turn.T - solved).max())
    # Condition number at most 4; the solver's backward error grows with n^2.
    yield Margin("stationary.covariance", error, 64 * n**2 * EPS * 4)


@check(
    "stationary.mean_square",
    EvidenceKind.PROPERTY,
    bound="rounding of the closed form; the average is exact",
    cases=seeds,
    examples=60,
    forms=("stationary.second_moment_factor",),
)
def mean_square(subject: Subject, case: int) -> Iterator[Margin]:
    """The mean square factor of a step at a shared minimum equals its average over all batches.

    All batches with replacement of points with different curvatures, in exact fractions.
    """
    rng = np.random.default_rng(case)
    curvatures = [Fraction(int(v), 8) for v in rng.integers(0, 33, 3)]
    eta = Fraction(int(rng.integers(1, 9)), 8)
    mean = sum(curvatures, Fraction(0)) / 3
    variance = sum(((v - mean) ** 2 for v in curvatures), Fraction(0)) / 3
    for size in (1, 2, 3):
        batches = list(itertools.product(curvatures, repeat=size))
        exact = sum(((1 - eta * sum(B) / size) ** 2 for B in batches), Fraction(0)) / len(batches)
        told = subject.forms["stationary.second_moment_factor"](
            eta=float(eta), h=float(mean), b=size, curvature_spread=math.sqrt(variance)
        )
        allowed = 16 * EPS * (1 + float(exact) + float(eta**2 * variance))
        yield Margin(
            f"stationary.second_moment_factor, batches of {size}", abs(float(exact) - told),
            allowed, len(batches),
        )  # fmt: skip


FACTOR = ("factor", "(1 - eta*h)**2 + eta**2*v")
STABLE = (
    Lemma(
        "stable in mean square just where eta (h^2 + v) < 2 h, v the variance of the batch's "
        "curvature",
        "eta h v",
        ("eta > 0", "h > 0", "v >= 0"),
        ("not factor < 1 or eta*(h**2 + v) < 2*h", "not eta*(h**2 + v) < 2*h or factor < 1"),
        (FACTOR,),
        (Variant("without the noise", then=("not eta*h < 2 or factor < 1",)),),
    ),
    Lemma(
        "noise in proportion to the curvature, v = q h^2: just where h eta (1 + q) < 2",
        "eta h q v",
        ("eta > 0", "h > 0", "q >= 0", "v == q*h**2"),
        ("not factor < 1 or h*eta*(1 + q) < 2", "not h*eta*(1 + q) < 2 or factor < 1"),
        (FACTOR,),
        (Variant("eta q alone", then=("not h*eta*q < 2 or factor < 1",)),),
    ),
)


@smt("stationary.stable_steps")
def stable_steps() -> Iterator[Margin]:
    """Mean square stability in terms of step size, curvature and noise, for all values."""
    return lemmas(STABLE)

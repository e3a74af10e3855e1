"""Wells: the mass of a basin, the odds of two, and how long noise is kept in one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import integrate

from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.stationary.densities import weak_residual
from whichmin.verification.topics.stationary.linear_steps import symmetric_matrix
from whichmin.verification.topics.strategies import seeds
from whichmin.words import EvidenceKind

__all__: list[str] = []

Floats = NDArray[np.float64]


@check(
    "stationary.wells",
    EvidenceKind.PROPERTY,
    bound="rounding of the exponents, depth over noise, times the sizes of the terms",
    cases=seeds,
    examples=60,
    forms=("stationary.well_odds", "stationary.hessian_noise_odds"),
)
def wells(subject: Subject, case: int) -> Iterator[Margin]:
    """The odds of two wells with noises of their own make the density stationary across the top
    where they meet.

    The wells are parabolas that meet at 0, with constant noise on either side.
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


@check(
    "stationary.basin_mass",
    EvidenceKind.PROPERTY,
    bound="rounding of the exponents; the trapezoidal rule's own error is below 1e-17",
    cases=seeds,
    examples=12,
    forms=("stationary.log_basin_mass",),
)
def basin_mass(subject: Subject, case: int) -> Iterator[Margin]:
    """The mass of a quadratic basin equals its integral on a grid in 1, 2 and 3 dimensions.

    The grid knows nothing of eigenvectors.
    """
    rng = np.random.default_rng(case)
    for n in (1, 2, 3):
        H, T, lowest = symmetric_matrix(rng, n), rng.uniform(0.5, 2), rng.uniform(-1, 1)
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
    "stationary.equal_depths",
    EvidenceKind.COUNTEREXAMPLE,
    bound="the error that the integrator was asked for",
)
def equal_depths(
    curvatures: tuple[float, float] = (1.0, 4.0),
    depths: tuple[float, float] = (1.0, 1.0),
    temperatures: Sequence[float] = (0.02, 0.5, 1.0, 20.0, 1000.0),
) -> Iterator[Margin]:
    """Of two equally deep wells with curvatures 1 and 4 the sharp one keeps a third of the mass at
    five temperatures from a fiftieth to a thousand times the depth.

    The wells are parabolas that meet in a top. In units of its own width each is the same half
    line, so the odds are those of the widths, whatever T.

    Args:
        curvatures: Of the flat and of the sharp well.
        depths: Of both.
        temperatures: T.

    Yields:
        The sharp well's share, which is constant and not 0.
    """
    claimed = 1 / (1 + math.sqrt(curvatures[1] / curvatures[0]))
    for T in temperatures:
        masses = []
        for h, depth in zip(curvatures, depths, strict=True):
            a = math.sqrt(2 * depth / h)
            # From the top at 0 to 12 widths beyond the bottom: the rest is below 1e-31.
            end = a + 12 * math.sqrt(T / h)
            bottom = [min(a, end)]
            told = integrate.quad(
                lambda x, h=h, a=a, T=T: math.exp(-h * (x - a) ** 2 / (2 * T)),
                0, end, points=bottom, epsabs=0, epsrel=1e-12, limit=200,
            )  # fmt: skip
            masses.append(told[0])
        share = masses[1] / sum(masses)
        # The integrator was asked for a relative error of 1e-12 in each mass.
        yield Margin(f"sharp well's share at T = {T:g}", abs(share - claimed), 2e-12)
        yield differs(f"share of the sharp of two equally deep wells, T = {T:g}", 0, share, 2e-12)


# Exit times.

# Even polynomials up to degree 54 resolve exp(h x^2 / (2T)) up to exponents of 8 to the last bits.
_TERMS = 28


def collocated(h: float, depth: float, T: float) -> tuple[float, float]:
    """Solve ``T t'' - h x t' = -1``, t = 0 at both tops, by even Chebyshev polynomials.

    Args:
        h: Curvature.
        depth: Of the well.
        T: Noise.

    Returns:
        t at the bottom, and a bound of its error from the condition of the system.
    """
    a = math.sqrt(2 * depth / h)
    x = np.cos(np.pi * (np.arange(_TERMS - 1) + 0.5) / (2 * _TERMS))
    rows = []
    for k in range(_TERMS):
        basis = np.polynomial.chebyshev.Chebyshev.basis(2 * k)
        column = T / a**2 * basis.deriv(2)(x) - h * x * basis.deriv(1)(x)
        rows.append(np.append(column, 1.0))  # the last equation is t = 0 at the top
    matrix = np.array(rows).T
    right = np.append(-np.ones(_TERMS - 1), 0.0)
    scale = np.abs(matrix).max(axis=1)
    matrix, right = matrix / scale[:, None], right / scale
    coefficients = np.linalg.solve(matrix, right)
    value = float(coefficients @ (-1.0) ** np.arange(_TERMS))
    return value, 16 * EPS * float(np.linalg.cond(matrix)) * abs(value)


def integrated(h: float, depth: float, T: float) -> float:
    """Compute the same time as a double integral, to a relative error of 1e-10."""
    found = integrate.dblquad(
        lambda z, y: math.exp(h * (y * y - z * z) / (2 * T)) / T,
        0, math.sqrt(2 * depth / h), 0, lambda y: y, epsabs=0, epsrel=1e-10,
    )  # fmt: skip
    return float(found[0])


@check(
    "stationary.exit_scaling",
    EvidenceKind.PROPERTY,
    bound="condition of the collocation systems, times rounding",
    cases=seeds,
    examples=20,
    forms=("stationary.exit_time",),
)
def exit_scaling(subject: Subject, case: int) -> Iterator[Margin]:
    """The mean exit times of parabolic wells under constant noise, solved from their differential
    equations, scale as 1/h at equal depth.
    """
    rng = np.random.default_rng(case)
    h, T = float(rng.uniform(0.3, 6)), float(rng.uniform(0.2, 1))
    depth = T * float(rng.uniform(0.5, 6))
    unit, unit_error = collocated(1.0, depth, T)
    measured, error = collocated(h, depth, T)
    told = subject.forms["stationary.exit_time"](unit_time=unit, h=h)
    yield Margin("stationary.exit_time", abs(told - measured), error + unit_error / h)


@check(
    "stationary.escape",
    EvidenceKind.COUNTEREXAMPLE,
    bound="error asked of the integrator and condition of the collocation",
)
def escape(
    flat: tuple[float, float] = (1.0, 0.5), sharp: tuple[float, float] = (8.0, 2.0), T: float = 0.25
) -> Iterator[Margin]:
    """A sharp and narrow well of depth 2 keeps noise longer than a flat and wide one of depth 1/2.

    Args:
        flat: Curvature and depth.
        sharp: Curvature and depth.
        T: Noise.

    Yields:
        Both routes to the times, and the time by which the flat well would outlast the sharp one,
        against rounding.
    """
    times = []
    for what, well in (("flat", flat), ("sharp", sharp)):
        solved, error = collocated(*well, T)
        found = integrated(*well, T)
        yield Margin(f"{what} well: two routes", abs(solved - found), error + 1e-10 * found)
        times.append(found)
    half = [math.sqrt(2 * depth / h) for h, depth in (flat, sharp)]
    yield Margin("the sharp well is the narrower one", half[1], half[0] - 1e-9)
    told = f"mean exit times: flat {times[0]:.4f}, sharp {times[1]:.4f}"
    yield differs("exit times, flat and sharp", times[0], times[1], 2e-10 * max(times))
    yield Margin("the flat one is kept longer", max(0.0, times[0] - times[1]), 0.0, 1, told)

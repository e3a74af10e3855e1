"""How long noise is kept in a well: curvature sets the clock, depth decides."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy import integrate

from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.stationary.densities import seeds
from whichmin.words import EvidenceKind

__all__ = ["collocated", "integrated"]

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
    """The same time as a double integral, to a relative error of 1e-10."""
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
    """Mean exit times of parabolic wells under constant noise scale as 1/h at equal depth, each
    solved from its differential equation.
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
    """A sharp and narrow well of depth 2 keeps the noise longer than a flat and wide one of depth
    1/2.

    Compare a flat shallow well with a sharp deep one.

    Args:
        flat: Curvature and depth.
        sharp: Curvature and depth.
        T: Noise.

    Yields:
        Both routes to the times, and that the sharp one's is longer: the time by which the flat
        one would outlast it, against rounding.
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

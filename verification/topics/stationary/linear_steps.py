"""A noisy step on a quadratic: its stationary covariance, and its stability in mean square."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.strategies import seeds
from whichmin.words import EvidenceKind

__all__ = ["symmetric_matrix"]

Floats = NDArray[np.float64]


def symmetric_matrix(rng: np.random.Generator, n: int) -> Floats:
    """Draw a symmetric matrix of order n with eigenvalues between 1/2 and 2."""
    turn = np.linalg.qr(rng.standard_normal((n, n)))[0]
    return np.asarray(turn @ np.diag(rng.uniform(0.5, 2, n)) @ turn.T)


@check(
    "stationary.lyapunov",
    EvidenceKind.PROPERTY,
    bound="backward error of SciPy's solver at condition number 4",
    cases=seeds,
    examples=60,
    forms=("stationary.covariance",),
)
def lyapunov(subject: Subject, case: int) -> Iterator[Margin]:
    """The stationary covariance C solves H C + C H = 2 D, for any constant noise D.

    SciPy solves the equation in coordinates that are not the eigenvectors.
    """
    rng = np.random.default_rng(case)
    n = int(rng.integers(2, 6))
    H, noise = symmetric_matrix(rng, n), symmetric_matrix(rng, n)
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
    """The factor of the mean square in a step at a shared minimum equals its average over all
    batches with replacement, of points with different curvatures.
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
def stable_steps(statements: Sequence[Lemma] = STABLE) -> Iterator[Margin]:
    """A step is stable in mean square exactly where eta (h^2 + v) < 2 h, with v the variance of the
    batch's curvature, for all values.
    """
    return lemmas(statements)

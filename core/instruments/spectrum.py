r"""Eigenvalues of the Hessian from products with vectors, its ends, all of them, or their density.

The ends come from Lanczos runs (``whichmin.core.instruments.ends``). Each pair has its residual
:math:`|H v - \lambda v|`, and within that distance of :math:`\lambda` there is an eigenvalue, as H
is symmetric. That none was skipped no residual can say; the limits do.

The density is stochastic Lanczos quadrature (Golub and Meurant 2010; Ubaru, Chen, Saad 2017).
Lanczos on a random unit vector v gives nodes :math:`\theta_j` and weights :math:`\omega_j` with

.. math:: v^\top f(H)\,v \approx \sum_j \omega_j\,f(\theta_j), \qquad
          \tfrac1n \operatorname{tr} f(H) = E\,v^\top f(H)\,v ,

exact for polynomials up to degree 2 steps - 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from whichmin.core.instruments.ends import Rules, find_ends
from whichmin.core.instruments.problem import Objective, check_objective
from whichmin.core.instruments.products import LARGEST, hessian_matrix, hessian_operator
from whichmin.core.instruments.results import Result
from whichmin.core.philox import Purpose, generator
from whichmin.core.validation import check_integer, check_positive
from whichmin.errors import InputError
from whichmin.progress import progress_bar

__all__ = [
    "Eigenpairs",
    "SpectralDensity",
    "extreme_eigenvalues",
    "full_spectrum",
    "spectral_density",
]

_ENDS = ("largest", "smallest", "magnitude")
_SMALL = 64  # weights: all eigenvalues take about as many products as some with their limits


@dataclass(frozen=True, repr=False)
class Eigenpairs(Result):
    """Some eigenvalues and vectors.

    Attributes:
        values: In descending order, shape ``(k,)``.
        vectors: Columns of length 1, shape ``(n, k)``.
        residuals: ``|H v - value v|``: an eigenvalue is at most this far away; shape ``(k,)``.
        products: Products with the Hessian that it took.
        limits: How far out the i-th eigenvalue can lie: it is between ``values[i]`` and
            ``limits[i]``, by size for ``magnitude``; infinite where no limit was asked for.
        doubt: Probability, over the random vectors, that a limit fails; 0 if all were computed.
        complete: Whether the limits are within the tolerance: then nothing was missed, but for the
            doubt. If not, an eigenvalue within the limits may be hidden.
    """

    values: np.ndarray
    vectors: np.ndarray
    residuals: np.ndarray
    products: int
    limits: np.ndarray
    doubt: float
    complete: bool


@dataclass(frozen=True, repr=False)
class SpectralDensity(Result):
    """Quadrature of the spectral density, one row per random vector.

    Attributes:
        nodes: Shape ``(probes, steps)``.
        weights: Positive or 0, each row adds up to 1; the same shape.
        size: Number of weights of the network, n.
    """

    nodes: np.ndarray
    weights: np.ndarray
    size: int

    def mean(self, function: Callable[[np.ndarray], np.ndarray]) -> tuple[float, float]:
        r"""Estimate the mean of a function over the eigenvalues.

        .. math:: \tfrac1n \operatorname{tr} f(H) \approx
                  \frac1k \sum_{i=1}^k \sum_j \omega_{ij}\,f(\theta_{ij})

        Args:
            function: f, applied to an array of eigenvalues.

        Returns:
            The estimate and its standard error (nan for a single random vector).
        """
        each = (self.weights * function(self.nodes)).sum(axis=1)
        error = each.std(ddof=1) / math.sqrt(len(each)) if len(each) > 1 else math.nan
        return float(each.mean()), float(error)

    def density(self, at: np.ndarray, width: float) -> np.ndarray:
        r"""Compute the density smoothed by a Gaussian of a given standard deviation.

        .. math:: \rho(x) = \frac1k \sum_{i=1}^k \sum_j \omega_{ij}\,
                  \frac{e^{-(x - \theta_{ij})^2 / (2 s^2)}}{s \sqrt{2\pi}}

        Args:
            at: Where to evaluate it, shape ``(k,)``.
            width: Standard deviation, above 0.

        Returns:
            Shape ``(k,)``; its integral is 1.
        """
        spread = check_positive(width, "width")
        far = (np.asarray(at)[:, None, None] - self.nodes) / spread
        bumps = np.exp(-(far**2) / 2) / (spread * math.sqrt(2 * math.pi))
        smoothed: np.ndarray = (bumps * self.weights).sum(axis=2).mean(axis=1)
        return smoothed


def extreme_eigenvalues(
    objective: Objective,
    count: Any = 1,
    *,
    which: str = "largest",
    tolerance: float = 1e-9,
    doubt: float | None = 1e-3,
    max_restarts: Any = 300,
    seed: Any = 0,
    engine: str = "torch",
) -> Eigenpairs:
    r"""Find eigenvalues at an end of the Hessian's spectrum, and bound what could be missed there.

    By Lanczos runs from Gaussian vectors, later ones orthogonal to what the earlier found, until
    nothing more is found; so multiple eigenvalues are found as often as they are there. The limits
    and their doubt: ``whichmin.core.instruments.ends``. Where that would take n products or
    more, and n is at most 5000, all eigenvalues are computed.

    Args:
        objective: The loss.
        count: How many; for n of them use :func:`full_spectrum`.
        which: ``largest``, ``smallest`` (most negative), or ``magnitude``.
        tolerance: How far off a value may be, as a share of the Hessian's norm. A vector is off by
            about the root of that, over the gap to the next value.
        doubt: Probability, over the random vectors, that the limits may fail with; None for no
            limits, at about half the cost.
        max_restarts: Of a basis of vectors that is full.
        seed: Of the random vectors.
        engine: ``torch``, ``curvlinops`` or ``differences``.

    Returns:
        The eigenpairs, each with its residual and its limit.

    Raises:
        InputError: An argument out of range, an unknown word or as many eigenvalues as weights.
        CheckFailed: They do not converge.

    Example:
        >>> from whichmin.core.instruments import closure_objective
        >>> valley = closure_objective(lambda w: w[0] ** 2 / 2 + 0 * w.sum(), [1.0, 1.0, 1.0])
        >>> found = extreme_eigenvalues(valley, 2, which="smallest")
        >>> found.values.tolist(), found.complete
        ([0.0, 0.0], True)
    """
    if which not in _ENDS:
        raise InputError("which", which, f"must be one of: {', '.join(_ENDS)}")
    check_objective(objective)
    n = objective.size
    if n == 1:
        raise InputError(
            "objective", "1 weight", "must have at least 2; full_spectrum gives the one eigenvalue"
        )
    k = check_integer(count, "count", 1, n - 1, "below the number of weights")
    precision = check_positive(tolerance, "tolerance", 1.0)
    risk = 1.0 if doubt is None else check_positive(doubt, "doubt", 1.0)
    restarts = check_integer(max_restarts, "max_restarts", 1)
    sign = -1.0 if which == "smallest" else 1.0
    multiply, calls, power = hessian_operator(objective, engine), 0, None
    draws = generator(seed, Purpose.DIRECTIONS)

    def in_units(v: np.ndarray) -> np.ndarray:
        # H is brought to size 1 by the power of two that its first product tells: squares follow.
        nonlocal calls, power
        if calls >= n <= LARGEST or n <= _SMALL:
            raise _AllAreCheaper
        calls += 1
        image = multiply(torch.from_numpy(v).to(objective.point)).double().cpu().numpy()
        if power is None and image.any():
            power = int(np.frexp(np.abs(image).max())[1])
        result: np.ndarray = sign * np.ldexp(image, -(power or 0))
        return result

    rules = Rules(k, which == "magnitude", precision, risk, restarts)
    try:
        unit = float(torch.finfo(objective.point.dtype).eps)
        ends = find_ends(in_units, n, lambda: draws.standard_normal(n), rules, unit)
    except _AllAreCheaper:
        return _from_all(objective, which, k, calls, engine)
    values, residuals, limits = (
        np.ldexp(part, power or 0) for part in (ends.values, ends.residuals, ends.limits)
    )
    outward = np.sign(values) if which == "magnitude" else 1.0
    order = np.argsort(-sign * values, kind="stable")
    return Eigenpairs(
        sign * values[order], ends.vectors[order].T, residuals[order], calls,
        (sign * outward * limits)[order], risk, ends.complete,
    )  # fmt: skip


class _AllAreCheaper(Exception):
    """A search that takes as many products as all eigenvalues together."""


def _from_all(objective: Objective, which: str, k: int, spent: int, engine: str) -> Eigenpairs:
    """Choose among all eigenpairs."""
    matrix = hessian_matrix(objective, engine=engine).double().cpu().numpy()
    power = int(np.frexp(np.abs(matrix).max())[1])
    values, vectors = np.linalg.eigh(np.ldexp(matrix, -power))
    keys = {"largest": -values, "smallest": values, "magnitude": -np.abs(values)}[which]
    chosen = np.sort(np.argsort(keys, kind="stable")[:k])[::-1]
    values, vectors = values[chosen], vectors[:, chosen]
    away = np.ldexp(matrix, -power) @ vectors - vectors * values
    residuals = np.ldexp(np.linalg.norm(away, axis=0), power)
    found = np.ldexp(values, power)
    return Eigenpairs(found, vectors, residuals, spent + objective.size, found, 0.0, True)


def full_spectrum(objective: Objective, *, engine: str = "torch") -> np.ndarray:
    """Compute all eigenvalues of the Hessian, for at most 5000 weights.

    Args:
        objective: The loss.
        engine: ``torch``, ``curvlinops`` or ``differences``.

    Returns:
        In ascending order, shape ``(n,)``.
    """
    values: np.ndarray = np.linalg.eigvalsh(
        hessian_matrix(objective, engine=engine).double().cpu().numpy()
    )
    return values


def spectral_density(
    objective: Objective,
    *,
    steps: Any = 40,
    probes: Any = 4,
    seed: Any = 0,
    engine: str = "torch",
    progress: bool | None = None,
) -> SpectralDensity:
    """Estimate the density of the Hessian's eigenvalues by stochastic Lanczos quadrature.

    Args:
        objective: The loss.
        steps: Of Lanczos, each a product with the Hessian; at most n are made.
        probes: Random vectors; two or more give a standard error.
        seed: Of the vectors.
        engine: ``torch``, ``curvlinops`` or ``differences``.
        progress: Whether to show a bar on standard error; None for: on a terminal.

    Returns:
        Nodes and weights.

    Raises:
        InputError: An argument out of range or an unknown word.
    """
    check_objective(objective)
    n = objective.size
    many = min(check_integer(steps, "steps", 1), n)
    rows = check_integer(probes, "probes", 1)
    multiply, draws = hessian_operator(objective, engine), generator(seed, Purpose.DIRECTIONS)
    starts = draws.standard_normal((rows, n))
    nodes, weights = np.zeros((rows, many)), np.zeros((rows, many))
    with progress_bar(rows * many, "spectrum of the Hessian", progress) as done:
        for row, v in enumerate(starts / np.linalg.norm(starts, axis=1, keepdims=True)):
            found, masses = _lanczos(objective, multiply, v, many, done)
            nodes[row, : len(found)], weights[row, : len(found)] = found, masses
    return SpectralDensity(nodes, weights, n)


def _lanczos(
    objective: Objective, multiply: Callable[[torch.Tensor], torch.Tensor], start: np.ndarray,
    steps: int, done: Callable[[], None],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Compute nodes and weights from one vector, orthogonalised in full and twice."""
    unit = float(torch.finfo(objective.point.dtype).eps)
    basis = [start]
    diagonal: list[float] = []
    beside: list[float] = []
    power: int | None = None
    while True:
        image = multiply(torch.from_numpy(basis[-1]).to(objective.point)).double().cpu().numpy()
        if power is None:  # the first image gives the unit, a power of two: squares follow
            power = int(np.frexp(np.abs(image).max())[1])
        image = np.ldexp(image, -power)
        done()
        diagonal.append(float(basis[-1] @ image))
        size, known = float(np.linalg.norm(image)), np.stack(basis)
        for _ in range(2):
            image = image - known.T @ (known @ image)
        rest = float(np.linalg.norm(image))
        # What is left after the projections is rounding: the space is invariant.
        if len(diagonal) == steps or rest <= 10 * unit * math.sqrt(len(start)) * size:
            break
        beside.append(rest)
        basis.append(image / rest)
    tridiagonal = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    nodes, vectors = np.linalg.eigh(tridiagonal)
    return np.ldexp(nodes, power), vectors[0] ** 2

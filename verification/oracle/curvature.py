"""Cases, bounds and wrong Hessians for the checks of the Hessian.

The wrong Hessians are float64: a candidate is compared within the bound of the value that it
replaces, which is many times the rounding of one evaluation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import bounds, references
from whichmin.verification.oracle.derivatives import EXACT, Differences
from whichmin.verification.oracle.problems import ServedProblem
from whichmin.verification.oracle.references import Matrix, Vector, floats
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.solving import Families, Family, shown

__all__ = [
    "DIAGONAL",
    "KAPPAS",
    "SOURCE",
    "Case",
    "cases",
    "damped",
    "matrix_bound",
    "matrix_reason",
    "mistakes",
    "other_kinks",
    "product_bound",
    "solver_bound",
    "trace_bound",
]

Floats = NDArray[np.float64]

# Left derivative, mean, right derivative.
KAPPAS = (Fraction(0), Fraction(1, 2), Fraction(1))
DIAGONAL = "the diagonal alone, without the rest of the Hessian"
SOURCE = "second derivative of (N - 2) phi(<w, a>)^2 / 2; at 0 that of phi^2 / 2 is kappa"


@dataclass(frozen=True)
class Case:
    """A problem with one activation, as the target receives it.

    Attributes:
        problem: The problem.
        activation: ``linear`` or ``relu``.
        w: Weights as received.
        data: Points as received.
        factor: Factor of the plain sum over the points.
        low: Kappa of one end of the accepted values.
        high: Kappa of the other end; None if one value is accepted.
        differences: How the target gets its derivatives.
    """

    problem: ServedProblem
    activation: str
    w: Vector
    data: Matrix
    factor: Fraction
    low: Fraction
    high: Fraction | None
    differences: Differences = EXACT

    @property
    def what(self) -> str:
        """The name of the case in findings."""
        return f"{self.problem.id}, {self.activation}"

    @property
    def call(self) -> dict[str, Any]:
        """The arguments of the target's functions."""
        return {"w": self.problem.w, "data": self.problem.data, "activation": self.activation}

    @property
    def scalars(self) -> dict[str, int]:
        """The numbers that could be a wrong factor, by name."""
        return {"m": self.problem.m, "n": self.problem.n}

    def hessian(self, kappa: Fraction) -> Matrix:
        """Compute the exact Hessian for a value of kappa."""
        found = references.hessian(self.w, self.data, self.activation, kappa)
        return tuple(tuple(self.factor * x for x in row) for row in found)

    @property
    def turns(self) -> tuple[Matrix, ...]:
        """The matrix that kappa = 1, instead of 0, adds to the Hessian, for each kink.

        There are none if only one value of kappa is accepted.

        Each point has a kappa of its own. The points at the kinks served are orthonormal, so these
        matrices are orthogonal to each other, and their products with a vector too.
        """
        if self.high is None:
            return ()
        scale = self.factor * (references.dot(self.w, self.w) - 2)
        return tuple(
            tuple(tuple(scale * x * y for y in self.data[i]) for x in self.data[i])
            for i in references.kinks(self.w, self.data)
        )


def cases(session: Session, function: str, *, kinks: bool) -> Iterator[Case]:
    """List the problems with a second derivative, or those at a kink.

    Args:
        session: The target.
        function: Function of the protocol; its convention gives the factor.
        kinks: Whether to take those at a kink.

    Yields:
        The cases.
    """
    declared, differences = session.conventions.kink, session.conventions.differences
    for problem in session.problems():
        w, data = session.received(problem.w), session.received(problem.data)
        factor = session.conventions.factor(function, problem.m)
        for activation in session.activations:
            kinked = activation == "relu" and bool(references.kinks(w, data))
            if activation == "relu" and differences.crosses(w, data):
                session.note("where differences cross a kink, nothing is said")
                continue
            if kinked is not kinks:
                continue
            low, high = (Fraction(0), Fraction(1)) if declared is None else (declared, None)
            yield Case(problem, activation, w, data, factor, low, high if kinked else None,
                       differences)  # fmt: skip


def other_kinks(session: Session) -> tuple[Fraction, ...]:
    """List values of kappa that a target may use instead of the one that it declares."""
    declared = session.conventions.kink
    return () if declared is None else tuple(k for k in KAPPAS if k != declared)


def _rounding(case: Case, dtype: str, scale: float = 1.0) -> float:
    size = float(case.factor) * bounds.hessian_norm(case.w, case.data) * scale
    return float(bounds.rounding(size, 2 * case.problem.n, case.problem.m, dtype))


def matrix_bound(case: Case, dtype: str) -> float:
    r"""Bound the Frobenius norm of the Hessian's error, in whatever basis it is computed.

    A matrix that is computed in a rotated basis, or by products with vectors, is as right as its
    norm tells, not as its entries: one that is 0 gets the rounding of the others. So the norm of
    the sizes takes the place of each entry's size, and the roundings of three rotations are added
    to those of the entries. Declared differences add their own error.

    Args:
        case: The case.
        dtype: Precision of the target.

    Returns:
        The bound of the norm, and so of every entry.
    """
    own = case.differences.matrix(case.w, case.data, float(case.factor), dtype)
    return _rounding(case, dtype) + own


def product_bound(case: Case, length: float, dtype: str) -> float:
    """Bound the error of a product with a vector, as :func:`matrix_bound`.

    Args:
        case: The case.
        length: Length of the vector.
        dtype: Precision of the target.

    Returns:
        The bound of the error's length.
    """
    own = case.differences.product(case.w, case.data, float(case.factor), dtype, length)
    return _rounding(case, dtype, length) + own


def matrix_reason(case: Case, dtype: str) -> str:
    """Write the reason for :func:`matrix_bound` in words."""
    told = bounds.reason(2 * case.problem.n, case.problem.m, dtype).replace(
        "the sum of the terms' sizes", "the norm of the terms, so that any basis will do"
    )
    if case.differences.step == 0:
        return told
    return f"{told}; and the error of {case.differences.kind} with h = {case.differences.step:g}"


def trace_bound(case: Case, dtype: str) -> float:
    r"""Bound the rounding of the trace: :math:`|\operatorname{tr} E| \le \sqrt{n}\, |E|_F`."""
    return float(case.problem.n**0.5 * matrix_bound(case, dtype))


def solver_bound(case: Case, dtype: str) -> float:
    r"""Bound the error of the eigenvalues.

    .. math:: |\delta H|_F + 16\, n\, u\, |H|_F

    with the bound :math:`\delta H` of the matrix and the norm of the Hessian's size. By Weyl's
    inequality eigenvalues move by at most the norm of the matrix's error. A backward stable solver
    (reduction by Householder reflections, then QR) adds a modest multiple of n u \|H\|: 16 of it
    here, for the target's solver and for that of the reference.

    Args:
        case: The case.
        dtype: Precision of the target.

    Returns:
        The bound.
    """
    size = float(case.factor) * bounds.hessian_norm(case.w, case.data)
    return matrix_bound(case, dtype) + 16 * case.problem.n * bounds.UNITS[dtype][0] * size


def _of_points(case: Case, activation: str, kappa: float) -> tuple[Floats, Floats, Floats, Floats]:
    """By point: ``g'' a a^T``, ``phi a w^T``, ``phi^2 I`` and the gradient; all are sums' terms."""
    a, w = floats(case.data), floats(case.w)
    c = floats(references.correlations(case.w, case.data))  # exact zeros stay zeros
    phi = c if activation == "linear" else np.where(c > 0, c, 0.0)
    curved = np.ones(len(c)) if activation == "linear" else np.where(c == 0, kappa, c > 0)
    outer = curved[:, None, None] * a[:, :, None] * a[:, None, :]
    cross = phi[:, None, None] * a[:, :, None] * w[None, None, :]
    own = (phi * phi)[:, None, None] * np.eye(len(w))
    slopes = (w @ w - 2) * phi[:, None] * a + (phi * phi)[:, None] * w
    return outer, cross, own, slopes


def damped(exact: Any, unit: Any) -> Families:
    """Make the mistake that a multiple of the identity is added to the Hessian.

    Args:
        exact: The right value.
        unit: What the identity itself adds to it: ``I``, ``v``, n, or 1 for each eigenvalue.

    Yields:
        The family, whose parameter is the multiple.
    """
    yield "damped", Family(
        lambda c: (
            f"{shown(c)} is added to the diagonal of the Hessian: damping, or the second "
            "derivative of a penalty"
        ),
        lambda c: floats(exact) + c * floats(unit), ((1e-6,), (-1e-6,)), low=-math.inf,
    )  # fmt: skip


def mistakes(case: Case) -> tuple[tuple[str, Floats], ...]:
    """List wrong Hessians whose mistake has a name, with the case's factor and its lower kappa.

    Args:
        case: The case.

    Returns:
        Texts and matrices ``(n, n)``.
    """
    kappa, norm = float(case.low), float(floats(case.w) @ floats(case.w))
    outer, cross, own, slopes = _of_points(case, case.activation, kappa)
    both = cross + cross.transpose(0, 2, 1)
    points = (norm - 2) * outer + 2 * both + own
    right = points.sum(0)
    name = "relu" if case.activation == "linear" else "linear"
    o_outer, o_cross, o_own, _ = _of_points(case, name, kappa)
    other = (norm - 2) * o_outer + 2 * (o_cross + o_cross.transpose(0, 2, 1)) + o_own
    summed = [
        ("the Hessian of the other activation", other.sum(0)),
        (
            "the Gauss-Newton matrix: the residuals' second derivatives are left out",
            (norm * outer + both + own).sum(0),
        ),
        ("the outer products of the points' gradients (the empirical Fisher)", slopes.T @ slopes),
        ("the cross term counts once: 2 phi (a w^T + w a^T)", right - both.sum(0)),
        ("the cross term is not symmetrised", right - 2 * both.sum(0) + 4 * cross.sum(0)),
        ("the transposed cross term is not symmetrised",
         right - 2 * both.sum(0) + 4 * cross.sum(0).T),
        ("the cross term 2 phi (a w^T + w a^T) is left out", right - 2 * both.sum(0)),
        ("the term phi^2 I is left out", right - own.sum(0)),
        ("the term (N - 2) a a^T is left out", right - (norm - 2) * outer.sum(0)),
        (DIAGONAL, np.diag(np.diag(right))),
    ]  # fmt: skip
    made = [(text, float(case.factor) * matrix) for text, matrix in summed]
    m = len(points)
    scale = float(case.factor) * m  # of the mean
    for size in (2, 3):
        means = [points[i : i + size].mean(0) for i in range(0, m, size)]
        made.append((
            f"means over batches of {size} are added up, not averaged", scale * np.sum(means, 0),
        ))  # fmt: skip
        made.append((
            f"means over batches of {size} are averaged: a smaller last batch weighs too much",
            scale * np.mean(means, 0),
        ))  # fmt: skip
    return tuple(made)

"""The noisy quadratic in exact fractions: batches listed one by one, moments by their recursion.

No closed form is used. The plane suffices: an entry of a covariance involves two eigendirections of
H. H is turned by a rational angle, so that it does not commute with Sigma.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from hypothesis import strategies as st

from whichmin.verification.oracle.noise import mean_and_covariance
from whichmin.verification.oracle.references import Matrix, Vector

__all__ = [
    "QuadraticCase",
    "batch_means",
    "cases",
    "covariance_step",
    "loss",
    "moments",
    "product",
    "turned",
]

# Columns are orthonormal: 3^2 + 4^2 = 5^2.
TURN: Matrix = ((Fraction(3, 5), Fraction(-4, 5)), (Fraction(4, 5), Fraction(3, 5)))


def product(left: Matrix, right: Matrix) -> Matrix:
    """Multiply two matrices."""
    inner, columns = range(len(right)), range(len(right[0]))
    return tuple(
        tuple(sum((row[k] * right[k][j] for k in inner), Fraction(0)) for j in columns)
        for row in left
    )


def _transposed(matrix: Matrix) -> Matrix:
    return tuple(zip(*matrix, strict=True))


def turned(matrix: Matrix, back: bool = False) -> Matrix:
    """Turn a matrix in the plane: ``R A R^T``, or ``R^T A R`` to go back."""
    turn = _transposed(TURN) if back else TURN
    return product(product(turn, matrix), _transposed(turn))


def covariance_step(covariance: Matrix, H: Matrix, noise: Matrix, eta: Fraction) -> Matrix:
    """Compute the covariance after a step.

    Args:
        covariance: Before the step.
        H: Curvature.
        noise: Covariance of the gradient of a batch, Sigma/B.
        eta: Step size.

    Returns:
        ``(1 - eta H) V (1 - eta H) + eta^2 Sigma/B``.
    """
    size = range(len(H))
    factor = tuple(tuple(Fraction(i == j) - eta * H[i][j] for j in size) for i in size)
    kept = product(product(factor, covariance), factor)
    return tuple(tuple(kept[i][j] + eta**2 * noise[i][j] for j in size) for i in size)


def batch_means(gradients: Sequence[Vector], size: int, replacement: bool) -> Iterator[Vector]:
    """List the mean gradients of all batches of a size, each as likely as any other.

    Args:
        gradients: One per data point.
        size: Batch size.
        replacement: Whether a point can be drawn more than once; then all sequences are listed.

    Yields:
        The mean of a batch.
    """
    batches = (
        itertools.product(gradients, repeat=size)
        if replacement
        else itertools.combinations(gradients, size)
    )
    for batch in batches:
        yield tuple(sum(entries, Fraction(0)) / size for entries in zip(*batch, strict=True))


def moments(vectors: Sequence[Vector]) -> tuple[Vector, Matrix]:
    """Compute mean and covariance of vectors that are equally likely."""
    return mean_and_covariance(tuple(vectors), 1, "without-replacement")


def loss(x: Vector, H: Matrix) -> Fraction:
    """Compute the loss ``x^T H x / 2``."""
    size = range(len(x))
    return sum((x[i] * H[i][j] * x[j] for i in size for j in size), Fraction(0)) / 2


@dataclass(frozen=True)
class QuadraticCase:
    """A quadratic in the plane with noise, and a start; all numbers are fractions.

    Attributes:
        h: Larger curvature.
        g: Smaller curvature.
        eta: Step size, stable: ``eta h < 2``.
        points: Noise of each data point; they add up to 0.
        x: Start in the eigenbasis.
        v: Variance at the start, not negative.
        size: Batch size.
        steps: Number of steps.
        factor: K of the linear scaling rule, with ``K eta h < 2``.
    """

    h: Fraction
    g: Fraction
    eta: Fraction
    points: tuple[Vector, ...]
    x: Vector
    v: Fraction
    size: int
    steps: int
    factor: Fraction

    @cached_property
    def eigen(self) -> Matrix:
        """H in its eigenbasis."""
        return ((self.h, Fraction(0)), (Fraction(0), self.g))

    @cached_property
    def sigma(self) -> Matrix:
        """Covariance of the noise of one sample, in H's eigenbasis."""
        return moments(self.points)[1]

    @cached_property
    def batch_sigma(self) -> Matrix:
        """Covariance of a batch with replacement."""
        return tuple(tuple(entry / self.size for entry in row) for row in self.sigma)


@st.composite
def cases(draw: st.DrawFn) -> QuadraticCase:
    """Draw a quadratic, its noise, a start and a stable step size."""
    number = st.integers(-6, 6).map(lambda k: Fraction(k, 2))
    positive = st.integers(1, 8)
    h = Fraction(draw(positive), 4)
    g = h * Fraction(draw(st.integers(1, 7)), 8)
    y = Fraction(draw(st.integers(1, 31)), 16)
    drawn = [(draw(number), draw(number)) for _ in range(2)]
    # Noise in both directions, correlated in general; the points add up to 0.
    drawn += [(Fraction(draw(positive), 2), Fraction(0)), (Fraction(1), Fraction(draw(positive)))]
    left, right = (-sum((p[i] for p in drawn), Fraction(0)) for i in range(2))
    drawn.append((left, right))
    return QuadraticCase(
        h=h,
        g=g,
        eta=y / h,
        points=tuple(drawn),
        x=(Fraction(draw(positive), 2), Fraction(-draw(positive), 4)),
        v=Fraction(draw(st.integers(0, 8)), 2),
        size=draw(st.integers(1, 3)),
        steps=draw(st.integers(1, 9)),
        factor=1 + (2 / y - 1) * Fraction(draw(st.integers(1, 7)), 8),
    )

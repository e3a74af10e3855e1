"""Say words of claims on batches: a quadratic in up to three dimensions whose batches are listed.

Data point i adds the vector ``noises[i]`` to the gradient ``H x``; these vectors add up to 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from whichmin.errors import InputError
from whichmin.verification.evidence.statement import domain, word
from whichmin.verification.oracle.noise import batches, mean_and_covariance
from whichmin.verification.oracle.references import Matrix, Vector, dot
from whichmin.verification.topics.quadratic.exact import loss
from whichmin.verification.topics.vocabulary import Start, step

__all__ = ["NoisyQuadratic"]

F = Fraction
# Batches that are listed; beyond that, and for sizes that are not whole, Sigma/B is used.
_LISTED = 100
_WITH, _WITHOUT = "with-replacement", "without-replacement"


@dataclass(frozen=True)
class NoisyQuadratic:
    """The loss ``x^T H x/2`` at a point, with the noises of the data points.

    Attributes:
        H: Curvature, symmetric.
        x: The point.
        noises: What each data point adds to the gradient; they add up to 0.
    """

    H: Matrix
    x: Vector
    noises: Matrix

    def __str__(self) -> str:
        parts = ", ".join(f'"{_told(rows)}"' for rows in (self.H, (self.x,), self.noises))
        return f"noisy_quadratic({parts})"

    @property
    def gradient(self) -> Vector:
        """The gradient of all data, H x."""
        return tuple(dot(row, self.x) for row in self.H)

    @property
    def covariance(self) -> Matrix:
        """The covariance of the noise of one data point."""
        return mean_and_covariance(self.noises, 1, _WITH)[1]


def _told(rows: Matrix) -> str:
    return ", ".join(" ".join(map(str, row)) for row in rows)


def _rows(text: str) -> Matrix:
    return tuple(tuple(F(entry) for entry in row.split()) for row in text.split(","))


@word
def noisy_quadratic(H: str, x: str, noises: str) -> NoisyQuadratic:
    """The quadratic with these rows of H, this point and these noises of its data points."""
    made = NoisyQuadratic(_rows(H), _rows(x)[0], _rows(noises))
    if any(sum(column) for column in zip(*made.noises, strict=True)):
        raise InputError("noises", noises, "must add up to 0")
    return made


@domain
def noisy_quadratics(most: int = 3) -> st.SearchStrategy[NoisyQuadratic]:
    """Points of quadratics in 1 to ``most`` dimensions, H positive definite, 1 to 4 data points."""
    entry = st.fractions(-2, 2, max_denominator=4)

    @st.composite
    def drawn(draw: st.DrawFn) -> NoisyQuadratic:
        n = draw(st.integers(1, int(most)))
        vector = st.tuples(*[entry] * n)
        roots = [draw(vector) for _ in range(n)]
        least = draw(st.sampled_from([F(1), F(1, 10), F(4)]))
        H = tuple(
            tuple(sum((r[i] * r[j] for r in roots), least * (i == j)) for j in range(n))
            for i in range(n)
        )
        first = [draw(vector) for _ in range(draw(st.integers(0, 3)))]
        size = draw(st.sampled_from([F(1), F(1, 10), F(10)]))
        noises = [tuple(size * v for v in noise) for noise in first]
        noises.append(tuple(-sum((v[i] for v in noises), F(0)) for i in range(n)))
        return NoisyQuadratic(H, draw(vector), tuple(noises))

    return drawn()


def _chances(q: NoisyQuadratic, B: Any, sampling: str) -> Iterator[tuple[Vector, Fraction]]:
    """List the noises of all batches with their chances."""
    for batch, chance in batches(len(q.noises), int(B), sampling):
        rows = [q.noises[i] for i in batch]
        yield tuple(sum(column, F(0)) / len(rows) for column in zip(*rows, strict=True)), chance


def mean_decrease(q: NoisyQuadratic, eta: Any, B: Any, sampling: str = _WITH) -> Any:
    """By how much a step of size eta lowers the loss in the mean, over all batches of B points.

    Where these cannot be listed, their noise has covariance Sigma/B.
    """
    pull = [p - eta * g for p, g in zip(q.x, q.gradient, strict=True)]
    m = len(q.noises)
    if F(B).denominator == 1 and math.comb(m + int(B) - 1, int(B)) <= _LISTED:
        after = sum(
            (chance * loss(tuple(p - eta * v for p, v in zip(pull, noise, strict=True)), q.H)
             for noise, chance in _chances(q, B, sampling)),
            F(0),
        )  # fmt: skip
    else:
        assert sampling == _WITH
        # The mean of the noise is 0: what it adds is quadratic in it.
        after = loss(tuple(pull), q.H)
        after += eta**2 * sum((loss(v, q.H) for v in q.noises), F(0)) / m / F(B)
    return loss(q.x, q.H) - after


def _parabola(q: NoisyQuadratic, B: Any, sampling: str) -> tuple[Any, Any]:
    one, two = (mean_decrease(q, F(size), B, sampling) for size in (1, 2))
    return 2 * one - two / 2, two / 2 - one


@word
def best_step_size(q: NoisyQuadratic, B: Any, sampling: str = _WITH) -> Any:
    """The step size of the largest mean decrease: that of a parabola through 0 and two values."""
    slope, bend = _parabola(q, B, sampling)
    return -slope / (2 * bend)


@word
def best_decrease(q: NoisyQuadratic, B: Any, sampling: str = _WITH) -> Any:
    """The largest mean decrease of the loss in a step, over all step sizes."""
    slope, bend = _parabola(q, B, sampling)
    return -slope * slope / (4 * bend)


@word
def quiet(q: NoisyQuadratic) -> NoisyQuadratic:
    """The same quadratic without noise."""
    return NoisyQuadratic(q.H, q.x, (tuple(F(0) for _ in q.x),))


@word
def gradient_energy_of(q: NoisyQuadratic) -> Any:
    """The squared length |G|^2 of the gradient G = H x of all data."""
    return dot(q.gradient, q.gradient)


@word
def noise_trace(q: NoisyQuadratic) -> Any:
    """The trace tr(H Sigma), Sigma the covariance of the noise of one data point."""
    covariance, n = q.covariance, range(len(q.x))
    return sum((q.H[i][j] * covariance[j][i] for i in n for j in n), F(0))


@word
def noise_scale_of(q: NoisyQuadratic) -> Any:
    """The noise scale B_noise = tr(H Sigma)/(G^T H G)."""
    return noise_trace(q) / (2 * loss(q.gradient, q.H))


@word
def simple_scale_of(q: NoisyQuadratic) -> Any:
    """The simple noise scale tr Sigma/|G|^2."""
    covariance = q.covariance
    return sum((covariance[i][i] for i in range(len(q.x))), F(0)) / gradient_energy_of(q)


@word
def data_points(q: NoisyQuadratic) -> int:
    """The number m of data points."""
    return len(q.noises)


@word
def sampled_variance(values: Sequence[Any], b: Any, sampling: str = _WITHOUT) -> Any:
    """The variance of the mean of a batch of b numbers, over all batches."""
    means = [
        (sum((values[i] for i in batch), F(0)) / int(b), chance)
        for batch, chance in batches(len(values), int(b), sampling)
    ]
    middle = sum((mean * chance for mean, chance in means), F(0))
    return sum(((mean - middle) ** 2 * chance for mean, chance in means), F(0))


@word
def noise_per_sample(w: Start, alpha: Any, b: Any) -> Any:
    """The variance, over the batches of b points, of a step of size alpha b, over b.

    Added up over the coordinates; linear activation, batches without replacement.
    """
    ends = [
        (step(w, batch, alpha * int(b)).w, chance)
        for batch, chance in batches(w.m, int(b), _WITHOUT)
    ]
    total = F(0)
    for column in range(len(w.w)):
        middle = sum((end[column] * chance for end, chance in ends), F(0))
        total += sum(((end[column] - middle) ** 2 * chance for end, chance in ends), F(0))
    return total / int(b)

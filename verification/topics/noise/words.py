"""Say words of claims on gradient noise: covariances, noise scales, batches, and late runs.

Gradients are those of the model, or any vectors. Batches are enumerated.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from whichmin.verification.evidence.statement import Undecided, domain, word
from whichmin.verification.topics.hessian.words import hessian_matrix
from whichmin.verification.topics.vocabulary import Start, gradient, remembered

__all__ = [
    "gradient_scale", "gradient_signal", "gradient_trace", "sample_gradients", "weighted_scale",
]  # fmt: skip

Vector = tuple[Any, ...]
Matrix = tuple[Vector, ...]

# More batches than this take too long to list.
_BATCHES = 1100


def _dot(x: Sequence[Any], y: Sequence[Any]) -> Any:
    return sum((p * q for p, q in zip(x, y, strict=True)), Fraction(0))


def _gradients(seed: int, least: int, most: int) -> Matrix:
    choose = random.Random(seed)  # noqa: S311 - no secrets
    size, length = choose.randint(least, most), choose.choice([1, 2, 3])
    scale = choose.choice([1, 2, 10])
    rows = [
        tuple(Fraction(choose.randint(-10, 10), scale) for _ in range(length)) for _ in range(size)
    ]
    if choose.random() < 0.2:
        rows[-1] = rows[0]
    return tuple(rows)


@domain
def gradient_sets(least: int = 1, most: int = 4) -> st.SearchStrategy[Matrix]:
    """Sets of ``least`` to ``most`` vectors, as gradients of data points: of 1 to 3 dimensions."""
    return st.integers(0, 2**32 - 1).map(lambda s: _gradients(s, int(least), int(most)))


@word
def gradient_list(*entries: Any) -> Matrix:
    """Numbers as gradients in one dimension."""
    return tuple((Fraction(v),) for v in entries)


@word
def sample_gradients(w: Start, activation: str = "linear") -> Matrix:
    """The gradients of the data points' losses at w."""
    return tuple(gradient(w, i, activation) for i in range(w.m))


def _mean(g: Matrix) -> Vector:
    return tuple(sum(column, Fraction(0)) / len(g) for column in zip(*g, strict=True))


def _covariance(g: Matrix) -> Matrix:
    """The covariance of a list of vectors, divided by their number."""
    mean = _mean(g)
    away = [tuple(p - q for p, q in zip(row, mean, strict=True)) for row in g]
    columns = list(zip(*away, strict=True))
    return tuple(tuple(_dot(x, y) / len(g) for y in columns) for x in columns)


@word
def gradient_mean(g: Matrix) -> Vector:
    """The full gradient G: the mean of the gradients."""
    return _mean(g)


@word
@remembered(256)
def gradient_covariance_of(g: Matrix) -> Matrix:
    """The covariance Sigma of the gradients, divided by their number m."""
    return _covariance(g)


@word
def gradient_trace(g: Matrix) -> Any:
    """The trace of Sigma, tr Sigma: the mean of |g_i - G|^2."""
    mean = _mean(g)
    away = [tuple(p - q for p, q in zip(row, mean, strict=True)) for row in g]
    return sum((_dot(r, r) for r in away), Fraction(0)) / len(g)


@word
def gradient_signal(g: Matrix) -> Any:
    """|G|^2."""
    mean = _mean(g)
    return _dot(mean, mean)


@word
def gradient_scale(g: Matrix) -> Any:
    """The noise scale B_simple = tr Sigma / |G|^2.

    Raises:
        Undecided: G is 0.
    """
    signal = gradient_signal(g)
    if signal == 0:
        raise Undecided("the gradient is 0")
    return gradient_trace(g) / signal


def _batches(m: int, b: int, mode: str) -> Iterator[tuple[int, ...]]:
    if mode == "with":
        if m**b > _BATCHES:
            raise Undecided("too many batches")
        return itertools.product(range(m), repeat=b)
    return itertools.combinations(range(m), b)


@remembered(256)
def _batch_means(g: Matrix, b: int, mode: str) -> Matrix:
    """The mean gradient of each batch, all equally likely."""
    return tuple(_mean(tuple(g[i] for i in batch)) for batch in _batches(len(g), b, mode))


@domain
def batch_modes() -> st.SearchStrategy[str]:
    """How a batch is drawn: ``"with"`` or ``"without"`` replacement, uniformly."""
    return st.sampled_from(["with", "without"])


@domain
def counts_of(g: Matrix) -> st.SearchStrategy[int]:
    """Batch sizes from 1 to the number of gradients."""
    return st.integers(1, len(g))


@word
def batch_mean(g: Matrix, b: Any, mode: str) -> Vector:
    """The expectation of a batch's mean gradient, over all batches."""
    return _mean(_batch_means(g, int(b), mode))


@word
@remembered(256)
def batch_covariance(g: Matrix, b: Any, mode: str) -> Matrix:
    """The covariance of a batch's mean gradient, over all batches."""
    return _covariance(_batch_means(g, int(b), mode))


@word
def batch_noise(g: Matrix, b: Any, mode: str) -> Any:
    """The trace of the covariance of a batch's mean gradient, over all batches."""
    matrix = batch_covariance(g, b, mode)
    return sum((matrix[p][p] for p in range(len(matrix))), Fraction(0))


def _square(g: Matrix, b: int, mode: str) -> Any:
    """The expectation of |G_b|^2 over all batches."""
    means = _batch_means(g, b, mode)
    return sum((_dot(v, v) for v in means), Fraction(0)) / len(means)


@word
def two_batch_trace(g: Matrix, small: Any, large: Any, mode: str) -> Any:
    """The expected estimate of tr Sigma from two batch sizes: the difference of the mean squares
    |G_b|^2 over that of 1/b.
    """
    b, more = int(small), int(large)
    difference = _square(g, b, mode) - _square(g, more, mode)
    return difference / (Fraction(1, b) - Fraction(1, more))


@word
def two_batch_signal(g: Matrix, small: Any, large: Any, mode: str) -> Any:
    """The expected estimate of |G|^2 from two batch sizes: (B |G_B|^2 - b |G_b|^2)/(B - b)."""
    b, more = int(small), int(large)
    return (more * _square(g, more, mode) - b * _square(g, b, mode)) / (more - b)


def _weighted(matrix: Matrix, x: Vector) -> Any:
    return _dot(x, tuple(_dot(row, x) for row in matrix))


def _weighted_trace(matrix: Matrix, g: Matrix) -> Any:
    """tr(H Sigma): the mean of (g_i - G)^T H (g_i - G)."""
    mean = _mean(g)
    away = (tuple(p - q for p, q in zip(row, mean, strict=True)) for row in g)
    return sum((_weighted(matrix, v) for v in away), Fraction(0)) / len(g)


@word
def curved_signal(matrix: Matrix, g: Matrix) -> Any:
    """G^T H G, with a symmetric matrix H."""
    return _weighted(matrix, _mean(g))


@word
def weighted_scale(matrix: Matrix, g: Matrix) -> Any:
    """The noise scale weighted with a symmetric matrix H: tr(H Sigma)/(G^T H G).

    Raises:
        Undecided: G^T H G is 0.
    """
    below = curved_signal(matrix, g)
    if below == 0:
        raise Undecided("G^T H G is 0")
    return _weighted_trace(matrix, g) / below


@word
def noise_simple(w: Start, activation: str = "linear") -> Any:
    """B_simple = tr Sigma / |G|^2 of the model at w."""
    return gradient_scale(sample_gradients(w, activation))


@word
def noise_curved(w: Start, activation: str = "linear") -> Any:
    """B_noise = tr(H Sigma)/(G^T H G) of the model at w."""
    return weighted_scale(hessian_matrix(w, activation), sample_gradients(w, activation))


@word
def active_power(w: Start, power: Any, activation: str = "linear") -> Any:
    """The sum of a power of the active correlations: C for 2, Q for 4."""
    active = [v for v in w.w[: w.m] if activation == "linear" or v > 0]
    return sum((v ** int(power) for v in active), Fraction(0))


@word
def noise_flow_rate(w: Start, activation: str = "linear") -> Any:
    """The rate d B_simple/dt along gradient flow, dw/dt = -G, by the product rule.

    Raises:
        Undecided: G is 0.
    """
    g = sample_gradients(w, activation)
    mean = _mean(g)
    signal = _dot(mean, mean)
    if signal == 0:
        raise Undecided("the gradient is 0")
    # Each gradient moves by its own Hessian times -G.
    alone = (_sample_matrix(w, i, activation) for i in range(w.m))
    moved = [tuple(-_dot(row, mean) for row in matrix) for matrix in alone]
    square = 2 * sum((_dot(x, y) for x, y in zip(g, moved, strict=True)), Fraction(0)) / w.m
    of_signal = 2 * _dot(mean, _mean(tuple(moved)))
    return ((square - of_signal) * signal - gradient_trace(g) * of_signal) / (signal * signal)


def _sample_matrix(w: Start, i: int, activation: str) -> Matrix:
    """The Hessian of one point's loss: that of the model on this point alone."""
    order = (i, *(p for p in range(len(w.w)) if p != i))
    alone = hessian_matrix(Start(tuple(w.w[p] for p in order), 1), activation)
    back = [order.index(p) for p in range(len(w.w))]
    return tuple(tuple(alone[p][q] for q in back) for p in back)


@word
def flow_norm_rate(w: Start, activation: str = "linear") -> Any:
    """The rate d|w|^2/dt along gradient flow: -2 <w, G>."""
    return -2 * _dot(w.w, _mean(sample_gradients(w, activation)))


@word
def flow_energy_rate(w: Start, activation: str = "linear") -> Any:
    """The rate dC/dt along gradient flow: -2 times the sum of c_i G_i over the active points."""
    mean = _mean(sample_gradients(w, activation))
    return -2 * sum(
        (
            w.w[i] * mean[i]
            for i in range(w.m)
            if activation == "linear" or w.w[i] > 0
        ),
        Fraction(0),
    )  # fmt: skip


@word
def scaled(w: Start, factor: Any) -> Start:
    """The weights times a number."""
    return Start(tuple(factor * v for v in w.w), w.m)


@word
def is_multiple(x: Matrix, y: Matrix) -> bool:
    """Whether the matrix x is a number times the matrix y, which is not 0."""
    pairs = [(p, q) for r, s in zip(x, y, strict=True) for p, q in zip(r, s, strict=True)]
    p0, q0 = max(pairs, key=lambda pair: abs(pair[1]))
    return q0 != 0 and all(p * q0 == p0 * q for p, q in pairs)


@word
def product_size(x: Matrix, y: Matrix) -> Any:
    """The sum of the squared entries of the product of two symmetric matrices."""
    entries = (_dot(row, column) for row in x for column in y)
    return sum((v * v for v in entries), Fraction(0))


def _symmetric(seed: int, g: Matrix) -> Matrix:
    """Draw h times the identity plus u u^T, u often orthogonal to all gradients."""
    choose = random.Random(seed)  # noqa: S311 - no secrets
    n, h = len(g[0]), Fraction(choose.randint(-6, 6), choose.randint(1, 3))
    u = [Fraction(choose.randint(-3, 3)) for _ in range(n)]
    if choose.random() < 0.8:
        basis: list[list[Any]] = []
        for row in g:  # Gram and Schmidt, without roots
            rest = list(row)
            for e in basis:
                share = _dot(rest, e) / _dot(e, e)
                rest = [p - share * q for p, q in zip(rest, e, strict=True)]
            if any(rest):
                basis.append(rest)
        for e in basis:
            share = _dot(u, e) / _dot(e, e)
            u = [p - share * q for p, q in zip(u, e, strict=True)]
    return tuple(tuple(h * int(p == q) + u[p] * u[q] for q in range(n)) for p in range(n))


@domain
def curvatures(g: Matrix) -> st.SearchStrategy[Matrix]:
    """Symmetric matrices of the gradients' dimension, many a multiple of the identity on them."""
    return st.integers(0, 2**32 - 1).map(lambda seed: _symmetric(seed, g))


@word
def acts_as_number(matrix: Matrix, g: Matrix) -> bool:
    """Whether the matrix multiplies all the gradients by one number."""
    whole = [tuple(_dot(row, u) for row in matrix) for u in g]
    numbers = {p / q for x, u in zip(whole, g, strict=True) for p, q in zip(x, u, strict=True) if q}
    if len(numbers) > 1:
        return False
    h = next(iter(numbers), Fraction(0))
    return all(p == h * q for x, u in zip(whole, g, strict=True) for p, q in zip(x, u, strict=True))

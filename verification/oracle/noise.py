"""Compute the noise of the mini-batch gradient exactly, from all batches, in fractions.

The closed factors (``(m - b)/(b(m - 1))`` without replacement, ``1/b`` with) are here too; they are
compared with the enumeration, never used as the reference of a covariance.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from whichmin.verification.oracle import references
from whichmin.verification.oracle.references import Matrix, Vector, dot

__all__ = [
    "batch_noise_scale",
    "batches",
    "covariance",
    "factor",
    "mean_and_covariance",
    "mean_gradients",
    "noise_scale",
    "second_moment",
    "squares",
    "trace_and_square",
]


def batches(m: int, b: int, sampling: str) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """Enumerate all batches, as sorted tuples, each with its chance.

    Args:
        m: Points.
        b: Batch size.
        sampling: ``with-replacement``, or anything else for without: a batch of reshuffled epochs,
            taken alone, is a uniform subset too.

    Yields:
        Batch and chance; the chances add up to 1.
    """
    if sampling == "with-replacement":
        for batch in itertools.combinations_with_replacement(range(m), b):
            # Orders in which the batch can be drawn: b! over the factorials of the counts.
            orders = math.factorial(b)
            for count in Counter(batch).values():
                orders //= math.factorial(count)
            yield batch, Fraction(orders, m**b)
    else:
        for batch in itertools.combinations(range(m), b):
            yield batch, Fraction(1, math.comb(m, b))


def mean_gradients(gradients: Matrix, b: int, sampling: str) -> tuple[Matrix, Vector]:
    """Compute the mean gradients of all batches, and the chances of the batches.

    Args:
        gradients: Gradients of the points, ``(m, n)``.
        b: Batch size.
        sampling: As in :func:`batches`.

    Returns:
        Gradients, one row per batch, and chances.
    """
    rows, chances = [], []
    for batch, chance in batches(len(gradients), b, sampling):
        columns = zip(*(gradients[i] for i in batch), strict=True)
        rows.append(tuple(sum(column, Fraction(0)) / b for column in columns))
        chances.append(chance)
    return tuple(rows), tuple(chances)


def covariance(rows: Matrix, chances: Vector) -> Matrix:
    r"""Compute the covariance of a random vector with finitely many values.

    .. math:: \sum_k p_k\, (x_k - \mu)(x_k - \mu)^\top, \qquad \mu = \sum_k p_k\, x_k

    Args:
        rows: Values, one per row.
        chances: Their chances.

    Returns:
        The matrix.
    """
    mean = tuple(dot(chances, column) for column in zip(*rows, strict=True))
    centred = [tuple(x - mu for x, mu in zip(row, mean, strict=True)) for row in rows]
    return _weighted(centred, chances)


def second_moment(rows: Matrix, chances: Vector) -> Matrix:
    r"""Compute the second moment, with arguments as in :func:`covariance`.

    .. math:: \sum_k p_k\, x_k x_k^\top

    Returns:
        The matrix.
    """
    return _weighted(rows, chances)


def _weighted(rows: Matrix | list[Vector], chances: Vector) -> Matrix:
    columns = list(zip(*rows, strict=True))
    n = len(columns)
    out = [[Fraction(0)] * n for _ in range(n)]
    for p in range(n):
        weighted = tuple(c * x for c, x in zip(chances, columns[p], strict=True))
        for q in range(p, n):
            out[p][q] = out[q][p] = dot(weighted, columns[q])
    return tuple(map(tuple, out))


def mean_and_covariance(gradients: Matrix, b: int, sampling: str) -> tuple[Vector, Matrix]:
    """Compute mean and covariance of the mean gradient of a batch, over all batches.

    Args:
        gradients: Gradients of the points, ``(m, n)``.
        b: Batch size.
        sampling: As in :func:`batches`.

    Returns:
        Mean ``(n,)`` and covariance ``(n, n)``.
    """
    rows, chances = mean_gradients(gradients, b, sampling)
    mean = tuple(dot(chances, column) for column in zip(*rows, strict=True))
    return mean, covariance(rows, chances)


def factor(m: int, b: int, sampling: str) -> Fraction:
    r"""Compute the covariance of a batch's mean gradient divided by that of one point's gradient.

    .. math:: \frac1b \text{ with replacement}, \qquad
              \frac{m - b}{b\,(m - 1)} \text{ without}

    Args:
        m: Points.
        b: Batch size, at most m without replacement.
        sampling: As in :func:`batches`.

    Returns:
        The factor; without replacement 0 for m = 1.
    """
    if sampling == "with-replacement":
        return Fraction(1, b)
    return Fraction(m - b, b * (m - 1)) if m > 1 else Fraction(0)


def trace_and_square(gradients: Matrix) -> tuple[Fraction, Fraction]:
    r"""Compute the trace of the points' covariance and the squared length of the mean gradient.

    .. math:: \operatorname{tr} \Sigma = \frac1m \sum_i |g_i - G|^2, \qquad
              |G|^2 = \Bigl|\frac1m \sum_i g_i\Bigr|^2

    Args:
        gradients: Gradients of the points.

    Returns:
        Both.
    """
    m = len(gradients)
    mean = tuple(sum(column, Fraction(0)) / m for column in zip(*gradients, strict=True))
    away = (
        sum(((x - mu) ** 2 for x, mu in zip(row, mean, strict=True)), Fraction(0))
        for row in gradients
    )
    return sum(away, Fraction(0)) / m, dot(mean, mean)


def noise_scale(gradients: Matrix, *, sample: bool = False) -> Fraction | None:
    r"""Compute the simple noise scale (McCandlish et al. 2018, equation 2.9).

    .. math:: B_{\text{simple}} = \frac{\operatorname{tr} \Sigma}{|G|^2}

    Args:
        gradients: Gradients of the points.
        sample: Whether Sigma is divided by ``m - 1`` in place of m.

    Returns:
        The scale; None where it is not defined (G = 0, or a sample covariance of one point).
    """
    m, (spread, square) = len(gradients), trace_and_square(gradients)
    if square == 0 or (sample and m == 1):
        return None
    return spread / square * (Fraction(m, m - 1) if sample else 1)


def batch_noise_scale(
    w: Vector, data: Matrix, activation: str, kappa: Fraction = Fraction(0)
) -> Fraction | None:
    r"""Compute the noise scale with the Hessian (McCandlish et al. 2018, equation 2.8).

    .. math:: B_{\text{noise}} = \frac{\operatorname{tr}(H \Sigma)}{G^\top H G}

    Args:
        w: Weights.
        data: Points.
        activation: ``linear`` or ``relu``.
        kappa: Second derivative of ``relu(t)^2 / 2`` at 0.

    Returns:
        The scale, Sigma divided by m; None if ``G^T H G = 0``.
    """
    rows = references.point_gradients(w, data, activation)
    chances = (Fraction(1, len(data)),) * len(data)
    mean = tuple(dot(chances, column) for column in zip(*rows, strict=True))
    centred = [tuple(x - mu for x, mu in zip(row, mean, strict=True)) for row in rows]
    # The common factor 1/m of H cancels.
    curved = references.hessian_vector_product(w, data, mean, activation, kappa)
    below = dot(mean, curved)
    if below == 0:
        return None
    products = (
        dot(x, references.hessian_vector_product(w, data, x, activation, kappa)) for x in centred
    )
    return sum(products, Fraction(0)) / len(data) / below


def squares(gradients: Matrix, b: int, sampling: str) -> tuple[Vector, Vector]:
    """Compute the law of ``|g_B|^2`` for a batch B: all values and their chances.

    The estimator of the noise scale from two batch sizes needs it.

    Args:
        gradients: Gradients of the points.
        b: Batch size.
        sampling: As in :func:`batches`.

    Returns:
        Values and chances.
    """
    rows, chances = mean_gradients(gradients, b, sampling)
    return tuple(dot(r, r) for r in rows), chances

"""Compute rounding bounds for the model's functions, from operation counts and sizes of terms.

Every function is a polynomial in w, the points and N (piecewise, and its gradient is continuous),
so whatever algebraic form a target evaluates, its terms are at most those of the polynomial with
every coefficient, weight and entry replaced by its absolute value: the *size*. A value computed by
sums of products has an error of at most ``gamma_k`` times its size, k the number of roundings on
the longest path (Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.references import floats

__all__ = [
    "UNITS",
    "gradient_size",
    "hessian_norm",
    "hessian_size",
    "loss_size",
    "operations",
    "reason",
    "rounding",
    "train_bound",
]

Floats = NDArray[np.float64]

# Unit roundoff, and the smallest normal number: below it, results may be flushed to zero.
UNITS = {"float64": (2.0**-53, 2.0**-1022), "float32": (2.0**-24, 2.0**-126)}


def operations(n: int, m: int) -> int:
    r"""Count the roundings on the longest path of a computation, for any algebraic form.

    .. math:: k = 2\, (3 n + m + 20)

    Three nested inner products of length n (``<w, a>``, N, ``<w, residual>``), the sum over the m
    points, 20 products and factors. Twice, because like terms that a target has not collected
    (``2 c^2 N - c^2 N``) have up to twice the size of the collected ones.

    Args:
        n: Dimension.
        m: Points in the sum.

    Returns:
        The count.
    """
    return 2 * (3 * n + m + 20)


def rounding(size: Any, n: int, m: int, dtype: str) -> Floats:
    r"""Compute the largest error that rounding explains.

    .. math:: k\, (u \cdot \text{size} + \lambda)

    with the count k of :func:`operations`, the unit roundoff u and the smallest normal number
    :math:`\lambda`.

    Args:
        size: Size of the value, entry by entry.
        n: Dimension.
        m: Points in the sum.
        dtype: Precision of the target.

    Returns:
        The bound, entry by entry.
    """
    unit, smallest = UNITS[dtype]
    count = operations(n, m)
    return np.asarray(count * (unit * np.asarray(size, dtype=np.float64) + smallest))


def reason(n: int, m: int, dtype: str) -> str:
    """Write the reason for :func:`rounding` in words."""
    unit = {"float64": "2^-53", "float32": "2^-24"}[dtype]
    return f"{operations(n, m)} roundings of at most {unit} of the sum of the terms' sizes"


def _absolute(w: Any, data: Any) -> tuple[Floats, Floats, Floats, float]:
    v, a = np.abs(floats(w)), np.abs(floats(data))
    return v, a, a @ v, float(v @ v)


def loss_size(w: Any, data: Any) -> float:
    r"""Compute the size of the summed loss.

    .. math:: \tfrac12 \sum_i \bigl|\, |a_i| + c_i\, |w|\, \bigr|^2, \qquad
              c_i = \langle |w|, |a_i| \rangle

    where :math:`|w|` and :math:`|a_i|` within the norm are vectors of absolute values.

    Returns:
        The size.
    """
    v, a, c, _ = _absolute(w, data)
    return float(((a + np.outer(c, v)) ** 2).sum() / 2)


def gradient_size(w: Any, data: Any) -> Floats:
    r"""Compute the size of the summed gradient, entry by entry.

    .. math:: \sum_i (N + 2)\, c_i\, |a_i| + c_i^2\, |w|, \qquad c_i = \langle |w|, |a_i| \rangle

    where :math:`|w|` and :math:`|a_i|` are vectors of absolute values, and N is the squared norm.

    Returns:
        Shape ``(n,)``.
    """
    v, a, c, norm = _absolute(w, data)
    return np.asarray((norm + 2) * (c @ a) + float(c @ c) * v)


def hessian_size(w: Any, data: Any) -> Floats:
    r"""Compute the size of the summed Hessian, entry by entry.

    .. math:: \sum_i (N + 2)\, |a_i| |a_i|^\top
              + 2 c_i \bigl(|a_i| |w|^\top + |w| |a_i|^\top\bigr) + c_i^2\, I

    with the notation of :func:`gradient_size`.

    Returns:
        Shape ``(n, n)``.
    """
    v, a, c, norm = _absolute(w, data)
    cross = np.outer(c @ a, v)
    return np.asarray((norm + 2) * a.T @ a + 2 * (cross + cross.T) + float(c @ c) * np.eye(len(v)))


def hessian_norm(w: Any, data: Any) -> float:
    r"""Bound the Frobenius norm of the size of the summed Hessian in any orthonormal basis.

    .. math:: \sum_i \left[ (N + 2) + 4 N + \sqrt{n}\, N \right] |a_i|^2

    An inner product of absolute values depends on the basis, but is at most the product of the
    norms (Cauchy, Schwarz); so is each term of :func:`hessian_size`.

    Returns:
        The bound.
    """
    v, a, _, norm = _absolute(w, data)
    return float((norm + 2 + 4 * norm + len(v) ** 0.5 * norm) * (a * a).sum())


def train_bound(
    path: Sequence[Any], rows: Sequence[Any], step_size: float, factors: Sequence[float], dtype: str
) -> Floats:
    r"""Bound the rounding error of the weights after several steps.

    .. math:: e \leftarrow e + \eta f\, G'(|w| + e)\, e + \text{rounding of the step}

    for the step size :math:`\eta` and the factor f of the sum over the batch. A step adds its own
    rounding and amplifies the error e of the weights: the size G of the gradient has no negative
    coefficient, so the gradient changes by at most :math:`G(|w| + e) - G(|w|)`, which is at most
    the derivative of G at :math:`|w| + e` along e (G is convex along it).

    Args:
        path: Exact weights before each step.
        rows: Points of each step's batch.
        step_size: Step size.
        factors: Factor of the sum over each batch.
        dtype: Precision of the target.

    Returns:
        The bound for the last weights, entry by entry.
    """
    error = np.zeros(len(path[0]))
    for w, batch, factor in zip(path, rows, factors, strict=True):
        v = np.abs(floats(w)) + error
        a = np.abs(floats(batch))
        c, norm = a @ v, float(v @ v)
        dc, dnorm = a @ error, 2 * float(v @ error)
        carried = (dnorm * c + (norm + 2) * dc) @ a + 2 * float(c @ dc) * v + float(c @ c) * error
        size = v + step_size * factor * ((norm + 2) * (c @ a) + float(c @ c) * v)
        error = error + step_size * factor * carried + rounding(size, len(v), len(a), dtype)
    return np.asarray(error)

"""Rounding bounds of the model's functions, from operation counts and sizes of terms.

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
    """Roundings on the longest path.

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
    """Largest error that rounding explains.

    Args:
        size: Size of the value, entry by entry.
        n: Dimension.
        m: Points in the sum.
        dtype: Precision of the target.

    Returns:
        ``operations * u * size``, and as many of the smallest normal number.
    """
    unit, smallest = UNITS[dtype]
    count = operations(n, m)
    return np.asarray(count * (unit * np.asarray(size, dtype=np.float64) + smallest))


def reason(n: int, m: int, dtype: str) -> str:
    """The reason for :func:`rounding`, in words."""
    unit = {"float64": "2^-53", "float32": "2^-24"}[dtype]
    return f"{operations(n, m)} roundings of at most {unit} of the sum of the terms' sizes"


def _absolute(w: Any, data: Any) -> tuple[Floats, Floats, Floats, float]:
    v, a = np.abs(floats(w)), np.abs(floats(data))
    return v, a, a @ v, float(v @ v)


def loss_size(w: Any, data: Any) -> float:
    """Size of the summed loss: ``sum (|a| + |w| c)^2 / 2`` with ``c = <|w|, |a|>``."""
    v, a, c, _ = _absolute(w, data)
    return float(((a + np.outer(c, v)) ** 2).sum() / 2)


def gradient_size(w: Any, data: Any) -> Floats:
    """Size of the summed gradient: ``(N + 2) c |a| + c^2 |w|``, entry by entry."""
    v, a, c, norm = _absolute(w, data)
    return np.asarray((norm + 2) * (c @ a) + float(c @ c) * v)


def hessian_size(w: Any, data: Any) -> Floats:
    """Size of the summed Hessian: ``(N + 2) |a||a|^T + 2 c (|a||w|^T + |w||a|^T) + c^2 I``."""
    v, a, c, norm = _absolute(w, data)
    cross = np.outer(c @ a, v)
    return np.asarray((norm + 2) * a.T @ a + 2 * (cross + cross.T) + float(c @ c) * np.eye(len(v)))


def train_bound(
    path: Sequence[Any], rows: Sequence[Any], step_size: float, factors: Sequence[float], dtype: str
) -> Floats:
    """Error of the weights after several steps.

    A step adds its own rounding, and carries the error e of the weights on: the size G of the
    gradient has no negative coefficient, so ``|G(w + e) - G(w)| <= G(|w| + e) - G(|w|)``, which is
    at most the derivative of G at ``|w| + e`` along e (G is convex along it).

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

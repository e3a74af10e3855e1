"""Bounds on rounding error, each with its reason; there is no other tolerance in the checks."""

from __future__ import annotations

import numpy as np

__all__ = ["EPS", "TRAJECTORY", "correlation_noise", "product_bound", "spectrum_bound"]

EPS = float(np.finfo(np.float64).eps)

# 1,000 steps of at most 4 roundings each, added up without amplification, make 4.4e-13 of the
# norm; near a minimum the map contracts. Twice that is the requirement on whole trajectories.
TRAJECTORY = 1e-12


def product_bound(length: int, *sizes: float) -> float:
    """Error of a sum of ``length`` products of a few factors.

    Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.1: ``gamma_k = k u`` for k
    operations on each term, relative to the sum of the terms' sizes. 8 operations per term cover
    the longest per-coordinate expression here (the residual, its square and their derivatives);
    both sides of a comparison carry the error, hence the other factor 2.

    Args:
        length: Number of terms.
        *sizes: Sizes of the quantities that are added up, in absolute value.

    Returns:
        The bound.
    """
    return 2 * (length + 8) * EPS * sum(abs(s) for s in sizes)


def spectrum_bound(dimension: int, size: float, rounding: float = 0.0) -> float:
    """Error of the eigenvalues of a symmetric matrix.

    Weyl: they move by at most the norm of the matrix's own error; a backward stable solver adds
    a modest multiple of ``dimension * eps * |H|``.

    Args:
        dimension: Order of the matrix.
        size: Its norm.
        rounding: Error of its entries.

    Returns:
        The bound.
    """
    return 8 * dimension * EPS * size + dimension * rounding


def correlation_noise(weights: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Size below which an inner product with a data point is rounding noise.

    ``n u sum_k |w_k| |a_k|``, times 4 for the roundings of the update that made the weights.

    Args:
        weights: Shape ``(R, n)``.
        points: Shape ``(m, n)``.

    Returns:
        Shape ``(R, m)``.
    """
    return np.asarray(4 * points.shape[1] * EPS * (np.abs(weights) @ np.abs(points).T))

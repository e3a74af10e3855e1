"""Compute bounds on rounding error, each with its reason; checks use no other tolerance."""

from __future__ import annotations

import numpy as np

__all__ = ["EPS", "TRAJECTORY", "correlation_noise", "product_bound", "spectrum_bound"]

EPS = float(np.finfo(np.float64).eps)

# 1,000 steps of at most 16 roundings each, those of the sums over points among them, added up
# without amplification, make 1.8e-12 of the norm; near a minimum the map contracts. Twice that,
# for both sides of a comparison, is the requirement on whole trajectories.
TRAJECTORY = 4e-12


def product_bound(length: int, *sizes: float) -> float:
    r"""Bound the rounding error between two values of a sum of products of a few factors.

    .. math:: 2 (n + 8)\, \varepsilon \sum_k |s_k|

    for n terms, quantities of sizes :math:`s_k` and :math:`\varepsilon = 2u = 2^{-52}`. After k
    operations on each term the error is at most :math:`\gamma_k \approx k u`, relative to the sum
    of the terms' sizes (Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.1). 8
    operations per term cover the longest expression per coordinate here (the residual, its square
    and their derivatives); both sides of a comparison carry the error, hence a factor 2.

    Args:
        length: Number of terms.
        *sizes: Sizes of the quantities that are added up, in absolute value.

    Returns:
        The bound.
    """
    return 2 * (length + 8) * EPS * sum(abs(s) for s in sizes)


def spectrum_bound(dimension: int, size: float, rounding: float = 0.0) -> float:
    r"""Bound the rounding error of the eigenvalues of a symmetric matrix H.

    .. math:: 8\, n\, \varepsilon\, |H| + n\, \delta

    for the order n, and entries with errors of at most :math:`\delta`. By Weyl's inequality
    eigenvalues move by at most the norm of the matrix's error; a backward stable solver adds a
    modest multiple of :math:`n\, \varepsilon\, |H|`.

    Args:
        dimension: Order of the matrix.
        size: Its norm.
        rounding: Error of its entries.

    Returns:
        The bound.
    """
    return 8 * dimension * EPS * size + dimension * rounding


def correlation_noise(weights: np.ndarray, points: np.ndarray) -> np.ndarray:
    r"""Bound the rounding error of inner products of weights with data points.

    .. math:: 4\, n\, \varepsilon \sum_k |w_k|\, |a_k| \qquad (\varepsilon = 2^{-52})

    A correlation below this size is rounding noise. The inner product itself errs by at most
    :math:`n u \sum_k |w_k| |a_k|` (Higham, *Accuracy and Stability of Numerical Algorithms*,
    section 3.1); the rest is for the roundings of the update that made the weights.

    Args:
        weights: Shape ``(R, n)``.
        points: Shape ``(m, n)``.

    Returns:
        Shape ``(R, m)``.
    """
    return np.asarray(4 * points.shape[1] * EPS * (np.abs(weights) @ np.abs(points).T))

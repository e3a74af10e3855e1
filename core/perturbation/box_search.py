"""Keskar's metric by search, for any orthonormal frame and any subspace; a lower bound.

SciPy's L-BFGS-B from corners of the box, with the gradient of the definition; the corners are
values too. In the whole space :func:`~whichmin.core.perturbation.box.keskar_upper_bound` closes the
gap from above.

The general instrument (:mod:`whichmin.core.instruments.keskar`) searches as the paper does, from
the centre and with differences of losses. This search uses the rises of the model, right to
rounding, so that it finds maxima in boxes that are too small for the other.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

from whichmin.core.data import Data
from whichmin.core.landscape import loss
from whichmin.core.perturbation.box import box_rises, half_widths
from whichmin.core.perturbation.rises import make_rise
from whichmin.errors import InputError
from whichmin.words import Activation

__all__ = ["keskar_search", "subspace_metric"]

Floats = NDArray[np.float64]
# Keskar et al. stop after 10 iterations; here the search may run until it stands still.
_ITERATIONS = 100


def keskar_search(
    w: Floats,
    data: Data,
    epsilon: float,
    activation: Activation,
    *,
    directions: Floats | None = None,
    starts: int = 8,
    seed: int = 0,
) -> float:
    r"""Search for the largest rise in Keskar's box, in percent of 1 + loss.

    .. math:: 100\,\frac{\max_y L(w + A y) - L(w)}{1 + L(w)}, \qquad |y_i| \le r_i

    Args:
        w: Weights, shape ``(n,)``.
        data: The points.
        epsilon: Relative size of the box.
        activation: Identity or ReLU.
        directions: Matrix A, shape ``(n, p)``; None for the whole space.
        starts: Random corners to start from, beside the two along the weights. All ``2^p`` corners
            are taken instead if that is no more.
        seed: Seed of the corners.

    Returns:
        A value that occurs in the box, so a lower bound of the metric.
    """
    reach = half_widths(w, epsilon, directions)
    size = len(reach)
    spread = np.eye(len(w)) if directions is None else directions
    toward = w if directions is None else w @ directions
    along = np.where(toward >= 0, 1.0, -1.0)
    if 2**size <= starts + 2:
        signs = 1.0 - 2.0 * ((np.arange(2**size)[:, None] >> np.arange(size)) & 1)
    else:
        random = np.random.default_rng(seed).choice([-1.0, 1.0], (starts, size))
        signs = np.vstack([along, -along, random])
    own = float(loss(w, data, activation=activation))
    rise = make_rise(torch.as_tensor(np.asarray(w, dtype=np.float64)), data, activation)

    # In units of the box and of its size squared: an optimiser's tolerances are absolute.
    def falling(y: Floats) -> tuple[float, Floats]:
        move = torch.from_numpy(spread @ (reach * y))[None]
        slope = rise.gradient(move)[0].numpy() @ spread
        return -float(rise(move)[0]) / epsilon / epsilon, -reach / epsilon * (slope / epsilon)

    best = 0.0
    for corner in signs:
        best = max(best, -falling(corner)[0])
        found = minimize(
            falling, corner, jac=True, method="L-BFGS-B", bounds=[(-1, 1)] * size,
            options={"maxiter": _ITERATIONS},
        )  # fmt: skip
        best = max(best, -float(found.fun))
    return 100 * best * epsilon * epsilon / (1 + own)


def subspace_metric(
    w: Floats, m: int, directions: Floats, eps: float, activation: Activation
) -> Floats:
    r"""Compute Keskar's metric in random subspaces at a minimum on standard-basis data.

    .. math:: \varphi = 100 \cdot \frac{2m}{3m - 1}\,\max_{|y_i| = r_i} [L(w + A y) - L^*]

    Source: Keskar et al. 2017, metric 2.1 with A of p columns. The value is the largest at the
    :math:`2^p` corners, which is the maximum where the loss is convex in the box, else a lower
    bound.

    Args:
        w: Minimum, shape ``(n,)``.
        m: Number of data points.
        directions: The matrices A, shape ``(draws, n, p)``.
        eps: Relative size of the box.
        activation: Identity or ReLU.

    Returns:
        Shape ``(draws,)``.

    Raises:
        InputError: The loss overflows in a box.
    """
    p = directions.shape[2]
    reach = half_widths(w, eps, directions)
    best = np.zeros(len(directions))
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        for signs in itertools.product((-1.0, 1.0), repeat=p):
            moves = np.einsum("dnp,dp->dn", directions, reach * np.array(signs))
            best = np.maximum(best, box_rises(w, moves, m, activation))
    if not np.isfinite(best).all():
        raise InputError("epsilon", eps, "must leave the loss finite in random subspaces' boxes")
    return np.asarray(100 * best * 2 * m / (3 * m - 1))

r"""The rise of the loss by a move, without the cancellation of a difference of two losses.

Of a data point a with code :math:`p = \varphi(\langle w, a\rangle)` and residual :math:`R = a -
p\,w`, a move z changes the code by e and the residual by -D, :math:`D = p\,z + e\,(w + z)`. Half
the squared residual rises by :math:`-\langle R, D\rangle + |D|^2/2`. Its part linear in z is
:math:`\langle \nabla\ell, z\rangle`; at a minimum the mean gradient is 0, so it is taken out, added
up over the data exactly, and what is left is of second order term by term:

.. math:: \tfrac12 |D|^2 - e\,\langle R, z\rangle
          - (e - s\,\langle z, a\rangle)\,\langle R, w\rangle ,

s the slope of the activation at :math:`\langle w, a\rangle`. A difference of two losses would leave
1e-16 beside a rise of the size of :math:`|z|^2`.

The instruments for any loss (:mod:`whichmin.core.instruments.rises`) have no such algebra: they do
take differences, and measure how far these are rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from whichmin.core.data import Data
from whichmin.core.perturbation.exact_sums import exact_dot, exact_sum, two_product
from whichmin.words import Activation

__all__ = ["Rise", "make_rise"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rise:
    """Rises of the loss by moves away from one point.

    Attributes:
        weights: The point, shape ``(n,)``.
        points: Data as rows, shape ``(m, n)``.
        linear: Whether the activation is the identity.
        inner: ``<w, a_i>``, shape ``(m,)``.
        left: ``<w, R_i>``, shape ``(m,)``.
        slope: Gradient of the loss at the point, shape ``(n,)``, right to rounding even where it
            nearly vanishes. At a kink that of the inactive side.
    """

    weights: torch.Tensor
    points: torch.Tensor
    linear: bool
    inner: torch.Tensor
    left: torch.Tensor
    slope: torch.Tensor

    def __call__(self, moves: torch.Tensor) -> torch.Tensor:
        """Compute the rises of the loss.

        Args:
            moves: z, shape ``(R, n)``.

        Returns:
            Loss at ``w + z`` minus loss at w, shape ``(R,)``.
        """
        return (moves * self.slope).sum(-1) + self.curved(moves)

    def curved(self, moves: torch.Tensor) -> torch.Tensor:
        r"""Compute the rises without their part linear in the move.

        .. math:: \frac1m \sum_i \Bigl[\tfrac12 |D_i|^2 - e_i\,\langle R_i, z\rangle
                  - (e_i - s_i \langle z, a_i\rangle)\,\langle R_i, w\rangle\Bigr]

        Args:
            moves: z, shape ``(R, n)``.

        Returns:
            Shape ``(R,)``.
        """
        along = (moves.unsqueeze(-2) * self.points).sum(-1)
        active = torch.ones_like(self.inner, dtype=torch.bool) if self.linear else self.inner > 0
        code = torch.where(active, self.inner, 0.0)
        straight = torch.where(active, along, 0.0)
        crossed = torch.zeros_like(along)
        if not self.linear:
            there = self.inner + along
            # phi(c + d) - phi(c) - s d: active points that leave, inactive ones that come in.
            crossed = torch.where((there > 0) == active, 0.0, there.abs())
        change = straight + crossed
        residual = self.points - code.unsqueeze(-1) * self.weights
        moved = code.unsqueeze(-1) * moves.unsqueeze(-2)
        moved = moved + change.unsqueeze(-1) * (self.weights + moves).unsqueeze(-2)
        back = (residual * moves.unsqueeze(-2)).sum(-1)
        return (moved.square().sum(-1) / 2 - change * back - crossed * self.left).mean(-1)

    def gradient(self, moves: torch.Tensor) -> torch.Tensor:
        """Compute the gradient of the loss after moves, with the same care.

        Args:
            moves: z, shape ``(R, n)``.

        Returns:
            Shape ``(R, n)``.
        """
        place = moves.detach().requires_grad_()
        with torch.enable_grad():
            (found,) = torch.autograd.grad(self.curved(place).sum(), place)
        return self.slope + found


def make_rise(weights: torch.Tensor, data: Data, activation: Activation) -> Rise:
    """Prepare the rises from a point.

    Args:
        weights: The point, validated, float64, shape ``(n,)``.
        data: The data.
        activation: Identity or ReLU.

    Returns:
        A function of moves.
    """
    w, rows = weights.numpy(), data.points.numpy()
    linear = activation is Activation.LINEAR
    inner = np.array([exact_dot(row, w) for row in rows])
    active = np.ones((data.m, 1), dtype=bool) if linear else inner[:, :1] > 0
    slope = _gradient(w, rows, np.where(active, inner, 0.0))
    # <w, R> = c - p |w|^2: 1 - |w|^2 nearly vanishes where it counts.
    lack = -exact_sum(*two_product(w, w), [-1.0])[0]
    left = np.where(active[:, 0], lack, 1.0) * inner[:, 0]
    inner_, left_, slope_ = (torch.from_numpy(v) for v in (inner[:, 0].copy(), left, slope))
    return Rise(weights, data.points, linear, inner_, left_, slope_)


def _gradient(w: Floats, rows: Floats, code: Floats) -> Floats:
    r"""Compute the gradient of the loss with one rounding, though its terms cancel at a minimum.

    .. math:: \frac1m \Bigl[(|w|^2 - 2) \sum_i p_i\,a_i + \Bigl(\sum_i p_i^2\Bigr) w\Bigr]

    Args:
        w: Weights, shape ``(n,)``.
        rows: Data, shape ``(m, n)``.
        code: Codes and what their rounding lost, shape ``(m, 2)``.

    Returns:
        Shape ``(n,)``.
    """
    high, low = code.T
    excess, excess_low = exact_sum(*two_product(w, w), [-2.0])
    energy, energy_low = exact_sum(*two_product(high, high), 2 * high * low)
    factor, error = two_product(high, excess)
    error = error + high * excess_low + low * excess
    columns = (*two_product(rows.T, factor), rows.T * error)
    shares = (*two_product(w, energy), w * energy_low)
    return np.array([
        exact_sum(*(c[k] for c in columns), (s[k] for s in shares))[0] / len(rows)
        for k in range(len(w))
    ])  # fmt: skip

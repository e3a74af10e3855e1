r"""Gradients of single data points, block by block, and sums over the data.

With :math:`c = \langle w, a\rangle`, :math:`N = |w|^2` and the slope s of the activation at c,
which is 0 or 1, the loss of a sample of any length, its gradient, and its Hessian as a quadratic
form are

.. math::
   \ell &= \tfrac12 |a|^2 + \tfrac12 s\,(N - 2)\,c^2, \\
   \nabla\ell &= s\,\bigl[(N - 2)\,c\,a + c^2\,w\bigr], \\
   u^\top \nabla^2\ell\,u &= s\,\bigl[(N - 2)\langle a, u\rangle^2
     + 4 c\,\langle a, u\rangle \langle w, u\rangle + c^2 |u|^2\bigr].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from whichmin.core.data import check_point
from whichmin.core.landscape import check_kink, norm_factor, slope
from whichmin.words import Activation, Kink, parse

__all__ = ["BLOCK", "SampleGradients", "sample_gradients"]

# Entries of a block of gradients, 32 MiB in float64: blocks of data points are as long as fits.
BLOCK = 1 << 22


@dataclass(frozen=True)
class SampleGradients:
    """Points in weight space, the data, and what is summed over the data at each point.

    Attributes:
        w: Weights, one row a point, shape ``(K, n)``.
        points: Data points as rows, shape ``(m, n)``.
        activation: Identity or ReLU.
        kappa: Slope at the kink, for the Hessian.
        kink_width: Half-width of the interval that counts as the kink.
        dimension: Dimension of the weights' space; above n if n directions stand for it.
    """

    w: torch.Tensor
    points: torch.Tensor
    activation: Activation
    kappa: float
    kink_width: float
    dimension: int

    @property
    def m(self) -> int:
        """Number of data points."""
        return self.points.shape[0]

    @cached_property
    def norm(self) -> torch.Tensor:
        """Squared norm N of the weights, shape ``(K,)``."""
        return self.w.square().sum(1)

    @cached_property
    def factor(self) -> torch.Tensor:
        """Factor ``N - 2``, shape ``(K,)``."""
        return norm_factor(self.norm)

    @cached_property
    def correlations(self) -> torch.Tensor:
        """Correlations ``c``, shape ``(K, m)``."""
        return self.w @ self.points.T

    @cached_property
    def code(self) -> torch.Tensor:
        """Codes ``phi(c)``, shape ``(K, m)``."""
        linear = self.activation is Activation.LINEAR
        return self.correlations if linear else self.correlations.clamp_min(0)

    @cached_property
    def slopes(self) -> torch.Tensor:
        """Second derivative of ``phi^2/2``, kappa at the kink, shape ``(K, m)``."""
        return slope(self.correlations, self.activation, self.kappa, self.kink_width)

    @cached_property
    def mean(self) -> torch.Tensor:
        """The gradient G, shape ``(K, n)``."""
        own = self.factor[:, None] * (self.code @ self.points)
        return (own + self.code.square().sum(1, keepdim=True) * self.w) / self.m

    def centred(self) -> Iterator[torch.Tensor]:
        """Compute the gradients less their mean.

        Yields:
            Blocks of shape ``(K, rows, n)``.
        """
        rows = max(1, BLOCK // self.w.numel())
        for first in range(0, self.m, rows):
            code = self.code[:, first : first + rows, None]
            own = self.factor[:, None, None] * code * self.points[first : first + rows]
            yield own + code.square() * self.w[:, None] - self.mean[:, None]

    @cached_property
    def _pull(self) -> torch.Tensor:
        """Sum of ``s c a``, shape ``(K, n)``."""
        return (self.slopes * self.correlations) @ self.points

    @cached_property
    def _energy(self) -> torch.Tensor:
        """Sum of ``s c^2``, shape ``(K,)``."""
        return (self.slopes * self.correlations.square()).sum(1)

    @cached_property
    def _moment(self) -> torch.Tensor:
        """Sum of ``s a a^T`` or, if there are fewer points than dimensions, of its Gram twin."""
        root = self.slopes.sqrt()[:, :, None] * self.points
        wide = self.m < self.points.shape[1]
        return root @ root.mT if wide else root.mT @ root

    def quadratic_form(self, rows: torch.Tensor) -> torch.Tensor:
        r"""Compute the quadratic form of the Hessian at vectors.

        .. math:: u^\top H u = \frac1m \Bigl[(N - 2) \sum_i s_i \langle a_i, u\rangle^2
                  + 4\,\langle w, u\rangle \sum_i s_i c_i \langle a_i, u\rangle
                  + |u|^2 \sum_i s_i c_i^2\Bigr]

        Args:
            rows: Vectors u, shape ``(K, r, n)``.

        Returns:
            ``u^T H u``, shape ``(K, r)``.
        """
        if self.m < self.points.shape[1]:
            own = ((rows @ self.points.T).square() * self.slopes[:, None]).sum(2)
        else:
            own = (rows @ self._moment * rows).sum(2)
        cross = (rows * self.w[:, None]).sum(2) * (rows * self._pull[:, None]).sum(2)
        length = self._energy[:, None] * rows.square().sum(2)
        return (self.factor[:, None] * own + 4 * cross + length) / self.m

    def hessian_square(self) -> torch.Tensor:
        r"""Compute the squared Frobenius norm of the Hessian, without forming it.

        With :math:`M = \sum s\,a a^\top`, :math:`v = \sum s\,c\,a` and :math:`C = \langle v,
        w\rangle`,

        .. math:: m H = (N - 2)\,M + 2\,(w v^\top + v w^\top) + C I ,

        and the nine products of the terms are summed.

        Returns:
            ``|H|_F^2``, shape ``(K,)``.
        """
        a, v, energy = self.factor, self._pull, self._energy
        moment = self._moment.square().sum((1, 2))
        inner, length = (v * self.w).sum(1), v.square().sum(1)
        trace = self.slopes @ self.points.square().sum(1)
        total = (
            a * a * moment
            + 8 * (self.norm * length + inner * inner)
            + energy * energy * self.dimension
            + 8 * a * length
            + 2 * a * energy * trace
            + 8 * energy * inner
        )
        return total.clamp_min(0) / self.m**2

    def covariance_square(self) -> torch.Tensor:
        """Compute the squared Frobenius norm of the covariance.

        The covariance and its Gram twin have the same norm; the smaller matrix is formed.

        Returns:
            ``|Sigma|_F^2``, shape ``(K,)``.
        """
        away = torch.cat(list(self.centred()), 1)
        small = away @ away.mT if away.shape[1] < away.shape[2] else away.mT @ away
        return small.square().sum((1, 2)) / self.m**2

    def figures(self) -> torch.Tensor:
        r"""Compute noise and signal.

        The alignment is

        .. math:: \frac{\operatorname{tr}(H \Sigma)}{|H|_F\,|\Sigma|_F} .

        Returns:
            ``tr Sigma``, ``|G|^2``, ``tr(H Sigma)``, ``G^T H G`` and the alignment (NaN for 0/0),
            shape ``(5, K)``.
        """
        trace, curvature = torch.zeros_like(self.norm), torch.zeros_like(self.norm)
        for away in self.centred():
            trace += away.square().sum((1, 2)) / self.m
            curvature += self.quadratic_form(away).sum(1) / self.m
        return torch.stack([
            trace,
            self.mean.square().sum(1),
            curvature,
            self.quadratic_form(self.mean[:, None])[:, 0],
            curvature / (self.hessian_square() * self.covariance_square()).sqrt(),
        ])


def sample_gradients(
    w: Any,
    data: Any,
    activation: Any,
    dtype: Any,
    device: Any,
    kink: Any = Kink.LEFT,
    kink_width: Any = 0.0,
) -> SampleGradients:
    """Validate a point and its data, and prepare the samples' gradients there.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``; any data.
        activation: ``linear`` or ``relu``.
        dtype: float64 or float32.
        device: Where to compute.
        kink: Convention at the kink.
        kink_width: Half-width of the interval that counts as the kink.

    Returns:
        The point.

    Raises:
        InputError: Wrong shapes, not finite, or an unknown name.
    """
    act = parse(Activation, activation, "activation")
    kappa, width = check_kink(kink, kink_width)
    weight, valid = check_point(w, data, dtype, device)
    return SampleGradients(weight[None], valid.points, act, kappa, width, valid.n)

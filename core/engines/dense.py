"""The engine ``dense``: closed-form gradients in R^n, vectorised over replicas, for any data."""

from __future__ import annotations

import torch

from whichmin.core.engines.base import Engine, Problem
from whichmin.core.landscape import norm_factor, rectified

__all__ = ["DenseEngine"]


class DenseEngine(Engine):
    r"""The engine that takes steps with the closed form of the gradient, for any data.

    With :math:`c_i = \langle w, a_i \rangle`, for data points of any length,

    .. math:: \nabla \ell_i(w) = (|w|^2 - 2)\, \varphi(c_i)\, a_i + \varphi(c_i)^2\, w ,

    because :math:`\ell_i = \tfrac12 [\,|a_i|^2 + (|w|^2 - 2)\, \varphi(c_i)^2]`, as
    :math:`c\, \varphi(c) = \varphi(c)^2`.
    """

    name = "dense"
    state_names = ("weight",)

    def __init__(self, problem: Problem, start: torch.Tensor) -> None:
        self.problem = problem
        self.weight = start.clone()

    def step(self, batch: torch.Tensor | None) -> None:
        """Take one step (see :meth:`Engine.step`)."""
        points = self.problem.data.points
        chosen = points.expand(len(self.weight), *points.shape) if batch is None else points[batch]
        self.weight -= self.problem.step_size * self.batch_gradient(chosen)

    def batch_gradient(self, chosen: torch.Tensor) -> torch.Tensor:
        """Compute the gradient of the mean loss over each replica's batch.

        Args:
            chosen: Data points, shape ``(replicas, b, n)``.

        Returns:
            Shape ``(replicas, n)``.
        """
        inner = torch.einsum("rbn,rn->rb", chosen, self.weight)
        code = rectified(inner, self.problem.activation)
        norm = self.weight.square().sum(-1, keepdim=True)
        along_data = torch.einsum("rb,rbn->rn", norm_factor(norm) * code, chosen)
        along_weight = code.square().sum(-1, keepdim=True) * self.weight
        return (along_data + along_weight) / chosen.shape[1]

    def weights(self) -> torch.Tensor:
        """Return the weights, shape ``(replicas, n)``."""
        return self.weight.clone()

    def keep(self, chosen: torch.Tensor) -> None:
        """Drop all replicas but the chosen ones."""
        self.weight = self.weight[chosen]

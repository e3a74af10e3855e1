"""The engine ``autograd``: a PyTorch module, ``backward()`` and ``torch.optim.SGD``."""

from __future__ import annotations

import torch

from whichmin.core.engines.base import Engine, Problem
from whichmin.core.landscape import reconstruction_loss
from whichmin.words import Activation

__all__ = ["AutogradEngine", "TiedAutoencoder"]


class TiedAutoencoder(torch.nn.Module):
    """Single-neuron autoencoders with tied weights, one per replica."""

    def __init__(self, start: torch.Tensor, activation: Activation) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(start.clone())
        self.activation = activation

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        """Return each replica's mean loss on its batch.

        Args:
            points: Shape ``(replicas, b, n)`` or ``(b, n)`` shared by all.

        Returns:
            Losses, shape ``(replicas,)``.
        """
        return reconstruction_loss(self.weight, points, self.activation)


class AutogradEngine(Engine):
    r"""The engine that differentiates the definition of the loss automatically, for any data.

    It is slow and simple: the other engines are compared with it. A step is

    .. math:: w \leftarrow w - \frac{\eta}{b} \sum_{i \in B} \nabla \ell_i(w), \qquad
              \ell_i(w) = \tfrac12\, |a_i - \varphi(\langle w, a_i \rangle)\, w|^2 .
    """

    name = "autograd"
    state_names = ("weight",)

    def __init__(self, problem: Problem, start: torch.Tensor) -> None:
        self.problem = problem
        self._build(start)

    def _build(self, start: torch.Tensor) -> None:
        self.model = TiedAutoencoder(start, self.problem.activation)
        self.optimiser = torch.optim.SGD(self.model.parameters(), lr=self.problem.step_size)

    @property
    def weight(self) -> torch.Tensor:
        """The weights, shape ``(replicas, n)``."""
        return self.model.weight.detach()

    @weight.setter
    def weight(self, value: torch.Tensor) -> None:
        self._build(value)

    def step(self, batch: torch.Tensor | None) -> None:
        """Take one step (see :meth:`Engine.step`)."""
        points = self.problem.data.points
        self.optimiser.zero_grad()
        # Each replica's loss depends on its own row alone, so the sum has the rows' gradients.
        with torch.enable_grad():
            losses = self.model(points if batch is None else points[batch])
            losses.sum().backward()
        self.optimiser.step()

    def weights(self) -> torch.Tensor:
        """Return the weights, shape ``(replicas, n)``."""
        return self.model.weight.detach().clone()

    def keep(self, chosen: torch.Tensor) -> None:
        """Drop all replicas but the chosen ones."""
        self._build(self.model.weight.detach()[chosen])

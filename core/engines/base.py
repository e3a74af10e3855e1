"""The interface of engines, and the problem that they solve."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

if TYPE_CHECKING:
    from whichmin.core.batches import BatchStream
    from whichmin.core.data import Data
    from whichmin.words import Activation

__all__ = ["Engine", "Problem"]


@dataclass(frozen=True)
class Problem:
    """The problem that an engine solves: data, activation and step size.

    Attributes:
        data: Validated data.
        activation: Identity or ReLU.
        step_size: Step size, multiplying the gradient of the *mean* loss over the batch.
    """

    data: Data
    activation: Activation
    step_size: float


class Engine(ABC):
    """An engine, which holds the weights of all replicas and takes steps with them.

    Attributes:
        problem: What is trained.
        threaded: Whether a step may use several threads without changing its bits.
        state_names: Attributes (tensors) that make up the state, for checkpoints.
        makes_batches: Whether the engine makes the batches itself, in :meth:`advance`.
    """

    name: str
    problem: Problem
    threaded = False
    makes_batches = False
    state_names: tuple[str, ...] = ()

    @abstractmethod
    def __init__(self, problem: Problem, start: torch.Tensor) -> None:
        """Start every replica.

        Args:
            problem: What is trained.
            start: Weights, shape ``(replicas, n)``.
        """

    @abstractmethod
    def step(self, batch: torch.Tensor | None) -> None:
        """Take one step.

        Args:
            batch: Indices, shape ``(replicas, b)``, repeated indices counting as often as they
                occur; None for the full batch.
        """

    def advance(self, stream: BatchStream, first: int, last: int, replicas: NDArray[Any]) -> None:
        """Take steps ``first .. last - 1``, if the engine makes the batches itself.

        Args:
            stream: The batches.
            first: Number of steps taken before.
            last: Number of steps taken at the end.
            replicas: Replica numbers of the rows.

        Raises:
            NotImplementedError: The engine takes batches, one step at a time.
        """
        raise NotImplementedError

    @abstractmethod
    def weights(self) -> torch.Tensor:
        """Return the weights, shape ``(replicas, n)``."""

    def correlations(self) -> torch.Tensor:
        """Return the inner products with the data, shape ``(replicas, m)``."""
        return self.weights() @ self.problem.data.points.T

    def off_span_energy(self) -> torch.Tensor:
        r"""Return the squared norm outside the data's span, shape ``(replicas,)``.

        .. math:: |w - P w|^2

        with the projection P on the span. It is computed from the residual vector; the difference
        :math:`|w|^2 - |P w|^2` would lose everything below :math:`\varepsilon |w|^2`.
        """
        data, weights = self.problem.data, self.weights()
        coefficients = weights @ data.points.T
        if not data.orthonormal:
            coefficients = coefficients @ data.gram_inverse
        return (weights - coefficients @ data.points).square().sum(-1)

    def squared_norm(self) -> torch.Tensor:
        """Return the squared norm of the weights, shape ``(replicas,)``."""
        return self.weights().square().sum(-1)

    @abstractmethod
    def keep(self, chosen: torch.Tensor) -> None:
        """Drop all replicas but the chosen ones.

        Args:
            chosen: Boolean mask, shape ``(replicas,)``.
        """

    def to_judge(
        self, tolerance: float, alone: bool, late: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], Engine]:
        """Choose the replicas that may have ended: all, unless the engine knows better.

        Args:
            tolerance: Tolerance of the run.
            alone: Whether a run has converged only when one point is left.
            late: Replicas at their step limit, which are chosen in any case, shape ``(replicas,)``.

        Returns:
            Their rows, and an engine that holds them alone, for reading only.
        """
        del tolerance, alone
        return np.arange(len(late)), self

    def state(self) -> dict[str, torch.Tensor]:
        """Return the tensors that the rest of a run depends on, by name."""
        return {name: getattr(self, name) for name in self.state_names}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Continue from a state.

        Args:
            state: What :meth:`state` returned.
        """
        for name in self.state_names:
            setattr(self, name, state[name])

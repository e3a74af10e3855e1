"""The interface of engines, and the problem that they solve."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray

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

    @abstractmethod
    def correlations(self) -> torch.Tensor:
        """Return the inner products with the data, shape ``(replicas, m)``."""

    @abstractmethod
    def off_span_energy(self) -> torch.Tensor:
        """Return the squared norm outside the data's span, shape ``(replicas,)``."""

    def squared_norm(self) -> torch.Tensor:
        """Return the squared norm of the weights, shape ``(replicas,)``."""
        return self.weights().square().sum(-1)

    @abstractmethod
    def keep(self, chosen: torch.Tensor) -> None:
        """Drop all replicas but the chosen ones.

        Args:
            chosen: Boolean mask, shape ``(replicas,)``.
        """

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

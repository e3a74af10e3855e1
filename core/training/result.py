"""The result of training, and the settings that give it again."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from whichmin.reporting import data_frame
from whichmin.words import Activation, Sampling, Status

if TYPE_CHECKING:
    from whichmin.core.data import Data
    from whichmin.core.training.trajectory import Trajectory

__all__ = ["Recipe", "TrainResult"]


@dataclass(frozen=True)
class Recipe:
    """The settings that determine a run, together with data and start."""

    activation: Activation
    sampling: Sampling
    batch_size: int
    full_batch: bool
    step_size: float
    engine: str
    seed: int
    tolerance: float
    step_limit: int
    check_every: int
    dtype: str
    device: str
    threads: int


@dataclass(frozen=True)
class TrainResult:
    """The outcome of every replica of a run.

    Attributes:
        status: How each run ended; each member carries advice.
        steps: Steps taken, shape ``(R,)``.
        weights: Final weights, shape ``(R, n)``.
        start: Starting weights, shape ``(R, n)``.
        correlations: Inner products of weights and data, shape ``(R, m)``.
        loss: Final loss, shape ``(R,)``.
        loss_gap: Loss above the global minimum, NaN where that is not known, shape ``(R,)``.
        winner: Data point of largest absolute cosine, shape ``(R,)``.
        cosine: Its cosine with the weights, with sign, shape ``(R,)``.
        cosine_with_start: Cosine of final and starting weights, shape ``(R,)``.
        norm: Euclidean norm of the weights, shape ``(R,)``.
        off_winner_mass: Squared correlations with all other points, shape ``(R,)``.
        active: Whether the minimum represents a point, ``phi(c_i)^2 > tolerance``, ``(R, m)``.
        data: The validated data.
        recipe: The settings of the run.
        trajectory: States at the steps chosen with ``record_at``.
        batches: Batches of every step, for ``custom`` sampling, shape ``(steps, b)``.
    """

    status: tuple[Status, ...]
    steps: torch.Tensor
    weights: torch.Tensor = field(repr=False)
    start: torch.Tensor = field(repr=False)
    correlations: torch.Tensor = field(repr=False)
    loss: torch.Tensor = field(repr=False)
    loss_gap: torch.Tensor
    winner: torch.Tensor
    cosine: torch.Tensor
    cosine_with_start: torch.Tensor
    norm: torch.Tensor
    off_winner_mass: torch.Tensor
    active: torch.Tensor = field(repr=False)
    data: Data = field(repr=False)
    recipe: Recipe
    trajectory: Trajectory | None = field(default=None, repr=False)
    batches: np.ndarray | None = field(default=None, repr=False)

    @property
    def converged(self) -> bool:
        """Whether every replica reached a global minimum."""
        return all(s is Status.CONVERGED for s in self.status)

    def advice(self, replica: int) -> str:
        """Explain the status of a replica, and say what to try.

        Args:
            replica: Row.

        Returns:
            One sentence.
        """
        status, recipe = self.status[replica], self.recipe
        alpha = recipe.step_size / recipe.batch_size
        if status is Status.STEP_LIMIT:
            if recipe.sampling is Sampling.CUSTOM:
                return "the batches given were used up; give more of them"
            if not (self.data.orthonormal or recipe.full_batch):
                return (
                    "on correlated data the noise of mini-batches does not vanish at the minimum, "
                    "so a constant step size need not converge; the full batch does"
                )
            if alpha > 0.2:
                return f"{status.advice}; step_size / batch_size = {alpha:.3g} is beyond 1/5"
        if status is Status.DEAD_NEURON and bool((self._start_correlations(replica) > 0).any()):
            return (
                f"a step overshot and left no positive correlation; step_size / batch_size = "
                f"{alpha:.3g} (theory covers up to 1/5, from starts of norm below 1)"
            )
        return status.advice

    def _start_correlations(self, replica: int) -> torch.Tensor:
        return self.data.points @ self.start[replica]

    @property
    def kink_width(self) -> float:
        """Size below which a correlation of a converged run counts as 0.

        It is ten times the distance from the limit that the tolerance allows, for the argument
        ``kink_width`` of :func:`~whichmin.core.hessian.hessian`.
        """
        m, tolerance = self.data.m, self.recipe.tolerance
        return 10 * (math.sqrt(2 * m * tolerance) + math.sqrt(tolerance))

    def records(self) -> list[dict[str, Any]]:
        """Return one dictionary of plain Python values per replica."""
        return [
            {
                "replica": r,
                "batch_size": self.recipe.batch_size,
                "status": str(self.status[r]),
                "steps": int(self.steps[r]),
                "loss": float(self.loss[r]),
                "loss_gap": float(self.loss_gap[r]),
                "winner": int(self.winner[r]),
                "cosine": float(self.cosine[r]),
                "cosine_with_start": float(self.cosine_with_start[r]),
                "norm": float(self.norm[r]),
                "off_winner_mass": float(self.off_winner_mass[r]),
                "active": tuple(int(i) for i in self.active[r].nonzero().flatten()),
            }
            for r in range(len(self.status))
        ]

    def to_numpy(self) -> dict[str, np.ndarray]:
        """Return all quantities per replica as NumPy arrays, by name."""
        arrays = {
            name: value.cpu().numpy()
            for name, value in vars(self).items()
            if isinstance(value, torch.Tensor)
        }
        arrays["status"] = np.array([str(s) for s in self.status])
        return arrays

    def to_pandas(self) -> Any:
        """Make a data frame with one row per replica.

        Returns:
            A ``pandas.DataFrame``.

        Raises:
            MissingDependency: pandas is not installed.
        """
        return data_frame(self.records())

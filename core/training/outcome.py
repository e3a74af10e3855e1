"""Decide whether and how a run has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from whichmin.core.landscape import (
    active_energy,
    correlated_gap,
    loss_gap,
    norm_factor,
    rectified,
)
from whichmin.core.threads import single_threaded
from whichmin.moved import renamed
from whichmin.words import Activation, Status

if TYPE_CHECKING:
    from whichmin.core.batches import BatchStream
    from whichmin.core.data import Data
    from whichmin.core.engines import Engine, Problem

__all__ = ["Observation", "RunJudge", "observe"]

__getattr__ = renamed(__name__, Record="whichmin.core.training.run.Record")


@dataclass(frozen=True)
class Observation:
    """The quantities that decide whether a run has ended, of shape ``(R,)`` unless stated."""

    correlations: torch.Tensor  # (R, m)
    squared_norm: torch.Tensor
    active_energy: torch.Tensor
    loss: torch.Tensor
    loss_gap: torch.Tensor
    winner: torch.Tensor
    off_winner_mass: torch.Tensor


def observe(
    problem: Problem, norm: torch.Tensor, correlations: torch.Tensor, off_span: torch.Tensor
) -> Observation:
    """Compute the quantities that decide whether a run has ended.

    Args:
        problem: What is trained.
        norm: Squared norm of the weights, shape ``(R,)``.
        correlations: Shape ``(R, m)``.
        off_span: Squared norm outside the span of the data, shape ``(R,)``.

    Returns:
        The observation.
    """
    data = problem.data
    energy = active_energy(correlations, problem.activation)
    loss = 0.5 * (data.gram.diagonal().mean() + norm_factor(norm) * energy / data.m)
    if data.orthonormal:
        # For ReLU the negative correlations count as if they were outside the span. Summed over
        # the negative ones alone: as a difference, tiny ones would drown in the large ones.
        inactive = off_span
        if problem.activation is Activation.RELU:
            inactive = off_span + correlations.clamp_max(0).square().sum(-1)
        gap = loss_gap(energy, inactive, data.m)
    elif problem.activation is Activation.LINEAR:
        gap = correlated_gap(data, norm, correlations, off_span)
    else:
        gap = torch.full_like(loss, float("nan"))
    cosines = correlations.abs() / data.gram.diagonal().sqrt()
    winner = cosines.nan_to_num(0.0).argmax(-1)
    others = correlations.scatter(1, winner[:, None], 0.0)
    return Observation(correlations, norm, energy, loss, gap, winner, others.square().sum(-1))


class RunJudge:
    """The rule that decides whether and how a run has ended.

    Attributes:
        begun: Whether the start has been judged.
        wants_one_point: Whether a run can converge to a single data point only, whichever points
            compete.
    """

    def __init__(
        self, problem: Problem, stream: BatchStream, tolerance: float, start: torch.Tensor
    ) -> None:
        self.problem = problem
        self.tolerance = tolerance
        self.scale = float(problem.data.gram.diagonal().mean())
        self.smallest = _smallest_positive_eigenvalue(problem.data)
        self.rivals = self._rivals(stream).to(start.device)
        self.wants_one_point = len(self.rivals) == 1 and bool(self.rivals[0, 0])
        self.noisy = not (stream.is_full_batch or problem.data.orthonormal)
        self.mixtures = self._mixtures(stream)
        # Overflow is doubly exponential once alpha S > 2, so the exact threshold moves the
        # reported step by one or two at most.
        self.explosion = 1e12 * start.square().sum(-1).clamp_min(1.0)
        self._at_start = self._unresolved(start)
        self.begun = False

    def _rivals(self, stream: BatchStream) -> torch.Tensor:
        """Which points the batches tell apart from which: these must fade before a run is over.

        Returns:
            Boolean, shape ``(m, m)``, or ``(1, 1)`` where all pairs are alike.
        """
        if stream.is_full_batch or not self.problem.data.orthonormal:
            return torch.zeros(1, 1, dtype=torch.bool)
        if stream.is_fixed:
            return torch.from_numpy(stream.separation() > 0)
        return torch.ones(1, 1, dtype=torch.bool)

    def _mixtures(self, stream: BatchStream) -> torch.Tensor | None:
        """Which sums of single gradients must vanish before mini-batches come to rest.

        On correlated data. Random batches of b < m points rest exactly where every single gradient
        vanishes: exchanging one point for another must change nothing, and the sum is zero.

        Returns:
            Multiplicities of the points in fixed batches, shape ``(K, m)``; None for random ones.
        """
        if not (self.noisy and stream.is_fixed):
            return None
        return torch.from_numpy(np.unique(stream.counts(), axis=0)).to(self.problem.data.points)

    def __call__(self, engine: Engine, replicas: torch.Tensor) -> list[Status | None]:
        """Judge the engine's rows.

        Args:
            engine: Its rows are the given replicas.
            replicas: Replica numbers.

        Returns:
            A status per row, None for a run that goes on.
        """
        seen = observe(
            self.problem, engine.squared_norm(), engine.correlations(), engine.off_span_energy()
        )
        energy, norm = seen.active_energy, seen.squared_norm
        relu = self.problem.activation is Activation.RELU
        diverged = ~(torch.isfinite(norm) & torch.isfinite(energy))
        diverged |= norm > self.explosion[replicas]
        silent = energy == 0
        if not self.begun:
            silent = silent | self._at_start[replicas]
            self.begun = True
        trapped = (silent & (not relu)) | self._falls_to_zero(energy, norm)
        if self.problem.data.orthonormal:
            reached = seen.loss_gap <= self.tolerance
            reached &= self._rival_mass(seen) <= self.tolerance
            arrived = Status.CONVERGED
        else:
            weights = engine.weights()
            gradient = self._gradient_energy(seen, weights)
            if relu:
                # |grad|^2 in units of (w^T M w) tr M, M = A^T A / m: scaling the data does not
                # change it, and it stays of order 1 around the maximum w = 0.
                reached = gradient <= self.tolerance * self.scale * energy / self.problem.data.m
                arrived = Status.STATIONARY
            else:
                reached = seen.loss_gap <= self.tolerance * self.scale
                arrived = Status.CONVERGED
                # Exactly on another eigenvector: only rounding could ever leave.
                noise = 16 * self.problem.data.n * torch.finfo(norm.dtype).eps
                trapped |= ~reached & (gradient <= (noise * self.scale) ** 2 * norm)
            if self.noisy:
                # Mini-batches may cross a minimum, or wander along a manifold of them.
                for row in reached.nonzero().flatten().tolist():
                    left = self._batch_gradients(seen, weights, row)
                    reached[row] = left <= self.tolerance * self.scale**2
        verdicts = (
            (diverged, Status.DIVERGED),
            (silent & relu, Status.DEAD_NEURON),
            (trapped, Status.NON_MINIMAL_CRITICAL_POINT),
            (reached, arrived),
        )
        status: list[Status | None] = [None] * len(replicas)
        for mask, verdict in verdicts:
            for row in mask.nonzero().flatten().tolist():
                if status[row] is None:
                    status[row] = verdict
        return status

    def _rival_mass(self, seen: Observation) -> torch.Tensor:
        """Squared correlations with the points that the batches tell apart from the winner.

        Returns:
            Shape ``(R,)``.
        """
        if len(self.rivals) == 1:
            return seen.off_winner_mass * self.rivals[0, 0]
        return (seen.correlations.square() * self.rivals[seen.winner]).sum(-1)

    def _falls_to_zero(self, energy: torch.Tensor, norm: torch.Tensor) -> torch.Tensor:
        """Whether the active correlations die out with the norm staying above sqrt(2).

        With ``M = A^T A / m``, ``E = w^T M w = C / m`` and N > 2 the flow is
        ``dN = -4 E (N - 1)`` and ``dE <= -2 (N - 2) lambda E`` to first order in E, lambda the
        smallest positive eigenvalue of M (1/m for orthonormal data). So
        ``d(N - 2)^2 / dE <= 4 (N - 1) / lambda``, and N stays above 2 while E falls to 0 if
        ``(N - 2)^2 > 4 (N - 1) E / lambda``; the factor 8 is a margin of two for finite steps.

        Returns:
            Boolean mask, shape ``(R,)``.
        """
        left = energy / (self.problem.data.m * self.smallest)  # C itself, for orthonormal data
        small = energy <= self.tolerance * self.scale
        return small & (norm > 2) & ((norm - 2).square() > 8 * (norm - 1) * left)

    def _unresolved(self, start: torch.Tensor) -> torch.Tensor:
        """Whether every active correlation of the start is rounding noise.

        An inner product carries an error of at most ``n u sum_k |w_k| |a_k|`` (Higham, section
        3.1), so smaller values say nothing about the sign or size of the true one.

        Returns:
            Boolean mask, shape ``(R,)``.
        """
        points = self.problem.data.points
        with single_threaded():
            inner = start @ points.T
            noise = start.abs() @ points.abs().T
        noise *= self.problem.data.n * torch.finfo(start.dtype).eps
        size = inner if self.problem.activation is Activation.RELU else inner.abs()
        return (size <= noise).all(-1)

    def _gradient_energy(self, seen: Observation, weights: torch.Tensor) -> torch.Tensor:
        data = self.problem.data
        code = rectified(seen.correlations, self.problem.activation)
        force = norm_factor(seen.squared_norm)[:, None] * code
        with single_threaded():
            pulled = force @ data.points
        return ((pulled + seen.active_energy[:, None] * weights) / data.m).square().sum(-1)

    def _batch_gradients(self, seen: Observation, weights: torch.Tensor, row: int) -> float:
        """Squared gradients of one replica's batches, summed.

        For orthonormal data and single points that is, next to a minimum, the squared off-winner
        mass: ``|-c_i a_i + c_i^2 w|^2 = c_i^2 (1 - c_i^2)`` at ``N = 1``.

        Returns:
            The sum over the rows of ``mixtures``, or over all points.
        """
        code = rectified(seen.correlations[row], self.problem.activation)
        pull = (norm_factor(seen.squared_norm[row]) * code)[:, None] * self.problem.data.points
        single = pull + code.square()[:, None] * weights[row]
        batches = single if self.mixtures is None else self.mixtures @ single
        return float(batches.square().sum())


def _smallest_positive_eigenvalue(data: Data) -> float:
    """Of ``A^T A / m``; 1/m for orthonormal data."""
    if data.orthonormal:
        return 1 / data.m
    eigenvalues = data.gram_spectrum[0] / data.m
    floor = data.m * torch.finfo(eigenvalues.dtype).eps * eigenvalues[-1]
    return float(eigenvalues[eigenvalues > floor][0])

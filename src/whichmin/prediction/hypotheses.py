"""Decide the hypotheses of the theorems for a given input, and say what happens without them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whichmin.reporting import ROUNDING_TEXT
from whichmin.words import Activation, Sampling

if TYPE_CHECKING:
    from whichmin.core.batches import BatchStream
    from whichmin.core.engines import Problem

__all__ = ["Hypothesis", "StartFacts", "hypotheses", "is_trapped"]


@dataclass(frozen=True)
class Hypothesis:
    """A hypothesis of a theorem, decided for one input.

    Attributes:
        statement: What the theorem assumes.
        holds: Whether it is true of this input.
        here: The value that decided.
        otherwise: What happens if it is false; empty if it holds.
    """

    statement: str
    holds: bool
    here: str
    otherwise: str = ""


@dataclass(frozen=True)
class StartFacts:
    """The quantities of one start that the prediction uses.

    Attributes:
        weights: Shape ``(n,)``.
        correlations: Inner products with the data, shape ``(m,)``.
        noise: Size below which a correlation is rounding, shape ``(m,)``.
        active: Points that the activation lets through, and linear ones not 0, shape ``(m,)``.
        off_span: Squared norm outside the span of the data (orthonormal data).
    """

    weights: np.ndarray
    correlations: np.ndarray
    noise: np.ndarray
    active: np.ndarray
    off_span: float

    @classmethod
    def of(cls, problem: Problem, weights: np.ndarray) -> StartFacts:
        """Compute the quantities of a start.

        Args:
            problem: What is trained.
            weights: Shape ``(n,)``.

        Returns:
            The quantities.
        """
        points = problem.data.points.double().cpu().numpy()
        c = points @ weights
        # An inner product carries an error of at most n u sum |w_k| |a_k| (Higham, section 3.1).
        noise = len(weights) * np.finfo(np.float64).eps * (np.abs(points) @ np.abs(weights))
        size = c if problem.activation is Activation.RELU else np.abs(c)
        rest = weights - c @ points if problem.data.orthonormal else np.zeros(1)
        return cls(weights, c, noise, size > noise, float((rest**2).sum()))

    @property
    def squared_norm(self) -> float:
        """Squared norm ``|w0|^2`` of the start."""
        return float((self.weights**2).sum())

    @property
    def least_energy(self) -> float:
        """A lower bound of the energy, the sum of the squares of the active correlations."""
        sizes = np.maximum(np.abs(self.correlations) - self.noise, 0.0)[self.active]
        # fsum is exact but for its last rounding, squares have one more each.
        return math.fsum(sizes**2) * (1 - 4 * float(np.finfo(np.float64).eps))


def largest_share(problem: Problem, stream: BatchStream) -> float:
    """Compute the largest step size per data point: eta / b, or eta if a batch may repeat indices.

    A step on a batch with repeated indices is a mean of single-sample steps of size eta, so by
    convexity what holds for ``alpha <= eta`` holds for it.

    Returns:
        The ``alpha`` that the trap region has to cover.
    """
    repeats = stream.sampling in {Sampling.WITH_REPLACEMENT, Sampling.CUSTOM}
    return problem.step_size / (1 if repeats else stream.batch_size)


def is_trapped(problem: Problem, stream: BatchStream, squared_norm: float) -> bool:
    r"""Tell whether norm and signs are kept for ever, for every batch and both activations.

    With :math:`s = 1 - \alpha S` and :math:`g = \alpha (2 - N)`, a step from
    :math:`0 \le S \le N \le K` satisfies

    .. math:: N' = s^2 (N - S) + (s + g)^2 S \le K, \qquad s > 0, \qquad s + g > 0

    for K = 21/20 and :math:`\alpha \le 1/5`, and for K = 6/5 and :math:`\alpha \le 1/2`.

    Args:
        problem: What is trained.
        stream: The batches.
        squared_norm: ``|w|^2``.

    Returns:
        The verdict; False on data that are not orthonormal.
    """
    alpha = largest_share(problem, stream)
    inside = (squared_norm <= 1.05 and alpha <= 0.2) or (squared_norm <= 1.2 and alpha <= 0.5)
    return problem.data.orthonormal and inside


def hypotheses(problem: Problem, stream: BatchStream, start: StartFacts) -> tuple[Hypothesis, ...]:
    """Decide every hypothesis of the theorems for one input.

    Args:
        problem: What is trained.
        stream: The batches.
        start: The start.

    Returns:
        The hypotheses, in the order of their importance.
    """
    data, relu = problem.data, problem.activation is Activation.RELU
    norm = math.sqrt(start.squared_norm)
    trapped = is_trapped(problem, stream, start.squared_norm)
    alpha = largest_share(problem, stream)
    still = (
        f"norm and signs are kept all the same (trap region: |w|^2 <= 6/5 and step size over "
        f"batch size, here {alpha:.3g}, at most 1/2), so the limits are the same"
    )
    exact = "gradient descent is followed exactly, whatever the step size"
    loose = exact if stream.is_full_batch else "a sign may turn, so no limit is predicted"
    found: list[Hypothesis] = []

    def add(statement: str, holds: bool, here: str, otherwise: str) -> None:
        found.append(Hypothesis(statement, bool(holds), here, "" if holds else otherwise))

    eigenvectors = (
        "gradient descent ends at the start's projection on the top eigenvectors of A^T A"
        if not relu
        else "gradient descent ends at a critical point that has no closed form"
    )
    add(
        "the data are orthonormal",
        data.orthonormal,
        f"to {ROUNDING_TEXT}" if data.orthonormal else f"deviation {data.deviation:.2g}",
        eigenvectors
        if stream.is_full_batch
        else "the noise of mini-batches does not vanish at a minimum: they need not settle",
    )
    add("|w0| < 1", norm < 1, f"|w0| = {norm:.4g}", still if trapped else loose)
    add(
        "step size <= 1/5",
        problem.step_size <= 0.2,
        f"step size {problem.step_size:g}",
        still if trapped else loose,
    )
    count = int(start.active.sum())
    add(
        "some correlation is positive" if relu else "some correlation is not 0",
        count > 0,
        f"{count} of {data.m}",
        "every gradient is zero: the start is a dead neuron"
        if relu
        else "every gradient is zero: the start is a critical point with loss 1/2",
    )
    unclear = int((np.abs(start.correlations) <= start.noise).sum())
    add(
        "no correlation is 0",
        unclear == 0,
        f"{unclear} of {data.m} are within rounding of 0",
        "such a point does not grow: it stays at 0, or rounding decides whether it takes part",
    )
    if not stream.is_full_batch:
        add(
            "batches are drawn uniformly without replacement",
            stream.sampling is Sampling.WITHOUT_REPLACEMENT,
            str(stream.sampling),
            _OTHER_BATCHES.get(stream.sampling, ""),
        )
    return tuple(found)


_OTHER_BATCHES = {
    Sampling.WITH_REPLACEMENT: "same candidates and same selection law, with a clock of its own",
    Sampling.RESHUFFLED: (
        "same candidates; noise comes only from the m mod b points that an epoch leaves out, and "
        "without any the most correlated point is expected to win (seen, not proved)"
    ),
    Sampling.CYCLIC: (
        "same candidates, and blocks that are never told apart win together; the most correlated "
        "one is expected to win (Theorem 4 for m = n = 2, conjectured beyond)"
    ),
    Sampling.CUSTOM: "candidates are the points that no other outgrows under these batches",
}

"""Train to a minimum for a table: the start, the run, and its distance from the limit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from whichmin.core.data import Data
from whichmin.core.training.result import TrainResult
from whichmin.core.training.trainer import train
from whichmin.errors import WhichminError
from whichmin.words import Activation

__all__ = ["NORM", "TOLERANCE", "limit_distance", "run_to_minimum", "starting_weights"]

# Runs stop when gap and off-winner mass are below this: about 1e-10 from the limit, far above the
# rounding of a correlation and far below the correlations that stay.
TOLERANCE = 1e-20
# Norm of the starts.
NORM = 0.7


def starting_weights(data: Data, positive: int, seed: int) -> np.ndarray:
    """Make weights of norm 0.7 whose first ``positive`` correlations are positive, others negative.

    Args:
        data: The points.
        positive: Number of positive correlations.
        seed: Seed of their sizes.

    Returns:
        Shape ``(n,)``.
    """
    rng = np.random.default_rng(seed)
    points = data.points.numpy()
    c = rng.uniform(0.3, 1.0, data.m) * np.where(np.arange(data.m) < positive, 1.0, -1.0)
    off = rng.normal(size=data.n)
    off -= (off @ points.T) @ points
    # A fifth of the energy goes off the span, where there is such a place.
    w = c / np.linalg.norm(c) @ points
    if data.n > data.m:
        w = w + 0.5 * off / np.linalg.norm(off)
    return np.asarray(NORM * w / np.linalg.norm(w))


def run_to_minimum(
    data: Data,
    start: np.ndarray,
    activation: Activation,
    batch_size: int | None,
    seed: int,
    *,
    tolerance: float = TOLERANCE,
    record_at: Sequence[int] | None = None,
) -> TrainResult:
    """Train until a minimum is reached.

    Args:
        data: The points.
        start: Weights, shape ``(n,)``.
        activation: Identity or ReLU.
        batch_size: Points per batch; None for the full batch.
        seed: Seed of the batches.
        tolerance: Where the run stops.
        record_at: Steps to record; None for none.

    Returns:
        The run.

    Raises:
        WhichminError: It did not converge.
    """
    run = train(
        data,
        start,
        activation=activation,
        batch_size=batch_size,
        step_size=0.2,
        seed=seed,
        tolerance=tolerance,
        record_at=record_at,
    )
    if not run.converged:
        method = "GD" if batch_size is None else "SGD"
        raise WhichminError(f"the {method} run ended with: {run.status[0].advice}")
    return run


def limit_distance(size: int, tolerance: float = TOLERANCE) -> float:
    r"""Compute the largest distance from its limit of a run that has converged.

    .. math:: \sqrt{2 m \tau} + \sqrt{\tau}

    for m points and the tolerance :math:`\tau`; the check ``sharpness.reached_by_training`` derives
    it.

    Args:
        size: Number of data points.
        tolerance: Where the run stopped.

    Returns:
        The distance.
    """
    return math.sqrt(2 * size * tolerance) + math.sqrt(tolerance)

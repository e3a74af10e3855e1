"""Training from Gaussian starts: what the checks of the laws measure."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from whichmin.core.frames import random_frame
from whichmin.core.training.result import TrainResult
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.subject import Subject
from whichmin.words import Activation, Status

__all__ = ["alive", "starts", "trained"]

Floats = NDArray[np.float64]

REPLICAS = 10_000


def _replicas(settings: Settings) -> int:
    return REPLICAS * (20 if settings.deep else 1)


@functools.lru_cache(maxsize=4)
def starts(n: int, replicas: int, seed: int) -> Floats:
    """Gaussian vectors, rescaled to norm 1/2 (the direction is all that counts).

    Returns:
        Shape ``(replicas, n)``.
    """
    drawn = np.random.default_rng(seed).normal(size=(replicas, n))
    return np.asarray(drawn / (2 * np.linalg.norm(drawn, axis=1, keepdims=True)))


def trained(
    subject: Subject, m: int, n: int, activation: Activation, batch: int | None, settings: Settings
) -> TrainResult:
    """Train from Gaussian starts on a random frame.

    Returns:
        The outcome of all replicas.
    """
    full = batch is None
    return train(
        random_frame(m, n, seed=settings.seed),
        starts(n, _replicas(settings), settings.seed * 1000 + 32 * m + n),
        activation=activation,
        batch_size=batch,
        # alpha = 1/5, the largest that the theory of single steps covers; GD in about 150 steps
        step_size=(m if full else batch or 1) / 5,
        engine=subject.engines["compiled"],
        tolerance=1e-20 if full else 1e-10,
        check_every=50,
        seed=settings.seed,
    )


def alive(result: TrainResult) -> NDArray[np.bool_]:
    """Which replicas reached a minimum: all but the dead ones, or the check that asks fails.

    Returns:
        Shape ``(R,)``.
    """
    dead = np.array([status is Status.DEAD_NEURON for status in result.status])
    stuck = sum(status not in {Status.CONVERGED, Status.DEAD_NEURON} for status in result.status)
    assert stuck == 0, f"{stuck} replicas did not converge"
    return ~dead

"""A correct sampler that goes from epoch to epoch; mutants are small changes of its text."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
WHICHMIN: dict[str, Any] = {"name": "samplers", "sampling": "reshuffled"}


def order(m: int, seed: int, epoch: int) -> Array:
    """Shuffle the points for an epoch."""
    rng = np.random.default_rng([seed, epoch])
    points = rng.permutation(m)
    return np.asarray(points)


def batches_of(points: Array, b: int) -> list[Array]:
    """Cut an epoch into batches; what is left at its end is dropped."""
    count = len(points) // b
    return [points[i * b : (i + 1) * b] for i in range(count)]


def sample_batches(m: int, b: int, steps: int, seed: int) -> Any:
    """Go through epochs until there are enough batches."""
    drawn: list[Array] = []
    epoch = 0
    while len(drawn) < steps:
        points = order(m, seed, epoch)
        drawn += batches_of(points, b)
        epoch += 1
    return np.array(drawn[:steps])


def resumed_batches(m: int, b: int, steps: int, seed: int, stop: int) -> Any:
    """Stop after some steps, keep the epoch and the place in it, and go on."""
    before = sample_batches(m, b, stop, seed)
    epoch, place = divmod(stop, m // b)
    drawn = batches_of(order(m, seed, epoch), b)[place:]
    while len(drawn) < steps - stop:
        epoch += 1
        drawn += batches_of(order(m, seed, epoch), b)
    return np.concatenate([before, np.array(drawn)[: steps - stop]])

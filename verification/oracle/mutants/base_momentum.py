"""A correct trainer with momentum, weight decay and a schedule, for mutants to change."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
State = tuple[Array, Array, int]
WHICHMIN: dict[str, Any] = {
    "name": "base with momentum",
    "optimiser": {"name": "sgd", "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.01},
    "schedule": {"name": "step", "every": 3, "factor": 0.5},
}


def slope(w: Array, rows: Array, activation: str) -> Array:
    """Compute the gradient of the mean loss."""
    c = rows @ w
    f = np.maximum(c, 0.0) if activation == "relu" else c
    return np.asarray(((w @ w - 2) * (f @ rows) + (f @ f) * w) / len(rows))


def advance(state: State, rows: Array, step_size: float, activation: str) -> State:
    """Take one step: weights, momentum buffer and number of steps so far."""
    w, velocity, t = state
    rate = step_size * 0.5 ** (t // 3)
    g = slope(w, rows, activation)
    g = g + 0.01 * w
    velocity = g if t == 0 else 0.9 * velocity + 0.5 * g
    w = w - rate * velocity
    return w, velocity, t + 1


def step(w: Array, batch: Array, step_size: float, activation: str) -> Array:
    """Take the first step."""
    return advance((w, 0 * w, 0), batch, step_size, activation)[0]


def train(w0: Array, data: Array, batches: Array, step_size: float, activation: str) -> Array:
    """Compute the weights after the last of the given batches."""
    state = (w0, 0 * w0, 0)
    for chosen in batches:
        state = advance(state, data[chosen], step_size, activation)
    return state[0]


def resumed_train(
    w0: Array, data: Array, batches: Array, step_size: float, stop: int, activation: str
) -> Array:
    """Train, save all there is, and go on from what was saved."""
    state = (w0, 0 * w0, 0)
    for chosen in batches[:stop]:
        state = advance(state, data[chosen], step_size, activation)
    w, velocity, t = state
    for chosen in batches[stop:]:
        w, velocity, t = advance((w, velocity, t), data[chosen], step_size, activation)
    return w

"""A correct trainer with AdamW, for mutants to change."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
State = tuple[Array, Array, Array, int]
WHICHMIN: dict[str, Any] = {
    "name": "base with AdamW",
    "optimiser": {"name": "adamw", "weight_decay": 0.1, "eps": 0.01},
}


def slope(w: Array, rows: Array, activation: str) -> Array:
    """Compute the gradient of the mean loss."""
    c = rows @ w
    f = np.maximum(c, 0.0) if activation == "relu" else c
    return np.asarray(((w @ w - 2) * (f @ rows) + (f @ f) * w) / len(rows))


def advance(state: State, rows: Array, rate: float, activation: str) -> State:
    """Take one step: weights, moments and number of steps so far."""
    w, mean, square, t = state
    g = slope(w, rows, activation)
    w = w - rate * 0.1 * w
    t = t + 1
    mean = 0.9 * mean + (1 - 0.9) * g
    square = 0.999 * square + (1 - 0.999) * g * g
    first = mean / (1 - 0.9**t)
    second = square / (1 - 0.999**t)
    w = w - rate * first / (np.sqrt(second) + 0.01)
    return w, mean, square, t


def step(w: Array, batch: Array, step_size: float, activation: str) -> Array:
    """Take the first step."""
    return advance((w, 0 * w, 0 * w, 0), batch, step_size, activation)[0]


def train(w0: Array, data: Array, batches: Array, step_size: float, activation: str) -> Array:
    """Compute the weights after the last of the given batches."""
    state = (w0, 0 * w0, 0 * w0, 0)
    for chosen in batches:
        state = advance(state, data[chosen], step_size, activation)
    return state[0]


def resumed_train(
    w0: Array, data: Array, batches: Array, step_size: float, stop: int, activation: str
) -> Array:
    """Train, save all there is, and go on from what was saved."""
    state = (w0, 0 * w0, 0 * w0, 0)
    for chosen in batches[:stop]:
        state = advance(state, data[chosen], step_size, activation)
    w, mean, square, t = state
    for chosen in batches[stop:]:
        w, mean, square, t = advance((w, mean, square, t), data[chosen], step_size, activation)
    return w

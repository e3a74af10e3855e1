"""A trainer in 20 lines of NumPy, as a target of the oracle.

pytest --pyargs whichmin.verification.suite --whichmin-target=trainer_numpy
"""

import numpy as np


def loss(w, data, activation):
    return np.square(data - np.outer(phi(data @ w, activation), w)).sum() / (2 * len(data))


def gradient(w, data, activation):
    c = phi(data @ w, activation)
    return ((w @ w - 2) * (c @ data) + (c @ c) * w) / len(data)


def step(w, batch, step_size, activation):
    return w - step_size * gradient(w, batch, activation)


def train(w0, data, batches, step_size, activation):
    w = w0
    for batch in batches:
        w = step(w, data[batch], step_size, activation)
    return w


def phi(c, activation):
    return np.maximum(c, 0) if activation == "relu" else c

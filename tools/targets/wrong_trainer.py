"""A trainer with faults: sums for means, weight decay, a sampler that repeats points."""

import numpy as np


def phi(c, activation):
    return np.maximum(c, 0) if activation == "relu" else c


def loss(w, data, activation):
    return np.square(data - np.outer(phi(data @ w, activation), w)).sum() / len(data)


def gradient(w, data, activation):
    c = phi(data @ w, activation)
    return (w @ w - 2) * (c @ data) + (c @ c) * w


def step(w, batch, step_size, activation):
    return w - step_size * (gradient(w, batch, activation) / len(batch) + 0.01 * w)


def train(w0, data, batches, step_size, activation):
    w, v = w0, 0
    for batch in batches:
        v = 0.9 * v + gradient(w, data[batch], activation) / len(batch)
        w = w - step_size * v
    return w


def sample_batches(m, b, steps, seed):
    return np.random.default_rng(seed).integers(m, size=(steps, b))

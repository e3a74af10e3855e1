"""Sharpness with faults: a box of the wrong size, one step, a crash, a text, a changed input."""

import numpy as np


def keskar_sharpness(loss, w, eps, seed=0):
    draws = np.random.default_rng(seed).uniform(-1, 1, (50, len(w)))
    rises = [loss(w + eps * np.abs(w) * z) - loss(w) for z in draws]
    return 100 * max(rises) / (1 + loss(w))


def sam_sharpness(loss, w, radius, seed=0):
    del seed
    return loss(w * (1 + radius / np.sqrt(w @ w))) - loss(w)


def average_sharpness(loss, w, sigma):
    raise RuntimeError("not today")


def loss(w, data, activation):
    w *= 2
    return 0.0


def gradient(w, data, activation):
    return "downhill"


def hessian(w, data, activation):
    return np.full((len(w), len(w)), np.nan)

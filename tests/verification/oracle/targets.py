"""Targets for the tests, right and wrong: modules import them as ``targets:NAME``."""

import ctypes
import os
import time
from types import SimpleNamespace

import numpy as np


def phi(c, activation):
    return np.maximum(c, 0) if activation == "relu" else c


def loss(w, data, activation):
    return np.square(data - np.outer(phi(data @ w, activation), w)).sum() / (2 * len(data))


def gradient(w, data, activation):
    c = phi(data @ w, activation)
    return ((w @ w - 2) * (c @ data) + (c @ c) * w) / len(data)


def changed(w, data, activation):
    result = gradient(w, data, activation)
    w += 1
    return result


def crashing(w, data, activation):
    print("about to die", flush=True)  # noqa: T201 - what is tested
    ctypes.string_at(0)


def leaving(w, data, activation):
    os._exit(3)


def exiting(w, data, activation):
    raise SystemExit(2)


def hanging(w, data, activation):
    time.sleep(1000)


def chatting(w, data, activation):
    print("step size too large?")  # noqa: T201 - what is tested
    os.write(2, b"from C\n")
    return loss(w, data, activation)


def raising(w, data, activation):
    raise ValueError(f"no good: {len(w)}")


def only_relu(w, data):
    return loss(w, data, "relu")


good = SimpleNamespace(loss=loss, gradient=gradient)
summed = SimpleNamespace(loss=lambda w, data, activation: len(data) * loss(w, data, activation))
crash = SimpleNamespace(loss=crashing, gradient=gradient)
leave = SimpleNamespace(loss=leaving)
hang = SimpleNamespace(loss=hanging, gradient=gradient)
chat = SimpleNamespace(loss=chatting)
mutate = SimpleNamespace(gradient=changed)
nothing = SimpleNamespace(los=loss)
misspelt = SimpleNamespace(loss=loss, WHICHMIN={"kinks": 0})
declared = SimpleNamespace(
    loss=lambda w, data, activation: len(data) * loss(w, data, activation),
    WHICHMIN={"name": "summed loss", "version": "1.2", "loss": "sum"},
)

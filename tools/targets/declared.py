"""A target that declares how it differs: a sum for a gradient, a fault that is expected."""

import numpy as np

WHICHMIN = {
    "name": "declared",
    "gradient": "sum",
    "activations": ["linear"],
    "expected_failures": {"loss.values": "the loss lacks its factor 1/2"},
}


def loss(w, data):
    return np.square(data - np.outer(data @ w, w)).sum() / len(data)


def gradient(w, data):
    c = data @ w
    return (w @ w - 2) * (c @ data) + (c @ c) * w

"""One linear neuron on five standard basis vectors, off its minima: its noise is known exactly."""

import numpy as np
import torch

from whichmin.core.instruments import closure_objective

C = np.array([0.5, 0.4, -0.3, 0.2, 0.6])  # correlations of a linear neuron with five points
W = np.append(C, 0.3)


def neuron(w=W):
    data = torch.eye(5, 6, dtype=torch.float64)

    def loss(v):
        return (data - (data @ v)[:, None] * v).square().sum(1) / 2

    return closure_objective(loss, w)


def closed_form(c, rest):
    """tr Sigma and |G|^2, from |g_i|^2 = c_i^2 ((N - 2)^2 + (3 N - 4) c_i^2)."""
    energy, norm, m = (c**2).sum(), (c**2).sum() + rest**2, len(c)
    second = (c**2 * ((norm - 2) ** 2 + (3 * norm - 4) * c**2)).sum() / m
    # G = ((N - 2) P w + C w) / m
    square = (((norm - 2 + energy) ** 2) * energy + energy**2 * rest**2) / m**2
    return second - square, square

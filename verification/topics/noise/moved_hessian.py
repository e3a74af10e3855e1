"""The general instruments for gradient noise, which see a loss function alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from whichmin.core.hessian import hessian
from whichmin.core.instruments import curved_noise, gradient_noise
from whichmin.tables.sharpness_instruments import neuron_objective
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.landscape.minima import reduced_coordinates
from whichmin.verification.topics.strategies import PointCase, points
from whichmin.words import Activation, EvidenceKind

__all__: list[str] = []


@check(
    "instruments.noise",
    EvidenceKind.PROPERTY,
    bound="rounding, from the sizes of the terms",
    cases=points,
    examples=40,
    forms=("noise.trace", "noise.curvature", "noise.gradient_curvature"),
)
def noise(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """The instruments for the gradient noise of any loss agree with the closed forms."""
    forms = subject.forms
    N, C, _ = reduced_coordinates(case)
    phi = case.correlations
    if case.activation is Activation.RELU:
        phi = np.maximum(phi, 0)
    Q = float((phi**4).sum())
    objective = neuron_objective(case.weights, case.data.points.numpy(), case.activation)
    noise = gradient_noise(objective)
    # |g_i|^2 has terms of at most c^2 (N + 2)^2 + ...: all sizes are below those at |c|^2 = N.
    size = N * ((N + 2) ** 2 + (3 * N + 4) * N)
    rounding = 64 * (case.n + case.m) * EPS * size
    predicted = forms["noise.trace"](N=N, C=C, Q=Q, m=case.m)
    yield Margin("noise.trace", abs(noise.trace - predicted), rounding)
    curved = curved_noise(objective)
    matrix = hessian(case.weights, case.data, activation=case.activation)
    wide = float(torch.linalg.matrix_norm(matrix, 2))
    # At kinks the instruments have kappa = 0; gradients of points at a kink vanish, and <a_j, g> of
    # the others is c_j times a number, so kappa has no part in either.
    predicted = forms["noise.curvature"](N=N, C=C, Q=Q, m=case.m)
    allowed = case.n * rounding * (wide + 6 * N + 2)
    yield Margin("noise.curvature", abs(curved.trace - predicted), allowed)
    predicted = forms["noise.gradient_curvature"](N=N, C=C, m=case.m)
    yield Margin("noise.gradient_curvature", abs(curved.slope - predicted), allowed)

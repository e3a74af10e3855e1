"""Measure the gradient noise of any loss, given as a function or as a module with data.

``import whichmin.noise`` loads PyTorch.
"""

from whichmin.core.instruments.module import module_objective
from whichmin.core.instruments.noise_scale import (
    CurvedNoise,
    GradientNoise,
    batch_factor,
    curved_noise,
    gradient_noise,
    sample_gradient_norms,
)
from whichmin.core.instruments.problem import Objective, closure_objective
from whichmin.core.instruments.two_batches import (
    NoiseScaleEstimate,
    noise_scale_from_squares,
    two_batch_noise_scale,
)

__all__ = [
    "CurvedNoise",
    "GradientNoise",
    "NoiseScaleEstimate",
    "Objective",
    "batch_factor",
    "closure_objective",
    "curved_noise",
    "gradient_noise",
    "module_objective",
    "noise_scale_from_squares",
    "sample_gradient_norms",
    "two_batch_noise_scale",
]

"""Instruments for any loss: sharpness and gradient noise of closures and modules with data.

Make an objective with :func:`~whichmin.core.instruments.problem.closure_objective` or
:func:`~whichmin.core.instruments.module.module_objective`, and hand it to an instrument. All of
them measure at ``objective.point``, and say how exact their number is: a gap, a residual, a
standard error, an interval, or how far it can be rounding of the loss.
"""

from whichmin.core.instruments.curvature import TraceEstimate, estimate_trace
from whichmin.core.instruments.data import Samples
from whichmin.core.instruments.keskar import KeskarSharpness, keskar_sharpness
from whichmin.core.instruments.module import ModuleObjective, module_objective
from whichmin.core.instruments.noise_scale import (
    CurvedNoise,
    GradientNoise,
    batch_factor,
    curved_noise,
    gradient_noise,
    sample_gradient_norms,
)
from whichmin.core.instruments.problem import ClosureObjective, Objective, closure_objective
from whichmin.core.instruments.products import hessian_matrix, hessian_operator
from whichmin.core.instruments.sam import (
    AverageSharpness,
    BallSharpness,
    average_sharpness,
    sam_step,
    worst_sharpness,
)
from whichmin.core.instruments.spectrum import (
    Eigenpairs,
    SpectralDensity,
    extreme_eigenvalues,
    full_spectrum,
    spectral_density,
)
from whichmin.core.instruments.subspace import random_subspace
from whichmin.core.instruments.two_batches import (
    NoiseScaleEstimate,
    noise_scale_from_squares,
    two_batch_noise_scale,
)

__all__ = [
    "AverageSharpness",
    "BallSharpness",
    "ClosureObjective",
    "CurvedNoise",
    "Eigenpairs",
    "GradientNoise",
    "KeskarSharpness",
    "ModuleObjective",
    "NoiseScaleEstimate",
    "Objective",
    "Samples",
    "SpectralDensity",
    "TraceEstimate",
    "average_sharpness",
    "batch_factor",
    "closure_objective",
    "curved_noise",
    "estimate_trace",
    "extreme_eigenvalues",
    "full_spectrum",
    "gradient_noise",
    "hessian_matrix",
    "hessian_operator",
    "keskar_sharpness",
    "module_objective",
    "noise_scale_from_squares",
    "random_subspace",
    "sam_step",
    "sample_gradient_norms",
    "spectral_density",
    "two_batch_noise_scale",
    "worst_sharpness",
]

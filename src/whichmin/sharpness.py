"""Measure the sharpness of any loss, given as a function or as a module with data.

These functions work on networks, and say how far their numbers can come from rounding of the loss.
The exact measures of the solvable model are elsewhere (:mod:`whichmin.core.hessian`).
``import whichmin.sharpness`` loads PyTorch.
"""

from whichmin.core.instruments.curvature import TraceEstimate, estimate_trace
from whichmin.core.instruments.keskar import KeskarSharpness, keskar_sharpness
from whichmin.core.instruments.module import module_objective
from whichmin.core.instruments.problem import Objective, closure_objective
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

__all__ = [
    "AverageSharpness",
    "BallSharpness",
    "Eigenpairs",
    "KeskarSharpness",
    "Objective",
    "SpectralDensity",
    "TraceEstimate",
    "average_sharpness",
    "closure_objective",
    "estimate_trace",
    "extreme_eigenvalues",
    "full_spectrum",
    "hessian_matrix",
    "hessian_operator",
    "keskar_sharpness",
    "module_objective",
    "random_subspace",
    "sam_step",
    "spectral_density",
    "worst_sharpness",
]

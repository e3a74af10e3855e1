"""Sharpness of any loss: instruments for closures and modules with data.

The exact measures of the solvable model are elsewhere (:mod:`whichmin.core.sharpness`); here is
what works on a network, and says how far its number can be rounding of the loss.
``import whichmin.sharpness`` loads PyTorch.
"""

from whichmin.core.measures.curvature import TraceEstimate, estimate_trace
from whichmin.core.measures.keskar import KeskarSharpness, keskar_sharpness, random_subspace
from whichmin.core.measures.module import module_objective
from whichmin.core.measures.problem import Objective, closure_objective
from whichmin.core.measures.products import hessian_matrix, hessian_operator
from whichmin.core.measures.sam import (
    AverageSharpness,
    BallSharpness,
    average_sharpness,
    sam_step,
    worst_sharpness,
)
from whichmin.core.measures.spectrum import (
    Eigenpairs,
    SpectralDensity,
    extreme_eigenvalues,
    full_spectrum,
    spectral_density,
)

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

"""The numeric layer: losses, batches, engines, training and curvature in PyTorch.

It never imports ``whichmin.symbolic``, so that an agreement of the two is evidence.
"""

from whichmin.core.batches import STREAM_VERSION, BatchStream, make_stream, sampling_factor
from whichmin.core.data import Data, make_data
from whichmin.core.descent import default_step_limit, rates
from whichmin.core.frames import (
    orthonormalise,
    random_frame,
    random_start,
    standard_basis,
    whiten,
)
from whichmin.core.hessian import (
    hessian,
    hessian_spectrum,
    hessian_trace,
    plain_autograd_hessian,
    top_eigenvalue,
)
from whichmin.core.landscape import gradient, loss
from whichmin.core.noise import (
    covariance_spectrum,
    covariance_trace,
    gradient_covariance,
    noise_along,
    noise_scales,
)
from whichmin.core.training.result import Recipe, TrainResult
from whichmin.core.training.trainer import resume, train
from whichmin.core.training.trajectory import Trajectory, load_trajectory

__all__ = [
    "STREAM_VERSION",
    "BatchStream",
    "Data",
    "Recipe",
    "TrainResult",
    "Trajectory",
    "covariance_spectrum",
    "covariance_trace",
    "default_step_limit",
    "gradient",
    "gradient_covariance",
    "hessian",
    "hessian_spectrum",
    "hessian_trace",
    "load_trajectory",
    "loss",
    "make_data",
    "make_stream",
    "noise_along",
    "noise_scales",
    "orthonormalise",
    "plain_autograd_hessian",
    "random_frame",
    "random_start",
    "rates",
    "resume",
    "sampling_factor",
    "standard_basis",
    "top_eigenvalue",
    "train",
    "whiten",
]

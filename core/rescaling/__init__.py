"""Rescaled layers: networks along a rescaling, step sizes per layer, and Gaussian posteriors."""

from whichmin.core.rescaling.layers import (
    Curvature,
    curvature,
    gradients,
    network,
    network_loss,
    rescale,
    untied_hessian,
)
from whichmin.core.rescaling.layerwise import (
    AdamState,
    MomentumState,
    adam_step,
    lamb_step,
    lars_step,
    sgd_step,
    trust_ratio,
)
from whichmin.core.rescaling.posterior import best_variances, gaussian_divergence

__all__ = [
    "AdamState",
    "Curvature",
    "MomentumState",
    "adam_step",
    "best_variances",
    "curvature",
    "gaussian_divergence",
    "gradients",
    "lamb_step",
    "lars_step",
    "network",
    "network_loss",
    "rescale",
    "sgd_step",
    "trust_ratio",
    "untied_hessian",
]

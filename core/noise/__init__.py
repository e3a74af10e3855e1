"""Noise of the gradient: covariance over the data, noise scales, single samples' gradients."""

from whichmin.core.batches import sampling_factor
from whichmin.core.noise.covariance import (
    NoiseAlong,
    NoiseScales,
    covariance_spectrum,
    covariance_trace,
    gradient_covariance,
    noise_along,
    noise_scales,
)

__all__ = [
    "NoiseAlong",
    "NoiseScales",
    "covariance_spectrum",
    "covariance_trace",
    "gradient_covariance",
    "noise_along",
    "noise_scales",
    "sampling_factor",
]

"""Gradient noise in closed form: covariance, noise scales, sampling and limits."""

from whichmin.symbolic.noise.covariance import *
from whichmin.symbolic.noise.limits import *
from whichmin.symbolic.noise.sampling import *

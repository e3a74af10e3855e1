"""Rescaled layers in closed form: what moves, step sizes per layer, and posteriors."""

from whichmin.symbolic.rescaling.layers import *
from whichmin.symbolic.rescaling.layerwise import *
from whichmin.symbolic.rescaling.posterior import *

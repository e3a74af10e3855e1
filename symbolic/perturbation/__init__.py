"""Rises of the loss near a minimum in closed form: Keskar's box and SAM's ball."""

from whichmin.symbolic.perturbation.keskar import *
from whichmin.symbolic.perturbation.sam import *

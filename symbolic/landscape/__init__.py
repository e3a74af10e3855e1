"""The loss in closed form: its definition, gradient, minima and critical points."""

from whichmin.symbolic.landscape.minima import *
from whichmin.symbolic.landscape.neuron import *
from whichmin.symbolic.landscape.reduction import *

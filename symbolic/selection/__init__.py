"""Which data point SGD ends at: moments of a step, and laws of the choice."""

from whichmin.symbolic.selection.first_order import *
from whichmin.symbolic.selection.law import *
from whichmin.symbolic.selection.three_points import *

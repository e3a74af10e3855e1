"""The noisy quadratic in closed form: recursion, linear scaling and critical batch size."""

from whichmin.symbolic.quadratic.critical_batch import *
from whichmin.symbolic.quadratic.recursion import *
from whichmin.symbolic.quadratic.scaling import *

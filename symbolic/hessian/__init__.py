"""The Hessian in closed form: trace, spectrum, log-determinant and relative flatness."""

from whichmin.symbolic.hessian.flatness import *
from whichmin.symbolic.hessian.spectrum import *
from whichmin.symbolic.hessian.trace import *

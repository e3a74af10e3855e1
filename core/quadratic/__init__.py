"""The noisy quadratic: recursion, diffusion, stationary states, and batch size against steps."""

from whichmin.core.quadratic.critical_batch import (
    OptimalRun,
    TradeOff,
    linear_scaling,
    optimal_run,
    trade_off,
)
from whichmin.core.quadratic.recursion import Moments, Quadratic, make_quadratic

__all__ = [
    "Moments",
    "OptimalRun",
    "Quadratic",
    "TradeOff",
    "linear_scaling",
    "make_quadratic",
    "optimal_run",
    "trade_off",
]

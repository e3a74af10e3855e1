"""Rise of the loss around a point: in Keskar's box, in SAM's ball, and by any move."""

from whichmin.core.perturbation.ball import MeanRise, mean_rise, worst_rise
from whichmin.core.perturbation.box import (
    KeskarMaximum,
    box_rises,
    half_widths,
    keskar_exact,
    keskar_upper_bound,
)
from whichmin.core.perturbation.box_search import keskar_search, subspace_metric
from whichmin.core.perturbation.rises import Rise, make_rise

__all__ = [
    "KeskarMaximum",
    "MeanRise",
    "Rise",
    "box_rises",
    "half_widths",
    "keskar_exact",
    "keskar_search",
    "keskar_upper_bound",
    "make_rise",
    "mean_rise",
    "subspace_metric",
    "worst_rise",
]

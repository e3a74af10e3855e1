"""Figures: functions that train, predict, draw and return Matplotlib axes.

Each draws into the axes ``ax`` if they are given, and into a new figure otherwise.
``save`` writes a figure as SVG, PDF or PNG; the same call gives the same bytes on one kind of
processor and one set of library versions.
"""

from whichmin.plots.correlations import plot_correlations
from whichmin.plots.critical_batch import plot_critical_batch
from whichmin.plots.linear_scaling import plot_linear_scaling
from whichmin.plots.noise import plot_noise
from whichmin.plots.selection import plot_selection
from whichmin.plots.sharpness import plot_sharpness
from whichmin.plots.sparsity import plot_sparsity
from whichmin.plots.spectra import plot_spectra
from whichmin.plots.style import render, save
from whichmin.plots.trajectories import plot_trajectories
from whichmin.plots.walks import plot_walks

__all__ = [
    "plot_correlations",
    "plot_critical_batch",
    "plot_linear_scaling",
    "plot_noise",
    "plot_selection",
    "plot_sharpness",
    "plot_sparsity",
    "plot_spectra",
    "plot_trajectories",
    "plot_walks",
    "render",
    "save",
]

"""Train the model: runs, results, checkpoints, trajectories and ensembles.

``whichmin.ensemble`` is not offered here, because a module of this package has its name.
"""

from whichmin.core.training.cells import SweepCell
from whichmin.core.training.checkpoint import Interrupted
from whichmin.core.training.ensemble_result import (
    CellResult,
    EnsembleFailed,
    EnsembleResult,
    EnsembleStopped,
)
from whichmin.core.training.histogram import Counts, Histogram
from whichmin.core.training.moments import ExactMoments
from whichmin.core.training.result import Recipe, TrainResult
from whichmin.core.training.run import advance
from whichmin.core.training.summary import OBSERVABLES, QUANTILES, Observable, Summary, Tally
from whichmin.core.training.trainer import resume, train
from whichmin.core.training.trajectory import Recorder, Schedule, Trajectory, load_trajectory

__all__ = [
    "OBSERVABLES",
    "QUANTILES",
    "CellResult",
    "Counts",
    "EnsembleFailed",
    "EnsembleResult",
    "EnsembleStopped",
    "ExactMoments",
    "Histogram",
    "Interrupted",
    "Observable",
    "Recipe",
    "Recorder",
    "Schedule",
    "Summary",
    "SweepCell",
    "Tally",
    "TrainResult",
    "Trajectory",
    "advance",
    "load_trajectory",
    "resume",
    "train",
]

"""Which minimum does SGD find? An exactly solvable model as a correctness oracle.

Importing this package costs milliseconds: PyTorch and SymPy load when something needs them.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from whichmin.moved import MovedModules

if TYPE_CHECKING:
    from whichmin.core import (
        TrainResult,
        Trajectory,
        gradient,
        hessian,
        hessian_spectrum,
        hessian_trace,
        load_trajectory,
        loss,
        make_data,
        make_stream,
        orthonormalise,
        plain_autograd_hessian,
        random_frame,
        random_start,
        resume,
        standard_basis,
        top_eigenvalue,
        train,
        whiten,
    )
    from whichmin.core.training.ensemble import EnsembleResult, EnsembleStopped, ensemble
    from whichmin.datasets import load_images
    from whichmin.errors import CheckFailed, InputError, MissingDependency, WhichminError
    from whichmin.files import load_array
    from whichmin.symbolic import closed_form, closed_forms
    from whichmin.tables import sharpness as sharpness_table
    from whichmin.verification import Prediction, predict, verify
    from whichmin.words import Activation, Kink, Sampling, Status

sys.meta_path.append(MovedModules())

_HOMES = {
    "whichmin.core": (
        "TrainResult", "Trajectory", "gradient", "hessian", "hessian_spectrum", "hessian_trace",
        "load_trajectory", "loss", "make_data", "make_stream", "orthonormalise",
        "plain_autograd_hessian", "random_frame", "random_start", "resume", "standard_basis",
        "top_eigenvalue", "train", "whiten",
    ),
    "whichmin.core.training.ensemble": ("EnsembleResult", "EnsembleStopped", "ensemble"),
    "whichmin.datasets": ("load_images",),
    "whichmin.errors": ("CheckFailed", "InputError", "MissingDependency", "WhichminError"),
    "whichmin.files": ("load_array",),
    "whichmin.symbolic": ("closed_form", "closed_forms"),
    "whichmin.verification": ("Prediction", "predict", "sharpness_table", "verify"),
    "whichmin.words": ("Activation", "Kink", "Sampling", "Status"),
}  # fmt: skip
_MODULES = ("noise", "sharpness")  # instruments for any loss; they load PyTorch
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Activation",
    "CheckFailed",
    "EnsembleResult",
    "EnsembleStopped",
    "InputError",
    "Kink",
    "MissingDependency",
    "Prediction",
    "Sampling",
    "Status",
    "TrainResult",
    "Trajectory",
    "WhichminError",
    "closed_form",
    "closed_forms",
    "ensemble",
    "gradient",
    "hessian",
    "hessian_spectrum",
    "hessian_trace",
    "load_array",
    "load_images",
    "load_trajectory",
    "loss",
    "make_data",
    "make_stream",
    "orthonormalise",
    "plain_autograd_hessian",
    "predict",
    "random_frame",
    "random_start",
    "resume",
    "sharpness_table",
    "standard_basis",
    "top_eigenvalue",
    "train",
    "verify",
    "whiten",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from whichmin.provenance import version

        return version()
    if name in _MODULES:
        return importlib.import_module(f"whichmin.{name}")
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'whichmin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, *_MODULES, "__version__"])

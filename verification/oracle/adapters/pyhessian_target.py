"""Adapter for PyHessian: power iteration and Hutchinson's trace.

Its random vectors have torch's default precision, so it is judged in float32. The tolerances are
set to 0: then its stopping rules ask for all ``maxIter`` vectors.
"""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
import torch

from whichmin.errors import MissingDependency
from whichmin.verification.oracle.adapters.tied_module import TiedModule, half_mean_square

try:
    from pyhessian import hessian as pyhessian
except ImportError as error:
    raise MissingDependency(
        "pyhessian", "this target is PyHessian", "pip install 'whichmin[tools]'"
    ) from error

SAMPLES = 20
ITERATIONS = 200
WHICHMIN = {
    "name": "PyHessian",
    "version": version("pyhessian"),
    "arrays": "torch",
    "dtype": "float32",
    "kink": 0,
    "top_eigenvalue": "largest magnitude",
    "stochastic": {
        "hessian_trace": {"method": "hutchinson", "samples": SAMPLES},
        "top_eigenvalue": {"method": "power iteration", "samples": ITERATIONS},
    },
}


def _tool(w: torch.Tensor, data: torch.Tensor, activation: str, seed: int) -> pyhessian:
    torch.manual_seed(seed)
    model = TiedModule(w, activation)
    return pyhessian(model, half_mean_square, data=(data, data), cuda=False)


def hessian_trace(w: torch.Tensor, data: torch.Tensor, activation: str, seed: int) -> float:
    """Average what ``trace`` returns, as its documentation does."""
    return float(np.mean(_tool(w, data, activation, seed).trace(maxIter=SAMPLES, tol=0)))


def top_eigenvalue(w: torch.Tensor, data: torch.Tensor, activation: str, seed: int) -> float:
    """Return the first of ``eigenvalues``."""
    values, _ = _tool(w, data, activation, seed).eigenvalues(maxIter=ITERATIONS, tol=0)
    return float(values[0])

"""Adapter for landscaper: products, Hutchinson's trace and power iteration of its ``PyHessian``.

The tolerances are set to 0: then its stopping rules ask for all ``maxIter`` vectors.
"""

from __future__ import annotations

from importlib.metadata import version

import torch

from whichmin.errors import MissingDependency
from whichmin.verification.oracle.adapters.tied_module import TiedModule, half_mean_square

try:
    from landscaper import PyHessian
except ImportError as error:
    raise MissingDependency(
        "landscaper", "this target is landscaper", "pip install 'whichmin[tools]'"
    ) from error

SAMPLES = 20
ITERATIONS = 200
WHICHMIN = {
    "name": "landscaper",
    "version": version("landscaper"),
    "arrays": "torch",
    "kink": 0,
    "top_eigenvalue": "largest magnitude",
    "stochastic": {
        "hessian_trace": {"method": "hutchinson", "samples": SAMPLES},
        "top_eigenvalue": {"method": "power iteration", "samples": ITERATIONS},
    },
}


def _tool(w: torch.Tensor, data: torch.Tensor, activation: str) -> PyHessian:
    batches = [(part, part) for part in data.split(2)]
    return PyHessian(TiedModule(w, activation).eval(), half_mean_square, batches, "cpu")


def hessian_vector_product(
    w: torch.Tensor, data: torch.Tensor, v: torch.Tensor, activation: str
) -> torch.Tensor:
    """Call ``hv_product`` over batches of two."""
    product: torch.Tensor = _tool(w, data, activation).hv_product([v])[1][0]
    return product


def hessian_trace(w: torch.Tensor, data: torch.Tensor, activation: str, seed: int) -> float:
    """Call ``trace``."""
    torch.manual_seed(seed)
    return float(_tool(w, data, activation).trace(maxIter=SAMPLES, tol=0))


def top_eigenvalue(w: torch.Tensor, data: torch.Tensor, activation: str, seed: int) -> float:
    """Return the first of ``eigenvalues``."""
    torch.manual_seed(seed)
    values, _ = _tool(w, data, activation).eigenvalues(maxIter=ITERATIONS, tol=0)
    return float(values[0])

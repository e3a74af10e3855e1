"""Adapter for curvlinops: ``HessianLinearOperator`` over batches of two, and Hutchinson's trace.

Their loss is ``MSELoss(reduction="sum")``: without the 1/2, and added up over points and batches,
as they document for this reduction.
"""

from __future__ import annotations

from importlib.metadata import version

import torch

from whichmin.errors import MissingDependency
from whichmin.verification.oracle.adapters.tied_module import TiedModule

try:
    from curvlinops import HessianLinearOperator, hutchinson_trace
except ImportError as error:
    raise MissingDependency(
        "curvlinops", "this target is curvlinops", "pip install 'whichmin[tools]'"
    ) from error

SAMPLES = 8
WHICHMIN = {
    "name": "curvlinops",
    "version": version("curvlinops-for-pytorch"),
    "arrays": "torch",
    "kink": 0,
    "hessian": "sum",
    "loss_scale": 2,
    "stochastic": {"hessian_trace": {"method": "hutchinson", "samples": SAMPLES}},
}


def _operator(w: torch.Tensor, data: torch.Tensor, activation: str) -> HessianLinearOperator:
    model = TiedModule(w, activation)
    batches = [(part, part) for part in data.split(2)]
    return HessianLinearOperator(
        model, torch.nn.MSELoss(reduction="sum"), list(model.parameters()), batches,
        check_deterministic=False,
    )  # fmt: skip


def hessian(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """Multiply the operator by the identity, as its documentation does."""
    operator = _operator(w, data, activation)
    result: torch.Tensor = operator @ torch.eye(len(w), dtype=w.dtype)
    return result


def hessian_vector_product(
    w: torch.Tensor, data: torch.Tensor, v: torch.Tensor, activation: str
) -> torch.Tensor:
    """Multiply the operator by a vector."""
    result: torch.Tensor = _operator(w, data, activation) @ v
    return result


def hessian_trace(w: torch.Tensor, data: torch.Tensor, activation: str, seed: int) -> float:
    """Average calls of ``hutchinson_trace`` with one vector each; a call takes at most n."""
    torch.manual_seed(seed)
    operator = _operator(w, data, activation)
    return sum(float(hutchinson_trace(operator, 1)) for _ in range(SAMPLES)) / SAMPLES

"""Adapter for hessian-eigenthings: products, Hutchinson's trace, top eigenvalue by Lanczos."""

from __future__ import annotations

import torch

from whichmin.errors import MissingDependency
from whichmin.verification.oracle.adapters.tied_module import TiedModule, half_mean_square

try:
    import hessian_eigenthings
    from hessian_eigenthings import HessianOperator, hutchinson, lanczos, supervised_loss
except ImportError as error:
    raise MissingDependency(
        "hessian_eigenthings", "this target is hessian-eigenthings",
        "pip install 'hessian-eigenthings>=1.0.0a5'",
    ) from error  # fmt: skip

SAMPLES = 20
WHICHMIN = {
    "name": "hessian-eigenthings",
    "version": hessian_eigenthings.__version__,
    "arrays": "torch",
    "kink": 0,
    "stochastic": {"hessian_trace": {"method": "hutchinson", "samples": SAMPLES}},
}


def _operator(w: torch.Tensor, data: torch.Tensor, activation: str) -> HessianOperator:
    model = TiedModule(w, activation)
    return HessianOperator(model, [(data, data)], supervised_loss(half_mean_square))


def hessian_vector_product(
    w: torch.Tensor, data: torch.Tensor, v: torch.Tensor, activation: str
) -> torch.Tensor:
    """Call ``matvec``."""
    product: torch.Tensor = _operator(w, data, activation).matvec(v)
    return product


def hessian_trace(w: torch.Tensor, data: torch.Tensor, activation: str, seed: int) -> float:
    """Compute Hutchinson's estimate."""
    operator = _operator(w, data, activation)
    return float(hutchinson(operator, num_samples=SAMPLES, seed=seed).estimate)


def top_eigenvalue(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """Call Lanczos with ``which="LA"``, reorthogonalised, with as many steps as weights."""
    operator = _operator(w, data, activation)
    found = lanczos(operator, k=1, max_iter=len(w), which="LA", reorthogonalize=True, seed=0)
    top: torch.Tensor = found.eigenvalues[0]
    return top

"""Adapter for ASDL (``asdfghjkl`` on PyPI): Hessian, products and power iteration.

The tolerance of the power iteration is set to 0: then its stopping rule asks for all iterations.
"""

from __future__ import annotations

from importlib.metadata import version

import torch

from whichmin.errors import MissingDependency
from whichmin.verification.oracle.adapters.tied_module import TiedModule, half_mean_square

try:
    from asdl import SHAPE_FULL, HessianConfig, HessianMaker, ParamVector
except ImportError as error:
    raise MissingDependency(
        "asdl", "this target is ASDL", "pip install 'whichmin[tools]'"
    ) from error

ITERATIONS = 200
WHICHMIN = {
    "name": "asdfghjkl (ASDL)",
    "version": version("asdfghjkl"),
    "arrays": "torch",
    "kink": 0,
    "top_eigenvalue": "largest magnitude",
    "stochastic": {"top_eigenvalue": {"method": "power iteration", "samples": ITERATIONS}},
}


def _maker(w: torch.Tensor, data: torch.Tensor, activation: str) -> HessianMaker:
    maker = HessianMaker(TiedModule(w, activation), HessianConfig(hessian_shapes=[SHAPE_FULL]))
    found = maker.setup_model_call(maker.model, data)
    maker.setup_loss_call(half_mean_square, found, data)
    return maker


def hessian(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """Call ``forward_and_backward`` of a ``HessianMaker``."""
    maker = _maker(w, data, activation)
    maker.forward_and_backward()
    matrix: torch.Tensor = maker.model.hessian.data
    return matrix


def hessian_vector_product(
    w: torch.Tensor, data: torch.Tensor, v: torch.Tensor, activation: str
) -> torch.Tensor:
    """Call ``forward_and_backward`` with a vector."""
    maker = _maker(w, data, activation)
    maker.forward_and_backward(hvp=True, vec=ParamVector(maker.model.parameters(), [v]))
    product: torch.Tensor = maker.model.hvp.get_flatten_vector()
    return product


def top_eigenvalue(w: torch.Tensor, data: torch.Tensor, activation: str, seed: int) -> float:
    """Return the first value of ``hessian_eig``."""
    torch.manual_seed(seed)
    return float(_maker(w, data, activation).hessian_eig(max_iters=ITERATIONS, tol=0)[0][0])

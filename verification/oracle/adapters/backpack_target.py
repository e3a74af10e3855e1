"""BackPACK: gradients of the single points by ``BatchGrad``.

BackPACK works layer by layer, so the tied weights stand in two layers; the gradient by the tied
weights is the sum of those by the two copies. ``DiagHessian`` cannot be judged on this model: it
gives the diagonal for each copy, without the mixed second derivatives of the two.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import torch

from whichmin.errors import MissingDependency

try:
    from backpack import backpack, extend
    from backpack.extensions import BatchGrad
except ImportError as error:
    raise MissingDependency(
        "backpack", "this target is BackPACK", "pip install --no-deps backpack-for-pytorch"
    ) from error

WHICHMIN = {
    "name": "BackPACK",
    "version": version("backpack-for-pytorch"),
    "arrays": "torch",
    "gradient": "sum",
    "loss_scale": 2,
}


def _point_gradients(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    n = len(w)
    encoder = torch.nn.Linear(n, 1, bias=False, dtype=w.dtype)
    decoder = torch.nn.Linear(1, n, bias=False, dtype=w.dtype)
    with torch.no_grad():
        encoder.weight.copy_(w[None, :])
        decoder.weight.copy_(w[:, None])
    middle = [torch.nn.ReLU()] if activation == "relu" else []
    model = extend(torch.nn.Sequential(encoder, *middle, decoder))
    criterion = extend(torch.nn.MSELoss(reduction="sum"))
    with backpack(BatchGrad()):
        criterion(model(data), data).backward()
    left: Any = encoder.weight
    right: Any = decoder.weight
    each: torch.Tensor = left.grad_batch[:, 0, :] + right.grad_batch[:, :, 0]
    return each


def gradient(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """The sum of the points' gradients."""
    return _point_gradients(w, data, activation).sum(0)


def noise_scale(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """The definition, from the points' gradients."""
    each = _point_gradients(w, data, activation)
    mean = each.mean(0)
    return (each - mean).square().sum() / len(each) / mean.square().sum()

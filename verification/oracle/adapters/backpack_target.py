"""Adapter for BackPACK: gradients of the single points by ``BatchGrad``, trace by ``DiagHessian``.

BackPACK works layer by layer, so the tied weights stand in two layers, e in the encoder and d in
the decoder. The gradient by the tied weights is the sum of those by the two copies; their diagonal
of the Hessian is ``diag H_ee + diag H_dd + 2 diag H_ed``. The first two are BackPACK's; it does not
give mixed second derivatives of two layers, so the third is autograd's.
"""

from __future__ import annotations

import warnings
from importlib.metadata import version
from typing import Any

import torch

from whichmin.errors import MissingDependency

try:
    from backpack import backpack, extend
    from backpack.extensions import BatchGrad, DiagHessian
except ImportError as error:
    raise MissingDependency(
        "backpack", "this target is BackPACK", "pip install 'whichmin[tools]'"
    ) from error

# What torch says of every module with a full backward hook whose input needs no gradient.
warnings.filterwarnings("ignore", message="Full backward hook is firing", category=UserWarning)

WHICHMIN = {
    "name": "BackPACK",
    "version": version("backpack-for-pytorch"),
    "arrays": "torch",
    "gradient": "sum",
    "hessian": "sum",
    "kink": 0,
    "loss_scale": 2,
}


def _model(w: torch.Tensor, activation: str) -> tuple[Any, Any, Any]:
    """The autoencoder as two layers, and both of them."""
    n = len(w)
    encoder = torch.nn.Linear(n, 1, bias=False, dtype=w.dtype)
    decoder = torch.nn.Linear(1, n, bias=False, dtype=w.dtype)
    with torch.no_grad():
        encoder.weight.copy_(w[None, :])
        decoder.weight.copy_(w[:, None])
    middle = [torch.nn.ReLU()] if activation == "relu" else []
    return torch.nn.Sequential(encoder, *middle, decoder), encoder, decoder


def _point_gradients(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    plain, left, right = _model(w, activation)
    model = extend(plain)
    criterion = extend(torch.nn.MSELoss(reduction="sum"))
    with backpack(BatchGrad()):
        criterion(model(data), data).backward()
    each: torch.Tensor = left.weight.grad_batch[:, 0, :] + right.weight.grad_batch[:, :, 0]
    return each


def gradient(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """Compute the sum of the points' gradients."""
    return _point_gradients(w, data, activation).sum(0)


def noise_scale(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """Compute the noise scale by its definition, from the points' gradients."""
    each = _point_gradients(w, data, activation)
    mean = each.mean(0)
    return (each - mean).square().sum() / len(each) / mean.square().sum()


def hessian_trace(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """Add both diagonals, and twice that of the mixed second derivatives."""
    plain, left, right = _model(w, activation)
    model = extend(plain)
    criterion = extend(torch.nn.MSELoss(reduction="sum"))
    with backpack(DiagHessian()):
        criterion(model(data), data).backward()
    own = left.weight.diag_h.sum() + right.weight.diag_h.sum()
    plain, left, right = _model(w, activation)
    value = torch.nn.functional.mse_loss(plain(data), data, reduction="sum")
    (slope,) = torch.autograd.grad(value, left.weight, create_graph=True)
    mixed = [
        torch.autograd.grad(slope[0, i], right.weight, retain_graph=True)[0][i, 0]
        for i in range(len(w))
    ]
    total: torch.Tensor = own + 2 * torch.stack(mixed).sum()
    return total.detach()

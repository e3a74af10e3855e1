"""Adapter for ``SAM`` of pytorch_optimizer: the rise of the loss by its ascent step.

The length of the gradient is a float32 tensor there, as documented, so it is judged in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import torch

from whichmin.errors import MissingDependency

try:
    from pytorch_optimizer import SAM
except ImportError as error:
    raise MissingDependency(
        "pytorch_optimizer", "this target is its SAM", "pip install 'whichmin[tools]'"
    ) from error

WHICHMIN = {
    "name": "pytorch_optimizer, SAM",
    "version": version("pytorch_optimizer"),
    "arrays": "torch",
    "dtype": "float32",
    "sam_share": 0,  # one ascent step, as it is meant
}


def sam_sharpness(
    loss: Callable[[torch.Tensor], torch.Tensor], w: torch.Tensor, radius: float
) -> float:
    """Call ``first_step``, and compare the losses before and after it."""
    weights = torch.nn.Parameter(w.clone())
    optimiser = SAM([weights], torch.optim.SGD, rho=radius, lr=0.1)
    before = loss(weights)
    before.backward()
    optimiser.first_step()
    with torch.no_grad():
        return float(loss(weights) - before)

"""Adapter for gns-pytorch: ``compute_gns`` on batches of four, averaged.

Its documentation averages the values of several batches, because a single one is very noisy. It
adds up in torch's default precision, so it is judged in float32.
"""

from __future__ import annotations

import gc
from importlib.metadata import version

import torch

from whichmin.errors import MissingDependency
from whichmin.verification.oracle.adapters.tied_module import TiedModule

try:
    from gns_pytorch import compute_gns
except ImportError as error:
    raise MissingDependency(
        "gns_pytorch", "this target is gns-pytorch", "pip install 'whichmin[tools]'"
    ) from error

# compute_gns collects garbage at each call: what is loaded by now is none.
gc.freeze()

SAMPLES = 30
BATCH = 4
WHICHMIN = {
    "name": "gns-pytorch",
    "version": version("gns-pytorch"),
    "arrays": "torch",
    "dtype": "float32",
    "sampling": "with-replacement",
    "noise_batches": (1, BATCH),
    "stochastic": {"noise_scale": {"method": "two batch sizes", "samples": SAMPLES}},
}


def noise_scale(w: torch.Tensor, data: torch.Tensor, activation: str, seed: int) -> float:
    """Average what ``compute_gns`` returns for batches with replacement."""
    draw = torch.Generator().manual_seed(seed)
    model, found = TiedModule(w, activation), []
    for _ in range(SAMPLES):
        points = data[torch.randint(len(data), (BATCH,), generator=draw)]
        losses = (model(points) - points).square().sum(1) / 2
        found.append(compute_gns(losses, model, param_percentage=1, batch_percentage=1))
    return float(sum(found) / SAMPLES)

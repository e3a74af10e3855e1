"""Adapter for our own instruments (``whichmin.sharpness``, ``whichmin.noise``), for any loss.

The searches are given more starts and iterations than by default: the oracle asks for the maximum.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from whichmin.core import instruments as measures
from whichmin.core.instruments import Objective, closure_objective
from whichmin.provenance import version

PAIRS = 50
WHICHMIN = {
    "name": "whichmin, instruments",
    "version": version(),
    "arrays": "torch",
    "kink": 0,
    # A pair of opposite moves counts once: its mean varies at most as much as one move, and near a
    # minimum, where both rise alike, no less.
    "stochastic": {"average_sharpness": {"method": "samples", "samples": PAIRS}},
}
Loss = Callable[[torch.Tensor], torch.Tensor]


def _objective(w: torch.Tensor, data: torch.Tensor, activation: str) -> Objective:
    def losses(v: torch.Tensor) -> torch.Tensor:
        inner = data @ v
        code = torch.relu(inner) if activation == "relu" else inner
        return (data - code[:, None] * v).square().sum(1) / 2

    return closure_objective(losses, w, kinks="pytorch")


def hessian(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """Call ``hessian_matrix``."""
    return measures.hessian_matrix(_objective(w, data, activation))


def hessian_vector_product(
    w: torch.Tensor, data: torch.Tensor, v: torch.Tensor, activation: str
) -> torch.Tensor:
    """Call ``Objective.hessian_product``."""
    return _objective(w, data, activation).hessian_product(v)


def hessian_trace(w: torch.Tensor, data: torch.Tensor, activation: str) -> float:
    """Call ``estimate_trace(method="exact")``."""
    return measures.estimate_trace(_objective(w, data, activation), method="exact").value


def top_eigenvalue(w: torch.Tensor, data: torch.Tensor, activation: str) -> float:
    """Call ``extreme_eigenvalues``, to 1e-13; for one weight ``full_spectrum``."""
    objective = _objective(w, data, activation)
    if len(w) == 1:
        return float(measures.full_spectrum(objective)[0])
    return float(measures.extreme_eigenvalues(objective, tolerance=1e-13).values[0])


def spectrum(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """Call ``full_spectrum``."""
    return torch.from_numpy(measures.full_spectrum(_objective(w, data, activation)))


def relative_flatness(w: torch.Tensor, data: torch.Tensor, activation: str) -> float:
    """Multiply the squared length of the weights by the trace."""
    return float(w @ w) * hessian_trace(w, data, activation)


def noise_scale(w: torch.Tensor, data: torch.Tensor, activation: str) -> float:
    """Return ``gradient_noise(...).simple_scale``."""
    return measures.gradient_noise(_objective(w, data, activation)).simple_scale


def hessian_noise_scale(w: torch.Tensor, data: torch.Tensor, activation: str) -> float:
    """Return ``curved_noise(...).scale`` of all samples."""
    return measures.curved_noise(_objective(w, data, activation)).scale


def keskar_sharpness(loss: Loss, w: torch.Tensor, eps: float) -> float:
    """Call ``keskar_sharpness`` with 32 searches of L-BFGS-B, of 100 iterations."""
    found = measures.keskar_sharpness(
        closure_objective(loss, w), eps, starts=32, max_iterations=100, corners=False
    )
    return found.value


def sam_sharpness(loss: Loss, w: torch.Tensor, radius: float) -> float:
    """Call ``worst_sharpness`` with 8 starts of 100 steps."""
    return measures.worst_sharpness(closure_objective(loss, w), radius, starts=8, steps=100).value


def average_sharpness(loss: Loss, w: torch.Tensor, sigma: float, seed: int) -> float:
    """Call ``average_sharpness`` with 50 pairs."""
    objective = closure_objective(loss, w)
    return measures.average_sharpness(objective, sigma, pairs=PAIRS, seed=seed).value

"""The model as a ``torch.nn.Module``, as a user of a curvature library would write it."""

from __future__ import annotations

import torch

from whichmin.moved import renamed

__all__ = ["TiedModule", "half_mean_square"]

__getattr__ = renamed(__name__, TiedAutoencoder="TiedModule")


class TiedModule(torch.nn.Module):
    """``x -> w phi(<w, x>)``, with the weights in one parameter."""

    def __init__(self, w: torch.Tensor, activation: str) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(w.clone())
        self.activation = activation

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        """Reconstruct.

        Args:
            points: Rows, ``(b, n)``.

        Returns:
            The reconstructions, ``(b, n)``.
        """
        inner = points @ self.weight
        code = torch.relu(inner) if self.activation == "relu" else inner
        return code[:, None] * self.weight


def half_mean_square(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean over the points of half the squared distance.

    Args:
        found: Reconstructions.
        wanted: Points.

    Returns:
        A number.
    """
    return (found - wanted).square().sum() / (2 * len(wanted))

"""The model as a ``torch.nn.Module``, as a user of a curvature library would write it."""

from __future__ import annotations

import torch

from whichmin.moved import renamed

__all__ = ["TiedModule", "half_mean_square"]

__getattr__ = renamed(__name__, TiedAutoencoder="TiedModule")


class TiedModule(torch.nn.Module):
    r"""The autoencoder with tied weights, held in one parameter.

    .. math:: x \mapsto \varphi(\langle w, x \rangle)\, w
    """

    def __init__(self, w: torch.Tensor, activation: str) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(w.clone())
        self.activation = activation

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        """Reconstruct points.

        Args:
            points: Rows, ``(b, n)``.

        Returns:
            The reconstructions, ``(b, n)``.
        """
        inner = points @ self.weight
        code = torch.relu(inner) if self.activation == "relu" else inner
        return code[:, None] * self.weight


def half_mean_square(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Compute the mean over the points of half the squared distance.

    Args:
        found: Reconstructions, ``(b, n)``.
        wanted: Points, ``(b, n)``.

    Returns:
        The mean.
    """
    return (found - wanted).square().sum() / (2 * len(wanted))

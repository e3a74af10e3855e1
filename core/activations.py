"""The activation and its derivative, with the choice at the kink spelled out.

Both activations are ``phi(t) = slope(t) * t`` with a piecewise constant slope: 1 for the identity,
``[t > 0]`` for ReLU. At ``t = 0`` the slope is a convention; it never changes a value or a gradient
of the loss (both carry a factor ``phi(0) = 0``), only second derivatives.
"""

from __future__ import annotations

import torch

from whichmin.words import Activation

__all__ = ["activate", "slope"]


def slope(
    t: torch.Tensor, activation: Activation, at_kink: float = 0.0, kink_width: float = 0.0
) -> torch.Tensor:
    """Derivative of the activation.

    Args:
        t: Any shape.
        activation: Identity or ReLU.
        at_kink: ReLU's slope where ``|t| <= kink_width``; 0 is what frameworks use.
        kink_width: Half-width of the interval that counts as the kink.

    Returns:
        Slopes, same shape as ``t``, constant for automatic differentiation.
    """
    with torch.no_grad():
        if activation is Activation.LINEAR:
            return torch.ones_like(t)
        outside = (t > kink_width).to(t.dtype)
        return torch.where(t.abs() <= kink_width, torch.full_like(t, at_kink), outside)


def activate(
    t: torch.Tensor, activation: Activation, at_kink: float = 0.0, kink_width: float = 0.0
) -> torch.Tensor:
    """Value of the activation, differentiable through the declared slope (see :func:`slope`).

    Returns:
        ``phi(t)``, same shape as ``t``.
    """
    return t * slope(t, activation, at_kink, kink_width)

"""The activation and its derivative, with the choice at the kink spelled out.

Both activations are ``phi(t) = slope(t) * t`` with a piecewise constant slope: 1 for the identity,
``[t > 0]`` for ReLU. At ``t = 0`` the slope is a convention; it never changes a value or a gradient
of the loss (both carry a factor ``phi(0) = 0``), only second derivatives.
"""

from __future__ import annotations

from typing import Any

import torch

from whichmin.core.validation import check_real
from whichmin.words import Activation, Kink, parse

__all__ = ["activate", "check_kink", "slope"]


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


def check_kink(kink: Any, width: Any) -> tuple[float, float]:
    """Validate the convention at the kink.

    Args:
        kink: ``left``, ``mean`` or ``right``, or a member of :class:`~whichmin.words.Kink`.
        width: Half-width of the interval that counts as the kink.

    Returns:
        Kappa and width.

    Raises:
        InputError: An unknown name, or no width.
    """
    half = check_real(width, "kink_width", 0)
    return float(parse(Kink, kink, "kink").value), half

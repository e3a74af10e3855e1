"""Loss and gradient of the single-neuron weight-tied autoencoder, and where its minima are.

Model ``f(x; w) = w phi(<w, x>)``, per-sample loss ``|a - f(a; w)|^2 / 2`` (Ghosh, Frei, Ha, Yu,
JMLR 2025). Written directly from the definition in R^n; only :func:`minimum_loss` and
:func:`loss_gap` use the structure of the data.
"""

from __future__ import annotations

from typing import Any

import torch

from whichmin.core.activations import activate
from whichmin.core.data import Data, make_data
from whichmin.core.validation import check_device, check_dtype, check_weights
from whichmin.words import Activation, parse

__all__ = ["gradient", "loss", "loss_gap", "minimum_loss", "reconstruction_loss"]


def reconstruction_loss(
    weights: torch.Tensor,
    points: torch.Tensor,
    activation: Activation,
    at_kink: float = 0.0,
    kink_width: float = 0.0,
) -> torch.Tensor:
    """Mean reconstruction loss, straight from the definition and differentiable.

    Args:
        weights: Shape ``(..., n)``.
        points: Data points, shape ``(..., b, n)``.
        activation: Identity or ReLU.
        at_kink: ReLU's slope at the kink.
        kink_width: Half-width of the interval that counts as the kink.

    Returns:
        ``(1/b) sum_i |a_i - w phi(<w, a_i>)|^2 / 2``, shape ``(...)``.
    """
    inner = (points * weights.unsqueeze(-2)).sum(-1)
    code = activate(inner, activation, at_kink, kink_width)
    residual = points - code.unsqueeze(-1) * weights.unsqueeze(-2)
    return 0.5 * residual.square().sum(-1).mean(-1)


def loss(
    w: Any, data: Any, *, activation: Any = "relu", dtype: Any = "float64", device: Any = "cpu"
) -> torch.Tensor:
    """Loss of the autoencoder; any data, orthonormal or not.

    Args:
        w: Weights, shape ``(n,)`` or ``(replicas, n)``.
        data: Data points as rows, shape ``(m, n)``.
        activation: ``linear`` or ``relu``.
        dtype: float64 or float32.
        device: Where to compute.

    Returns:
        A scalar, or shape ``(replicas,)``.

    Raises:
        InputError: Wrong shapes, not finite, or an unknown name.

    Example:
        >>> float(loss([1.0, 0.0], [[1.0, 0.0], [0.0, 1.0]]))
        0.25
    """
    weights, points, act = _inputs(w, data, activation, dtype, device)
    value = reconstruction_loss(weights, points, act)
    return value if _ndim(w) == 2 else value[0]


def gradient(
    w: Any, data: Any, *, activation: Any = "relu", dtype: Any = "float64", device: Any = "cpu"
) -> torch.Tensor:
    """Gradient of :func:`loss` by automatic differentiation.

    Args:
        w: Weights, shape ``(n,)`` or ``(replicas, n)``.
        data: Data points as rows, shape ``(m, n)``.
        activation: ``linear`` or ``relu``.
        dtype: float64 or float32.
        device: Where to compute.

    Returns:
        Same shape as ``w``.

    Raises:
        InputError: Wrong shapes, not finite, or an unknown name.
    """
    weights, points, act = _inputs(w, data, activation, dtype, device)
    weights.requires_grad_(True)
    reconstruction_loss(weights, points, act).sum().backward()
    assert weights.grad is not None
    return weights.grad if _ndim(w) == 2 else weights.grad[0]


def minimum_loss(data: Data, activation: Activation) -> float | None:
    """Global minimum of the loss, where it is known in closed form.

    Orthonormal data: ``1/2 - 1/(2m)``, both activations. Other data, linear: with
    ``M = (1/m) sum a_i a_i^T`` the loss is ``[tr M + (|w|^2 - 2) w^T M w] / 2``, least at the unit
    top eigenvector, hence ``(tr M - top)/2``. Other data, ReLU: not known.

    Returns:
        The minimum, or None.
    """
    if data.orthonormal:
        return 0.5 - 0.5 / data.m
    if activation is Activation.LINEAR:
        moment = data.gram / data.m  # same non-zero eigenvalues as M
        return float(0.5 * (moment.trace() - torch.linalg.eigvalsh(moment)[-1]))
    return None


def loss_gap(active_energy: torch.Tensor, inactive_energy: torch.Tensor, m: int) -> torch.Tensor:
    """Loss above the global minimum for orthonormal data, without cancellation.

    ``L - L* = [(1 - C)^2 + C R] / (2m)``: both terms are non-negative, so tiny gaps keep all their
    digits, which the difference of two losses near 1/2 would not.

    Args:
        active_energy: ``C``, the sum of ``phi(c_i)^2``.
        inactive_energy: ``R = |w|^2 - C``: off-span energy and, for ReLU, negative correlations.
        m: Number of data points.

    Returns:
        The gap, same shape.
    """
    return ((1 - active_energy).square() + active_energy * inactive_energy) / (2 * m)


def _ndim(w: Any) -> int:
    return w.ndim if hasattr(w, "ndim") else torch.as_tensor(w).ndim


def _inputs(
    w: Any, data: Any, activation: Any, dtype: Any, device: Any
) -> tuple[torch.Tensor, torch.Tensor, Activation]:
    act = parse(Activation, activation, "activation")
    kind, place = check_dtype(dtype), check_device(device)
    if not isinstance(data, Data):
        data = make_data(data, handling="as-is", dtype=kind, device=place)
    points = data.points.to(device=place, dtype=kind)
    return check_weights(w, data.n, "w", kind, place), points, act

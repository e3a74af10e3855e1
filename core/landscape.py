"""Loss and gradient of the single-neuron weight-tied autoencoder, and where its minima are.

Model ``f(x; w) = w phi(<w, x>)``, per-sample loss ``|a - f(a; w)|^2 / 2`` (Ghosh, Frei, Ha, Yu,
JMLR 2025). Written directly from the definition in R^n; only :func:`minimum_loss` and
:func:`loss_gap` use the structure of the data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from whichmin.core.activations import activate
from whichmin.core.data import Data, make_data
from whichmin.core.threads import single_threaded
from whichmin.core.validation import check_device, check_dtype, check_weights
from whichmin.words import Activation, parse

__all__ = [
    "correlated_gap",
    "gradient",
    "loss",
    "loss_gap",
    "minimum_loss",
    "reconstruction_loss",
]


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
    weights, points, act, single = _inputs(w, data, activation, dtype, device)
    value = reconstruction_loss(weights, points, act)
    return value[0] if single else value


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
    weights, points, act, single = _inputs(w, data, activation, dtype, device)
    weights.requires_grad_(True)
    with torch.enable_grad():
        total = reconstruction_loss(weights, points, act).sum()
    (slope,) = torch.autograd.grad(total, weights)
    return slope[0] if single else slope


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


def correlated_gap(
    data: Data, norm: torch.Tensor, correlations: torch.Tensor, off_span: torch.Tensor
) -> torch.Tensor:
    """Loss above the global minimum for any data, linear activation, without cancellation.

    With ``M = A^T A / m``, its eigenvalues ``lambda_j`` and the weights' coordinates ``x_j`` in its
    eigenvectors, ``w^T M w = top N - D`` for ``D = sum_j (top - lambda_j) x_j^2 >= 0``, and

        ``L - L* = [(N - 2)(top N - D) + top] / 2 = [top (N - 1)^2 + (2 - N) D] / 2``.

    Args:
        data: The data; ``x_j`` come from its Gram matrix, whose spectrum is that of ``m M``.
        norm: ``N``, shape ``(R,)``.
        correlations: Shape ``(R, m)``.
        off_span: Squared norm outside the span, shape ``(R,)``.

    Returns:
        The gap, shape ``(R,)``.
    """
    values, vectors = data.gram_spectrum
    with single_threaded():
        coordinates = correlations @ vectors
    held = values > data.m * torch.finfo(values.dtype).eps * values[-1]
    squares = torch.where(held, coordinates.square() / values.where(held, 1.0), 0.0)
    top = values[-1] / data.m
    deficit = ((values[-1] - values) / data.m * squares).sum(-1) + top * off_span
    return 0.5 * (top * (norm - 1).square() + (2 - norm) * deficit)


def _inputs(
    w: Any, data: Any, activation: Any, dtype: Any, device: Any
) -> tuple[torch.Tensor, torch.Tensor, Activation, bool]:
    act = parse(Activation, activation, "activation")
    kind, place = check_dtype(dtype), check_device(device)
    if not isinstance(data, Data):
        data = make_data(data, handling="as-is", dtype=kind, device=place)
    points = data.points.to(device=place, dtype=kind)
    single = w.ndim == 1 if hasattr(w, "ndim") else np.ndim(w) == 1
    return check_weights(w, data.n, "w", kind, place), points, act, single

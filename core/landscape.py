r"""Loss, gradient, activation and minima of the single-neuron autoencoder with tied weights.

The model is :math:`f(x; w) = w\,\varphi(\langle w, x\rangle)` and the loss is

.. math:: L(w) = \frac1{2m} \sum_{i=1}^m \lvert a_i - w\,\varphi(\langle w, a_i\rangle)\rvert^2

(Ghosh, Frei, Ha, Yu, JMLR 26, 2025). :func:`reconstruction_loss` is this definition; only
:func:`minimum_loss`, :func:`loss_gap` and :func:`correlated_gap` use the structure of the data.

Both activations are :math:`\varphi(t) = s(t)\,t` with a piecewise constant slope: 1 for the
identity, :math:`[t > 0]` for ReLU. At :math:`t = 0` the slope is a convention. It never changes a
value or a gradient of the loss, because both carry a factor :math:`\varphi(0) = 0`; it changes
second derivatives.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import torch

from whichmin.core.data import Data, as_data
from whichmin.core.threads import single_threaded
from whichmin.core.validation import check_device, check_dtype, check_real, check_weights
from whichmin.words import Activation, Kink, parse

__all__ = [
    "activate",
    "active_energy",
    "check_kink",
    "correlated_gap",
    "gradient",
    "loss",
    "loss_gap",
    "minimum_loss",
    "norm_factor",
    "reconstruction_loss",
    "rectified",
    "slope",
]

_Number = TypeVar("_Number", float, torch.Tensor)


def slope(
    t: torch.Tensor, activation: Activation, at_kink: float = 0.0, kink_width: float = 0.0
) -> torch.Tensor:
    r"""Compute the derivative of the activation.

    .. math:: s(t) = \begin{cases} 1 & \text{identity, or } t > h, \\
                                   s_0 & |t| \le h, \\ 0 & t < -h \end{cases}

    with :math:`s_0` = ``at_kink`` and :math:`h` = ``kink_width``.

    Args:
        t: Any shape.
        activation: Identity or ReLU.
        at_kink: Slope of ReLU where ``|t| <= kink_width``; 0 is what frameworks use.
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
    r"""Apply the activation.

    .. math:: \varphi(t) = s(t)\,t

    Automatic differentiation uses the declared slope s (see :func:`slope`).

    Args:
        t: Any shape.
        activation: Identity or ReLU.
        at_kink: Slope of ReLU where ``|t| <= kink_width``.
        kink_width: Half-width of the interval that counts as the kink.

    Returns:
        Values, same shape as ``t``.
    """
    return t * slope(t, activation, at_kink, kink_width)


def rectified(t: torch.Tensor, activation: Activation) -> torch.Tensor:
    r"""Apply the activation to numbers that are not differentiated.

    .. math:: \varphi(t) = t \text{ for the identity}, \qquad \max(t, 0) \text{ for ReLU}

    Args:
        t: Any shape.
        activation: Identity or ReLU.

    Returns:
        Values, same shape as ``t``; for the identity ``t`` itself.
    """
    return t.clamp_min(0) if activation is Activation.RELU else t


def active_energy(correlations: torch.Tensor, activation: Activation) -> torch.Tensor:
    r"""Compute the energy of the active correlations.

    .. math:: C = \sum_i \varphi(c_i)^2

    Args:
        correlations: Shape ``(..., m)``.
        activation: Identity or ReLU.

    Returns:
        Shape ``(...)``.
    """
    return rectified(correlations, activation).square().sum(-1)


def check_kink(kink: Any, width: Any) -> tuple[float, float]:
    """Validate the convention at the kink of ReLU.

    Args:
        kink: ``left``, ``mean`` or ``right``, or a member of :class:`~whichmin.words.Kink`.
        width: Half-width of the interval that counts as the kink.

    Returns:
        Kappa and the half-width.

    Raises:
        InputError: An unknown name, or a width that is negative or not finite.
    """
    half = check_real(width, "kink_width", 0)
    return float(parse(Kink, kink, "kink").value), half


def norm_factor(squared_norm: _Number) -> _Number:
    r"""Compute the factor N - 2 of the model, N the squared norm of the weights.

    It stands in the loss of one sample and in its gradient. With :math:`c = \langle w, a\rangle`
    and :math:`s = s(c)` they are

    .. math:: \ell = \tfrac12 |a|^2 + \tfrac12 s\,(N - 2)\,c^2, \qquad
              \nabla \ell = s\,\bigl[(N - 2)\,c\,a + c^2\,w\bigr].

    Args:
        squared_norm: N, a number or a tensor.

    Returns:
        The factor, of the same kind and shape.
    """
    return squared_norm - 2


def reconstruction_loss(
    weights: torch.Tensor,
    points: torch.Tensor,
    activation: Activation,
    at_kink: float = 0.0,
    kink_width: float = 0.0,
) -> torch.Tensor:
    r"""Compute the mean reconstruction loss from its definition, differentiably.

    .. math:: \frac1b \sum_{i=1}^b \tfrac12
              \lvert a_i - w\,\varphi(\langle w, a_i\rangle)\rvert^2

    Args:
        weights: Shape ``(..., n)``.
        points: Data points as rows, shape ``(..., b, n)``.
        activation: Identity or ReLU.
        at_kink: Slope of ReLU at the kink.
        kink_width: Half-width of the interval that counts as the kink.

    Returns:
        Shape ``(...)``.
    """
    inner = (points * weights.unsqueeze(-2)).sum(-1)
    code = activate(inner, activation, at_kink, kink_width)
    residual = points - code.unsqueeze(-1) * weights.unsqueeze(-2)
    return 0.5 * residual.square().sum(-1).mean(-1)


def loss(
    w: Any, data: Any, *, activation: Any = "relu", dtype: Any = "float64", device: Any = "cpu"
) -> torch.Tensor:
    r"""Compute the loss of the autoencoder on any data, orthonormal or not.

    On orthonormal data it is

    .. math:: L(w) = \tfrac12 + \frac{(N - 2)\,C}{2m}, \qquad
              N = |w|^2, \quad C = \sum_i \varphi(\langle w, a_i\rangle)^2 .

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
    r"""Compute the gradient of :func:`loss` by automatic differentiation.

    With :math:`\varphi_i = \varphi(\langle w, a_i\rangle)` it is

    .. math:: \nabla L(w) = \frac1m \sum_i \bigl[(N - 2)\,\varphi_i\,a_i + \varphi_i^2\,w\bigr] .

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
    (found,) = torch.autograd.grad(total, weights)
    return found[0] if single else found


def minimum_loss(data: Data, activation: Activation) -> float | None:
    r"""Compute the global minimum of the loss, where a closed form is known.

    On orthonormal data, for both activations, and on any data for the identity,

    .. math:: L^* = \tfrac12 - \frac1{2m} \qquad\text{and}\qquad
              L^* = \tfrac12\,(\operatorname{tr} M - \lambda_{\max}), \quad
              M = \frac1m \sum_i a_i a_i^\top .

    The second holds because :math:`L = \tfrac12[\operatorname{tr} M + (N - 2)\,w^\top M w]`, which
    is least at the unit eigenvector of the largest eigenvalue.

    Args:
        data: The data.
        activation: Identity or ReLU.

    Returns:
        The minimum, or None for ReLU on data that are not orthonormal.
    """
    if data.orthonormal:
        return 0.5 - 0.5 / data.m
    if activation is Activation.LINEAR:
        moment = data.gram / data.m  # same non-zero eigenvalues as M
        return float(0.5 * (moment.trace() - torch.linalg.eigvalsh(moment)[-1]))
    return None


def loss_gap(active_energy: torch.Tensor, inactive_energy: torch.Tensor, m: int) -> torch.Tensor:
    r"""Compute the loss above its global minimum on orthonormal data, without cancellation.

    .. math:: L - L^* = \frac{(1 - C)^2 + C\,R}{2m}

    Both terms are non-negative, so tiny gaps keep all their digits. The difference of two losses
    near 1/2 would lose them.

    Args:
        active_energy: :math:`C = \sum_i \varphi(c_i)^2`.
        inactive_energy: :math:`R = |w|^2 - C`: off-span energy and, for ReLU, the squares of
            negative correlations.
        m: _Number of data points.

    Returns:
        The gap, same shape.
    """
    return ((1 - active_energy).square() + active_energy * inactive_energy) / (2 * m)


def correlated_gap(
    data: Data, norm: torch.Tensor, correlations: torch.Tensor, off_span: torch.Tensor
) -> torch.Tensor:
    r"""Compute the loss above its global minimum on any data, for the identity.

    With the eigenvalues :math:`\lambda_j` of :math:`M = A^\top A / m` and the coordinates
    :math:`x_j` of the weights in its eigenvectors,

    .. math:: L - L^* = \tfrac12\bigl[\lambda_{\max} (N - 1)^2 + (2 - N)\,D\bigr], \qquad
              D = \sum_j (\lambda_{\max} - \lambda_j)\,x_j^2 \ge 0 ,

    because :math:`w^\top M w = \lambda_{\max} N - D`. Nothing cancels at a minimum, where
    :math:`N = 1` and :math:`D = 0`.

    Args:
        data: The data; the ``x_j`` come from its Gram matrix, whose spectrum is that of ``m M``.
        norm: ``N``, shape ``(R,)``.
        correlations: Shape ``(R, m)``.
        off_span: Squared norm outside the span of the data, shape ``(R,)``.

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
    return 0.5 * (top * (norm - 1).square() - norm_factor(norm) * deficit)


def _inputs(
    w: Any, data: Any, activation: Any, dtype: Any, device: Any
) -> tuple[torch.Tensor, torch.Tensor, Activation, bool]:
    act = parse(Activation, activation, "activation")
    kind, place = check_dtype(dtype), check_device(device)
    valid = as_data(data, kind, place)
    single = w.ndim == 1 if hasattr(w, "ndim") else np.ndim(w) == 1
    return check_weights(w, valid.n, "w", kind, place), valid.points, act, single

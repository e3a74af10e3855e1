"""Hessian, trace and spectrum at a point, by automatic differentiation, under a declared kappa.

ReLU has no second derivative at 0, which is where its minima lie. The convention kappa is the
value given to the second derivative of ``phi(t)^2 / 2`` at ``t = 0``. The Hessian of each sample
is affine in that value, so it is *the mixture* ``(1 - kappa) H(slope 0) + kappa H(slope 1)`` of
two Hessians that automatic differentiation computes. Setting ReLU's own slope at 0 to kappa would
be something else: the loss contains ``phi'(0)^2``, and kappa = 1/2 would come out as
``(N/4 - 1) a a^T`` in place of ``(N/2 - 1) a a^T``.
"""

from __future__ import annotations

import numbers
from fractions import Fraction
from typing import Any

import torch

from whichmin.core.activations import slope
from whichmin.core.data import Data, make_data
from whichmin.core.landscape import reconstruction_loss
from whichmin.core.threads import single_threaded
from whichmin.core.validation import check_device, check_dtype, check_weights
from whichmin.errors import InputError
from whichmin.words import Activation, Kink, parse

__all__ = [
    "hessian",
    "hessian_spectrum",
    "hessian_trace",
    "plain_autograd_hessian",
    "top_eigenvalue",
]


def hessian(
    w: Any,
    data: Any,
    *,
    activation: Any = Activation.RELU,
    kink: Any = Kink.LEFT,
    kink_width: Any = 0.0,
    dtype: Any = "float64",
    device: Any = "cpu",
) -> torch.Tensor:
    """Hessian of the full-batch loss.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``; any data.
        activation: ``linear`` or ``relu``.
        kink: Convention at the kink: ``left``, ``mean`` or ``right``, or a member of
            :class:`~whichmin.words.Kink`.
        kink_width: Correlations within this distance of 0 count as being at the kink. At a
            computed minimum they are small, not zero.
        dtype: float64 or float32.
        device: Where to compute.

    Returns:
        Shape ``(n, n)``.

    Raises:
        InputError: Wrong shapes, not finite, or an unknown name.

    Example:
        >>> import numpy as np
        >>> H = hessian([1.0, 0.0], np.eye(2), kink="mean")
        >>> (2 * torch.diagonal(H)).tolist()
        [4.0, 0.5]
    """
    act = parse(Activation, activation, "activation")
    weight, valid = _inputs(w, data, dtype, device)
    kappa = parse(Kink, kink, "kink").value
    number = isinstance(kink_width, numbers.Real) and not isinstance(kink_width, bool)
    if not (number and kink_width >= 0):
        raise InputError("kink_width", kink_width, "must be a number >= 0")

    def at(side: Fraction) -> torch.Tensor:
        def value(point: torch.Tensor) -> torch.Tensor:
            return reconstruction_loss(point, valid.points, act, float(side), kink_width)

        return _second_derivative(value, weight)

    if kappa in (0, 1):
        return at(kappa)
    return (1 - float(kappa)) * at(Fraction(0)) + float(kappa) * at(Fraction(1))


def plain_autograd_hessian(
    w: Any, data: Any, *, activation: Any = Activation.RELU, dtype: Any = "float64"
) -> torch.Tensor:
    """Hessian as anybody would get it: ``torch.relu`` and two backward passes.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``.
        activation: ``linear`` or ``relu``.
        dtype: float64 or float32.

    Returns:
        Shape ``(n, n)``.

    Raises:
        InputError: Wrong shapes, not finite, or an unknown name.
    """
    act = parse(Activation, activation, "activation")
    weight, valid = _inputs(w, data, dtype, "cpu")

    def value(point: torch.Tensor) -> torch.Tensor:
        inner = valid.points @ point
        code = torch.relu(inner) if act is Activation.RELU else inner
        return 0.5 * (valid.points - code[:, None] * point).square().sum(1).mean()

    return _second_derivative(value, weight)


def hessian_trace(w: Any, data: Any, **options: Any) -> float:
    """Trace of :func:`hessian`; same arguments.

    Returns:
        The trace.
    """
    return float(hessian(w, data, **options).trace())


def hessian_spectrum(w: Any, data: Any, **options: Any) -> torch.Tensor:
    """Eigenvalues of :func:`hessian` in ascending order; same arguments.

    Returns:
        Shape ``(n,)``.
    """
    with single_threaded():
        eigenvalues: torch.Tensor = torch.linalg.eigvalsh(hessian(w, data, **options))
    return eigenvalues


def top_eigenvalue(w: Any, data: Any, **options: Any) -> float:
    """Largest eigenvalue (not largest in size) of :func:`hessian`; same arguments.

    Returns:
        The eigenvalue.
    """
    return float(hessian_spectrum(w, data, **options)[-1])


def kink_members(correlations: torch.Tensor, kink_width: float) -> torch.Tensor:
    """Which correlations count as being at the kink.

    Returns:
        Boolean mask of the same shape.
    """
    left = slope(correlations, Activation.RELU, 0.0, kink_width)
    right = slope(correlations, Activation.RELU, 1.0, kink_width)
    return left != right


def _second_derivative(value: Any, weight: torch.Tensor) -> torch.Tensor:
    with single_threaded(), torch.enable_grad():
        result = torch.autograd.functional.hessian(value, weight, vectorize=True)
    assert isinstance(result, torch.Tensor)
    return result


def _inputs(w: Any, data: Any, dtype: Any, device: Any) -> tuple[torch.Tensor, Data]:
    kind, place = check_dtype(dtype), check_device(device)
    if not isinstance(data, Data) or data.points.dtype != kind or data.points.device != place:
        points = data.points if isinstance(data, Data) else data
        data = make_data(points, handling="as-is", dtype=kind, device=place)
    weights = check_weights(w, data.n, "w", kind, place)
    if len(weights) != 1:
        raise InputError(
            "w", f"array of shape {tuple(weights.shape)}", f"must have shape ({data.n},)"
        )
    return weights[0], data

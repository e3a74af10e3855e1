"""Hessian, trace and spectrum at a point, by automatic differentiation, under a declared kappa.

ReLU has no second derivative at 0, which is where its minima lie. The convention kappa is the
value given to the second derivative of ``phi(t)^2 / 2`` at ``t = 0``. The Hessian of each sample
is affine in that value, so it is *the mixture* ``(1 - kappa) H(slope 0) + kappa H(slope 1)`` of
two Hessians that automatic differentiation computes. Setting ReLU's own slope at 0 to kappa would
be something else: the loss contains ``phi'(0)^2``, and kappa = 1/2 would come out as
``(N/4 - 1) a a^T`` in place of ``(N/2 - 1) a a^T``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from whichmin.core.activations import check_kink, slope
from whichmin.core.data import check_point
from whichmin.core.landscape import reconstruction_loss
from whichmin.core.threads import single_threaded
from whichmin.words import Activation, Kink, parse

__all__ = [
    "hessian",
    "hessian_spectrum",
    "hessian_trace",
    "kink_mixture",
    "plain_autograd_hessian",
    "second_derivative",
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
    weight, valid = check_point(w, data, dtype, device)
    kappa, width = check_kink(kink, kink_width)

    def at(side: float) -> torch.Tensor:
        def value(point: torch.Tensor) -> torch.Tensor:
            return reconstruction_loss(point, valid.points, act, side, width)

        return second_derivative(value, weight)

    return kink_mixture(at, kappa)


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
    weight, valid = check_point(w, data, dtype)

    def value(point: torch.Tensor) -> torch.Tensor:
        inner = valid.points @ point
        code = torch.relu(inner) if act is Activation.RELU else inner
        return 0.5 * (valid.points - code[:, None] * point).square().sum(1).mean()

    return second_derivative(value, weight)


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


def second_derivative(
    value: Callable[[torch.Tensor], torch.Tensor], at: torch.Tensor
) -> torch.Tensor:
    """Dense Hessian of a function of a flat vector, by automatic differentiation.

    Args:
        value: Maps shape ``(n,)`` to a number.
        at: Where, shape ``(n,)``.

    Returns:
        Shape ``(n, n)``.
    """
    with single_threaded(), torch.enable_grad():
        result = torch.autograd.functional.hessian(value, at, vectorize=True)
    assert isinstance(result, torch.Tensor)
    return result


def kink_mixture(at: Callable[[float], torch.Tensor], kappa: float) -> torch.Tensor:
    """Hessian for kappa from those with slope 0 and with slope 1 at the kink.

    Args:
        at: The Hessian for a slope at the kink.
        kappa: From 0 to 1.

    Returns:
        The mixture; one evaluation where one of the two has no weight.
    """
    if kappa in (0, 1):
        return at(kappa)
    return (1 - kappa) * at(0.0) + kappa * at(1.0)

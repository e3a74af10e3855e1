r"""Hessian, trace, spectrum and flatness at a point, under a declared convention at the kink.

ReLU has no second derivative at 0, which is where its minima lie. The convention :math:`\kappa` is
the value given to the second derivative of :math:`\varphi(t)^2/2` at :math:`t = 0`. The Hessian of
each sample is affine in that value. So it is the mixture

.. math:: H_\kappa = (1 - \kappa)\,H_0 + \kappa\,H_1

of the Hessians with slope 0 and with slope 1 at the kink, which automatic differentiation
computes. Setting the slope of ReLU at 0 to :math:`\kappa` would be something else: the loss
contains :math:`\varphi'(0)^2`, and :math:`\kappa = 1/2` would come out as
:math:`(N/4 - 1)\,a a^\top` in place of :math:`(N/2 - 1)\,a a^\top`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from whichmin.core.data import check_point
from whichmin.core.landscape import check_kink, reconstruction_loss
from whichmin.core.threads import single_threaded
from whichmin.core.validation import check_positive
from whichmin.words import Activation, Kink, parse

__all__ = [
    "LogDeterminant",
    "hessian",
    "hessian_spectrum",
    "hessian_trace",
    "kink_mixture",
    "log_determinant",
    "plain_autograd_hessian",
    "relative_flatness",
    "second_derivative",
    "top_eigenvalue",
]


@dataclass(frozen=True)
class LogDeterminant:
    """Sum of the logarithms of the eigenvalues that are not zero.

    Attributes:
        value: The sum, natural logarithms; NaN if an eigenvalue is negative.
        directions: Number of eigenvalues in the sum.
        flat: Number of eigenvalues left out because they are zero.
    """

    value: float
    directions: int
    flat: int


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
    r"""Compute the Hessian of the full-batch loss by automatic differentiation.

    With :math:`c_i = \langle w, a_i\rangle`, :math:`N = |w|^2` and :math:`s_i` the second
    derivative of :math:`\varphi^2/2` at :math:`c_i` (:math:`\kappa` at the kink) it is

    .. math:: H = \frac1m \sum_i s_i \bigl[(N - 2)\,a_i a_i^\top
              + 2 c_i\,(w a_i^\top + a_i w^\top) + c_i^2\,I\bigr] .

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
    """Compute the Hessian with ``torch.relu`` and two backward passes, as most code does.

    It is :func:`hessian` with the convention ``left``, without the code that declares one.

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


def hessian_trace(
    w: Any,
    data: Any,
    *,
    activation: Any = Activation.RELU,
    kink: Any = Kink.LEFT,
    kink_width: Any = 0.0,
    dtype: Any = "float64",
    device: Any = "cpu",
) -> float:
    r"""Compute the trace of the Hessian.

    .. math:: \operatorname{tr} H = \frac1m \sum_i s_i
              \bigl[(N - 2)\,|a_i|^2 + (n + 4)\,c_i^2\bigr]

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``.
        activation: ``linear`` or ``relu``.
        kink: Convention at the kink, as for :func:`hessian`.
        kink_width: Correlations within this distance of 0 count as being at the kink.
        dtype: float64 or float32.
        device: Where to compute.

    Returns:
        The trace.

    Raises:
        InputError: As for :func:`hessian`.
    """
    matrix = hessian(
        w, data, activation=activation, kink=kink, kink_width=kink_width, dtype=dtype, device=device
    )
    return float(matrix.trace())


def hessian_spectrum(
    w: Any,
    data: Any,
    *,
    activation: Any = Activation.RELU,
    kink: Any = Kink.LEFT,
    kink_width: Any = 0.0,
    dtype: Any = "float64",
    device: Any = "cpu",
) -> torch.Tensor:
    r"""Compute the eigenvalues of the Hessian.

    At a minimum on orthonormal data whose active set has k points they are 4/m (once), 0 (k - 1
    times), :math:`(1 - \kappa)/m` (m - k times) and 1/m (n - m times). For the identity k = m.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``.
        activation: ``linear`` or ``relu``.
        kink: Convention at the kink, as for :func:`hessian`.
        kink_width: Correlations within this distance of 0 count as being at the kink.
        dtype: float64 or float32.
        device: Where to compute.

    Returns:
        Ascending, shape ``(n,)``.

    Raises:
        InputError: As for :func:`hessian`.
    """
    matrix = hessian(
        w, data, activation=activation, kink=kink, kink_width=kink_width, dtype=dtype, device=device
    )
    with single_threaded():
        eigenvalues: torch.Tensor = torch.linalg.eigvalsh(matrix)
    return eigenvalues


def top_eigenvalue(
    w: Any,
    data: Any,
    *,
    activation: Any = Activation.RELU,
    kink: Any = Kink.LEFT,
    kink_width: Any = 0.0,
    dtype: Any = "float64",
    device: Any = "cpu",
) -> float:
    r"""Compute the largest eigenvalue of the Hessian.

    It is the most positive one, :math:`\max_j \lambda_j`, not the largest in size.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``.
        activation: ``linear`` or ``relu``.
        kink: Convention at the kink, as for :func:`hessian`.
        kink_width: Correlations within this distance of 0 count as being at the kink.
        dtype: float64 or float32.
        device: Where to compute.

    Returns:
        The eigenvalue.

    Raises:
        InputError: As for :func:`hessian`.
    """
    spectrum = hessian_spectrum(
        w, data, activation=activation, kink=kink, kink_width=kink_width, dtype=dtype, device=device
    )
    return float(spectrum[-1])


def log_determinant(
    w: Any,
    data: Any,
    *,
    zero: float = 1e-6,
    activation: Any = Activation.RELU,
    kink: Any = Kink.LEFT,
    kink_width: Any = 0.0,
    dtype: Any = "float64",
    device: Any = "cpu",
) -> LogDeterminant:
    r"""Compute the log-determinant of the Hessian without its zero eigenvalues.

    .. math:: \sum_{|\lambda_j| > z \max_k |\lambda_k|} \log \lambda_j

    The determinant itself is 0 wherever minima form a manifold.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``.
        zero: z: eigenvalues up to this multiple of the largest size count as 0. The default lies
            between what a converged iterate leaves (1e-9) and the smallest of the model (1/8).
        activation: ``linear`` or ``relu``.
        kink: Convention at the kink, as for :func:`hessian`.
        kink_width: Correlations within this distance of 0 count as being at the kink.
        dtype: float64 or float32.
        device: Where to compute.

    Returns:
        The sum, with how many eigenvalues are in it and how many are not.

    Raises:
        InputError: An argument is out of range.
    """
    width = check_positive(zero, "zero", 1.0)
    values = hessian_spectrum(
        w, data, activation=activation, kink=kink, kink_width=kink_width, dtype=dtype, device=device
    )
    spectrum = values.numpy()
    kept = spectrum[np.abs(spectrum) > width * np.abs(spectrum).max(initial=0.0)]
    value = float(np.log(kept).sum()) if (kept > 0).all() else float("nan")
    return LogDeterminant(value, len(kept), len(spectrum) - len(kept))


def relative_flatness(
    w: Any,
    data: Any,
    *,
    activation: Any = Activation.RELU,
    kink: Any = Kink.LEFT,
    kink_width: Any = 0.0,
    dtype: Any = "float64",
    device: Any = "cpu",
) -> float:
    r"""Compute the relative flatness of the neuron.

    .. math:: |w|^2 \operatorname{tr} H

    Source: Petzka et al. 2021, definition 3, the sum over pairs of neurons of
    :math:`\langle w_s, w_{s'}\rangle` times the trace of their block of the Hessian. Here there is
    one neuron.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``.
        activation: ``linear`` or ``relu``.
        kink: Convention at the kink, as for :func:`hessian`.
        kink_width: Correlations within this distance of 0 count as being at the kink.
        dtype: float64 or float32.
        device: Where to compute.

    Returns:
        The number, in units of the loss.

    Raises:
        InputError: As for :func:`hessian`.
    """
    weight, _ = check_point(w, data)
    trace = hessian_trace(
        w, data, activation=activation, kink=kink, kink_width=kink_width, dtype=dtype, device=device
    )
    return float(weight @ weight) * trace


def second_derivative(
    value: Callable[[torch.Tensor], torch.Tensor], at: torch.Tensor
) -> torch.Tensor:
    """Compute the dense Hessian of a function of a flat vector, by automatic differentiation.

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
    r"""Mix the Hessians with slope 0 and with slope 1 at the kink.

    .. math:: H_\kappa = (1 - \kappa)\,H_0 + \kappa\,H_1

    Args:
        at: Maps a slope at the kink to the Hessian.
        kappa: From 0 to 1.

    Returns:
        The mixture; one evaluation where one of the two has no weight.
    """
    if kappa in (0, 1):
        return at(kappa)
    return (1 - kappa) * at(0.0) + kappa * at(1.0)

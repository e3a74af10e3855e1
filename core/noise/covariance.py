r"""Noise of the gradient: covariance over the data, noise scales, at a point or along a run.

.. math:: \Sigma = \frac1m \sum_{i=1}^m (g_i - G)(g_i - G)^\top, \qquad G = \frac1m \sum_i g_i

over the gradients :math:`g_i` of the m data points: divided by m, not by m - 1. Two passes,
centred, so that a small covariance beside a large mean keeps its digits. The gradients are those of
:mod:`whichmin.core.noise.sample_gradients`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from whichmin.core.data import Data, as_data, make_data
from whichmin.core.frames import standard_basis
from whichmin.core.landscape import check_kink
from whichmin.core.noise.sample_gradients import (
    BLOCK,
    SampleGradients,
    sample_gradients,
)
from whichmin.core.scales import quotient
from whichmin.core.threads import single_threaded
from whichmin.core.training.result import TrainResult
from whichmin.core.validation import check_weights
from whichmin.errors import InputError
from whichmin.words import Activation, Kink, parse

__all__ = [
    "NoiseAlong",
    "NoiseScales",
    "covariance_spectrum",
    "covariance_trace",
    "gradient_covariance",
    "noise_along",
    "noise_scales",
]


@dataclass(frozen=True)
class NoiseScales:
    """Noise and signal at one point; Sigma is divided by m.

    Attributes:
        trace: ``tr Sigma``.
        gradient_energy: ``|G|^2``.
        curvature: ``tr(H Sigma)``.
        gradient_curvature: ``G^T H G``.
        alignment: ``tr(H Sigma) / (|H| |Sigma|)``, Frobenius norms; 1 if Sigma is a positive
            multiple of H, NaN if one of them is 0.
    """

    trace: float
    gradient_energy: float
    curvature: float
    gradient_curvature: float
    alignment: float

    @property
    def simple(self) -> float:
        """Noise scale ``B_simple = tr Sigma / |G|^2``; NaN for 0/0."""
        return quotient(self.trace, self.gradient_energy)

    @property
    def curved(self) -> float:
        """Noise scale ``B_noise = tr(H Sigma) / (G^T H G)``; it can be negative."""
        return quotient(self.curvature, self.gradient_curvature)


@dataclass(frozen=True)
class NoiseAlong:
    """Noise and signal along a run; arrays of shape ``(T, R)``, Sigma divided by m.

    Attributes:
        steps: Numbers of steps taken, shape ``(T,)``.
        trace: ``tr Sigma``.
        gradient_energy: ``|G|^2``.
        curvature: ``tr(H Sigma)``.
        gradient_curvature: ``G^T H G``.
        alignment: ``tr(H Sigma) / (|H| |Sigma|)``.
    """

    steps: NDArray[np.int64]
    trace: NDArray[np.float64]
    gradient_energy: NDArray[np.float64]
    curvature: NDArray[np.float64]
    gradient_curvature: NDArray[np.float64]
    alignment: NDArray[np.float64]

    @property
    def simple(self) -> NDArray[np.float64]:
        """Noise scale ``B_simple`` at every step, shape ``(T, R)``; NaN for 0/0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.trace / self.gradient_energy)

    @property
    def curved(self) -> NDArray[np.float64]:
        """Noise scale ``B_noise`` at every step, shape ``(T, R)``; NaN for 0/0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.curvature / self.gradient_curvature)


def gradient_covariance(
    w: Any,
    data: Any,
    *,
    activation: Any = Activation.RELU,
    dtype: Any = "float64",
    device: Any = "cpu",
) -> torch.Tensor:
    r"""Compute the covariance of the samples' gradients over the data.

    .. math:: \Sigma = \frac1m \sum_i (g_i - G)(g_i - G)^\top, \qquad
              g_i = s_i \bigl[(N - 2)\,c_i\,a_i + c_i^2\,w\bigr]

    with :math:`c_i = \langle w, a_i\rangle` and the slope :math:`s_i` of the activation there.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``; any data.
        activation: ``linear`` or ``relu``.
        dtype: float64 or float32.
        device: Where to compute.

    Returns:
        Shape ``(n, n)``; in units of squared gradients.

    Raises:
        InputError: Wrong shapes, not finite, or an unknown name.

    Example:
        >>> import numpy as np
        >>> gradient_covariance([0.6, 0.8], np.eye(2)).numpy().round(6).tolist()  # a mixture
        [[0.147456, -0.110592], [-0.110592, 0.082944]]
    """
    state = sample_gradients(w, data, activation, dtype, device)
    n = state.w.shape[1]
    total = state.w.new_zeros(n, n)
    with single_threaded():
        for (away,) in state.centred():
            total += away.T @ away
    return total / state.m


def covariance_trace(
    w: Any,
    data: Any,
    *,
    activation: Any = Activation.RELU,
    dtype: Any = "float64",
    device: Any = "cpu",
) -> float:
    r"""Compute the trace of :func:`gradient_covariance` without forming the matrix.

    .. math:: \operatorname{tr}\Sigma = \frac1m \sum_i |g_i - G|^2

    It takes time O(m n) and the memory of one block of gradients.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``; any data.
        activation: ``linear`` or ``relu``.
        dtype: float64 or float32.
        device: Where to compute.

    Returns:
        The trace.

    Raises:
        InputError: As for :func:`gradient_covariance`.
    """
    state = sample_gradients(w, data, activation, dtype, device)
    with single_threaded():
        return float(sum(float(away.square().sum()) for away in state.centred()) / state.m)


def covariance_spectrum(
    w: Any,
    data: Any,
    *,
    activation: Any = Activation.RELU,
    dtype: Any = "float64",
    device: Any = "cpu",
) -> torch.Tensor:
    r"""Compute the eigenvalues of :func:`gradient_covariance`.

    They are :math:`\sigma_j^2 / m` with the singular values :math:`\sigma_j` of the matrix of rows
    :math:`g_i - G`, and 0.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``; any data.
        activation: ``linear`` or ``relu``.
        dtype: float64 or float32.
        device: Where to compute.

    Returns:
        Ascending, never negative, shape ``(n,)``.

    Raises:
        InputError: As for :func:`gradient_covariance`.
    """
    state = sample_gradients(w, data, activation, dtype, device)
    with single_threaded():
        values = torch.linalg.svdvals(torch.cat(list(state.centred()), 1)[0]).square() / state.m
    spectrum = torch.zeros(state.w.shape[1], dtype=values.dtype, device=values.device)
    spectrum[: len(values)] = values
    return spectrum.flip(0)


def noise_scales(
    w: Any,
    data: Any,
    *,
    activation: Any = Activation.RELU,
    kink: Any = Kink.LEFT,
    kink_width: Any = 0.0,
    dtype: Any = "float64",
    device: Any = "cpu",
) -> NoiseScales:
    r"""Compute noise, signal and both noise scales at one point.

    .. math:: B_{\text{simple}} = \frac{\operatorname{tr}\Sigma}{|G|^2}, \qquad
              B_{\text{noise}} = \frac{\operatorname{tr}(H \Sigma)}{G^\top H G}

    Source: McCandlish et al. 2018, equations 2.9 and 2.8.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``; any data.
        activation: ``linear`` or ``relu``.
        kink: Second derivative at ReLU's kink, for the Hessian: ``left``, ``mean`` or ``right``.
        kink_width: Correlations within this distance of 0 count as being at the kink.
        dtype: float64 or float32.
        device: Where to compute.

    Returns:
        The figures.

    Raises:
        InputError: Wrong shapes, not finite, or an unknown name.

    Example:
        >>> import numpy as np
        >>> noise_scales([0.5, 0.0], np.eye(2)).simple  # one active point of two: m - 1
        1.0
    """
    state = sample_gradients(w, data, activation, dtype, device, kink, kink_width)
    with single_threaded():
        return NoiseScales(*state.figures()[:, 0].tolist())


def noise_along(
    run: Any,
    data: Any = None,
    *,
    activation: Any = Activation.RELU,
    kink: Any = Kink.LEFT,
    kink_width: Any = 0.0,
) -> NoiseAlong:
    """Compute noise and signal along recorded weights, in float64 on the CPU.

    See :func:`noise_scales` for what is computed at every step.

    Args:
        run: A result of ``train(..., record_at=...)`` on orthonormal data, which brings its data
            and its activation; or weights, shape ``(T, n)`` or ``(T, R, n)``.
        data: Data points as rows, shape ``(m, n)``, any data; for weights only.
        activation: ``linear`` or ``relu``; for weights only.
        kink: Second derivative at ReLU's kink.
        kink_width: Correlations within this distance of 0 count as being at the kink.

    Returns:
        The figures at every recorded step.

    Raises:
        InputError: Nothing was recorded, the run's data are not orthonormal (a trajectory holds
            correlations, not weights), wrong shapes, or an unknown name.
    """
    if isinstance(run, TrainResult):
        steps, weights, valid, n = _recorded(run, data)
        activation = run.recipe.activation
    else:
        valid, array = as_data(data, torch.float64, torch.device("cpu")), np.asarray(run)
        if array.ndim not in (2, 3) or 0 in array.shape:
            raise InputError(
                "run", f"array of shape {array.shape}", "must have shape (T, n) or (T, R, n)"
            )
        weights = array[:, None] if array.ndim == 2 else array
        steps, n = np.arange(len(weights)), valid.n
    moments, replicas = weights.shape[:2]
    flat = check_weights(
        weights.reshape(moments * replicas, -1), valid.n, "run", torch.float64, torch.device("cpu")
    )
    act = parse(Activation, activation, "activation")
    kappa, width = check_kink(kink, kink_width)
    # As many states at a time as make one block of gradients.
    group = max(1, BLOCK // valid.points.numel())
    with single_threaded():
        figures = torch.cat(
            [
                SampleGradients(part, valid.points, act, kappa, width, n).figures()
                for part in flat.split(group)
            ],
            1,
        ).reshape(5, moments, replicas)
    return NoiseAlong(steps, *figures.numpy())


def _recorded(
    run: TrainResult, data: Any
) -> tuple[NDArray[np.int64], NDArray[np.float64], Data, int]:
    """Take the states of a run in the frame of its points and one direction outside their span.

    Noise and signal depend on correlations and norms only, and the gradients have no part outside
    the span but along w's own, so that R^(m + 1) will do in place of R^n.

    Returns:
        Steps, weights ``(T, R, m + 1)``, the standard basis there, and n.

    Raises:
        InputError: Nothing was recorded, or the data are not orthonormal.
    """
    if data is not None:
        raise InputError("data", "given", "must be left out: the run brings its own")
    if run.trajectory is None:
        raise InputError("run", "without a trajectory", "must be recorded (record_at)")
    if not run.data.orthonormal:
        raise InputError("run", "on correlated data", "must be on orthonormal data; give weights")
    path = run.trajectory
    off = np.sqrt(np.maximum(path.off_span_energy, 0.0))[..., None]
    weights = np.concatenate([path.correlations, off], axis=2).astype(np.float64)
    m = run.data.m
    return path.steps, weights, make_data(standard_basis(m, m + 1)), run.data.n

"""Gaussian posteriors at a minimum, for a whole spectrum of curvatures."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from whichmin.core.validation import check_positive, check_vector
from whichmin.errors import InputError

__all__ = ["best_variances", "gaussian_divergence"]


def gaussian_divergence(mean: Any, variance: Any, prior_deviation: Any = 1.0) -> float:
    r"""Compute the KL divergence of a Gaussian with independent entries from a centred prior.

    .. math:: D\bigl(N(\mu, \operatorname{diag} s) \,\|\, N(0, \sigma^2 I)\bigr)
              = \tfrac12 \sum_j \Bigl[\frac{s_j}{\sigma^2} - 1 - \log\frac{s_j}{\sigma^2}
              + \frac{\mu_j^2}{\sigma^2}\Bigr]

    Args:
        mean: Shape ``(n,)``, in units of the weights.
        variance: Shape ``(n,)``, above 0.
        prior_deviation: Standard deviation of the prior in every direction.

    Returns:
        The divergence, in nats.

    Raises:
        InputError: Shapes that differ, or a value that is not finite or not positive.
    """
    scale = check_positive(prior_deviation, "prior_deviation")
    centre = _vector(mean, "mean")
    spread = _positive(variance, "variance", len(centre))
    excess = spread / scale**2 - 1
    # r - 1 - log r cancels near r = 1, where log1p keeps its digits.
    return float((excess - np.log1p(excess) + (centre / scale) ** 2).sum() / 2)


def best_variances(
    curvatures: Any, temperature: Any, prior_deviation: Any = 1.0
) -> NDArray[np.float64]:
    r"""Compute the variances of the Gaussian posterior with the least free energy.

    It minimises the mean loss plus the temperature T times the divergence from a prior of deviation
    :math:`\sigma`. Along an eigenvector of curvature h its variance is

    .. math:: s = \frac{\sigma^2\,T}{T + \sigma^2 h} .

    Args:
        curvatures: Eigenvalues of the Hessian at a minimum, at least 0, shape ``(n,)``.
        temperature: Weight of the divergence, in units of the loss.
        prior_deviation: Standard deviation of the prior in every direction.

    Returns:
        Variance along each eigenvector, shape ``(n,)``; at most that of the prior.

    Raises:
        InputError: A value that is not finite or out of range.
    """
    weight = check_positive(temperature, "temperature")
    scale = check_positive(prior_deviation, "prior_deviation")
    h = _vector(curvatures, "curvatures")
    if (h < 0).any():
        raise InputError("curvatures", float(h.min()), "must be at least 0 at a minimum")
    # sigma^2 T/(T + sigma^2 h)
    return np.asarray(scale**2 * (weight / (weight + scale**2 * h)))


def _vector(values: Any, name: str, length: int | None = None) -> NDArray[np.float64]:
    checked = check_vector(values, length, name, torch.float64, torch.device("cpu"), squared=False)
    return np.asarray(checked.numpy())


def _positive(values: Any, name: str, length: int) -> NDArray[np.float64]:
    found = _vector(values, name, length)
    if (found <= 0).any():
        raise InputError(name, float(found.min()), "must be above 0")
    return found

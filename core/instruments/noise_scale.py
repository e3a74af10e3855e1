r"""Noise of the gradient from the samples' gradients: covariance trace and both noise scales.

With sample gradients :math:`g_i`, their mean G and :math:`\Sigma = \frac1m \sum_i (g_i - G)(g_i -
G)^\top`, the mean gradient of a random batch of b has covariance :math:`f(b)\,\Sigma`
(:func:`batch_factor`). The noise scales are

.. math:: B_{\text{simple}} = \frac{\operatorname{tr}\Sigma}{|G|^2}, \qquad
          B_{\text{noise}} = \frac{\operatorname{tr}(H \Sigma)}{G^\top H G}

(McCandlish et al. 2018, arXiv 1812.06162, equations 2.9 and 2.8). H is the Hessian of the mean
loss, also where the objective is the sum over the samples: so nothing here depends on which of them
it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from whichmin.core.batches import sampling_factor
from whichmin.core.instruments.ghosts import sample_squares
from whichmin.core.instruments.problem import Objective, check_objective
from whichmin.core.instruments.products import hessian_operator
from whichmin.core.instruments.results import Result
from whichmin.core.philox import Purpose, generator
from whichmin.core.scales import deviation, quotient
from whichmin.core.validation import check_integer
from whichmin.errors import InputError
from whichmin.progress import progress_bar
from whichmin.words import Sampling, parse

__all__ = [
    "CurvedNoise",
    "GradientNoise",
    "batch_factor",
    "curved_noise",
    "gradient_noise",
    "sample_gradient_norms",
]

# Of gradients: the square of the smallest keeps its 53 bits, that of the largest is finite.
_SMALLEST = math.sqrt(np.finfo(np.float64).tiny / np.finfo(np.float64).eps)
_LARGEST = math.sqrt(np.finfo(np.float64).max) / 2


@dataclass(frozen=True, repr=False)
class GradientNoise(Result):
    """Mean and spread of the samples' gradients.

    Attributes:
        mean: Their mean G, shape ``(n,)``, float64.
        trace: ``tr Sigma``, Sigma divided by m.
        samples: Their number, m.
        route: ``activations`` (``whichmin.core.instruments.ghosts``), or ``gradients`` where
            the samples' gradients were formed.
    """

    mean: torch.Tensor
    trace: float
    samples: int
    route: str = "gradients"

    @property
    def square(self) -> float:
        """Squared length ``|G|^2`` of the mean gradient."""
        return float(self.mean.double().square().sum())

    @property
    def simple_scale(self) -> float:
        """Noise scale ``B_simple``; infinite where G = 0 and nan where all gradients are 0."""
        return quotient(self.trace, self.square)

    def batch_trace(self, batch_size: Any, sampling: Any = Sampling.WITHOUT_REPLACEMENT) -> float:
        r"""Compute the trace of the covariance of a batch's mean gradient.

        .. math:: f(b)\,\operatorname{tr}\Sigma

        Args:
            batch_size: b.
            sampling: ``without-replacement`` or ``with-replacement``.

        Returns:
            ``f(b) tr Sigma``.
        """
        return batch_factor(batch_size, self.samples, sampling) * self.trace


@dataclass(frozen=True, repr=False)
class CurvedNoise(Result):
    """Noise of the gradient weighted by the Hessian.

    Attributes:
        trace: ``tr(H Sigma)``, H of the mean loss.
        standard_error: Of ``trace``; 0 if it is exact up to rounding.
        slope: ``G^T H G``, likewise.
    """

    trace: float
    standard_error: float
    slope: float

    @property
    def scale(self) -> float:
        """Noise scale ``B_noise``; of either sign where H is indefinite."""
        return quotient(self.trace, self.slope)


def batch_factor(
    batch_size: Any, samples: Any, sampling: Any = Sampling.WITHOUT_REPLACEMENT
) -> float:
    r"""Compute the factor between a sample's covariance and that of a batch's mean.

    .. math:: f(b) = \frac{m - b}{b (m - 1)} \text{ without replacement}, \qquad
              f(b) = \frac1b \text{ with it}

    Args:
        batch_size: b.
        samples: m.
        sampling: ``without-replacement`` or ``with-replacement``.

    Returns:
        ``(m - b)/(b (m - 1))``, 0 for m = 1, or ``1/b``.

    Raises:
        InputError: Another sampling, or a batch that does not fit.

    Example:
        >>> batch_factor(2, 5), batch_factor(5, 5), batch_factor(5, 5, "with-replacement")
        (0.375, 0.0, 0.2)
    """
    is_replacement(sampling)  # reshuffled batches depend on each other
    return sampling_factor(check_integer(samples, "samples", 1), batch_size, sampling)


def is_replacement(sampling: Any) -> bool:
    """Tell the two ways of drawing single batches apart.

    Returns:
        True for ``with-replacement``.

    Raises:
        InputError: It is another one.
    """
    word = parse(Sampling, sampling, "sampling")
    if word not in {Sampling.WITHOUT_REPLACEMENT, Sampling.WITH_REPLACEMENT}:
        raise InputError(
            "sampling", str(sampling), "must be without-replacement or with-replacement"
        )
    return word is Sampling.WITH_REPLACEMENT


def gradient_noise(objective: Objective, *, progress: bool | None = None) -> GradientNoise:
    r"""Compute mean and spread of the samples' gradients, exactly up to rounding, in one pass.

    Blocks are merged by the formula of Chan, Golub, LeVeque 1983 for sums of squares about the
    means,

    .. math:: M = M_1 + M_2 + \frac{k_1 k_2}{k_1 + k_2}\,|\bar g_1 - \bar g_2|^2, \qquad
              \operatorname{tr}\Sigma = M / m ,

    which has no cancellation. Where it applies, the faster

    .. math:: \operatorname{tr}\Sigma = \frac1m \sum_i |g_i|^2 - |G|^2

    comes first, from activations and the gradients at layers' outputs
    (``whichmin.core.instruments.ghosts``); it is left where the difference cancels.

    Args:
        objective: A loss that says what its samples are.
        progress: Whether to show a bar on standard error; None for: on a terminal.

    Returns:
        Mean, trace and number.

    Raises:
        InputError: The loss does not say what its samples are; gradients that are not finite, or
            whose squares float64 does not hold.

    Example:
        >>> from whichmin.core.instruments import closure_objective
        >>> two = closure_objective(lambda w: (w - 1) ** 2 / 2, [1.0, 3.0])  # samples 0 and 1
        >>> noise = gradient_noise(two)
        >>> noise.mean.tolist(), noise.trace, noise.simple_scale
        ([0.0, 1.0], 1.0, 1.0)
    """
    check_objective(objective)
    objective.confirm(second=False)
    fast = _from_squares(objective)
    if fast is not None:
        return fast
    count, spread, largest = 0, 0.0, 0.0
    mean = torch.zeros_like(objective.point, dtype=torch.float64)
    with progress_bar(objective.samples or 1, "gradients of the samples", progress) as done:
        for given in objective.sample_gradients():
            block = given.double()  # squares of float32 underflow below 1e-23
            k, largest = len(block), max(largest, float(block.abs().max()))
            centre = block.mean(0)
            away = centre - mean
            spread += float((block - centre).square().sum())
            spread += float(away.square().sum()) * count * k / (count + k)
            mean = mean + away * (k / (count + k))
            count += k
            for _ in range(k):
                done()
    if largest > 0 and not _SMALLEST < largest < _LARGEST / math.sqrt(count * len(mean)):
        raise InputError(
            "loss", f"gradients up to {largest:.3g}",
            "must have gradients whose squares float64 holds: give it another unit",
        )  # fmt: skip
    return GradientNoise(mean, spread / count, count)


def _from_squares(objective: Objective) -> GradientNoise | None:
    """Compute the noise without the samples' gradients, where that keeps the digits."""
    found = sample_squares(objective)
    if found is None:
        return None
    squares, total = found
    mean = total / len(squares)
    second, first = float(squares.mean()), float(mean.square().sum())
    # Both squares are rounded by some hundred units of the weights' type at most; the difference
    # keeps 1e-3 of them, so that it is off by less than the root of the unit.
    kept = second - first >= 1e-3 * second
    low, high = float(squares.min()), float(squares.max())
    safe = low >= 0 and _SMALLEST**2 / np.finfo(np.float64).eps < high < math.inf
    if not (kept and safe and first < math.inf):
        return None
    return GradientNoise(mean, second - first, len(squares), "activations")


def sample_gradient_norms(objective: Objective) -> torch.Tensor:
    """Compute the lengths of the samples' gradients, without forming them where that can be.

    Args:
        objective: A loss that says what its samples are.

    Returns:
        Shape ``(m,)``, float64.

    Raises:
        InputError: The loss does not say what its samples are, or gradients are not finite.
    """
    check_objective(objective)
    objective.confirm(second=False)
    found = sample_squares(objective, total=False)
    if found is not None and bool(torch.isfinite(found[0]).all()) and bool((found[0] > 0).all()):
        return found[0].sqrt()
    blocks = objective.sample_gradients()
    return torch.cat([torch.linalg.vector_norm(b.double(), dim=1) for b in blocks])


def curved_noise(
    objective: Objective,
    *,
    probes: Any = None,
    seed: Any = 0,
    engine: str = "torch",
    progress: bool | None = None,
) -> CurvedNoise:
    r"""Compute the noise along the curvature and the curvature along the mean gradient.

    .. math:: \operatorname{tr}(H \Sigma) = E\,u^\top H u, \quad
              u = \frac{1}{\sqrt m} \sum_i s_i\,(g_i - G), \qquad\text{and}\quad G^\top H G

    With random signs :math:`s_i` the vector u has the covariance :math:`\Sigma`, at one product and
    one weighted gradient.

    Args:
        objective: A loss that says what its samples are.
        probes: Number of vectors u, at least 2; None for the exact trace: m products.
        seed: Of the signs.
        engine: ``torch``, ``curvlinops`` or ``differences``, for the products.
        progress: Whether to show a bar on standard error; None for: on a terminal.

    Returns:
        Both, and the standard error of the first.

    Raises:
        InputError: The loss does not say what its samples are, an argument out of range, or
            products that float64 does not hold.
    """
    noise = gradient_noise(objective, progress=progress)
    product, m = hessian_operator(objective, engine), noise.samples
    # Gradients in a unit of their size, a power of two: both numbers are of the third order in the
    # loss, and a product of float32 would underflow before they do.
    power = math.frexp(math.sqrt(noise.trace + noise.square))[1]
    unit = math.ldexp(1.0, power)

    def multiply(vectors: torch.Tensor) -> torch.Tensor:
        return product(vectors) if objective.mean else product(vectors) / m

    mean = noise.mean / unit
    slope = _in_units(float((mean * multiply(mean)).sum()), power)
    many = m if probes is None else check_integer(probes, "probes", 2)
    total, terms = 0.0, np.empty(many)
    with progress_bar(many, "noise along the curvature", progress) as done:
        if probes is None:
            for block in objective.sample_gradients():
                for some in (block.double() / unit - mean).split(16):
                    total += float((some * multiply(some.T).T).sum())
                    for _ in range(len(some)):
                        done()
            return CurvedNoise(_in_units(total / m, power), 0.0, slope)
        draws = generator(seed, Purpose.PROBES)
        for k in range(many):
            signs = draws.integers(0, 2, m) * 2.0 - 1
            u = objective.weighted_gradient(torch.from_numpy(signs)).double() / unit
            u -= mean * float(signs.sum())
            terms[k] = float((u * multiply(u)).sum()) / m
            done()
    error = _in_units(deviation(terms) / math.sqrt(many), power)
    return CurvedNoise(_in_units(float(terms.mean()), power), error, slope)


def _in_units(value: float, power: int) -> float:
    """Return a form of the second order in gradients that were divided by ``2^power``.

    Raises:
        InputError: float64 does not hold it with all its bits.
    """
    unit = math.ldexp(1.0, power)
    found = value * unit * unit
    if value != 0 and not np.finfo(np.float64).tiny <= abs(found) < math.inf:
        raise InputError(
            "loss", f"a product of 2^{2 * power} and {value:.3g}",
            "must have gradients whose products with the Hessian float64 holds: give it another "
            "unit",
        )  # fmt: skip
    return found

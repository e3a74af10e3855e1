r"""Rates of convergence, and the step limit that follows from them.

A run on orthonormal data has three time scales. With :math:`\alpha = \eta / b` and the multiplicity
:math:`\mu` of a point in a batch, the logarithms change per step by

.. math::
   \text{growth} &= E \log(1 + \alpha\mu), \\
   \text{decay} &= E \log\lvert 1 - \alpha\mu\rvert, \\
   \text{separation} &= \tfrac12 \sum_{d \ge 1} P(|D| = d) \log\lvert 1 - \alpha^2 d^2\rvert, \qquad
      D = \mu_j - \mu_* .

The first is that of the active correlations while the weights are small. The second is that of the
off-span part at a minimum, with the multiplicity of the winner. The third is that of another point
beside the winner, :math:`E \log|c_j / c_*|`, at a vertex, where :math:`N = 1`: a batch maps
:math:`c_* \mapsto (1 - \alpha\mu_* + \alpha\mu_*)\,c_* = c_*` and
:math:`c_j \mapsto (1 + \alpha D)\,c_j`, and the law of D is symmetric.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri

from whichmin.core.batches import BatchStream, difference_law, multiplicity_law
from whichmin.errors import InputError
from whichmin.words import Activation

if TYPE_CHECKING:
    from whichmin.core.data import Data
    from whichmin.core.engines import Problem

__all__ = [
    "Rates",
    "default_step_limit",
    "expected_steps",
    "rates",
    "settling_time",
    "step_limits",
]

# A default run stops before it is done with about this probability (per replica).
_EARLY_STOP = 1e-6
# Above this many steps a default would keep a user waiting for minutes without having asked.
LONGEST_DEFAULT = 20_000_000


@dataclass(frozen=True)
class Rates:
    """Expected change of logarithms per step.

    Attributes:
        growth: Of the active correlations at small weights (positive).
        off_span: Of the off-span part at a minimum (negative).
        separation: Of ``|c_j / c_*|`` at a minimum (negative; zero when nothing separates points).
        separation_variance: Variance per step of that logarithm.
    """

    growth: float
    off_span: float
    separation: float
    separation_variance: float


def rates(stream: BatchStream, step_size: float) -> Rates:
    r"""Compute the rates of convergence on orthonormal data.

    With :math:`\alpha = \eta / b`, and D symmetric,

    .. math::
       \text{growth} &= E \log(1 + \alpha\mu), \\
       \text{off-span} &= E \log\lvert 1 - \alpha\mu\rvert, \\
       \text{separation} &= E \log\lvert 1 + \alpha D\rvert
         = \tfrac12 \sum_{d \ge 1} P(|D| = d) \log\lvert 1 - \alpha^2 d^2\rvert, \\
       \text{variance} &= \tfrac12 \sum_{d \ge 1} P(|D| = d)
         \bigl[\log^2\lvert 1 - \alpha d\rvert + \log^2(1 + \alpha d)\bigr]
         - \text{separation}^2 .

    A factor of exactly 0 counts as :math:`e^{-50}`.

    Args:
        stream: The batches.
        step_size: Step size; the rates hold for ``step_size / b < 1/2``.

    Returns:
        The rates.
    """
    alpha = step_size / stream.batch_size
    mean = variance = 0.0
    for d, chance in difference_law(stream).items():
        low, high = _log_of_rest(alpha * d), math.log1p(alpha * d)
        mean += chance * _log_of_rest((alpha * d) ** 2) / 2
        variance += chance * (low**2 + high**2) / 2
    present = multiplicity_law(stream).items()
    return Rates(
        growth=sum(chance * math.log1p(alpha * d) for d, chance in present),
        off_span=sum(chance * _log_of_rest(alpha * d) for d, chance in present),
        separation=mean,
        separation_variance=max(variance - mean**2, 0.0),
    )


def default_step_limit(
    problem: Problem,
    stream: BatchStream,
    active_energy: float,
    tolerance: float,
    squared_norm: float = 1.0,
) -> int:
    r"""Compute a step limit that all but about one run in a million keep.

    It adds up the escape from small weights, the decay of the off-span part to ``tolerance``, and
    the separation. The logarithm of winner over others is a random walk with drift :math:`\delta` =
    ``-separation`` and variance :math:`\sigma^2` per step, so it exceeds v after T steps, but for a
    Gaussian quantile z, once

    .. math:: T\delta - z\,\sigma\sqrt T \ge v, \qquad v = \tfrac12 \log(m / \text{tolerance}).

    The first two times are twice what the rates say, because each rate is that of the slow end of
    its phase only.

    Args:
        problem: What is trained.
        stream: The batches.
        active_energy: ``C`` of the start.
        tolerance: Tolerance of the run.
        squared_norm: ``|w|^2`` of the start.

    Returns:
        A number of steps.

    Raises:
        InputError: The theory says nothing about this step size, or asks for more steps than
            anybody would want by default.
    """
    energies, norms = np.array([active_energy]), np.array([squared_norm])
    return int(step_limits(problem, stream, energies, norms, tolerance)[0])


def step_limits(
    problem: Problem,
    stream: BatchStream,
    energies: NDArray[np.float64],
    norms: NDArray[np.float64],
    tolerance: float,
) -> NDArray[np.int64]:
    """Compute the default step limit of every replica from its own start.

    See :func:`default_step_limit`. A stream with a last step has that as its limit.

    Args:
        problem: What is trained.
        stream: The batches.
        energies: ``C`` of each start, shape ``(R,)``.
        norms: ``|w|^2`` of each start, shape ``(R,)``.
        tolerance: Tolerance of the run.

    Returns:
        Steps, shape ``(R,)``.

    Raises:
        InputError: See :func:`default_step_limit`.
    """
    if stream.steps_available is not None:
        return np.full(len(energies), stream.steps_available, dtype=np.int64)
    settled, growth = _settling(problem, stream, tolerance)
    with np.errstate(over="ignore", divide="ignore"):
        total = settled + np.abs(np.log(np.maximum(energies, 1e-300))) / growth
    # The rates hold from |w| < 1 on (a hypothesis of the theorems). A larger start first has to
    # shrink, arbitrarily slowly near |w|^2 = 2 where growth changes sign. Correlated ReLU data
    # have no rate at all: the linear one stands in. Eight times as long was enough for every such
    # problem that was tried. Mini-batches on correlated data mostly never settle, and get as much.
    relu = problem.activation is Activation.RELU
    beyond = not problem.data.orthonormal and (relu or not stream.is_full_batch)
    total = np.where(beyond | (norms > 1.05), 8 * total, total)
    if not total.max() < LONGEST_DEFAULT:
        raise InputError(
            "max_steps",
            None,
            f"must be given here: theory expects {total.max():.3g} steps for batch size "
            f"{stream.batch_size} of {stream.m}, step size {problem.step_size}",
        )
    return np.ceil(total).astype(np.int64) + 1


def settling_time(problem: Problem, stream: BatchStream, tolerance: float) -> int:
    """Compute the default step limit without the escape from small weights.

    It is the same for every start.

    Args:
        problem: What is trained.
        stream: The batches.
        tolerance: Tolerance of the run.

    Returns:
        A number of steps, at least 1.

    Raises:
        InputError: See :func:`default_step_limit`.
    """
    if stream.steps_available is not None:
        return stream.steps_available
    return math.ceil(min(_settling(problem, stream, tolerance)[0], LONGEST_DEFAULT))


def expected_steps(problem: Problem, stream: BatchStream, tolerance: float) -> float:
    """Estimate the length of a typical run: ``distance / drift`` steps until the winner stands out.

    The default step limit waits for the slowest of a million replicas, several times as long.

    Args:
        problem: What is trained.
        stream: The batches.
        tolerance: Tolerance of the run.

    Returns:
        A number of steps; infinity where the theory's rates do not hold.
    """
    if problem.step_size / stream.batch_size >= 0.5:
        return math.inf
    return _settling(problem, stream, tolerance, quantile=0.0)[0]


def _settling(
    problem: Problem, stream: BatchStream, tolerance: float, quantile: float | None = None
) -> tuple[float, float]:
    """Compute the steps to settle and separate, and the rate of growth before.

    Args:
        problem: What is trained.
        stream: The batches.
        tolerance: Tolerance of the run.
        quantile: Normal quantile ``z`` of the time to separate; by default that of the step limit.

    Returns:
        Number of steps, and growth per step.

    Raises:
        InputError: The step size is beyond the theory.
    """
    alpha = problem.step_size / stream.batch_size
    if alpha >= 0.5:
        raise InputError(
            "max_steps",
            None,
            f"must be given here: the theory's rates hold for step_size / batch_size below 1/2, "
            f"this is {alpha:.3g}",
        )
    rate = rates(stream, problem.step_size)
    off_span, growth = abs(rate.off_span), rate.growth
    if not problem.data.orthonormal:
        growth, off_span = _correlated_rates(problem.data, problem.step_size, tolerance)
    total = math.log(1 / tolerance) / max(off_span, 1e-300)
    if rate.separation < 0 and problem.data.orthonormal:
        z = -float(ndtri(_EARLY_STOP / stream.m)) if quantile is None else quantile
        distance = 0.5 * math.log(stream.m / tolerance)
        spread = z * math.sqrt(rate.separation_variance)
        drift = -rate.separation
        root = (spread + math.sqrt(spread**2 + 4 * drift * distance)) / (2 * drift)
        total += root**2
    return total, growth


def _correlated_rates(data: Data, step_size: float, tolerance: float) -> tuple[float, float]:
    """Compute growth and slowest decay of gradient descent on correlated data, for the identity.

    At the minimum (unit top eigenvector of ``M = A^T A / m``) the Hessian's other eigenvalues are
    ``top - lambda_j``. ReLU has no closed form; the linear rate stands in as an order of magnitude.

    A direction with ``top - lambda_j <= tolerance * top`` has nothing to decay: a unit vector along
    it has a loss gap of ``(top - lambda_j) / 2``. On whitened data that is the whole span, and only
    the part off the span decays, where ``lambda = 0``.

    Returns:
        Growth and decay per step.
    """
    spectrum = data.gram_spectrum[0] / data.m
    top = float(spectrum[-1])
    # Equal eigenvalues come out of eigh up to m eps apart.
    equal = max(tolerance, data.m * torch.finfo(spectrum.dtype).eps) * top
    gaps = top - spectrum
    gap = float(gaps[gaps > equal].min()) if bool((gaps > equal).any()) else top
    return math.log1p(step_size * top), step_size * max(gap, top * 1e-6)


def _log_of_rest(taken: float) -> float:
    """Compute ``log|1 - taken|`` with all digits for small arguments."""
    if taken < 0.5:
        return math.log1p(-taken)
    # A factor of exactly 0 kills a coordinate in one step; -50 is below double precision.
    return max(math.log(abs(1 - taken)), -50.0) if taken != 1 else -50.0

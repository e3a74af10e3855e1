"""Rates of convergence, and the step limit that follows from them.

The three time scales of a run on orthonormal data, per step, for ``alpha = eta / b``:

* growth of the active correlations while the weights are small: ``(b/m) log(1 + alpha)``;
* decay of the off-span part at a minimum: ``(b/m) log(1 - alpha)``;
* separation of the winner ``i*`` from another point ``j``. At the vertex ``N = 1``, and a batch
  holding them ``mu_*`` and ``mu_j`` times maps ``c_* <- (1 - alpha mu_* + alpha mu_*) c_* = c_*``
  and ``c_j <- (1 + alpha D) c_j`` with ``D = mu_j - mu_*``. ``D`` is symmetric, so
  ``E log|c_j / c_*|`` changes by ``sum_{d >= 1} P(|D| = d) log|1 - alpha^2 d^2| / 2``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy import stats

from whichmin.core.batches import BatchStream
from whichmin.core.data import Data
from whichmin.core.engines import Problem
from whichmin.errors import InputError
from whichmin.words import Activation, Sampling

__all__ = ["Rates", "default_step_limit", "difference_law", "rates"]

# A default run stops before it is done with about this probability (per replica).
_EARLY_STOP = 1e-6
# Above this many steps a default would keep a user waiting for minutes without having asked.
LONGEST_DEFAULT = 20_000_000


@dataclass(frozen=True)
class Rates:
    """Expected change per step of logarithms near a minimum.

    Attributes:
        growth: Of the active correlations at small weights (positive).
        off_span: Of the off-span part (negative).
        separation: Of ``|c_j / c_*|`` (negative; zero when nothing separates points).
        separation_variance: Variance per step of that logarithm.
    """

    growth: float
    off_span: float
    separation: float
    separation_variance: float


def difference_law(stream: BatchStream) -> dict[int, float]:
    """Law of the difference of two points' multiplicities in a batch, for d >= 1.

    Without replacement (and within a reshuffled epoch) a batch holds exactly one of the two with
    probability ``2 b (m - b) / (m (m - 1))``. With replacement the two counts are multinomial.
    Fixed batches (cyclic, custom) are averaged over their rows, for the pair told apart least:
    pairs never told apart (blocks of a cycle) stay together and wait for nothing.

    Returns:
        ``P(|D| = d)`` by ``d``; empty when ``m = 1`` or nothing separates.
    """
    m, b = stream.m, stream.batch_size
    if m == 1 or stream.is_full_batch:
        return {}
    if stream.sampling is Sampling.WITH_REPLACEMENT:
        # Given that K of the b draws hit the pair, D = 2 Binomial(K, 1/2) - K.
        law = np.zeros(b + 1)
        for hits, weight in enumerate(stats.binom.pmf(np.arange(b + 1), b, 2 / m)):
            heads = np.arange(hits + 1)
            np.add.at(law, np.abs(2 * heads - hits), weight * stats.binom.pmf(heads, hits, 0.5))
        return {d: float(law[d]) for d in range(1, b + 1) if law[d] > 0}
    separation = stream.separation()
    told_apart = separation[separation > 0]
    return {1: float(told_apart.min())} if len(told_apart) else {}


def rates(stream: BatchStream, step_size: float) -> Rates:
    """Rates on orthonormal data (see the module's text).

    Args:
        stream: The batches.
        step_size: Step size; the rates hold for ``step_size / b < 1/2``.

    Returns:
        The rates; infinite decay where ``alpha d = 1`` kills a coordinate in one step.
    """
    share = min(1.0, stream.batch_size / stream.m)
    alpha = step_size / stream.batch_size
    mean = variance = 0.0
    for d, chance in difference_law(stream).items():
        low, high = _log_abs(1 - alpha * d), _log_abs(1 + alpha * d)
        mean += chance * (low + high) / 2
        variance += chance * (low**2 + high**2) / 2
    return Rates(
        growth=share * math.log1p(alpha),
        off_span=share * _log_abs(1 - alpha),
        separation=mean,
        separation_variance=max(variance - mean**2, 0.0),
    )


def default_step_limit(
    problem: Problem, stream: BatchStream, active_energy: float, tolerance: float
) -> int:
    """Steps after which a run has converged but for about one replica in a million.

    Escape from small weights, decay of the off-span part to ``tolerance``, and separation: the
    logarithm ``v`` of winner over others is a random walk with drift ``-separation`` and the given
    variance, so it exceeds ``v`` after T steps but for a Gaussian quantile z once
    ``T drift - z sqrt(T variance) >= v``. The deterministic times are doubled, because each rate
    is that of the slow end of its phase only.

    Args:
        problem: What is trained.
        stream: The batches.
        active_energy: Smallest ``C`` of the starts.
        tolerance: Tolerance of the run.

    Returns:
        A number of steps.

    Raises:
        InputError: The theory asks for more steps than anybody would want by default.
    """
    if stream.steps_available is not None:
        return stream.steps_available
    rate = rates(stream, problem.step_size)
    off_span, growth = abs(rate.off_span), rate.growth
    if not problem.data.orthonormal:
        growth, off_span = _correlated_rates(problem.data, problem.step_size)
    escape = 0.5 * abs(math.log(max(active_energy, 1e-300))) / growth
    settle = 0.5 * math.log(1 / tolerance) / max(off_span, 1e-300)
    total = 2 * (escape + settle)
    if rate.separation < 0:
        z = float(stats.norm.isf(_EARLY_STOP / stream.m))
        distance = 0.5 * math.log(stream.m / tolerance)
        spread = z * math.sqrt(rate.separation_variance)
        drift = -rate.separation
        root = (spread + math.sqrt(spread**2 + 4 * drift * distance)) / (2 * drift)
        total += root**2
    if not total < LONGEST_DEFAULT:
        raise InputError(
            "max_steps",
            None,
            f"must be given here: theory expects {total:.3g} steps for batch size "
            f"{stream.batch_size} of {stream.m}, step size {problem.step_size} (a larger step "
            "size or a smaller batch is faster)",
        )
    return math.ceil(total) + 1


def _correlated_rates(data: Data, step_size: float) -> tuple[float, float]:
    """Growth and slowest decay of gradient descent on correlated data, linear activation.

    At the minimum (unit top eigenvector of ``M = A^T A / m``) the Hessian's other eigenvalues are
    ``top - lambda_j``. ReLU has no closed form; the linear rate stands in as an order of magnitude.

    Returns:
        Growth and decay per step.
    """
    spectrum = torch.linalg.eigvalsh(data.gram / data.m)
    top = float(spectrum[-1])
    below = float(spectrum[-2]) if len(spectrum) > 1 else 0.0
    gap = max(top - below, top * 1e-6)
    return math.log1p(step_size * top), step_size * gap


def _log_abs(value: float) -> float:
    return math.log(abs(value)) if value else -math.inf


def is_correlated_relu(problem: Problem) -> bool:
    """Whether the global minimum of this problem is not known in closed form."""
    return not problem.data.orthonormal and problem.activation is Activation.RELU

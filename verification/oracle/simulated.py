r"""Simulate trace estimators whose law has no closed form, right and wrong ones.

Hutch++ (Meyer et al. 2021) spends a third of its products on a sketch :math:`Y = H S`, a third on
the exact trace over its range, Q, and a third on random vectors orthogonal to it:

.. math:: \operatorname{tr} Q^\top H Q + \frac1k \sum_j z_j^\top P H P z_j, \qquad P = I - Q Q^\top

XTrace (Epperly, Tropp, Webber 2024) leaves out of the sketch one vector after the other and uses it
as the random one, and averages. Both are unbiased whatever the sketch. Their spread is simulated.
Deviations are then bounded by Bernstein's inequality, with the simulated moments and half as much
again as the largest simulated deviation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.chances import bernstein

__all__ = ["FAULTS", "SimulatedLaw", "hutch_plus_plus", "simulated_law", "x_trace"]

Floats = NDArray[np.float64]

# Chance that one figure of a right estimator leaves its bounds, as far as moments that are
# simulated, not computed, tell.
ALARM = 1e-8
# Numbers held in one array of a simulation.
_HELD = 2 * 10**6

#: Faults of Hutch++ by name: what is wrong.
FAULTS = {
    "left out": "the random part is left out: the trace over the sketch's range alone",
    "sign": "the random part is subtracted, not added",
    "not divided": "the random part is a sum over its vectors, not a mean",
    "divided by all": "the random part is divided by all products, not by its own vectors",
    "one more": "the random part is divided by one more than its vectors",
    "one less": "the random part is divided by one less than its vectors",
    "not projected": "the random vectors are not made orthogonal to the sketch: its trace counts "
    "twice",
    "no qr": "the sketch is not orthonormalised",
    "sketch itself": "the random part uses the vectors of the sketch again",
    "zero-one": "the random vectors are 0 and 1, not -1 and 1",
    "uniform": "the random vectors are uniform from -1 to 1: their mean square is 1/3, not 1",
    "length 1": "the random vectors have length 1",
    "random alone": "the sketch's trace is left out: the random part alone",
}


def _drawn(rng: np.random.Generator, shape: tuple[int, ...], gaussian: bool) -> Floats:
    if gaussian:
        return rng.standard_normal(shape)
    return np.asarray(2.0 * rng.integers(0, 2, shape) - 1.0)


def _batches(count: int, n: int, k: int) -> Iterator[int]:
    step = max(_HELD // (n * k), 1)
    while count > 0:
        yield min(step, count)
        count -= step


def hutch_plus_plus(
    matrix: Floats, samples: int, count: int, rng: np.random.Generator, *,
    gaussian: bool = False, fault: str = "",
) -> Floats:  # fmt: skip
    """Draw estimates of Hutch++, or of one with a fault.

    Args:
        matrix: The matrix, ``(n, n)``.
        samples: Products with it.
        count: How many estimates.
        rng: The generator.
        gaussian: Gaussian vectors in place of signs.
        fault: One of ``FAULTS``, or none.

    Returns:
        The estimates.
    """
    n, k = len(matrix), min(max(samples // 3, 1), len(matrix))
    found = []
    for size in _batches(count, n, k):
        start = _drawn(rng, (size, n, k), gaussian)
        sketch = matrix @ start
        q = sketch if fault == "no qr" else np.linalg.qr(sketch)[0]
        z = start if fault == "sketch itself" else _drawn(rng, (size, n, k), gaussian)
        if fault == "zero-one":
            z = (z > 0).astype(np.float64)
        elif fault == "uniform":
            z = rng.uniform(-1, 1, z.shape)
        elif fault == "length 1":
            z = z / np.linalg.norm(z, axis=1, keepdims=True)
        if fault != "not projected":
            z = z - q @ (q.transpose(0, 2, 1) @ z)
        inner, rest = (x * (matrix @ x) for x in (q, z))
        share = {"left out": 0.0, "sign": -1 / k, "not divided": 1.0, "divided by all": 1 / samples,
                 "one more": 1 / (k + 1), "one less": 1 / max(k - 1, 1)}  # fmt: skip
        over = 0.0 if fault == "random alone" else 1.0
        found.append(over * inner.sum((1, 2)) + share.get(fault, 1 / k) * rest.sum((1, 2)))
    return np.concatenate(found)


def x_trace(
    matrix: Floats, samples: int, count: int, rng: np.random.Generator, *,
    gaussian: bool = False, scaled: bool = False,
) -> Floats:  # fmt: skip
    r"""Draw estimates of XTrace.

    With the columns :math:`s_i` of :math:`R^{-\top}`, scaled to length 1, of the sketch
    :math:`H S = Q R`, the range without vector i is that of :math:`Q (I - s_i s_i^\top) Q^\top`.

    Args:
        matrix: The matrix, ``(n, n)``.
        samples: Products with it: half of them for the sketch, fewer than n.
        count: How many estimates.
        rng: The generator.
        gaussian: Gaussian vectors in place of signs.
        scaled: Whether the projected vectors are scaled to the length expected of them.

    Returns:
        The estimates.
    """
    n, k = len(matrix), samples // 2
    found = []
    for size in _batches(count, n, k):
        start = _drawn(rng, (size, n, k), gaussian)
        q, r = np.linalg.qr(matrix @ start)
        s = np.linalg.inv(r).transpose(0, 2, 1)
        s = s / np.linalg.norm(s, axis=1, keepdims=True)
        inner = q.transpose(0, 2, 1) @ matrix @ q
        own = q.transpose(0, 2, 1) @ start
        kept = own - s * (s * own).sum(1, keepdims=True)
        z = start - q @ kept
        if scaled:
            z = z * math.sqrt(n - k + 1) / np.linalg.norm(z, axis=1, keepdims=True)
        trace = np.trace(inner, axis1=1, axis2=2)
        left = (s * (inner @ s)).sum((1, 2)) / k
        found.append(trace - left + (z * (matrix @ z)).sum((1, 2)) / k)
    return np.concatenate(found)


@dataclass(frozen=True)
class SimulatedLaw:
    """The moments of an estimator, from simulated estimates.

    Attributes:
        trace: The exact trace, which is the mean.
        variance: Mean square of the deviations.
        fourth: Mean of their fourth powers.
        largest: The largest size of a deviation allowed for.
    """

    trace: float
    variance: float
    fourth: float
    largest: float

    def mean_radius(self, total: int) -> float:
        """Bound the deviation of the mean of ``total`` estimates from the trace."""
        return bernstein(total, self.variance, self.largest, ALARM)

    def variance_radius(self, total: int) -> float:
        """Bound the deviation of the mean square of ``total`` deviations from the variance."""
        spread = max(self.fourth - self.variance**2, 0.0)
        return bernstein(total, spread, self.largest**2, ALARM)


def simulated_law(
    matrix: Floats, trace: float, method: str, samples: int, count: int, rng: np.random.Generator
) -> SimulatedLaw:
    """Simulate an estimator, in all versions of the method; the widest counts.

    Args:
        matrix: The Hessian, ``(n, n)``.
        trace: Its exact trace.
        method: ``hutch++`` or ``xtrace``.
        samples: Products of an estimate.
        count: Estimates of each version.
        rng: The generator.

    Returns:
        The law of the version with the largest variance.
    """
    if method == "xtrace":
        made = [
            x_trace(matrix, samples, count, rng, gaussian=g, scaled=s)
            for g in (False, True) for s in (False, True)
        ]  # fmt: skip
    else:
        made = [hutch_plus_plus(matrix, samples, count, rng, gaussian=g) for g in (False, True)]
    away = max((x - trace for x in made), key=lambda x: float((x * x).mean()))
    largest = 1.5 * max(float(np.abs(x - trace).max()) for x in made)
    # The mean of squares of `count` deviations is itself known to a few standard errors.
    square, fourth = float((away**2).mean()), float((away**4).mean())
    return SimulatedLaw(trace, square + 3 * math.sqrt(max(fourth - square**2, 0.0) / count),
                        fourth, largest)  # fmt: skip

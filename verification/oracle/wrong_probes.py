"""Compute the mean and the variance of stochastic trace estimates under known mistakes.

A mistake changes both, and differently: probes of length 1 divide the mean by n and the variance by
n^2. So a cause is given with its mean and its variance for every case, and is named only if all of
them fit (:mod:`whichmin.verification.oracle.diagnosis`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import probes
from whichmin.verification.oracle.check import Candidate
from whichmin.verification.oracle.probes import EstimateLaw

__all__ = ["SEED", "Sample", "causes", "follows"]

Floats = NDArray[np.float64]

SEED = "the seed has no influence: every estimate is the same"
_FEW = "as spread as one or a few probes: a stopping rule ends too early, or a probe is used again"
_ABSOLUTE = "no estimate is negative, though a trace is: the absolute value, or cut off at 0"
# From this many independent probes on, their number is given.
_SEVERAL = 5
_ORTHOGONAL = "hutchinson-orthogonal"
# The variance of 40 estimates or more is within a factor of 2 of the right one, so that of two
# cases within 4 of each other: wording alone, what passes is decided by the law.
_ALIKE = 4.0


@dataclass(frozen=True)
class Sample:
    """The estimates of one case.

    Attributes:
        law: The law that they are judged by.
        trace: The exact trace.
        rounding: What rounding explains in an estimate.
        estimates: The estimates.
        scalars: Numbers of points and of weights, m and n.
        wrong: Names and matrices of wrong Hessians.
    """

    law: EstimateLaw
    trace: float
    rounding: float
    estimates: Floats
    scalars: Mapping[str, int]
    wrong: tuple[tuple[str, Floats], ...]

    @property
    def constant(self) -> bool:
        """Whether all estimates are the same."""
        return len(self.estimates) > 1 and bool((self.estimates == self.estimates[0]).all())

    @property
    def independent(self) -> float:
        """Number of independent probes that would have the variance that was found."""
        spread = float(self.estimates.var())
        return self.law.single / spread if spread > 0 else math.inf


def follows(samples: Sequence[Sample], method: str) -> bool:
    """Tell whether estimates have the mean and the variance of a method."""
    for sample in samples:
        law = probes.law(sample.law.matrix, method, sample.law.samples)
        total, r = len(sample.estimates), sample.rounding
        # The bounds of the check itself are wide; five standard deviations do for advice.
        wide = 5 * law.variance_deviation(total)
        low, high = law.variance - wide, law.variance + wide
        spread = float(sample.estimates.var())
        slack = r * (r + 2 * law.variance**0.5)
        if abs(sample.estimates.mean() - sample.trace) > law.mean_radius(total) + r:
            return False
        if not low - slack <= spread <= high + slack:
            return False
    return True


def _factors(sample: Sample) -> Iterator[tuple[str, float, str]]:
    """Names and values of wrong factors of an estimate, and what to declare."""
    m, n, k = sample.scalars["m"], sample.scalars["n"], sample.law.samples
    text = "off by exactly a factor "
    yield f"{text}samples: not divided by the number of samples", k, ""
    yield f"{text}1/samples: divided by the number of samples twice", 1 / k, ""
    if k > 1:
        yield f"{text}samples/(samples-1): divided by one less", k / (k - 1), ""
    yield f"{text}m: a sum over the points where a mean is expected", m, "'hessian': 'sum'"
    yield f"{text}1/m: a mean over the points where a sum is expected, or divided by m twice", \
        1 / m, "'hessian': 'mean'"  # fmt: skip
    yield (f"{text}1/n: a mean over the coordinates where a sum is expected, or probes of length 1",
           1 / n, "")  # fmt: skip
    yield f"{text}n: multiplied by the number of coordinates", n, ""
    yield f"{text}-1: the sign", -1, ""
    yield f"{text}2: the 1/2 of the definition is missing, or a term counts twice", 2, ""
    yield f"{text}1/2: halved once too often", 0.5, ""


def _probes(sample: Sample) -> Iterator[tuple[str, float, float]]:
    """Names of wrong probes; the mean and the variance of one quadratic form with them."""
    matrix = sample.law.matrix
    own = float((np.diag(matrix) ** 2).sum())
    rest = float((matrix * matrix).sum()) - own
    # Var z^T H z = 2 s^2 sum_{i != j} H_ij^2 + (E z^4 - s^2) sum_i H_ii^2, s = E z^2.
    yield ("the probes are uniform from -1 to 1: their mean square is 1/3, not 1",
           sample.trace / 3, 2 / 9 * rest + (1 / 5 - 1 / 9) * own)  # fmt: skip
    yield ("the probes are uniform with variance 1, neither signs nor Gaussian",
           sample.trace, 2 * rest + 4 / 5 * own)  # fmt: skip
    n = len(matrix)
    if n <= probes.LARGEST:
        z = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.float64)
        values = np.einsum("ri,ij,rj->r", z, matrix, z)
        yield "the probes are 0 and 1, not -1 and 1", float(values.mean()), float(values.var())


def _fewer(samples: Sequence[Sample], signs: bool) -> str:
    """The cause, if all cases have the mean of the law but the variance of fewer probes."""
    counts = [s.independent for s in samples]
    declared = samples[0].law.samples
    if not signs or samples[0].law.method == _ORTHOGONAL or max(counts) > _ALIKE * min(counts):
        return ""
    pooled = 1 / float(np.mean([1 / c for c in counts]))
    for s in samples:
        few = probes.law(s.law.matrix, s.law.method, max(int(pooled), 1))
        radius = few.mean_radius(len(s.estimates)) + s.rounding
        if abs(float(s.estimates.mean()) - s.trace) > radius:
            return ""
    if pooled < _SEVERAL:
        return _FEW
    if pooled > 0.8 * declared:
        return ""
    return (
        f"as spread as about {round(pooled)} independent probes, where {declared} are declared: "
        "fewer are drawn, or some are used again"
    )


def causes(
    samples: Sequence[Sample], signs: bool, others: tuple[str, ...]
) -> Iterator[tuple[tuple[Candidate, ...], tuple[Candidate, ...]]]:
    """List known causes with the mean and the variance that they give, for every case.

    Args:
        samples: All cases.
        signs: Whether the probes have the square 1, as far as the declared method has that.
        others: Methods whose law all the estimates follow.

    Yields:
        For each case the candidates of the mean and those of the variance.
    """
    same = all(s.constant for s in samples)
    zero = same and all(not s.estimates.any() for s in samples)
    fewer = "" if same else _fewer(samples, signs)
    least = min(float(s.estimates.min()) for s in samples)
    absolute = least >= 0 > min(s.trace for s in samples)
    for s in samples:
        found: list[tuple[str, float, float, str]] = []
        mean, spread = float(s.estimates.mean()), float(s.estimates.var())
        if same:
            if not zero:
                found.append((SEED, mean, spread, ""))
        else:
            if absolute:
                found.append((_ABSOLUTE, mean, spread, ""))
            if fewer:
                found.append((fewer, mean, spread, ""))
            for other in others:
                law = probes.law(s.law.matrix, other, s.law.samples)
                found.append((f"the variance of {probes.VECTORS[other]}", s.trace, law.variance,
                              probes.declaration(other, s.law.samples)))  # fmt: skip
            # A factor leaves signs without a spread where the Hessian is diagonal.
            for text, value, declare in _factors(s) if signs else ():
                found.append((text, value * s.trace, value * value * s.law.variance, declare))
            if not others and not fewer:
                k = s.law.samples
                # The bounds of the check are wide; a name needs the variance itself.
                wide = 5 * s.law.variance_deviation(len(s.estimates)) / (s.law.variance or 1.0)
                found += [
                    (text, x, v / k if abs(spread - v / k) <= wide * v / k else math.nan, "")
                    for text, x, v in _probes(s)
                ]
                for text, matrix in s.wrong:
                    symmetric = (matrix + matrix.T) / 2
                    law = probes.law(symmetric, s.law.method, k)
                    found.append((text, float(np.trace(matrix)), law.variance, ""))
        yield (
            tuple(Candidate(text, x, declare) for text, x, _, declare in found),
            tuple(Candidate(text, v, declare) for text, _, v, declare in found),
        )

r"""The laws of stochastic trace estimators, with bounds on the mean and the variance of estimates.

.. math:: E\, z^\top H z = \operatorname{tr} H, \qquad
          \operatorname{Var} z^\top H z = 2 \Bigl(|H|_F^2 - \sum_i H_{ii}^2\Bigr)
          \text{ for random signs}, \quad 2\, |H|_F^2 \text{ for Gaussian } z

(Hutchinson 1989). Both laws are known exactly: :math:`2^{n-1}` equally likely values for signs,
:math:`\sum_i \lambda_i g_i^2` for Gaussian z. So no normal approximation is used: tails are bounded
by Chernoff's inequality with the exact generating function M. For any theta

.. math:: P(S - N \mu \ge N t) \le e^{-N \theta t + N \log M(\theta)}, \qquad
          t(\theta) = \frac{\log M(\theta) + \log(1/\text{alarm}) / N}{\theta}

is a valid bound of the deviation; the best theta of a grid is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whichmin.moved import renamed

__all__ = ["ALARM", "FORMULA", "SOURCE", "EstimateLaw", "declaration", "law"]

__getattr__ = renamed(__name__, Law="EstimateLaw")

Floats = NDArray[np.float64]

# False-alarm rate of one figure.
ALARM = 1e-8
FORMULA = "2 (|H|_F^2 - sum_i H_ii^2) / k for signs, 2 |H|_F^2 / k for Gaussian probes"
SOURCE = "Hutchinson (1989); Avron, Toledo, J. ACM 58 (2011); Meyer et al., Hutch++ (2021)"
_SIGNS, _GAUSSIAN = "hutchinson", "hutchinson-gaussian"
# Up to this dimension all signs are enumerated.
LARGEST = 12


def declaration(method: str, samples: int) -> str:
    """Write what a target declares to be judged by another law."""
    return f"'stochastic': {{'hessian_trace': {{'method': '{method}', 'samples': {samples}}}}}"


def _signs(matrix: Floats) -> Floats:
    """All values of ``z^T H z - tr H`` for signs z; z and -z give the same."""
    n = len(matrix)
    assert n <= LARGEST
    bits = (np.arange(2 ** (n - 1))[:, None] >> np.arange(n)) & 1
    z = 1.0 - 2.0 * bits
    return np.asarray(np.einsum("ri,ij,rj->r", z, matrix, z) - np.trace(matrix))


@dataclass(frozen=True)
class EstimateLaw:
    """The law of an estimate: the mean of independent quadratic forms.

    Attributes:
        matrix: The Hessian.
        method: How the target estimates.
        samples: Its number of products with the Hessian.
    """

    matrix: Floats
    method: str
    samples: int

    @property
    def exact(self) -> bool:
        """Whether the law is known, as for Hutchinson's estimator, or only bounded."""
        return self.method in {_SIGNS, _GAUSSIAN}

    @property
    def forms(self) -> int:
        """Quadratic forms averaged; Hutch++ spends two thirds of the products on its sketch."""
        return self.samples if self.exact else max(self.samples // 3, 1)

    @property
    def single(self) -> float:
        """Variance of one quadratic form; for Hutch++ a bound, as the rest of H is no larger."""
        square = float((self.matrix * self.matrix).sum())
        if self.method == _SIGNS:
            return 2 * (square - float((np.diag(self.matrix) ** 2).sum()))
        return 2 * square

    @property
    def variance(self) -> float:
        """Variance of an estimate, or its bound."""
        return self.single / self.forms

    @property
    def _norm(self) -> float:
        return float(np.abs(np.linalg.eigvalsh(self.matrix)).max(initial=0.0))

    def _logarithms(self) -> tuple[Callable[[float], float], ...]:
        """``log E exp(theta X)``, X one centred form: the law's, or bounds for any rest of H."""
        if self.method == _SIGNS:
            values = _signs(self.matrix)

            def signs(theta: float) -> float:
                top = float((theta * values).max())
                return top + math.log(float(np.exp(theta * values - top).mean()))

            return (signs,)
        if self.method == _GAUSSIAN:
            roots = np.linalg.eigvalsh(self.matrix)

            def gaussian(theta: float) -> float:
                x = 2 * theta * roots
                return math.inf if x.max() >= 1 else float((-np.log1p(-x) - x).sum() / 2)

            return (gaussian,)
        square, norm = self.single / 2, self._norm
        span = 2 * len(self.matrix) * norm  # |z|^2 = n: both z^T A z and tr A are at most n |A|

        def rest_gaussian(theta: float) -> float:
            # -log(1 - x)/2 - x/2 <= x^2 / (4 (1 - |x|)), x = 2 theta lambda
            x = 2 * abs(theta) * norm
            return math.inf if x >= 1 else theta * theta * square / (1 - x)

        def rest_signs(theta: float) -> float:
            # Bernstein: variance at most 2 |A|^2, at most `span` from the mean
            x = abs(theta) * span / 3
            return math.inf if x >= 1 else theta * theta * square / (1 - x)

        return (rest_gaussian, rest_signs)

    def radius(self, count: int, alarm: float) -> float:
        r"""Bound the deviation of the mean of ``count`` forms from the trace.

        .. math:: \min_\theta \frac{\log M(\theta) + \log(2 / \text{alarm}) / \text{count}}{\theta}

        with the generating function M of the deviation of one form, and of its negative.

        Args:
            count: Number of forms.
            alarm: Chance of a larger deviation.

        Returns:
            The deviation.
        """
        if self.single <= 0:
            return 0.0
        worst, log = 0.0, math.log(2 / alarm) / count
        # theta = x / sigma: the best one is near sqrt(2 log) / sigma, or at the edge of the tail
        for x in (1.0, -1.0):
            for function in self._logarithms():
                best = math.inf
                for theta in np.geomspace(1e-3, 50, 200) / math.sqrt(self.single):
                    grown = function(x * float(theta))
                    best = min(best, (grown + log) / float(theta))
                worst = max(worst, best)
        return worst

    def mean_radius(self, total: int) -> float:
        """Bound the deviation of the mean of independent estimates."""
        return self.radius(total * self.forms, ALARM)

    def _fourth(self) -> float:
        """Fourth central moment of an estimate: ``m4 / k^3 + 3 (k - 1) V^2 / k^3``."""
        k, v = self.forms, self.single
        if self.method == _SIGNS:
            one = float((_signs(self.matrix) ** 4).mean())
        else:
            # Gaussian: cumulants 2 |H|^2 and 48 tr H^4
            quartic = float((np.linalg.eigvalsh(self.matrix) ** 4).sum())
            one = 3 * v * v + 48 * quartic
            if not self.exact:  # signs: a form of degree 2 has m4 <= 81 V^2 (hypercontractivity)
                one = max(one, 81 * v * v)
        return (one + 3 * (k - 1) * v * v) / k**3

    def variance_deviation(self, total: int) -> float:
        """Compute the standard deviation of the mean of squared deviations of estimates."""
        return math.sqrt(max(self._fourth() - self.variance**2, 0.0) / total)

    def _damped(self, theta: float) -> float:
        """``E exp(-theta D^2)``, D the deviation of an estimate.

        ``exp(-theta d^2) = E cos(sqrt(2 theta) g d)`` for a standard Gaussian g, so it is the
        characteristic function, averaged over g; the trapezoidal rule on [-9, 9] leaves out 1e-18.

        Args:
            theta: Positive.

        Returns:
            The expectation.
        """
        g = np.arange(-450, 451) / 50
        weights = np.exp(-g * g / 2) / math.sqrt(2 * math.pi) / 50
        argument = math.sqrt(2 * theta) * g / self.forms
        if self.method == _SIGNS:
            one = np.exp(1j * argument[:, None] * _signs(self.matrix)).mean(1)
        else:
            x = argument[:, None] * np.linalg.eigvalsh(self.matrix)
            one = np.exp((-np.log1p(-2j * x) / 2 - 1j * x).sum(1))
        return float((weights * (one**self.forms).real).sum())

    def _grown(self, theta: float, values: Floats) -> float:
        """``E exp(theta D^2)`` for signs; the same with the generating function, on [-40, 40].

        What is left out: ``M(t)^k`` at ``t = sqrt(2 theta) g / k`` is at most
        ``exp(sqrt(2 theta) s |g|)``, s the largest value, and by Hoeffding's lemma at most
        ``exp(theta r^2 g^2 / (4 k))``, r their range. With ``sqrt(2 theta) s <= 10``, or with
        ``theta <= k / r^2``, less than 1e-100 lies beyond.

        Args:
            theta: Positive.
            values: The values of one form, equally likely.

        Returns:
            The expectation; infinite where the integral is not bounded as above.
        """
        k, largest = self.forms, float(np.abs(values).max())
        if math.sqrt(2 * theta) * largest > 10 and theta > k / float(np.ptp(values)) ** 2:
            return math.inf
        g = np.arange(-2000, 2001) / 50
        exponents = math.sqrt(2 * theta) / k * g[:, None] * values
        top = exponents.max(1)
        logs = top + np.log(np.exp(exponents - top[:, None]).mean(1))
        return float(np.exp(k * logs - g * g / 2).sum() / math.sqrt(2 * math.pi) / 50)

    def _above(self, total: int, log: float) -> float:
        """Largest mean of squared deviations, for signs: Chernoff's bound.

        Args:
            total: Number of estimates.
            log: ``log(1 / alarm)``.

        Returns:
            The bound.
        """
        values, best = _signs(self.matrix), math.inf
        for theta in np.geomspace(0.01, 3, 40) / self.variance:
            grown = self._grown(float(theta), values)
            best = min(best, (math.log(grown) + log / total) / float(theta))
        return best

    def variance_range(self, total: int) -> tuple[float, float]:
        """Bound the empirical variance (about the empirical mean) of estimates from both sides.

        Above: squared deviations, cut off at u^2 where u is hardly ever exceeded, by Bernstein's
        inequality; for signs by Chernoff's where that is better. Below: Chernoff's, less the
        square of the mean's deviation.

        Args:
            total: Number of estimates.

        Returns:
            The smallest and the largest value.
        """
        variance = self.variance
        if variance <= 0:
            return 0.0, 0.0
        log, quarter = math.log(4 / ALARM), ALARM / 4
        cut = self.radius(self.forms, quarter / total) ** 2 / 3 * log
        above = (cut + math.sqrt(cut * cut + 2 * total * self._fourth() * log)) / total
        upper = variance + above
        if not self.exact:
            return 0.0, upper
        if self.method == _SIGNS:
            upper = min(upper, self._above(total, log))
        below = 0.0
        for theta in np.geomspace(0.01, 30, 60) / variance:
            damped = self._damped(float(theta))
            below = max(below, (-math.log(damped) - log / total) / float(theta))
        moved = self.radius(total * self.forms, quarter) ** 2
        return max(below - moved, 0.0), upper


def law(matrix: Floats, method: str, samples: int) -> EstimateLaw:
    """Return the law of an estimate of the trace.

    Args:
        matrix: The Hessian, ``(n, n)``.
        method: As declared; all but the two of Hutchinson are judged as Hutch++, by bounds.
        samples: Products with the Hessian.

    Returns:
        The law.
    """
    return EstimateLaw(matrix, method, samples)

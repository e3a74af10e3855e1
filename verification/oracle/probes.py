r"""The laws of stochastic trace estimators, with bounds on the mean and the variance of estimates.

.. math:: E\, z^\top H z = \operatorname{tr} H, \qquad
          \operatorname{Var} z^\top H z = 2 \Bigl(|H|_F^2 - \sum_i H_{ii}^2\Bigr)
          \text{ for random signs}, \quad 2\, |H|_F^2 \text{ for Gaussian } z

(Hutchinson 1989). Both laws are known exactly: :math:`2^{n-1}` equally likely values for signs,
:math:`\sum_i \lambda_i g_i^2` for Gaussian z. For z uniform on the sphere of radius
:math:`\sqrt n`, and for k of them orthogonal to each other,

.. math:: \operatorname{Var} = \frac{2 n}{n + 2}\, |\tilde H|_F^2, \qquad
          \operatorname{Var} = \frac{2 n (n - k)}{k (n - 1) (n + 2)}\, |\tilde H|_F^2, \qquad
          \tilde H = H - \frac{\operatorname{tr} H}{n} I

(the second by the moments of a random projection; k above n: blocks of n, which are exact, and the
rest). A Gaussian frame is an orthogonal one times an independent matrix whose mean is the identity,
up to the factor :math:`\sqrt n`; so by Jensen's inequality convex functions of a deviation have at
most the mean that they have for Gaussian z and :math:`\tilde H`. No normal approximation is used:
tails are bounded by Chernoff's inequality with the generating function M. For any theta

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

__all__ = ["ALARM", "FORMULA", "SOURCE", "VECTORS", "EstimateLaw", "declaration", "law"]

__getattr__ = renamed(__name__, Law="EstimateLaw")

Floats = NDArray[np.float64]

# False-alarm rate of one figure.
ALARM = 1e-8
FORMULA = (
    "2 (|H|_F^2 - sum_i H_ii^2) / k for signs, 2 |H|_F^2 / k for Gaussian probes, "
    "2n/(n+2) (|H|_F^2 - tr(H)^2/n) / k on the sphere"
)
SOURCE = "Hutchinson (1989); Avron, Toledo, J. ACM 58 (2011)"
_SIGNS, _GAUSSIAN = "hutchinson", "hutchinson-gaussian"
_SPHERE, _ORTHOGONAL = "hutchinson-sphere", "hutchinson-orthogonal"
#: The methods whose law is known, and what their vectors are.
VECTORS = {
    _SIGNS: "random signs",
    _GAUSSIAN: "Gaussian probes",
    _SPHERE: "probes uniform on the sphere",
    _ORTHOGONAL: "probes orthogonal to each other",
}
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
    def _rest(self) -> Floats:
        """What makes probes of one length vary: the matrix less the mean of its eigenvalues."""
        if self.method in {_SIGNS, _GAUSSIAN}:
            return self.matrix
        n = len(self.matrix)
        return np.asarray(self.matrix - np.trace(self.matrix) / n * np.eye(n))

    @property
    def _square(self) -> float:
        """The squared norm of that; 0 where it is the rounding of the subtraction."""
        rest, n = self._rest, len(self.matrix)
        square, whole = float((rest * rest).sum()), float((self.matrix * self.matrix).sum())
        return square if square > (8 * n * 2.0**-53) ** 2 * whole else 0.0

    @property
    def single(self) -> float:
        """Variance of one quadratic form."""
        n = len(self.matrix)
        if self.method == _SIGNS:
            return 2 * (self._square - float((np.diag(self.matrix) ** 2).sum()))
        return 2 * self._square * (1.0 if self.method == _GAUSSIAN else n / (n + 2))

    @property
    def variance(self) -> float:
        """Variance of an estimate."""
        k, n = self.samples, len(self.matrix)
        if self.method == _ORTHOGONAL:
            left = k % n  # n orthogonal probes give the trace itself
            return self.single * left * (n - left) / (k * k * max(n - 1, 1))
        return self.single / k

    def _logarithm(self) -> Callable[[float], float]:
        """``log E exp(theta X)``, X one centred form, or for probes of one length a bound of it."""
        if self.method == _SIGNS:
            values = _signs(self.matrix)

            def signs(theta: float) -> float:
                top = float((theta * values).max())
                return top + math.log(float(np.exp(theta * values - top).mean()))

            return signs
        roots = np.linalg.eigvalsh(self._rest)

        def gaussian(theta: float) -> float:
            x = 2 * theta * roots
            return math.inf if x.max() >= 1 else float((-np.log1p(-x) - x).sum() / 2)

        return gaussian

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
        if self.variance <= 0:
            return 0.0
        worst, log, function = 0.0, math.log(2 / alarm) / count, self._logarithm()
        # theta = x / sigma: the best one is near sqrt(2 log) / sigma, or at the edge of the tail
        for x in (1.0, -1.0):
            best = math.inf
            for theta in np.geomspace(1e-3, 50, 200) / math.sqrt(self.single):
                best = min(best, (function(x * float(theta)) + log) / float(theta))
            worst = max(worst, best)
        return worst

    def mean_radius(self, total: int) -> float:
        """Bound the deviation of the mean of independent estimates."""
        return self.radius(total * self.samples, ALARM)

    def _fourth(self) -> float:
        """Fourth central moment of an estimate: ``m4 / k^3 + 3 (k - 1) V^2 / k^3``, or a bound."""
        k, v, n = self.samples, self.single, len(self.matrix)
        if self.method == _SIGNS:
            return (float((_signs(self.matrix) ** 4).mean()) + 3 * (k - 1) * v * v) / k**3
        # Gaussian: cumulants 2 |H|^2 and 48 tr H^4
        plain = 2 * self._square
        one = 3 * plain**2 + 48 * float((np.linalg.eigvalsh(self._rest) ** 4).sum())
        if self.method == _ORTHOGONAL:
            left = k % n
            return (left / k) ** 4 * (one + 3 * (left - 1) * plain**2) / max(left, 1) ** 3
        if self.method == _SPHERE:  # |g|^2 is independent of g/|g|, and E |g|^8 is this product
            one *= n**3 / ((n + 2) * (n + 4) * (n + 6))
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
        argument = math.sqrt(2 * theta) * g / self.samples
        if self.method == _SIGNS:
            one = np.exp(1j * argument[:, None] * _signs(self.matrix)).mean(1)
        else:
            x = argument[:, None] * np.linalg.eigvalsh(self.matrix)
            one = np.exp((-np.log1p(-2j * x) / 2 - 1j * x).sum(1))
        return float((weights * (one**self.samples).real).sum())

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
        k, largest = self.samples, float(np.abs(values).max())
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
        cut = self.radius(self.samples, quarter / total) ** 2 / 3 * log
        above = (cut + math.sqrt(cut * cut + 2 * total * self._fourth() * log)) / total
        upper = variance + above
        if self.method == _SIGNS:
            upper = min(upper, self._above(total, log))
        moved = self.radius(total * self.samples, quarter) ** 2
        if self.method not in {_SIGNS, _GAUSSIAN}:
            # A mean of squares D^2 is less than theirs by t with a chance of at most
            # exp(-N t^2 / (2 E D^4)) (Maurer 2003).
            short = math.sqrt(2 * self._fourth() * log / total)
            return max(variance - short - moved, 0.0), upper
        below = 0.0
        for theta in np.geomspace(0.01, 30, 60) / variance:
            damped = self._damped(float(theta))
            below = max(below, (-math.log(damped) - log / total) / float(theta))
        return max(below - moved, 0.0), upper


def law(matrix: Floats, method: str, samples: int) -> EstimateLaw:
    """Return the law of an estimate of the trace.

    Args:
        matrix: The Hessian, ``(n, n)``.
        method: One of ``VECTORS``.
        samples: Products with the Hessian.

    Returns:
        The law.
    """
    return EstimateLaw(matrix, method, samples)

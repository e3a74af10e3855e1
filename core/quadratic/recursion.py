r"""The noisy quadratic, a loss x^T H x / 2 with gradient noise of covariance Sigma/B.

SGD and its diffusion, which runs in the time :math:`\tau = \eta t`, are

.. math:: x \leftarrow x - \eta\,(H x + \xi), \quad \operatorname{Cov}\xi = \Sigma / B, \qquad
          dX = -H X\,d\tau + \sqrt{\eta / B}\;\Sigma^{1/2}\,dW .

Here are moments by their exact recursion, those of the diffusion and of stationary states entry by
entry in the eigenbasis of H, and runs. H and Sigma need not commute: in that basis every entry of a
covariance obeys an equation of its own, and what solves it has no cancellation, however small or
large a curvature. :mod:`whichmin.verification.topics.quadratic.diffusion` compares with a matrix
exponential (Van Loan 1978), which loses all digits once ``H tau`` is large, and with Lyapunov
solvers. All matrices are ``(n, n)``, x is ``(n,)``.
"""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from whichmin.core.philox import Purpose
from whichmin.core.validation import (
    check_integer,
    check_matrix,
    check_positive,
    check_seed,
    check_vector,
    check_weights,
)
from whichmin.errors import InputError

__all__ = ["Moments", "Quadratic", "make_quadratic"]

Floats = NDArray[np.float64]

_NUMBERS = 1 << 22  # largest number of normal numbers drawn at once


@dataclass(frozen=True)
class Moments:
    """Mean and covariance of x.

    Attributes:
        mean: Shape ``(n,)``.
        covariance: Shape ``(n, n)``.
    """

    mean: Floats
    covariance: Floats

    def loss(self, curvature: Floats) -> float:
        r"""Compute the mean loss.

        .. math:: E\,\tfrac12 x^\top H x
                  = \tfrac12 \operatorname{tr}\bigl[H\,(V + \mu \mu^\top)\bigr]

        Args:
            curvature: H, shape ``(n, n)``.

        Returns:
            The mean.
        """
        second = self.covariance + np.outer(self.mean, self.mean)
        return float(np.sum(curvature * second) / 2)


@dataclass(frozen=True)
class Quadratic:
    """A quadratic loss and the noise of its gradient; see :func:`make_quadratic`.

    Attributes:
        curvature: H, shape ``(n, n)``.
        noise: Sigma, covariance of the noise of one sample, shape ``(n, n)``.
    """

    curvature: Floats
    noise: Floats

    @property
    def n(self) -> int:
        """Dimension."""
        return len(self.curvature)

    @property
    def top(self) -> float:
        """Largest curvature."""
        return float(np.linalg.eigvalsh(self.curvature)[-1])

    @property
    def critical_step(self) -> float:
        """Step size ``2 / top``, from which on SGD has no stationary state."""
        return 2 / self.top

    def moments(self, start: Any, step_size: float, batch_size: float, steps: int) -> Moments:
        r"""Compute mean and covariance of x after some steps from a fixed start.

        .. math:: \mu \leftarrow (1 - \eta H)\,\mu, \qquad
                  V \leftarrow (1 - \eta H)\,V\,(1 - \eta H) + \frac{\eta^2}{B}\,\Sigma

        Args:
            start: Shape ``(n,)``.
            step_size: Step size, above 0; it may be too long to be stable.
            batch_size: Batch size, above 0.
            steps: Number of steps.

        Returns:
            The moments.

        Raises:
            InputError: An argument is not allowed.
        """
        x, eta, size = self._setting(start, "start", step_size, batch_size)
        covariance = np.zeros_like(self.noise)
        factor = np.eye(self.n) - eta * self.curvature
        for _ in range(check_integer(steps, "steps", 0)):
            x = factor @ x
            covariance = factor @ covariance @ factor + eta**2 / size * self.noise
        return Moments(x, covariance)

    def diffused(self, start: Any, step_size: float, batch_size: float, time: float) -> Moments:
        r"""Compute mean and covariance of the diffusion at a time.

        In the eigenbasis of H, for an entry of curvatures h and g,

        .. math:: \mu_h = e^{-h\tau}\,x_h, \qquad
                  V_{hg} = \frac{\eta}{B}\,\Sigma_{hg}\,\frac{1 - e^{-(h + g)\tau}}{h + g} .

        Args:
            start: Shape ``(n,)``.
            step_size: Step size, above 0.
            batch_size: Batch size, above 0.
            time: tau = step size times steps, above 0.

        Returns:
            The moments.

        Raises:
            InputError: An argument is not allowed.
        """
        x, eta, size = self._setting(start, "start", step_size, batch_size)
        tau = check_positive(time, "time")
        h, vectors = np.linalg.eigh(self.curvature)
        rates = h[:, None] + h
        # A rate times tau may overflow: its exponential is 0 then, as it should be.
        with np.errstate(over="ignore"):
            decay, lost = np.exp(-h * tau), -np.expm1(-rates * tau)
        mean = vectors @ (decay * (vectors.T @ x))
        return Moments(mean, self._from_eigenbasis(vectors, lost / rates, eta / size))

    def stationary(self, step_size: float, batch_size: float) -> Floats:
        r"""Compute the stationary covariance of SGD.

        .. math:: V = (1 - \eta H)\,V\,(1 - \eta H) + \frac{\eta^2}{B}\,\Sigma, \qquad
                  V_{hg} = \frac{\eta}{B}\,\frac{\Sigma_{hg}}{h + g - \eta h g}

        in the eigenbasis of H, for an entry of curvatures h and g.

        Args:
            step_size: Step size, below :attr:`critical_step`.
            batch_size: Batch size, above 0.

        Returns:
            Shape ``(n, n)``.

        Raises:
            InputError: An argument is not allowed.
        """
        eta = check_positive(step_size, "step_size", self.critical_step)
        size = check_positive(batch_size, "batch_size")
        h, vectors = np.linalg.eigh(self.curvature)
        # An entry of V times 1 - (1 - eta h)(1 - eta g) is eta^2 s/B. Both terms are positive.
        half = 1 - eta * h / 2
        if not half.min() > 0:  # within a rounding of the critical step
            raise InputError("step_size", step_size, f"must be below {self.critical_step}")
        rates = h[:, None] * half + half[:, None] * h
        return self._from_eigenbasis(vectors, 1 / rates, eta / size)

    def stationary_diffusion(self, step_size: float, batch_size: float) -> Floats:
        r"""Compute the stationary covariance of the diffusion.

        .. math:: H V + V H = \frac{\eta}{B}\,\Sigma, \qquad
                  V_{hg} = \frac{\eta}{B}\,\frac{\Sigma_{hg}}{h + g}

        in the eigenbasis of H, for an entry of curvatures h and g.

        Args:
            step_size: Step size, above 0.
            batch_size: Batch size, above 0.

        Returns:
            Shape ``(n, n)``.

        Raises:
            InputError: An argument is not allowed.
        """
        eta = check_positive(step_size, "step_size")
        size = check_positive(batch_size, "batch_size")
        h, vectors = np.linalg.eigh(self.curvature)
        return self._from_eigenbasis(vectors, 1 / (h[:, None] + h), eta / size)

    def _from_eigenbasis(self, vectors: Floats, factors: Floats, scale: float) -> Floats:
        """Multiply every entry of Sigma in the eigenbasis of H.

        Returns:
            Shape ``(n, n)``, symmetric to the bit.
        """
        own = vectors @ (scale * factors * (vectors.T @ self.noise @ vectors)) @ vectors.T
        return np.asarray((own + own.T) / 2)

    def simulate(
        self,
        start: Any,
        step_size: Any,
        batch_size: float,
        steps: int,
        *,
        replicas: int = 1,
        seed: int = 0,
    ) -> Floats:
        r"""Run SGD with normal noise.

        .. math:: x \leftarrow x - \eta_t\,(H x + \xi_t), \qquad \xi_t \sim N(0, \Sigma / B)

        Args:
            start: Shape ``(n,)``, or one per replica: ``(replicas, n)``.
            step_size: Step size, or one for each step: shape ``(steps,)``.
            batch_size: Batch size, above 0.
            steps: Number of steps.
            replicas: Number of independent runs.
            seed: Seed.

        Returns:
            Where the runs end, shape ``(replicas, n)``.

        Raises:
            InputError: An argument is not allowed.
        """
        count = check_integer(replicas, "replicas", 1)
        length = check_integer(steps, "steps", 0)
        size = check_positive(batch_size, "batch_size")
        sizes = _step_sizes(step_size, length)
        x = check_weights(start, self.n, "start", torch.float64, torch.device("cpu")).numpy()
        if len(x) not in (1, count):
            raise InputError("start", f"{len(x)} rows", f"must have 1 or {count} rows")
        x = np.repeat(x, count // len(x), axis=0)
        # A root of Sigma that exists for singular ones too.
        values, vectors = np.linalg.eigh(self.noise)
        root = vectors * np.sqrt(np.clip(values, 0, None) / size)
        rng = np.random.default_rng((check_seed(seed), Purpose.QUADRATIC))
        chunk = max(1, _NUMBERS // x.size)
        for first in range(0, length, chunk):
            drawn = rng.standard_normal((min(chunk, length - first), *x.shape))
            for eta, normal in zip(sizes[first : first + chunk], drawn, strict=True):
                x = x - eta * (x @ self.curvature + normal @ root.T)
        return x

    def noise_scales(self, x: Any) -> tuple[float, float]:
        r"""Compute both noise scales at a point.

        .. math:: B_{\text{noise}} = \frac{\operatorname{tr}(H \Sigma)}{G^\top H G}, \qquad
                  B_{\text{simple}} = \frac{\operatorname{tr}\Sigma}{G^\top G}, \qquad G = H x

        Source: McCandlish et al. 2018, equations 2.8 and 2.9.

        Args:
            x: Shape ``(n,)``, with a gradient that is not 0.

        Returns:
            ``B_noise = tr(H Sigma)/(G^T H G)`` and ``B_simple = tr(Sigma)/(G^T G)``.

        Raises:
            InputError: The gradient is 0 or too small, or x is not allowed.
        """
        gradient = self.curvature @ _vector(x, self.n, "x")
        # In units of its largest entry: squares of a small gradient would vanish.
        largest = float(np.abs(gradient).max())
        unit = gradient / (largest or 1.0)
        energy = np.array([unit @ self.curvature @ unit, unit @ unit])
        traces = np.array([np.sum(self.curvature * self.noise), np.trace(self.noise)])
        with np.errstate(all="ignore"):
            scales = traces / energy / largest / largest
        if not np.isfinite(scales).all():
            raise InputError("x", x, "must have a gradient that is not 0, nor so small that a "
                             "noise scale overflows")  # fmt: skip
        return float(scales[0]), float(scales[1])

    def mean_loss_after(self, x: Any, step_size: float, batch_size: float) -> float:
        r"""Compute the mean loss after one step from x.

        .. math:: E\,\tfrac12 x'^\top H x', \qquad x' = x - \eta\,(H x + \xi)

        Args:
            x: Shape ``(n,)``.
            step_size: Step size, above 0.
            batch_size: Batch size, above 0.

        Returns:
            The mean of ``x'^T H x' / 2``.

        Raises:
            InputError: An argument is not allowed.
        """
        place, eta, size = self._setting(x, "x", step_size, batch_size)
        return self.moments(place, eta, size, 1).loss(self.curvature)

    def _setting(
        self, place: Any, argument: str, step_size: Any, batch_size: Any
    ) -> tuple[Floats, float, float]:
        return (
            _vector(place, self.n, argument),
            check_positive(step_size, "step_size"),
            check_positive(batch_size, "batch_size"),
        )


def _step_sizes(value: Any, steps: int) -> Floats:
    if isinstance(value, numbers.Real):
        return np.full(steps, check_positive(value, "step_size"))
    sizes = np.asarray(value)
    allowed = f"must be one or {steps} positive numbers"
    if sizes.dtype.kind not in "fiu" or sizes.shape != (steps,):
        raise InputError("step_size", value, allowed)
    if not (np.isfinite(sizes) & (sizes > 0)).all():
        raise InputError("step_size", value, allowed)
    return sizes.astype(np.float64)


def _vector(value: Any, n: int, argument: str) -> Floats:
    checked = check_vector(value, n, argument, torch.float64, torch.device("cpu"))
    return np.asarray(checked.numpy(), dtype=np.float64)


def make_quadratic(curvature: Any, noise: Any) -> Quadratic:
    """Build a noisy quadratic.

    Args:
        curvature: H, symmetric and positive definite, shape ``(n, n)``.
        noise: Sigma, symmetric and positive semidefinite, shape ``(n, n)``.

    Returns:
        The quadratic.

    Raises:
        InputError: A matrix has the wrong shape, is not symmetric or has a wrong sign.

    Example:
        >>> make_quadratic([[1.0]], [[1.0]]).stationary(step_size=0.5, batch_size=1)
        array([[0.33333333]])
    """
    H = _symmetric(curvature, "curvature")
    C = _symmetric(noise, "noise")
    if len(C) != len(H):
        raise InputError("noise", f"shape {C.shape}", f"must have the curvature's, {H.shape}")
    values = np.linalg.eigvalsh(H)
    if not values[0] > 0:
        raise InputError("curvature", f"smallest eigenvalue {values[0]:.3g}", "must be positive")
    # Rounding of a symmetric eigenvalue solver, a small multiple of n eps |Sigma|.
    lowest, scale = float(np.linalg.eigvalsh(C)[0]), float(np.abs(C).max())
    if lowest < -8 * len(C) * np.finfo(np.float64).eps * scale * math.sqrt(len(C)):
        raise InputError("noise", f"smallest eigenvalue {lowest:.3g}", "must not be negative")
    return Quadratic(H, C)


def _symmetric(value: Any, argument: str) -> Floats:
    found = check_matrix(value, argument, torch.float64, torch.device("cpu")).numpy()
    if found.shape[0] != found.shape[1] or not np.array_equal(found, found.T):
        raise InputError(argument, f"array of shape {found.shape}", "must be square and symmetric")
    return np.asarray(found, dtype=np.float64)

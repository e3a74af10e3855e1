"""The autoencoder's own noise: its runs end at single points, which are not the flattest minima."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from whichmin.core.data import make_data
from whichmin.core.frames import standard_basis
from whichmin.core.hessian import hessian_spectrum, hessian_trace
from whichmin.core.landscape import norm_factor
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.rounding import EPS, spectrum_bound
from whichmin.verification.evidence.statistics import FIGURE
from whichmin.words import Activation, EvidenceKind, Kink

__all__: list[str] = []


def _ends(
    settings: Settings, activation: Activation, batch_size: int | None, m: int
) -> Iterator[Margin]:
    """Compare the ends of SGD with what loss and Hessian spectrum can say.

    For the linear neuron with m = 2 the minima are a circle with one loss and one spectrum, so a
    density that depends on these two alone is uniform on it, and an end within an angle d of one of
    the four vertices has chance 4 d / pi.

    Args:
        settings: Seed.
        activation: Identity or ReLU.
        batch_size: Of the runs.
        m: Number of points.

    Yields:
        Spectra along the manifold, ends of the runs, and their chance under such a density.
    """
    n = 4
    data = make_data(standard_basis(m, n))
    rng = np.random.default_rng(settings.seed)
    vertex = np.eye(n)[0]
    bound = spectrum_bound(n, 4 / m, 16 * EPS)
    if activation is Activation.LINEAR:
        reference = hessian_spectrum(vertex, data, activation=activation)
        for _ in range(8):
            point = np.zeros(n)
            point[:m] = rng.standard_normal(m)
            point /= np.linalg.norm(point)
            found = hessian_spectrum(point, data, activation=activation)
            yield Margin("spectrum on the circle", float((found - reference).abs().max()), bound)
    else:
        dense = np.where(np.arange(n) < m, 1 / math.sqrt(m), 0.0)
        for kink in (Kink.LEFT, Kink.MEAN):
            sharp = hessian_trace(vertex, data, kink=kink)
            flat = hessian_trace(dense, data, kink=kink)
            yield differs(
                f"excess of the trace at SGD's minimum, {kink.name.lower()}", 0, sharp - flat, bound
            )
            yield Margin("the point is flatter than the mixture", max(0.0, flat - sharp), bound)
    starts = np.abs(rng.standard_normal((64, n)))
    starts *= 0.5 / np.linalg.norm(starts, axis=1, keepdims=True)
    runs = train(
        data, starts, activation=activation, batch_size=batch_size,
        step_size=0.2 * (batch_size or m), seed=settings.seed, tolerance=1e-12,
    )  # fmt: skip
    inner = np.sort(np.abs(np.asarray(runs.weights)[:, :m]), axis=1)
    # The tolerance is on squares of the losers' correlations, relative to the winner's near 1.
    off = float(inner[:, -2].max())
    yield Margin("largest correlation beside the winner's", off, 2e-6, len(inner))
    if m == 2 and activation is Activation.LINEAR:
        angle = math.atan(2e-6)
        chance = (4 * angle / math.pi) ** len(inner)
        told = f"64 of 64 runs within {angle:.1g} of a data point; uniform: chance {chance:.1g}"
        yield Margin("chance of these ends under a uniform law", chance, FIGURE, 1, told)


@check(
    "stationary.autoencoder",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the spectra; the runs' tolerance; a chance of 1e-7",
)
def stationary_autoencoder(settings: Settings, batch_size: int | None = 1) -> Iterator[Margin]:
    """For the linear neuron loss and Hessian spectrum are the same on the whole circle of minima,
    and 64 of 64 runs end at data points.
    """
    yield from _ends(settings, Activation.LINEAR, batch_size, m=2)


@check(
    "stationary.relu_autoencoder",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the traces; the runs' tolerance",
)
def relu_autoencoder(settings: Settings, batch_size: int | None = 3) -> Iterator[Margin]:
    """For the ReLU neuron runs end at single points, where the Hessian's trace, for kappa = 0 and
    1/2, is larger than at the mixture of all points, which has the same loss.
    """
    yield from _ends(settings, Activation.RELU, batch_size, m=4)


@check(
    "stationary.diffusion_selects",
    EvidenceKind.COUNTEREXAMPLE,
    bound="the decay of the losing correlation, derived beside the code; rounding",
)
def diffusion_selects(settings: Settings, noisy: bool = True) -> Iterator[Margin]:
    """The diffusion with the ReLU autoencoder's own noise ends at single data points, where the
    Hessian's trace (kappa = 0) is larger than at the mixture.

    For two points in the plane and eta/b = 1/2, ``dw = -G dt + sqrt(eta/b Sigma) dB`` is followed
    up to time 1000 by the Euler-Maruyama scheme with two time steps. The noise is
    ``sum_i (g_i - G) dB_i / sqrt m``, which has the covariance Sigma dt.

    Args:
        settings: Seed.
        noisy: False leaves the noise out.

    Yields:
        How far the ends are from single data points, and the Hessian's trace there (kappa = 0)
        against that at the equal mixture.
    """
    data = make_data(standard_basis(2, 2))
    runs = 64
    for place, step in enumerate((1 / 10, 1 / 40)):
        rng = np.random.default_rng((settings.seed, 700 + place))
        w = np.abs(rng.standard_normal((runs, 2))) / 4
        for _ in range(10):
            # A step adds sum_i shares_i g_i, where g_i = (N - 2) c_i e_i + c_i^2 w.
            kicks = rng.standard_normal((round(100 / step), runs, 2)) * math.sqrt(step / 4)
            away = kicks - kicks.mean(axis=2, keepdims=True)
            for shares in (away if noisy else 0 * away) - step / 2:
                c = np.maximum(w, 0)
                own = shares * c
                factor = norm_factor(np.einsum("ri,ri->r", w, w))
                w = w + factor[:, None] * own + np.einsum("ri,ri->r", own, c)[:, None] * w
        beside = float(np.sort(np.abs(w), axis=1)[:, 0].max())
        # On the circle tr Sigma = cos^2 sin^2 of the angle, so by Ito's rule log tan(angle) has the
        # drift -cos(2 angle)/4 and the variance 1/2 a unit of time. After 1000, of which some 100
        # pass between the points, it is near -225 with a deviation of 22: -80 is 6.5 of them off.
        told = f"time step {step:g}: largest correlation beside the winner's {beside:.2g}"
        yield Margin(told, beside, math.exp(-80), runs, told)
        lost = float(np.abs(np.linalg.norm(w, axis=1) - 1).max())
        # At a data point the noise vanishes and the length is a fixed point of the scheme.
        yield Margin("length of the ends", lost, 1e-12, runs)
    dense = np.full(2, math.sqrt(1 / 2))
    traces = [hessian_trace(at, data, kink=Kink.LEFT) for at in (dense, np.array([1.0, 0.0]))]
    yield differs("trace where it ends, as small as at the mixture", traces[0], traces[1], 64 * EPS)
    yield Margin("the mixture is the flatter one", traces[0], traces[1])

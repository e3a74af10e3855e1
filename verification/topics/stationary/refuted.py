"""What "noise favours flat minima" gets wrong: no determinant at a point, no cut by temperature."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import integrate

from whichmin.core.data import make_data
from whichmin.core.frames import standard_basis
from whichmin.core.hessian import hessian_spectrum, hessian_trace
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.rounding import EPS, spectrum_bound
from whichmin.verification.evidence.statistics import FIGURE
from whichmin.verification.topics.stationary.densities import weak_residual
from whichmin.words import Activation, EvidenceKind, Kink

__all__ = ["autoencoder"]

Floats = NDArray[np.float64]
Field = Callable[[Floats], Floats]


def loss(x: Floats) -> Floats:
    """A single well whose curvature ``1 + 3 x^2`` varies."""
    return np.asarray(x**2 / 2 + x**4 / 4)


def slope(x: Floats) -> Floats:
    """Derivative of :func:`loss`."""
    return np.asarray(x + x**3)


def curvature(x: Floats) -> Floats:
    """Second derivative of :func:`loss`."""
    return np.asarray(1 + 3 * x**2)


@check(
    "stationary.no_determinant",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the integral, which may not reach its distance from 0",
)
def no_determinant(
    claimed: Field = lambda x: np.exp(-loss(x)) / np.sqrt(curvature(x)),
    constant: Field = lambda x: np.exp(-loss(x)),
) -> Iterator[Margin]:
    """exp(-L/T) det(H)^(-1/2) is not stationary in a well with varying curvature, neither for
    constant noise nor for noise equal to the curvature.

    The generator's mean of a test function under the claimed density, T = 1.

    It is not zero, neither for constant noise nor for noise equal to the curvature; under
    exp(-L) it is, for constant noise.

    Args:
        claimed: exp(-L/T) over the root of the determinant.
        constant: exp(-L/T).

    Yields:
        Both means.
    """
    place = (-6.0, 6.0, 0.7, 0.7)
    one: Field = np.ones_like
    value, size = weak_residual(slope, one, constant, *place)
    # Densities carry the rounding of exponents up to 40, where they are not negligible.
    rounding = 200 * EPS
    yield Margin("exp(-L/T) under constant noise", abs(value), rounding * size)
    for what, noise in (("constant noise", one), ("noise equal to the curvature", curvature)):
        value, size = weak_residual(slope, noise, claimed, *place)
        yield differs(
            f"mean of the generator's image under exp(-L/T) det(H)^(-1/2), {what}", 0.0, value,
            rounding * size,
        )  # fmt: skip


@check(
    "stationary.equal_depths",
    EvidenceKind.COUNTEREXAMPLE,
    bound="the error that the integrator was asked for",
)
def equal_depths(
    curvatures: tuple[float, float] = (1.0, 4.0),
    depths: tuple[float, float] = (1.0, 1.0),
    temperatures: Sequence[float] = (0.02, 0.5, 1.0, 20.0, 1000.0),
) -> Iterator[Margin]:
    """Of two equally deep wells with curvatures 1 and 4 the sharp one keeps a third of the mass at
    every temperature.

    Two parabolas of one depth that meet in a top: their shares at all temperatures.

    In units of its own width each well is the same half line, so the odds are those of the widths,
    whatever T: the sharp well keeps a third.

    Args:
        curvatures: Of the flat and of the sharp well.
        depths: Of both.
        temperatures: T.

    Yields:
        The sharp well's share: constant, and not 0.
    """
    claimed = 1 / (1 + math.sqrt(curvatures[1] / curvatures[0]))
    for T in temperatures:
        masses = []
        for h, depth in zip(curvatures, depths, strict=True):
            a = math.sqrt(2 * depth / h)
            # From the top at 0 to 12 widths beyond the bottom: the rest is below 1e-31.
            end = a + 12 * math.sqrt(T / h)
            bottom = [min(a, end)]
            told = integrate.quad(
                lambda x, h=h, a=a, T=T: math.exp(-h * (x - a) ** 2 / (2 * T)),
                0, end, points=bottom, epsabs=0, epsrel=1e-12, limit=200,
            )  # fmt: skip
            masses.append(told[0])
        share = masses[1] / sum(masses)
        # The integrator was asked for a relative error of 1e-12 in each mass.
        yield Margin(f"sharp well's share at T = {T:g}", abs(share - claimed), 2e-12)
        yield differs(f"share of the sharp of two equally deep wells, T = {T:g}", 0, share, 2e-12)


def autoencoder(settings: Settings, activation: Activation, batch_size: int | None = 1,
                m: int = 2, n: int = 4) -> Iterator[Margin]:  # fmt: skip
    """Where SGD ends, against what loss and Hessian spectrum can say.

    Linear, m = 2: the minima are a circle with one loss and one spectrum, so a density that depends
    on these two alone is uniform on it, and an end within an angle d of one of the four vertices
    has chance 4 d / pi.

    Args:
        settings: Seed.
        activation: Identity or ReLU.
        batch_size: Of the runs.
        m: Number of points.
        n: Dimension.

    Yields:
        Spectra along the manifold, ends of the runs, and their chance under such a density.
    """
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
def stationary_autoencoder(settings: Settings) -> Iterator[Margin]:
    """Linear neuron: loss and Hessian spectrum are the same on the whole circle of minima, and 64
    of 64 runs end at data points.
    """
    yield from autoencoder(settings, Activation.LINEAR)


@check(
    "stationary.relu_autoencoder",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the traces; the runs' tolerance",
)
def relu_autoencoder(settings: Settings) -> Iterator[Margin]:
    """ReLU neuron, kappa = 0 and 1/2: runs end at single points, where the Hessian's trace is
    larger than at the mixture of all points, of the same loss.
    """
    yield from autoencoder(settings, Activation.RELU, m=4, batch_size=3)


@check(
    "stationary.diffusion_selects",
    EvidenceKind.COUNTEREXAMPLE,
    bound="the decay of the losing correlation, derived beside the code; rounding",
)
def diffusion_selects(settings: Settings, noisy: bool = True) -> Iterator[Margin]:
    """The diffusion with the ReLU autoencoder's own noise ends at single data points, where the
    Hessian's trace (kappa = 0) is larger than at the mixture.

    The diffusion itself, two points in the plane: ``dw = -G dt + sqrt(eta/b Sigma) dB``.

    ReLU, eta/b = 1/2, time 1000 by the Euler-Maruyama scheme with two time steps. The noise is the
    model's own: ``sum_i (g_i - G) dB_i / sqrt m`` has the covariance Sigma dt.

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
        for _ in range(round(1000 / step)):
            c, square = np.maximum(w, 0), (w * w).sum(axis=1)
            gradients = c[:, :, None] ** 2 * w[:, None, :]
            gradients[:, [0, 1], [0, 1]] += (square - 2)[:, None] * c
            mean = gradients.mean(axis=1)
            kicks = rng.standard_normal((runs, 2, 1)) * math.sqrt(step / 4) if noisy else 0.0
            w = w - step * mean + ((gradients - mean[:, None]) * kicks).sum(axis=1)
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

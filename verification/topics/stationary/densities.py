"""Stationary densities of a noisy step: closed forms against the generator and against runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.polynomial.chebyshev import Chebyshev
from numpy.typing import NDArray

from whichmin.core.stationary import law, simulate
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.statistics import FIGURE, same_law
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.strategies import seeds
from whichmin.words import EvidenceKind

__all__ = ["double_well", "weak_residual"]

Floats = NDArray[np.float64]
Field = Callable[[Floats], Floats]

# 120 nodes integrate a Gaussian over 20 of its widths, times functions that vary over about one
# of them, to the last bits; beyond 10 widths it is below 2e-22.
_NODES = np.polynomial.legendre.leggauss(120)
_CHEBYSHEV = 160


def weak_residual(slope: Field, noise: Field, density: Field, low: float, high: float,
                  centre: float, width: float) -> tuple[float, float]:  # fmt: skip
    """Compute the mean of the generator's image of a test function: 0 under a stationary density.

    ``A f = -L' f' + D f''`` for ``f = exp(-(x - centre)^2 / (2 width^2))``, by Ito's rule for the
    noise: this is what stationary means, without zero flux or any solved equation.

    Args:
        slope: L'.
        noise: D.
        density: Of any scale.
        low: Lower end of the integral.
        high: Upper end.
        centre: Of the test function.
        width: Of the test function.

    Returns:
        The integral, and that of the sizes of its terms.
    """
    x = (high - low) / 2 * _NODES[0] + (high + low) / 2
    z = (x - centre) / width
    f = np.exp(-(z**2) / 2)
    first, second = -z / width * f, (z**2 - 1) / width**2 * f
    drift, spread = -slope(x) * first * density(x), noise(x) * second * density(x)
    weights = (high - low) / 2 * _NODES[1]
    return float(weights @ (drift + spread)), float(weights @ (np.abs(drift) + np.abs(spread)))


@check(
    "stationary.generator",
    EvidenceKind.PROPERTY,
    bound="rounding of an interpolant of degree 160, times the sizes of the terms",
    cases=seeds,
    examples=60,
    forms=("stationary.score", "stationary.gibbs", "stationary.loss_noise"),
)
def generator(subject: Subject, case: int) -> Iterator[Margin]:
    """Under the closed-form densities the generator's image of a test function has mean zero: on
    the line for any noise, constant noise and noise proportional to the loss, and in two
    dimensions for constant noise.

    The loss is a random quartic of at least 1/2.
    """
    rng = np.random.default_rng(case)
    a, c, d = rng.uniform(0.2, 0.5), rng.uniform(-0.8, 0.8), rng.uniform(0.1, 0.3)

    def loss(x: Floats) -> Floats:
        return np.asarray(0.5 + a * (x - c) ** 2 + d * x**4 / 4)

    def slope(x: Floats) -> Floats:
        return np.asarray(2 * a * (x - c) + d * x**3)

    T, tau, bend = rng.uniform(0.3, 2), rng.uniform(0.4, 2), rng.uniform(0.1, 0.5)
    centre, width = rng.uniform(-1, 1), rng.uniform(0.15, 0.25)
    low, high = centre - 10 * width, centre + 10 * width
    base = float(loss(np.array(centre)))
    forms = subject.forms

    def general(x: Floats) -> Floats:
        spread, spread_slope = T * (1 + bend * x**2), 2 * T * bend * x
        return np.asarray(
            forms["stationary.score"](
                slope=slope(x), diffusion=spread, diffusion_slope=spread_slope
            )
        )

    score = Chebyshev.interpolate(general, _CHEBYSHEV, [low, high])
    log_density = score.integ(lbnd=centre)
    cases: tuple[tuple[str, Field, Field], ...] = (
        ("stationary.score, D = T (1 + bend x^2)", lambda x: T * (1 + bend * x**2),
         lambda x: np.exp(log_density(x))),
        ("stationary.gibbs, D = T", lambda x: np.full_like(x, T),
         lambda x: forms["stationary.gibbs"](gap=loss(x) - base, T=T)),
        ("stationary.loss_noise, D = tau L", lambda x: tau * loss(x),
         lambda x: forms["stationary.loss_noise"](ratio=loss(x) / base, tau=tau)),
    )  # fmt: skip
    here = np.array([centre])
    for what, noise, density in cases:
        # A density over that at a reference point: 1 there.
        at_reference = abs(float(density(here)[0]) - 1)
        yield Margin(f"{what}: at the reference point", at_reference, 100 * _CHEBYSHEV * EPS)
        value, size = weak_residual(slope, noise, density, low, high, centre, width)
        # log p is a sum of up to 160 terms, of the size of the score (below 100) times the width.
        allowed = 100 * _CHEBYSHEV * EPS * size
        yield Margin(f"{what}: mean of the generator's image", abs(value), allowed)
    yield from _in_space(subject, rng)


def _in_space(subject: Subject, rng: np.random.Generator) -> Iterator[Margin]:
    """Check constant noise in two dimensions, for a loss that does not separate.

    ``A f = -grad(L) grad(f) + T lap(f)``, f a Gaussian bump: that its mean is zero is stationarity
    itself; the flux is not asked to vanish.

    Yields:
        The mean of ``A f``.
    """
    (a, b), c, T = rng.uniform(0.2, 0.5, 2), rng.uniform(0.1, 0.5), rng.uniform(0.3, 2)
    centre, width = rng.uniform(-1, 1, 2), rng.uniform(0.15, 0.25)

    def loss(x: Floats, y: Floats) -> Floats:
        return np.asarray(a * x**2 + b * y**4 + c * x**2 * y**2 + c * x * y)

    base = loss(*centre)
    density = subject.forms["stationary.gibbs"]
    z, weights = 10 * _NODES[0], 10 * width * _NODES[1]
    x, y = np.meshgrid(*(centre[:, None] + width * z), indexing="ij")
    f = np.exp(-(z[:, None] ** 2 + z**2) / 2) * density(gap=loss(x, y) - base, T=T)
    terms = (
        (2 * a * x + 2 * c * x * y**2 + c * y) * z[:, None] / width * f,
        (4 * b * y**3 + 2 * c * x**2 * y + c * x) * z / width * f,
        T * (z[:, None] ** 2 - 1) / width**2 * f,
        T * (z**2 - 1) / width**2 * f,
    )
    value, size = (
        float(weights @ part @ weights) for part in (sum(terms), sum(map(np.abs, terms)))
    )
    # The exponent is below 50 in size, with a few roundings; the sums have 120 terms each.
    yield Margin("stationary.gibbs, two dimensions", abs(value), 1000 * EPS * size)


# "Noise favours flat minima" as the density exp(-L/T) over the root of the determinant.


def loss(x: Floats) -> Floats:
    """Compute the loss of a single well, ``x^2/2 + x^4/4``, whose curvature varies."""
    return np.asarray(x**2 / 2 + x**4 / 4)


def slope(x: Floats) -> Floats:
    """Compute the derivative of :func:`loss`."""
    return np.asarray(x + x**3)


def curvature(x: Floats) -> Floats:
    """Compute the second derivative of :func:`loss`."""
    return np.asarray(1 + 3 * x**2)


@check(
    "stationary.no_determinant",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the integral, which may not reach its distance from 0",
)
def no_determinant(power: float = -1 / 2, rate: float = 1.0) -> Iterator[Margin]:
    """The density exp(-L/T) det(H)^(-1/2) is not stationary in a well with varying curvature,
    neither for constant noise nor for noise equal to the curvature.

    Under it the mean of the generator's image of a test function is not zero, T = 1; under exp(-L)
    it is, for constant noise.

    Args:
        power: Of the curvature, beside exp(-L/T).
        rate: exp(-rate L/T) is stationary under constant noise.

    Yields:
        Both means.
    """

    def claimed(x: Floats) -> Floats:
        return np.asarray(np.exp(-loss(x)) * curvature(x) ** power)

    def constant(x: Floats) -> Floats:
        return np.asarray(np.exp(-rate * loss(x)))

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


def double_well(
    subject: Subject, settings: Settings, bend: float = 0.0, told_bend: float | None = None
) -> Iterator[Margin]:
    """Compare runs in a lopsided double well, all from the same point, with the closed form.

    The slack of the runs is the distance of the chain's own law, by quadrature, from the closed
    form: first order in eta, and what is left of the start.

    Args:
        subject: What is judged.
        settings: Seed and length.
        bend: Noise D = T (1 + bend x^2).
        told_bend: The bend that the closed form is told; None for the true one.

    Yields:
        The distance of the chain's exact law, at two step sizes, and that of the runs.
    """
    T, eta, span = 0.5, 0.01, 3.2
    horizon = 30
    bent = bend if told_bend is None else told_bend
    score = subject.forms["stationary.score"]

    def slope(x: Floats) -> Floats:
        return np.asarray(x * (x**2 - 1) * 1.5 + 0.15)

    def noise(x: Floats) -> Floats:
        return np.asarray(T * (1 + bend * x**2))

    def told(x: Floats) -> Floats:
        spread, inclination = T * (1 + bent * x**2), 2 * T * bent * x
        return np.asarray(score(slope=slope(x), diffusion=spread, diffusion_slope=inclination))

    raw = Chebyshev.interpolate(told, _CHEBYSHEV, [-span, span]).integ()
    # Without normalisation density and integral would overflow in a wrong form.
    fine = np.linspace(-span, span, 4001)
    top = float(raw(fine).max())
    density = Chebyshev.interpolate(lambda x: np.exp(raw(x) - top), 2 * _CHEBYSHEV, [-span, span])
    integral = density.integ(lbnd=-span)

    def cumulative(x: Floats) -> Floats:
        return np.asarray(integral(np.clip(x, -span, span)) / integral(span))

    # A step is 3.5 spacings wide at the finer step size: quadrature is exact to the last bits.
    grid = np.linspace(-span, span, 321)
    far = []
    for size in (eta, eta / 2):
        steps = round(horizon / size)
        chain = law(slope, noise, step_size=size, steps=steps, start=1.0, grid=grid)
        far.append(float(np.abs(chain.cumulative - cumulative(grid)).max()))
    # At first order halving eta halves the distance: 0.6 of it leaves a fifth to the second order.
    # A wrong density would not come nearer; one that is wrong everywhere starts farther off.
    yield Margin(
        f"stationary.score: the chain's law tends to it, bend {bend:g}: distance {far[0]:.5f} at "
        f"eta = {eta}, {far[1]:.5f} at half",
        max(0.0, far[1]), 0.6 * far[0] if far[0] < 0.05 else 0.0, len(grid),
        f"double well, bend {bend:g}: exact law of the chain is {far[0]:.5f} from the closed form "
        f"at eta = {eta}, {far[1]:.5f} at half of it",
    )  # fmt: skip
    replicas = 200_000 if settings.deep else 10_000
    ends = simulate(
        slope, noise, step_size=eta, steps=round(horizon / eta), start=1.0, replicas=replicas,
        seed=settings.seed,
    )  # fmt: skip
    yield same_law(f"ends in a double well, bend {bend:g}", ends, cumulative, far[0])


@check(
    "stationary.double_well",
    EvidenceKind.STATISTICS,
    bound="Dvoretzky-Kiefer-Wolfowitz-Massart, plus the distance of the chain's own law",
    forms=("stationary.score",),
    false_alarm=2 * FIGURE,
)
def stationary_double_well(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """The ends of 10,000 runs in a double well have the closed-form law, for constant noise and for
    noise that varies.
    """
    yield from double_well(subject, settings)
    yield from double_well(subject, settings, 0.5)

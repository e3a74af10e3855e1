"""Runs of a noisy step in a double well against the closed-form stationary density."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from whichmin.core.stationary import law, simulate
from whichmin.verification.evidence.check import Margin, Settings, check
from whichmin.verification.evidence.statistics import FIGURE, same_law
from whichmin.verification.evidence.subject import Subject
from whichmin.words import EvidenceKind

__all__ = ["double_well"]

Floats = NDArray[np.float64]

_CHEBYSHEV = 160


def double_well(
    subject: Subject, settings: Settings, bend: float = 0.0, told_bend: float | None = None
) -> Iterator[Margin]:
    """Runs in a lopsided double well, all from the same point, against the closed form.

    The slack is not guessed: the chain's own law at that step is followed by quadrature, and
    its distance from the closed form (first order in eta, and what is left of the start) is added.

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

    exponent = np.polynomial.chebyshev.Chebyshev.interpolate(told, _CHEBYSHEV, [-span, span])
    # Without normalisation density and integral would overflow in a wrong form.
    raw = exponent.integ()
    fine = np.linspace(-span, span, 4001)
    top = float(raw(fine).max())
    density = np.polynomial.chebyshev.Chebyshev.interpolate(
        lambda x: np.exp(raw(x) - top), 2 * _CHEBYSHEV, [-span, span]
    )
    integral = density.integ(lbnd=-span)

    def cumulative(x: Floats) -> Floats:
        return np.asarray(integral(np.clip(x, -span, span)) / integral(span))

    grid = np.linspace(-span, span, 641)  # a step is 7.7 spacings wide at the finer step size
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
    """10,000 runs in a double well have the closed-form law, for constant and for varying noise."""
    yield from double_well(subject, settings)
    yield from double_well(subject, settings, 0.5)

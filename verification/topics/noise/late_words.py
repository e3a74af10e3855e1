"""Say words of claims on gradient noise late in runs and next to data points."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import mpmath

from whichmin.verification.evidence.statement import Undecided, number, word
from whichmin.verification.topics.noise.words import (
    active_power,
    gradient_trace,
    noise_curved,
    noise_simple,
    sample_gradients,
)
from whichmin.verification.topics.vocabulary import C, N, Start, remembered

__all__: list[str] = []

# How far late runs go: the energy that is left, and the most steps; digits of their arithmetic.
_LATE, _STEPS, _DIGITS = 1e-12, 1000, 60
_LATE_SGD, _STEPS_SGD = 1e-7, 1000


@remembered(128)
def _late_gd(w: Start, eta: Fraction, activation: str) -> Start:
    """Run GD in 60 digits until the energy R outside the active points has all but gone.

    Next to the limit what else is left falls like R^2, so R has to be small beside its own square
    at the start.

    Raises:
        Undecided: It diverges, or takes too long.
    """
    with mpmath.workdps(_DIGITS):
        at = [mpmath.mpf(v.numerator) / v.denominator for v in map(Fraction, w.w)]
        rate = mpmath.mpf(eta.numerator) / eta.denominator / w.m
        active = [i for i in range(w.m) if activation == "linear" or at[i] > 0]
        first = None
        for _ in range(_STEPS):
            energy = sum(at[i] * at[i] for i in active)
            norm = sum(v * v for v in at)
            if not norm < _STEPS:
                raise Undecided("the run diverges")
            first = norm - energy if first is None else first
            if norm - energy <= _LATE * min(1, 1e4 * first**2) and abs(norm - 1) <= _LATE:
                return Start(tuple(Fraction(mpmath.nstr(v, _DIGITS)) for v in at), w.m)
            shrink = 1 - rate * energy
            boost = shrink + rate * (2 - norm)
            at = [v * (boost if p in active else shrink) for p, v in enumerate(at)]
    raise Undecided("the run is not late yet")


@word
def late_simple(w: Start, eta: Any, activation: str = "linear") -> Any:
    """B_simple at a late iterate of GD, where |w|^2 - C is 10^-12 or less."""
    return noise_simple(_late_gd(w, Fraction(eta), activation), activation)


@word
def late_curved(w: Start, eta: Any, activation: str = "linear") -> Any:
    """B_noise at a late iterate of GD, where |w|^2 - C is 10^-12 or less."""
    return noise_curved(_late_gd(w, Fraction(eta), activation), activation)


@word
def late_power(w: Start, eta: Any, power: Any, activation: str = "linear") -> Any:
    """The sum of a power of the active correlations at that iterate."""
    return active_power(_late_gd(w, Fraction(eta), activation), power, activation)


@word
def late_trace(w: Start, eta: Any, activation: str = "linear") -> Any:
    """The trace tr Sigma at that iterate."""
    return gradient_trace(sample_gradients(_late_gd(w, Fraction(eta), activation), activation))


@remembered(128)
def _late_sgd(w: Start, eta: Fraction, seed: int, activation: str) -> Start:
    """Run single-sample SGD in floats until the losing points have an energy of 1e-7.

    Raises:
        Undecided: It diverges, or takes too long.
    """
    choose = random.Random(seed)  # noqa: S311 - no secrets
    at, rate, relu = [float(v) for v in w.w], float(eta), activation == "relu"
    for _ in range(_STEPS_SGD):
        i = choose.randrange(w.m)
        if at[i] > 0 or not relu:
            shrink = 1 - rate * at[i] * at[i]
            boost = shrink + rate * (2 - sum(v * v for v in at))
            at = [v * (boost if p == i else shrink) for p, v in enumerate(at)]
        size = max(map(abs, at))
        if not size < _STEPS:
            raise Undecided("the run diverges")
        if sum(v * v for v in at) - size * size <= _LATE_SGD and size > 1 / 2:
            return Start(tuple(at), w.m)
    raise Undecided("the run is not late yet")


@word
def late_sgd(w: Start, eta: Any, seed: Any, activation: str = "linear") -> Start:
    """An iterate of single-sample SGD where the losing points have an energy s^2 of 10^-7."""
    return _late_sgd(w, Fraction(eta), int(seed), activation)


@word
def agrees(left: Any, right: Any, share: Any) -> bool:
    """Whether two numbers agree up to a share of the second."""
    return bool(abs(float(left) - float(right)) <= float(share) * abs(float(right)))


@word
def losing_energy(w: Start, activation: str = "linear") -> Any:
    """The energy s^2 of the active points beside the largest one."""
    squares = [v * v for v in w.w[: w.m] if activation == "linear" or v > 0]
    return sum(sorted(squares)[:-1], number(0))


@word
def beside(d: Start, radial: Any, step: Any = Fraction(1, 10**9)) -> Start:
    """The weights next to data point 0 in the direction of d with its first entry radial."""
    moved = [step * v for v in d.w]
    moved[0] = 1 + step * radial
    return Start(tuple(moved), d.m)


@word
def others_alone(d: Start, activation: str = "linear") -> Start:
    """The part of the direction d along the points that it makes active beside point 0."""
    kept = [
        v if 0 < p < d.m and (activation == "linear" or v > 0) else v * 0 for p, v in enumerate(d.w)
    ]
    return Start(tuple(kept), d.m)


@word
def other_energy(d: Start, activation: str = "linear") -> Any:
    """The energy s^2 of d along the points that it makes active beside point 0."""
    return sum(
        (v * v for v in d.w[1 : d.m] if activation == "linear" or v > 0), Fraction(0)
    )  # fmt: skip


@word
def rest_energy(d: Start, activation: str = "linear") -> Any:
    """The energy R of d along all else but point 0."""
    return sum((v * v for v in d.w[1:]), Fraction(0)) - other_energy(d, activation)


@word
def off_span(w: Start, activation: str = "linear") -> Any:
    """The energy R = |w|^2 - C outside the active points."""
    return N(w) - C(w, activation)

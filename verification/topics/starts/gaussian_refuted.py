"""What is said of Gaussian starts and is false: runs from starts that can be followed by hand."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator

import numpy as np

from whichmin.core.frames import standard_basis
from whichmin.core.training.result import TrainResult
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.starts import laws
from whichmin.words import Activation, EvidenceKind

__all__: list[str] = []

LINEAR, RELU = Activation.LINEAR, Activation.RELU
# Runs end with squared distances below 1e-12; quadrature and SciPy's Beta law are good to 1e-8.
CLOSE = 1e-5


def _gd(subject: Subject, w0: list[float], m: int, activation: Activation) -> TrainResult:
    return train(
        standard_basis(m, len(w0)), w0, activation=activation, batch_size=None,
        step_size=m / 5, tolerance=1e-14, engine=subject.engines["reduced"],
    )  # fmt: skip


counterexample = functools.partial(
    check,
    kind=EvidenceKind.COUNTEREXAMPLE,
    bound="1e-5, more than the distance that a tolerance of 1e-12 leaves; small chances as stated",
)


@counterexample("gaussian.turned")
def turned(subject: Subject, expected: float = 1.0) -> Iterator[Margin]:
    """With m = n/2 GD turns by 45 (linear) and 60 degrees (ReLU)."""
    found = float(_gd(subject, [0.25] * 4, 2, LINEAR).cosine_with_start[0])
    yield differs("linear, m = 2, n = 4: cosine of limit and start", expected, found, CLOSE)
    signs = [0.1, -0.1, 0.1, -0.1, 0.1, 0.1, 0.1, 0.1]
    found = float(_gd(subject, signs, 4, RELU).cosine_with_start[0])
    yield differs("ReLU, m = 4, n = 8: cosine of limit and start", expected, found, CLOSE)
    for activation in (LINEAR, RELU):
        cdf = laws.start_cosine_cdf(200, 400, activation)
        chance = 1 - float(cdf(0.8**2))
        told = f"{activation}, m = 200, n = 400: chance of a cosine of 0.8 or more "
        told += f"{max(chance, 1e-15):.1e}"
        yield Margin(told, chance, 1e-3, 1, told)


@counterexample("gaussian.rate")
def rate(subject: Subject, factor: float = 10.0) -> Iterator[Margin]:
    """For m = 100, n = 10^6 GD's cosine with the start exceeds 10 m/n.

    The cosine with the start is of the order of the root of m/n.
    """
    found = float(_gd(subject, [1 / 64] * 1024, 4, LINEAR).cosine_with_start[0])
    yield differs("m = 4, n = 1024, equal coordinates: cosine", 4 / 1024, found, CLOSE)
    for activation in (LINEAR, RELU):
        cdf = laws.start_cosine_cdf(100, 1_000_000, activation)
        chance = float(cdf((factor * 1e-4) ** 2))
        told = (
            f"{activation}, m = 100, n = 10^6: chance of a cosine up to {factor:g} m/n {chance:.1e}"
        )
        yield Margin(told, chance, 1e-7, 1, told)


@counterexample("gaussian.uneven")
def uneven(subject: Subject, factor: float = 2.0) -> Iterator[Margin]:
    """Weights of GD's limit differ: all 8 within a factor 2 is rare.

    GD keeps the ratios of the start, and those of a Gaussian start are not near 1.
    """
    c = _gd(subject, [0.5, 0.05], 2, LINEAR).correlations[0]
    yield differs("linear, from (0.5, 0.05): ratio of the weights", 1.0, float(c[0] / c[1]), CLOSE)
    chance = laws.all_within(factor, 8)
    told = f"chance that no weight of 8 is {factor:g} times another: {chance:.1e}"
    yield Margin(told, chance, 1e-3, 1, told)


@counterexample("gaussian.missing")
def missing(subject: Subject, w0: tuple[float, ...] = (0.5, -0.3)) -> Iterator[Margin]:
    """ReLU GD's limit lacks points with a negative start correlation."""
    c = _gd(subject, list(w0), 2, RELU).correlations[0]
    yield Margin("weight of the second point in the limit", abs(float(c[1])), CLOSE)
    yield differs(
        "its weight if the limit were the projection",
        0.3 / math.hypot(0.5, 0.3),
        abs(float(c[1])),
        CLOSE,
    )


@counterexample("gaussian.diagonal")
def diagonal(subject: Subject, settings: Settings, claimed: float = 0.0) -> Iterator[Margin]:
    """For n = m = 2: SGD's limit is 45 degrees away from a diagonal start."""
    result = train(
        np.eye(2), np.full((100, 2), 0.35), batch_size=1, step_size=0.2, seed=settings.seed,
        engine=subject.engines["reduced"],
    )  # fmt: skip
    cosines = result.cosine_with_start
    won = np.bincount(result.winner.numpy(), minlength=2)
    yield Margin(
        f"runs that end at {won.tolist()}, all at a point",
        float((result.cosine < 1 - CLOSE).sum()),
        0.5,
    )
    for end in (cosines.min(), cosines.max()):
        yield differs("n = m = 2: cosine of SGD's limit with the start", claimed, float(end), CLOSE)

"""The script at the end of 000, run many times: its "expected output" against replicas."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.core.frames import random_frame
from whichmin.core.training.result import TrainResult
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.statistics import (
    clopper_pearson,
    frequency,
    quantile_interval,
    same_law,
)
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.starts import laws
from whichmin.verification.topics.starts.published_script import NORM, STEP_SIZE, STEPS, M, N
from whichmin.words import Activation, EvidenceKind, Status

__all__: list[str] = []


def _run(
    subject: Subject,
    settings: Settings,
    batch: int | None,
    replicas: int,
    steps: int = STEPS,
    size: Fraction = STEP_SIZE,
) -> tuple[TrainResult, NDArray[np.bool_]]:
    """Run the recipe from Gaussian starts.

    Returns:
        The outcome, and which replicas were not dead.
    """
    drawn = np.random.default_rng(settings.seed).normal(size=(replicas, N))
    result = train(
        random_frame(M, N, seed=settings.seed),
        float(NORM) * drawn / np.linalg.norm(drawn, axis=1, keepdims=True),
        activation=Activation.RELU, batch_size=batch, step_size=float(size), max_steps=steps,
        # one test at the end: the listing takes all its steps
        check_every=steps, tolerance=1e-300, engine=subject.engines["compiled"],
        seed=settings.seed,
    )  # fmt: skip
    return result, np.array([status is not Status.DEAD_NEURON for status in result.status])


ABOVE = functools.partial(laws.largest_above, m=M, activation=Activation.RELU)
START = laws.start_cosine_cdf(M, N, Activation.RELU)


CHANCE = "a false alarm of 1e-7 a figure: exact binomial tails, Massart's bound of a distance"


@check(
    "script.gd",
    EvidenceKind.STATISTICS,
    bound=CHANCE,
    false_alarm=1e-6,  # 3 figures
)
def gd(
    subject: Subject,
    settings: Settings,
    above: Callable[[float], float] = ABOVE,
    cdf: laws.Law = START,
) -> Iterator[Margin]:
    """Replicas of the listing's GD: the largest cosine is at least 1/sqrt|S+|, with the median of
    the exact law, and the cosine with the start has the exact law.
    """
    result, lives = _run(subject, settings, None, 200_000 if settings.deep else 10_000)
    largest = result.cosine.abs().numpy()[lives]
    start = result.cosine_with_start.abs().numpy()[lives]
    size = result.active.sum(1).numpy()[lives]
    # 8,000 steps shrink the distance by (1 - eta/m)^8000 = exp(-50); the rest is rounding
    below = float(np.maximum(0, 1 / np.sqrt(size) - largest).max())
    yield Margin("largest cosine below 1/sqrt|S+|", below, 1e-8, len(largest))
    median = laws.quantile(lambda x: 1 - above(x), 0.5, 0.5, 0.99) ** 0.5
    low, high = quantile_interval(largest, 0.5)
    told = f"median {median:.4f} of the law, [{low:.4f}, {high:.4f}] in training"
    yield frequency(
        f"largest cosine above {told}", int((largest > median).sum()), len(largest), 0.5
    )
    yield same_law("cos^2 with the start", start**2, cdf, 1e-8)
    median = laws.quantile(cdf, 0.5, 0.0, 1.0) ** 0.5
    told = f"median of the law {median:.4f}"
    yield frequency(
        f"cosine with the start above {told}", int((start > median).sum()), len(start), 0.5
    )


# (what, threshold, chance that it is reached); measured in the deep version
ARRIVED = (
    ("is at least", 0.995, 0.528),
    ("is at least", 0.99995, 0.1665),
    ("exceeds", 0.958, 0.75),
)


@check(
    "script.sgd",
    EvidenceKind.STATISTICS,
    bound=CHANCE + "; the rounding of the chances as stated, 0.01, and of the median, 0.02",
    false_alarm=1e-6,  # 7 figures
)
def sgd(
    subject: Subject,
    settings: Settings,
    arrived: tuple[tuple[str, float, float], ...] = ARRIVED,
    median: float = 0.229,
) -> Iterator[Margin]:
    """Replicas of the listing's SGD after 8,000 steps: how often it is at one point, and its cosine
    with the start.
    """
    result, lives = _run(subject, settings, 1, 400_000 if settings.deep else 100_000)
    largest = result.cosine.abs().numpy()[lives]
    start = result.cosine_with_start.abs().numpy()[lives]
    total = len(largest)
    for what, threshold, chance in arrived:
        count = int((largest >= threshold).sum())
        yield frequency(f"largest cosine {what} {threshold}", count, total, chance, 0.01)
    count = int((largest >= 0.995).sum())
    low, high = clopper_pearson(count, total)
    yield differs("chance of a largest cosine of 1.00", 1.0, count / total, (high - low) / 2)
    count = int((start > median).sum())
    yield frequency(f"|cosine with the start| exceeds {median}", count, total, 0.5, 0.02)
    count = int((start < 0.055).sum())
    yield frequency("|cosine with the start| is below 0.055", count, total, 0.0285, 0.01)
    low, high = clopper_pearson(count, total)
    yield differs("chance of that", 1.0, count / total, (high - low) / 2)
    rate = float(subject.forms["dynamics.separation_rate"](alpha=float(STEP_SIZE), b=1, m=M))
    told = f"the ratio to a winner shrinks by exp({rate * STEPS:.3f}) in {STEPS} steps"
    yield Margin(told, abs(rate * STEPS + 2.503), 5e-4, 1, told)


@check(
    "script.steps",
    EvidenceKind.STATISTICS,
    bound="2 in 100, for the upper end of an interval of confidence 1 - 1e-7",
    false_alarm=2e-7,  # 2 figures
)
def steps(
    subject: Subject,
    settings: Settings,
    least: float = 0.98,
    cases: tuple[tuple[int, Fraction], ...] = ((48_000, STEP_SIZE), (STEPS, Fraction(1, 5))),
) -> Iterator[Margin]:
    """With 48,000 steps in place of 8,000, or steps of size 1/5, the largest cosine of the
    listing's SGD is at least 0.995 in more than 98 of 100 runs.
    """
    for steps, size in cases:
        replicas = 100_000 if settings.deep else 10_000
        result, lives = _run(subject, settings, 1, replicas, steps, size)
        count = int((result.cosine.abs().numpy()[lives] < 0.995).sum())
        total = int(lives.sum())
        low, high = clopper_pearson(count, total)
        told = (
            f"after {steps} steps of {size} the largest cosine is below 0.995 in {count} of "
            f"{total} runs [{low:.5f}, {high:.5f}]"
        )
        yield Margin(told, high, 1 - least, total, told)

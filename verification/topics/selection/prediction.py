"""Predictions against training, on random problems within and outside the theorems' hypotheses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from hypothesis import strategies as st
from scipy import stats

from whichmin.core.batches import BatchStream, make_stream
from whichmin.core.data import Data, make_data
from whichmin.core.frames import random_frame, standard_basis
from whichmin.core.training.result import TrainResult
from whichmin.core.training.trainer import train
from whichmin.prediction.prediction import Prediction, predict
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.exact import truth
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.words import Activation, EvidenceKind, Sampling, Status

__all__ = ["PredictionCase"]

TOLERANCE = 1e-8
LIMIT = 10_000
EVERY = 50
# False alarms: 1e-9 for each of at most 6 candidates of 200 cases.
ALARM = 1e-9


@dataclass(frozen=True)
class PredictionCase:
    """A training problem of any kind, from which its repr makes it again.

    Attributes:
        m: Number of data points.
        n: Dimension.
        frame: Seed of a random frame; None for the standard basis.
        mixing: Size of the mixing of the rows: 0 for orthonormal data.
        activation: Identity or ReLU.
        sampling: How batches are drawn.
        batch_size: Points per batch.
        alpha: Step size over batch size.
        norm: Norm of the start.
        zeros: How many starting correlations are 0.
        seed: Seed of start and batches.
    """

    m: int
    n: int
    frame: int | None
    mixing: float
    activation: Activation
    sampling: Sampling
    batch_size: int
    alpha: float
    norm: float
    zeros: int
    seed: int

    @cached_property
    def data(self) -> Data:
        """The data."""
        rows = (
            standard_basis(self.m, self.n)
            if self.frame is None
            else random_frame(self.m, self.n, self.frame)
        )
        if not self.mixing:
            return make_data(rows)
        mix = np.random.default_rng((self.seed, 5)).normal(size=(self.m, self.m)) / self.m
        return make_data(rows + self.mixing * mix @ rows, handling="as-is")

    @cached_property
    def start(self) -> np.ndarray:
        """Starting weights, shape ``(n,)``."""
        w = np.random.default_rng(self.seed).normal(size=self.n)
        for point in self.data.points.numpy()[: self.zeros]:
            w -= (w @ point) / (point @ point) * point
        return np.asarray(w * self.norm / np.linalg.norm(w))

    @property
    def step_size(self) -> float:
        """The step size."""
        return self.alpha * self.batch_size

    @property
    def stream(self) -> BatchStream:
        """The batches."""
        return make_stream(self.m, self.batch_size, sampling=self.sampling, seed=self.seed)


@st.composite
def problems(draw: st.DrawFn) -> PredictionCase:
    """Draw a problem; about half of them break a hypothesis of the theorems.

    Args:
        draw: Supplied by Hypothesis.

    Returns:
        A problem.
    """
    m = draw(st.integers(1, 6))
    usual = draw(st.booleans())
    n = m + draw(st.integers(0, 4))
    samplings = [s for s in Sampling if s is not Sampling.CUSTOM]
    return PredictionCase(
        m=m,
        n=n,
        frame=draw(st.none() | st.integers(0, 2**16)),
        mixing=0.0 if usual else draw(st.sampled_from([0.0, 0.0, 0.5])),
        activation=draw(st.sampled_from(list(Activation))),
        sampling=Sampling.WITHOUT_REPLACEMENT if usual else draw(st.sampled_from(samplings)),
        batch_size=draw(st.integers(1, m)),
        alpha=draw(st.floats(0.08, 0.2) if usual else st.sampled_from([0.1, 0.3, 0.45, 0.9])),
        norm=draw(st.floats(0.2, 0.95) if usual else st.sampled_from([0.5, 1.05, 1.4, 2.0])),
        zeros=0 if usual else draw(st.integers(0, min(1, n - 1))),
        seed=draw(st.integers(0, 2**32 - 1)),
    )


@check(
    "prediction.outcomes",
    EvidenceKind.PROPERTY,
    bound=(
        "distance that the run's tolerance allows; chances: 1e-9 a figure, with 2 alpha^2 for "
        "the next order"
    ),
    cases=problems,
    examples=200,
)
def outcomes(subject: Subject, case: PredictionCase) -> Iterator[Margin]:
    """Runs end as predicted in the kind of end, the limit, the steps of gradient descent, and the
    candidates and chances of mini-batches; where nothing is predicted a hypothesis fails.
    """
    told = predict(
        case.start, case.data, case.batch_size, case.step_size, activation=case.activation,
        sampling=case.sampling, tolerance=TOLERANCE, check_every=EVERY, seed=case.seed,
    )  # fmt: skip
    broken = any(not h.holds for h in told.hypotheses)
    yield truth("something is predicted, or a hypothesis fails", bool(told.status) or broken)
    if told.status is None:
        return
    replicas = 1 if told.full_batch else 32
    result = train(
        case.data,
        np.tile(case.start, (replicas, 1)),
        activation=case.activation,
        batch_size=case.batch_size,
        step_size=case.step_size,
        sampling=case.sampling,
        seed=case.seed,
        tolerance=TOLERANCE,
        max_steps=LIMIT,
        check_every=EVERY,
        # The compiled one where it applies: many more steps in the same time.
        engine=subject.engines["compiled" if case.data.orthonormal else "reduced"],
    )
    others = {s for s in result.status if s not in {told.status, Status.STEP_LIMIT}}
    yield truth(f"{told.status} was predicted, not {others or ''}", not others)
    if told.status is not Status.CONVERGED:
        return
    assert told.limits is not None
    if told.full_batch:
        yield from _limit(case, told, result)
    else:
        yield from _winners(case, told, result)


def _limit(case: PredictionCase, told: Prediction, result: TrainResult) -> Iterator[Margin]:
    if result.status[0] is Status.STEP_LIMIT:
        late = told.steps is None or told.steps > LIMIT
        yield truth("the predicted number of steps is above the limit", late)
        return
    assert told.limits is not None
    distance = float(np.linalg.norm(result.weights[0].numpy() - told.limits[0]))
    # |w - limit|^2 <= 4 gap / (curvature of the gap), for linear data the smallest difference of
    # eigenvalues; orthonormal data: 4 m gap, see limits.gradient_descent. Rounding: the starting
    # correlations' own error grows with them, and 4 roundings a step.
    spectrum = case.data.gram_spectrum[0].numpy() / case.m
    below = spectrum[spectrum < spectrum[-1] * (1 - 1e-9)]
    gap = 1 / case.m if case.data.orthonormal else spectrum[-1] - (below[-1] if len(below) else 0)
    growth = 10 / float(np.linalg.norm(told.correlations[list(told.candidates[0])]))
    scale = float(case.data.gram.diagonal().mean())
    allowed = (
        math.sqrt(4 * TOLERANCE * scale / gap) + growth * (4 * int(result.steps[0]) + 99) * EPS
    )
    yield Margin(f"distance from the predicted limit, {told.statement}", distance, allowed)
    if told.steps is not None:
        yield Margin(
            "predicted and taken steps differ", abs(told.steps - int(result.steps[0])), EVERY
        )


def _winners(case: PredictionCase, told: Prediction, result: TrainResult) -> Iterator[Margin]:
    assert told.limits is not None
    over = np.array([s is Status.CONVERGED for s in result.status])
    found = result.weights.numpy()[over]
    if not len(found):
        return
    distances = np.linalg.norm(found[:, None] - told.limits[None], axis=2)
    # |w - a| <= sqrt(mass of the rivals) + sqrt(2 m gap), both at most the tolerance.
    allowed = math.sqrt(TOLERANCE) * (1 + math.sqrt(2 * case.m))
    yield Margin(
        f"distance from the nearest predicted limit, {told.statement}",
        float(distances.min(1).max()), allowed, len(found),
    )  # fmt: skip
    if told.favourite is not None and told.chances is None:
        lost = float((distances.argmin(1) != told.favourite).mean())
        yield Margin(f"the favourite loses, {case.sampling}", lost, 0.2, len(found))
    if told.chances is None or not over.all():
        return
    assert told.chance_errors is not None
    often = np.bincount(distances.argmin(1), minlength=len(told.limits))
    for group, chance, error, count in zip(
        told.candidates, told.chances, told.chance_errors, often, strict=True
    ):
        # The law is of first order in alpha, and simulated chances have an error of their own.
        spare = 0.0 if len(often) == 1 else 2 * case.alpha**2 + 6 * error
        low, high = max(chance - spare, 0.0), min(chance + spare, 1.0)
        tail = min(
            stats.binom.sf(count - 1, len(found), high), stats.binom.cdf(count, len(found), low)
        )
        yield Margin(
            f"{group} wins {count} of {len(found)}, predicted {chance:.3f}",
            math.log(max(tail, 1e-300)) / math.log(ALARM), 1.0, len(found),
        )  # fmt: skip

"""Where runs end: GD at the normalised projection, mini-batches at one data point."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from hypothesis.strategies import SearchStrategy

from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.strategies import RunCase, runs
from whichmin.words import Activation, EvidenceKind, Sampling, Status

__all__: list[str] = []


def _gd_runs() -> SearchStrategy[RunCase]:
    return runs(largest=6, smallest_alpha=0.05)


@check(
    "limits.gradient_descent",
    EvidenceKind.PROPERTY,
    bound="distance that the run's tolerance allows, plus 4 roundings a step",
    cases=_gd_runs,
    examples=40,
    forms=("dynamics.gd_limit",),
)
def gradient_descent(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """GD ends at the normalised projection of the start (ReLU: on the positive set)."""
    frame = case.data.points.numpy()
    c = case.weights @ frame.T
    if case.activation is Activation.RELU:
        c = np.maximum(c, 0)
    energy = (c**2).sum(1, keepdims=True)
    limit = subject.forms["dynamics.gd_limit"](c=c, C=energy) @ frame
    tolerance = 1e-22
    for name in ("reduced", "dense"):
        result = train(
            case.data,
            case.weights,
            activation=case.activation,
            batch_size=None,
            step_size=case.alpha * case.m,
            tolerance=tolerance,
            engine=subject.engines[name],
        )
        yield _all_converged(f"GD, {name} engine", result.status)
        # 2 m gap = (1 - C)^2 + C R and the squared distance is (1 - sqrt C)^2 + R, at most twice
        # as much for C >= 1/2. Rounding: 4 roundings of a unit vector a step; the starting
        # correlations' own rounding is amplified by at most 10.
        steps = int(result.steps.max())
        allowed = math.sqrt(4 * case.m * tolerance) + (4 * steps + 80 * case.n) * EPS
        distance = np.linalg.norm(result.weights.numpy() - limit, axis=1).max()
        yield Margin(
            f"distance from the normalised projection, {name} engine",
            float(distance),
            allowed,
            case.replicas,
        )


def _all_converged(what: str, status: tuple[Status, ...]) -> Margin:
    others = {str(s) for s in status if s is not Status.CONVERGED}
    text = f"{what}: {', '.join(sorted(others)) or 'converged'}"
    return Margin(text, math.inf if others else 0.0, 1.0)


def _mini_batch_runs() -> SearchStrategy[RunCase]:
    return runs(
        largest=4,
        proper=True,
        smallest_alpha=0.1,
        replicas=8,
        schedules=(
            Sampling.WITHOUT_REPLACEMENT,
            Sampling.WITH_REPLACEMENT,
            Sampling.RESHUFFLED,
        ),
    )


@check(
    "limits.mini_batch",
    EvidenceKind.PROPERTY,
    bound="distance that the run's tolerance allows",
    cases=_mini_batch_runs,
    examples=12,
)
def mini_batch(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """Every batch size below m ends at one data point, of the sign it started with; ReLU at one
    that started positive.
    """
    tolerance = 1e-10
    result = train(
        case.data,
        case.weights,
        activation=case.activation,
        batch_size=case.batch_size,
        step_size=case.step_size,
        sampling=case.sampling,
        seed=case.seed,
        tolerance=tolerance,
        engine=subject.engines["reduced"],
    )
    what = f"{case.sampling}, batch size {case.batch_size} of {case.m}"
    yield _all_converged(f"mini-batch run, {what}", result.status)
    before = (case.weights @ case.data.points.numpy().T)[
        np.arange(case.replicas), result.winner.numpy()
    ]
    cosine = result.cosine.numpy()
    wrong = (np.sign(before) != np.sign(cosine)).sum()
    if case.activation is Activation.RELU:
        wrong += (before < 0).sum()
    yield Margin(f"winners of the wrong sign, {what}", float(wrong), 1e-9, case.replicas)
    # |w - a| <= sqrt(off-winner mass) + sqrt(2 m gap), and 1 - |cosine| <= |w - a|^2 / 2.
    distance = math.sqrt(tolerance) + math.sqrt(2 * case.m * tolerance)
    yield Margin(
        f"1 - |cosine| with the winner, {what}",
        float((1 - np.abs(cosine)).max()),
        distance**2,
        case.replicas,
    )

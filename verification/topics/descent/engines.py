"""The engines agree along whole trajectories on the same batches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from hypothesis.strategies import SearchStrategy

from whichmin.core.engines import Engine, Problem, ReducedEngine
from whichmin.core.training.run import advance
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.rounding import TRAJECTORY, correlation_noise
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.strategies import RunCase, correlated_runs, kink_runs, runs
from whichmin.words import EvidenceKind, Sampling

__all__ = ["follow"]

STEPS = 1000
KINK_STEPS = 120
CORRELATED_STEPS = 300
COMPARED = 25  # every so many steps
BLOCK = 125  # steps of the compiled engine in one call


def follow(
    subject: Subject, case: RunCase, names: tuple[str, ...], steps: int, every: int, branches: bool
) -> Iterator[Margin]:
    """Run engines on the same batches and compare each with the reduced one as they go.

    Next to a kink an engine in R^n cannot know the sign of a correlation that is smaller than the
    rounding of its own inner product, and either branch is right. With ``branches`` every engine
    is therefore compared with a reduced engine of its own, which takes over exactly those
    correlations that *both* sides hold to be within that noise of 0. A branch taken anywhere else
    is a difference and is reported.

    Args:
        subject: Supplies engines and sampler.
        case: The problem.
        names: Engines to compare with ``reduced``.
        steps: Number of steps.
        every: Compare every so many steps.
        branches: Whether to allow the branches that rounding allows.

    Yields:
        The worst deviation of each engine, in units of the norm.
    """
    problem = Problem(case.data, case.activation, case.step_size)
    start = torch.from_numpy(case.weights)
    engines = {name: subject.engines[name](problem, start) for name in names}
    shadows = {name: subject.engines["reduced"](problem, start) for name in names}
    if not branches:
        shadows = dict.fromkeys(names, subject.engines["reduced"](problem, start))
    movers = list({id(e): e for e in (*engines.values(), *shadows.values())}.values())
    points = case.data.points.numpy()
    worst = dict.fromkeys(names, (0.0, 0))
    drawn = subject.batches(case.stream, 0, steps, range(case.replicas))
    for step, chosen in enumerate(drawn, start=1):
        batch = None if chosen is None else torch.from_numpy(chosen)
        for engine in movers:
            engine.step(batch)
        due = step % every == 0 or step == steps
        if not (branches or due):
            continue
        for name in names:
            here = engines[name].weights()
            if branches:
                _take_branches(here.numpy(), shadows[name], points)
            if due:
                worst[name] = max(worst[name], (_apart(here, shadows[name].weights()), step))
    for name, (error, step) in worst.items():
        what = f"engine {name} against reduced, {steps} steps, worst at step {step}"
        yield Margin(what, error, TRAJECTORY, case.replicas)


def _apart(here: torch.Tensor, there: torch.Tensor) -> float:
    """Largest distance of two engines' weights, in units of the norm; infinite for NaN."""
    size = there.norm(dim=1).clamp_min(1e-3)
    error = float(((here - there).norm(dim=1) / size).max())
    return error if math.isfinite(error) else math.inf


def _take_branches(weights: np.ndarray, shadow: Engine, points: np.ndarray) -> None:
    if not isinstance(shadow, ReducedEngine):
        return
    noise = correlation_noise(weights, points)
    theirs = weights @ points.T
    ours = shadow.c.T.numpy()
    ambiguous = (np.abs(theirs) <= noise) & (np.abs(ours) <= noise)
    shadow.c = torch.from_numpy(np.where(ambiguous, theirs, ours).T.copy())


def _many_runs() -> SearchStrategy[RunCase]:
    return runs(replicas=8)


@check(
    "engines.trajectories",
    EvidenceKind.PROPERTY,
    bound="4e-12 of the norm: 1,000 steps of at most 16 roundings each (sums over points), doubled",
    cases=_many_runs,
    examples=40,
)
def trajectories(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """Autograd, dense, reduced and its Gram-matrix version follow the same trajectory for 1,000
    steps on the same batches, away from kinks.
    """
    yield from follow(subject, case, ("autograd", "dense", "gram"), STEPS, COMPARED, False)


@check(
    "engines.compiled",
    EvidenceKind.PROPERTY,
    bound="4e-12 of the norm: 1,000 steps of at most 16 roundings each, doubled; cuts: exact",
    cases=runs,
    examples=40,
)
def compiled(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """The compiled engine, which makes its batches itself, follows the reduced one on the sampler's
    batches for 1,000 steps, with the same bits however the run is cut.
    """
    problem = Problem(case.data, case.activation, case.step_size)
    start = torch.from_numpy(case.weights)
    fast, cut, slow = (
        subject.engines[n](problem, start) for n in ("compiled", "compiled", "reduced")
    )
    replicas = np.arange(case.replicas)
    worst = (0.0, 0)
    for first in range(0, STEPS, BLOCK):
        advance(fast, case.stream, first, first + BLOCK, replicas)
        middle = first + 1 + (case.seed + first) % (BLOCK - 1)
        advance(cut, case.stream, first, middle, replicas)
        advance(cut, case.stream, middle, first + BLOCK, replicas)
        for chosen in subject.batches(case.stream, first, first + BLOCK, replicas):
            slow.step(None if chosen is None else torch.from_numpy(chosen))
        worst = max(worst, (_apart(fast.weights(), slow.weights()), first + BLOCK))
    error, at = worst
    what = f"engine compiled against reduced, {STEPS} steps, worst at step {at}"
    yield Margin(what, error, TRAJECTORY, case.replicas)
    different = float((fast.weights() != cut.weights()).sum())
    yield Margin("bits of engine compiled that differ with cuts", different, 1e-9)


@check(
    "engines.correlated",
    EvidenceKind.PROPERTY,
    bound=(
        "4e-12 of the norm: 300 steps of at most 16 roundings each, and a Gram matrix of norm <= 4"
    ),
    cases=correlated_runs,
    examples=25,
)
def correlated(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """On correlated data autograd, dense and the Gram-matrix engine follow the same trajectory."""
    yield from follow(subject, case, ("autograd", "dense"), CORRELATED_STEPS, COMPARED, False)


@check(
    "engines.kinks",
    EvidenceKind.PROPERTY,
    bound=(
        "4e-12 of the norm, after taking over correlations below the rounding of an inner product"
    ),
    cases=kink_runs,
    examples=60,
)
def kinks(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """Next to and exactly at kinks the engines agree up to the branches that rounding allows."""
    yield from follow(subject, case, ("autograd", "dense"), KINK_STEPS, 1, True)


@check(
    "engines.signs",
    EvidenceKind.PROPERTY,
    bound="exact: no sign may change",
    cases=kink_runs,
    examples=60,
)
def signs(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """Signs of correlations never change for eta/b <= 1/5, however small they become."""
    engine = subject.engines["reduced"](
        Problem(case.data, case.activation, case.step_size), torch.from_numpy(case.weights)
    )
    before = np.sign(engine.correlations().numpy())
    flipped = np.zeros(before.shape, dtype=bool)
    for chosen in subject.batches(case.stream, 0, KINK_STEPS, range(case.replicas)):
        engine.step(None if chosen is None else torch.from_numpy(chosen))
        now = np.sign(engine.correlations().numpy())
        flipped |= (now != before) & (now != 0)  # 0 is what underflow leaves
    yield Margin("signs changed", float(flipped.sum()), 1e-9, case.replicas)


@check(
    "engines.replicas",
    EvidenceKind.PROPERTY,
    bound="exact: no bit may differ",
    cases=_many_runs,
    examples=40,
)
def replicas(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """A replica's run has the same bits, and ends at the same step, alone and beside others."""
    problem = Problem(case.data, case.activation, case.step_size)
    last = case.replicas - 1
    together, alone = (
        subject.stepped("reduced", problem, case.weights[rows], subject.batches(
            case.stream, 0, 50, rows
        ))
        for rows in (range(case.replicas), [last])
    )  # fmt: skip
    difference = together.correlations()[last] != alone.correlations()[0]
    yield Margin("bits that differ", float(difference.sum()), 1e-9)
    settings: dict[str, Any] = {
        "activation": case.activation,
        "batch_size": case.batch_size,
        "step_size": case.step_size,
        "sampling": case.sampling,
        "batches": case.stream.rows,
        "seed": case.seed,
        "tolerance": 1e-3,
        "max_steps": STEPS,
        "engine": subject.engines["reduced"],
    }
    if case.alpha < 0.05 and case.sampling is not Sampling.CUSTOM:
        return  # small steps take many
    company = train(case.data, case.weights, **settings)
    single = train(case.data, case.weights[:1], **settings)
    different = int(company.steps[0] != single.steps[0])
    different += int((company.weights[0] != single.weights[0]).sum())
    yield Margin("steps and bits of a whole run that differ", float(different), 1e-9)

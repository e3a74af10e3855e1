"""Check in about a second that this installation computes what the theory says.

Six checks on one small problem, for ``whichmin doctor``. They find a broken installation;
``whichmin verify`` is what finds a subtle error in one formula.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch

from whichmin.core.batches import make_stream
from whichmin.core.hessian import hessian_trace
from whichmin.core.training.result import TrainResult
from whichmin.core.training.trainer import train
from whichmin.tables.ends import limit_distance
from whichmin.verification.evidence.check import Margin, check, checks_of
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.batches.streams import KNOWN_ANSWERS
from whichmin.verification.topics.descent.engines import follow
from whichmin.verification.topics.strategies import RunCase
from whichmin.words import Activation, EvidenceKind, Kink, Sampling, Status

__all__ = ["SELF_CHECKS"]

# alpha * batch size is the step size: 0.2 for the full batch, 0.15 for single points.
_FULL = RunCase(
    m=4, n=8, frame=0, activation=Activation.RELU, sampling=Sampling.WITHOUT_REPLACEMENT,
    batch_size=4, alpha=0.05, replicas=2, start="generic", seed=3,
)  # fmt: skip
_SINGLE = replace(_FULL, batch_size=1, alpha=0.15)
_STEPS = 24
_TOLERANCE = 1e-16


def _trained(
    subject: Subject, case: RunCase, replicas: int | None = None, max_steps: int | None = None
) -> TrainResult:
    return train(
        case.data,
        case.weights[:replicas],
        batch_size=case.batch_size,
        step_size=case.step_size,
        seed=case.seed,
        tolerance=_TOLERANCE,
        max_steps=max_steps,
        engine=subject.engines["reduced"],
    )


def _ended(what: str, run: TrainResult) -> Margin:
    others = {str(s) for s in run.status if s is not Status.CONVERGED}
    text = f"{what}: {', '.join(sorted(others)) or 'converged'}"
    return Margin(text, math.inf if others else 0.0, 1.0)


@check("doctor.index_stream", EvidenceKind.ENUMERATION, bound="exact")
def index_stream(subject: Subject) -> Iterator[Margin]:
    """The first batches of seed 0 follow from a published vector of the generator.

    Random123's first vector has counter 0 and key 0: seed 0, replica 0, steps 0 to 3. A bounded
    integer is the high half of word times m, which for m = 8 is the word's three highest bits.

    Yields:
        The number of wrong indices.
    """
    answer = KNOWN_ANSWERS[0][2]
    expected = [int(answer[p : p + 8], 16) >> 29 for p in range(0, 32, 8)]
    drawn = subject.sampler(make_stream(8, 1, seed=0), 0, 4, [0])
    assert drawn is not None
    wrong = int((drawn.ravel() != expected).sum())
    yield Margin(f"wrong indices in {drawn.ravel().tolist()}", float(wrong), 1e-9, 4)


@check(
    "doctor.gd_limit",
    EvidenceKind.ENUMERATION,
    bound="distance that the run's tolerance allows, plus 4 roundings a step",
    forms=("dynamics.gd_limit",),
)
def gd_limit(subject: Subject) -> Iterator[Margin]:
    """GD ends at the normalised projection of its start, in closed form."""
    run = _trained(subject, _FULL)
    yield _ended("GD", run)
    c = np.maximum(_FULL.correlations, 0)
    energy = (c**2).sum(1, keepdims=True)
    limit = subject.forms["dynamics.gd_limit"](c=c, C=energy) @ _FULL.data.points.numpy()
    # Beside the tolerance: 4 roundings of a unit vector a step, and the starting correlations'
    # own rounding, amplified at most tenfold (as in limits.gradient_descent).
    rounding = (4 * int(run.steps.max()) + 80 * _FULL.n) * EPS
    distance = np.linalg.norm(run.weights.numpy() - limit, axis=1).max()
    yield Margin(
        "distance of GD's end from the normalised projection of its start",
        float(distance),
        2 * limit_distance(_FULL.m, _TOLERANCE) + rounding,
        _FULL.replicas,
    )


@check(
    "doctor.sgd_limit", EvidenceKind.ENUMERATION, bound="distance that the run's tolerance allows"
)
def sgd_limit(subject: Subject) -> Iterator[Margin]:
    """SGD ends at one data point."""
    run = _trained(subject, _SINGLE)
    yield _ended("SGD", run)
    # |w - a|^2 / 2 bounds 1 - cosine for a unit vector a.
    yield Margin(
        "1 - cosine of SGD's end with one data point",
        float((1 - run.cosine).max()),
        limit_distance(_SINGLE.m, _TOLERANCE) ** 2,
        _SINGLE.replicas,
    )


@check("doctor.engines", EvidenceKind.ENUMERATION, bound="16 roundings a step, 1,000 steps")
def engines(subject: Subject) -> Iterator[Margin]:
    """Three engines agree step by step on the same batches."""
    repeated = replace(_SINGLE, sampling=Sampling.WITH_REPLACEMENT, batch_size=3, alpha=0.05)
    for case in (_FULL, _SINGLE, repeated):
        # Not the autograd engine: torch.optim alone takes longer to load than all checks here.
        # doctor.trace differentiates automatically.
        yield from follow(subject, case, ("dense", "gram"), _STEPS, 8, False)


@check(
    "doctor.trace",
    EvidenceKind.ENUMERATION,
    bound="distance that the run's tolerance allows, times the trace's derivative",
    forms=("sharpness.trace_at_minimum",),
)
def trace(subject: Subject) -> Iterator[Margin]:
    """The trace of the automatic Hessian where GD and SGD end is that of the closed form."""
    form = subject.forms["sharpness.trace_at_minimum"]
    for what, case in (("GD", _FULL), ("SGD", _SINGLE)):
        run = _trained(subject, case)
        yield _ended(what, run)
        # The trace's derivative at a minimum is at most (2 k + 2 (n + 4)) / m, doubled for the
        # curvature (as in sharpness.reached_by_training).
        allowed = 4 * (case.m + case.n + 4) / case.m * limit_distance(case.m, _TOLERANCE)
        active = 1 if case is _SINGLE else int((case.correlations[0] > 0).sum())
        for kink in Kink:
            measured = hessian_trace(
                run.weights[0], case.data, kink=kink, kink_width=run.kink_width
            )
            value = form(n=case.n, m=case.m, k=active, kappa=float(kink.value))
            yield Margin(
                f"trace at {what}'s end, {kink.name.lower()} convention",
                abs(float(measured) - value),
                allowed,
            )


@check("doctor.bits", EvidenceKind.ENUMERATION, bound="exact")
def bits(subject: Subject) -> Iterator[Margin]:
    """The same seed gives the same bits twice, alone and in company."""
    first, second, alone = (
        _trained(subject, _SINGLE, replicas, max_steps=_STEPS) for replicas in (2, 2, 1)
    )
    yield Margin("weights that differ between two equal runs", _differing(first, second), 1e-9)
    yield Margin("weights that differ alone and in company", _differing(first, alone), 1e-9)


def _differing(left: TrainResult, right: TrainResult) -> float:
    """Count weights of common replicas whose bits differ; NaN and -0 count by their bits too."""
    common = min(len(left.status), len(right.status))
    here, there = (run.weights[:common].contiguous().view(torch.int64) for run in (left, right))
    return float((here != there).sum())


SELF_CHECKS = checks_of(sys.modules[__name__])

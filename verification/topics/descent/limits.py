"""Where gradient descent ends: at the normalised projection, which is the nearest minimum."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy
from scipy.optimize import nnls

from whichmin.core.data import make_data
from whichmin.core.frames import standard_basis
from whichmin.core.hessian import hessian_trace
from whichmin.core.training.result import TrainResult
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.exact import truth
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.sgd.rational_sgd import (
    PLANE,
    ROUNDING,
    Vector,
    trajectory,
    vector,
)
from whichmin.verification.topics.strategies import RunCase, runs
from whichmin.words import Activation, EvidenceKind, Kink, Status

__all__: list[str] = []

TOLERANCE = 1e-22
EVERY = 20  # steps between two tests for convergence, which cost more than the steps


def _gd_runs() -> SearchStrategy[RunCase]:
    return runs(largest=6, smallest_alpha=0.05)


def _descend(case: RunCase, **settings: Any) -> tuple[TrainResult, np.ndarray]:
    """Run gradient descent from a case's starts.

    Returns:
        The outcome, and how far from its limit each end may be: ``2 m gap = (1 - C)^2 + C R`` and
        the squared distance is ``(1 - sqrt C)^2 + R``, at most twice as much for C >= 1/2.
        Rounding: 4 roundings of a unit vector a step; the starting correlations' own rounding is
        amplified by at most 10.
    """
    result = train(
        case.data, case.weights, activation=case.activation, batch_size=None,
        step_size=case.alpha * case.m, tolerance=TOLERANCE, check_every=EVERY, **settings,
    )  # fmt: skip
    rounding = (4 * result.steps.numpy() + 80 * case.n) * EPS
    return result, math.sqrt(4 * case.m * TOLERANCE) + rounding


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
    for name in ("reduced", "dense"):
        result, allowed = _descend(case, engine=subject.engines[name])
        others = {str(s) for s in result.status} - {str(Status.CONVERGED)}
        told = f"GD, {name} engine: {', '.join(sorted(others)) or 'converged'}"
        yield truth(told, not others)
        distance = float(np.linalg.norm(result.weights.numpy() - limit, axis=1).max())
        what = f"distance from the normalised projection, {name} engine"
        yield Margin(what, distance, float(allowed.max()), case.replicas)


@check(
    "gd.nearest",
    EvidenceKind.PROPERTY,
    bound="the run's tolerance and rounding",
    cases=_gd_runs,
    examples=25,
)
def nearest(case: RunCase, share: float = 1.0) -> Iterator[Margin]:
    """GD ends at the global minimum that is nearest to its start.

    Its end against every other minimum: unit vectors of the span, of the cone for ReLU. Two routes
    to the nearest: the projection on the cone by SciPy's active sets (the span by least squares),
    normalised; and no minimum drawn at random is nearer. ``share`` of a distance counts as near, 1
    for what is claimed.

    Yields:
        The end's distance from the nearest minimum, and from the start against those of others.
    """
    points = case.data.points.numpy()
    ends, allowances = _descend(case)
    linear = case.activation is Activation.LINEAR
    rng = np.random.default_rng(case.seed)
    for w, end, near in zip(case.weights, ends.weights.numpy(), allowances, strict=True):
        fitted = np.linalg.lstsq(points.T, w, rcond=None)[0] if linear else nnls(points.T, w)[0]
        nearest = fitted @ points / np.linalg.norm(fitted)
        # The projections lose digits where the projection is far shorter than w.
        allowed = float(near) + 100 * case.n * EPS * float(
            np.linalg.norm(w) / np.linalg.norm(fitted)
        )
        away = float(np.linalg.norm(end - nearest))
        yield Margin("distance from the nearest minimum", away, allowed)
        others = rng.standard_normal((200, case.m))
        others = others if linear else np.abs(others)
        others = others @ points / np.linalg.norm(others, axis=1, keepdims=True)
        rival = float(np.linalg.norm(others - w, axis=1).min())
        mine = float(np.linalg.norm(end - w))
        yield Margin("no minimum is nearer", mine, share * rival + allowed, len(others))


@check("gd.nearest_sharp", EvidenceKind.COUNTEREXAMPLE, bound="rounding of the traces")
def nearest_sharp(kink: Kink = Kink.LEFT) -> Iterator[Margin]:
    """ReLU, two points: the minimum nearest to the start, where GD ends, has the smaller Hessian
    trace (kappa = 0).

    The start is (0.6, 0.3); the other minima are the data points.

    Args:
        kink: Value of the second derivative at 0; from 1 on all traces are equal.

    Yields:
        That it ends at the nearest one, and that its trace is the smallest of the three.
    """
    data, w = make_data(standard_basis(2, 2)), np.array([0.6, 0.3])
    run = train(data, w[None], batch_size=None, step_size=0.4, tolerance=TOLERANCE)
    assert run.status == (Status.CONVERGED,)
    end = run.weights.numpy()[0]
    away = float(np.linalg.norm(end - w / np.linalg.norm(w)))
    yield Margin("distance from w0/|w0|", away, math.sqrt(8 * TOLERANCE) + 1000 * EPS)
    mine = hessian_trace(w / np.linalg.norm(w), data, kink=kink)
    for point in np.eye(2):
        sharp = hessian_trace(point, data, kink=kink)
        farther = float(np.linalg.norm(w - end) - np.linalg.norm(w - point))
        yield Margin("a data point is farther", max(0.0, farther), 0.0)
        yield differs("trace at the nearest minimum, at a data point", sharp, mine, 64 * EPS)
        yield Margin("the nearest is the flattest", mine, sharp)


def _loss(w: Vector) -> Fraction:
    """ReLU loss on the standard basis of the plane, by the definition."""
    total = Fraction(0)
    for place in range(2):
        code = max(w[place], Fraction(0))
        residual = [Fraction(int(p == place)) - w[p] * code for p in range(2)]
        total += sum((r * r for r in residual), Fraction(0)) / 2
    return total / 2


counterexample = functools.partial(
    check,
    kind=EvidenceKind.COUNTEREXAMPLE,
    bound="exact: the distance of two fractions against their rounding when shown",
)


@counterexample("refuted.gd_limit")
def gd_limit() -> Iterator[Margin]:
    """ReLU: GD from (0.6, -0.3) falls below the loss of the normalised projection.

    GD's loss never rises (smt.gd_descent), so it cannot tend to a point of larger loss.

    The claimed limit is (2, -1)/sqrt 5: the second code is 0, the loss
    (1/2 + (N - 2) C / 4) = 1/2 - (4/5)/4 = 3/10.

    Yields:
        The distance of the losses, and that it is on the lower side.
    """
    start = vector("3/5", "-3/10")
    loss = float(_loss(trajectory(start, [PLANE] * 6, Activation.RELU)))
    yield differs("loss at the claimed limit, and after 6 steps", 0.3, loss, ROUNDING)
    yield Margin("excess over the loss of the claimed limit", max(0.0, loss - 0.3), ROUNDING)


@counterexample("refuted.gd_invariance")
def gd_invariance() -> Iterator[Margin]:
    """ReLU: GD from (0.6, 0.3) ends elsewhere after the data are turned by a right angle.

    On the standard basis both correlations are active and GD keeps w1/w2 = 2 for ever. On
    {e2, -e1} the first coordinate is inactive; with g > 0 its factor s is below s + g, that of the
    second, so w1/w2 falls in every step and ends below any value that it has passed.

    Yields:
        The kept ratio, and the distance of the two.
    """
    start = vector("3/5", "3/10")
    turned = (vector(0, 1), vector(-1, 0))
    kept = trajectory(start, [PLANE] * 5, Activation.RELU)
    fallen = trajectory(start, [turned] * 5, Activation.RELU)
    yield Margin("w1/w2 is kept on the standard basis", abs(float(kept[0] / kept[1]) - 2), ROUNDING)
    ratio = float(fallen[0] / fallen[1])
    yield differs("w1/w2 in the limit, on turned data after 5 steps", 2.0, ratio, ROUNDING)
    yield Margin("excess of the ratio over the claimed limit", max(0.0, ratio - 2), ROUNDING)

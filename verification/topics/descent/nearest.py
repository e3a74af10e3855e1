"""The lesson's mental model: large batches and the nearest minimum, noise small at first."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from hypothesis.strategies import SearchStrategy
from scipy.optimize import nnls

from whichmin.core.data import make_data
from whichmin.core.frames import standard_basis
from whichmin.core.hessian import hessian_trace
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.topics.strategies import RunCase, runs
from whichmin.words import Activation, EvidenceKind, Kink, Status

__all__: list[str] = []

TOLERANCE = 1e-22


def _cases() -> SearchStrategy[RunCase]:
    return runs(largest=6, smallest_alpha=0.05)


@check(
    "gd.nearest",
    EvidenceKind.PROPERTY,
    bound="the run's tolerance and rounding",
    cases=_cases,
    examples=25,
)
def nearest(case: RunCase, share: float = 1.0) -> Iterator[Margin]:
    """GD ends at the global minimum that is nearest to its start.

    GD's end against every other minimum: unit vectors of the span, of the cone for ReLU.

    Two routes to the nearest: the projection on the cone by SciPy's active sets (the span by least
    squares), normalised; and no minimum drawn at random is nearer. ``share`` of a distance counts
    as near, 1 for what is claimed.

    Yields:
        The end's distance from the nearest minimum, and from the start against those of others.
    """
    points = case.data.points.numpy()
    ends = train(
        case.data, case.weights, activation=case.activation, batch_size=None,
        step_size=case.alpha * case.m, tolerance=TOLERANCE,
    )  # fmt: skip
    linear = case.activation is Activation.LINEAR
    rng = np.random.default_rng(case.seed)
    for replica, (w, end) in enumerate(zip(case.weights, ends.weights.numpy(), strict=True)):
        fitted = np.linalg.lstsq(points.T, w, rcond=None)[0] if linear else nnls(points.T, w)[0]
        nearest = fitted @ points / np.linalg.norm(fitted)
        # As in limits.gradient_descent: the run's tolerance, and its rounding.
        steps = int(ends.steps[replica])
        allowed = math.sqrt(4 * case.m * TOLERANCE) + (4 * steps + 80 * case.n) * EPS
        # The projections lose digits where it is far shorter than w.
        allowed += 100 * case.n * EPS * float(np.linalg.norm(w) / np.linalg.norm(fitted))
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

    GD of the ReLU neuron from (0.6, 0.3): the minimum where it ends, beside the data points.

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


# Weights with a large part off the span: |w|^2 is 1.99, where a point's gradient is close to
# c_i^2 w, almost the same for correlations that are almost equal.
START = (0.3, 0.28, 0.26, 1.32)


@check("noise.small_at_first", EvidenceKind.COUNTEREXAMPLE, bound="a tenth of the mass")
def small_at_first(batch_size: int = 2, start: tuple[float, ...] = START) -> Iterator[Margin]:
    """Three points, batches of two: noise is 1/256 of the signal at the start, 32 of 32 runs end at
    single points, and GD in a mixture.

    Noise of a batch of two of three points without replacement, and where both runs end.

    Args:
        batch_size: Of the run that should behave like GD.
        start: Starting weights.

    Yields:
        Noise over signal at the start, at most 1/200; the mass that each run leaves beside its
        largest correlation.
    """
    data, w = make_data(standard_basis(3, 4)), np.array(start)
    c, points = w[:3], np.eye(4)[:3]
    gradients = (w @ w - 2) * c[:, None] * points + c[:, None] ** 2 * w
    ratio = float(gradients.var(axis=0).sum() / (gradients.mean(axis=0) ** 2).sum())
    ratio *= (3 - batch_size) / (batch_size * 2)
    told = f"noise over signal at the start {ratio:.4f}"
    yield Margin(told, ratio, 1 / 200, 1, told)
    beside = []
    for size in (3, batch_size):
        run = train(
            data, np.tile(w, (32, 1)), batch_size=size, step_size=0.3, seed=0, tolerance=1e-12,
        )  # fmt: skip
        ends = np.sort(run.weights.numpy()[:, :3] ** 2, axis=1)
        beside.append(ends[:, :2].sum(axis=1))
    # GD keeps the ratios of the start; a mini-batch run stops at a mass of 1e-12.
    kept = float(1 - c.max() ** 2 / (c @ c))
    yield Margin("mass beside the largest, GD", float(abs(beside[0] - kept).max()), 1e-5)
    told = "mass beside the winner, claimed like GD's and found in SGD"
    yield differs(told, kept, float(beside[1].max()), 0.1, len(beside[1]))

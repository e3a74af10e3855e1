"""Symmetries of training: they hold along trajectories, or an exact step shows that they fail."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from whichmin.core.data import make_data
from whichmin.core.engines import Problem
from whichmin.core.frames import random_frame
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.exact import truth
from whichmin.verification.evidence.rounding import TRAJECTORY
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.sgd.rational_sgd import ETA, PLANE, exact_step, vector
from whichmin.verification.topics.strategies import RunCase, runs
from whichmin.words import Activation, EvidenceKind

__all__ = ["COUNTEREXAMPLES", "ETA", "START"]

STEPS = 100


def _run(
    subject: Subject,
    case: RunCase,
    points: np.ndarray,
    weights: np.ndarray,
    relabel: np.ndarray | None = None,
) -> np.ndarray:
    problem = Problem(make_data(points), case.activation, case.step_size)
    batches = subject.batches(case.stream, 0, STEPS, range(case.replicas))
    if relabel is not None:
        batches = [None if batch is None else relabel[batch] for batch in batches]
    return np.asarray(subject.stepped("dense", problem, weights, batches).weights().numpy())


@check(
    "equivariance.symmetries",
    EvidenceKind.PROPERTY,
    bound="4e-12 of the norm, as for whole trajectories",
    cases=runs,
    examples=60,
)
def symmetries(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """Trajectories follow rotations, permutations and (linear) signs of the data and weights."""
    points, weights = case.data.points.numpy(), case.weights
    end = _run(subject, case, points, weights)
    rng = np.random.default_rng((case.seed, 4))
    turn = random_frame(case.n, case.n, case.seed)
    order = rng.permutation(case.m)
    flips = rng.choice([-1.0, 1.0], case.m)
    turned = _run(subject, case, points @ turn, weights @ turn)
    permuted = _run(subject, case, points[order], weights, np.argsort(order))
    images = {
        "rotation of data and weights": (turned, end @ turn),
        "permutation of the data, batches relabelled": (permuted, end),
    }
    if case.activation is Activation.LINEAR:
        flipped = _run(subject, case, flips[:, None] * points, weights)
        images["sign of data points, linear"] = (flipped, end)
        images["sign of the weights, linear"] = (_run(subject, case, points, -weights), -end)
    for what, (image, expected) in images.items():
        error = float(np.linalg.norm(image - expected, axis=1).max())
        yield Margin(what, error, TRAJECTORY, case.replicas)


TURNED = (vector("3/5", "4/5"), vector("-4/5", "3/5"))  # the same span, another frame
FLIPPED = (PLANE[0], vector(0, -1))
START = vector("1/2", "1/4")

# what, activation, batch before the transformation, batch after it, and whether the weights after
# one step must be equal.
COUNTEREXAMPLES = (
    ("linear GD sees only the span of the data", Activation.LINEAR, PLANE, TURNED, True),
    ("linear SGD sees the data points themselves", Activation.LINEAR, PLANE[:1], TURNED[:1], False),
    ("ReLU GD is not invariant to a rotation within the span", Activation.RELU, PLANE, TURNED,
     False),
    ("linear: the sign of a data point does not matter", Activation.LINEAR, PLANE, FLIPPED, True),
    ("ReLU: the sign of a data point matters", Activation.RELU, PLANE, FLIPPED, False),
)  # fmt: skip


@check(
    "equivariance.counterexamples",
    EvidenceKind.COUNTEREXAMPLE,
    bound="exact rational arithmetic; the engine to 1e-15, five roundings of numbers below 1",
)
def counterexamples(subject: Subject) -> Iterator[Margin]:
    """Symmetries that fail: rotations within the span (ReLU, and SGD), signs (ReLU); rational data,
    one exact step.

    One exact step from w = (1/2, 1/4), step size 1/5; checked against the engine as well.
    """
    for what, activation, left, right, equal in COUNTEREXAMPLES:
        here = exact_step(START, left, ETA, activation)
        there = exact_step(START, right, ETA, activation)
        shown = f"({', '.join(map(str, here))}) and ({', '.join(map(str, there))})"
        yield truth(f"{what}: {shown}", (here == there) == equal)
        for batch, expected in ((left, here), (right, there)):
            data = make_data(np.array(batch, dtype=float))
            problem = Problem(data, activation, float(ETA))
            engine = subject.stepped("autograd", problem, np.array([START], dtype=float))
            error = np.abs(engine.weights().numpy()[0] - np.array(expected, dtype=float)).max()
            yield Margin(f"{what}: engine against exact arithmetic", float(error), 1e-15)

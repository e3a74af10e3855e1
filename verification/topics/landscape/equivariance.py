"""Symmetries where they hold, and exact counterexamples where they do not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import torch

from whichmin.core.data import make_data
from whichmin.core.engines import Engine, Problem
from whichmin.core.frames import random_frame
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.rounding import TRAJECTORY
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.sgd.rational_sgd import Vector, exact_step
from whichmin.verification.topics.strategies import RunCase, runs
from whichmin.words import Activation, EvidenceKind

__all__ = ["COUNTEREXAMPLES"]

STEPS = 100


def _run(
    subject: Subject,
    case: RunCase,
    points: np.ndarray,
    weights: np.ndarray,
    relabel: np.ndarray | None = None,
) -> np.ndarray:
    problem = Problem(make_data(points), case.activation, case.step_size)
    engine: Engine = subject.engines["dense"](problem, torch.from_numpy(weights.copy()))
    indices = subject.sampler(case.stream, 0, STEPS, range(case.replicas))
    if indices is not None and relabel is not None:
        indices = relabel[indices]
    for step in range(STEPS):
        engine.step(None if indices is None else torch.from_numpy(indices[step]))
    return engine.weights().numpy()


@check(
    "equivariance.symmetries",
    EvidenceKind.PROPERTY,
    bound="1e-12 of the norm, as for whole trajectories",
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
    back = np.argsort(order)
    flips = rng.choice([-1.0, 1.0], case.m)
    images = {
        "rotation of data and weights": (
            _run(subject, case, points @ turn, weights @ turn),
            end @ turn,
        ),
        "permutation of the data, batches relabelled": (
            _run(subject, case, points[order], weights, back),
            end,
        ),
    }
    if case.activation is Activation.LINEAR:
        images["sign of data points, linear"] = (
            _run(subject, case, flips[:, None] * points, weights),
            end,
        )
        images["sign of the weights, linear"] = (_run(subject, case, points, -weights), -end)
    for what, (image, expected) in images.items():
        error = float(np.linalg.norm(image - expected, axis=1).max())
        yield Margin(what, error, TRAJECTORY, case.replicas)


def _fractions(*rows: tuple[int | str, ...]) -> tuple[Vector, ...]:
    return tuple(tuple(Fraction(v) for v in row) for row in rows)


BASIS = _fractions((1, 0), (0, 1))
TURNED = _fractions(("3/5", "4/5"), ("-4/5", "3/5"))  # the same span, another frame
START = _fractions(("1/2", "1/4"))[0]
ETA = Fraction(1, 5)

# what, activation, batch and weights before the transformation, batch and weights after it, and
# whether the weights after one step must be equal.
COUNTEREXAMPLES = (
    ("linear GD sees only the span of the data", Activation.LINEAR, BASIS, TURNED, True),
    ("linear SGD sees the data points themselves", Activation.LINEAR, BASIS[:1], TURNED[:1], False),
    ("ReLU GD is not invariant to a rotation within the span", Activation.RELU, BASIS, TURNED,
     False),
    ("linear: the sign of a data point does not matter", Activation.LINEAR, BASIS,
     (BASIS[0], _fractions((0, -1))[0]), True),
    ("ReLU: the sign of a data point matters", Activation.RELU, BASIS,
     (BASIS[0], _fractions((0, -1))[0]), False),
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
        holds = (here == there) == equal
        shown = f"({', '.join(map(str, here))}) and ({', '.join(map(str, there))})"
        yield Margin(f"{what}: {shown}", 0.0 if holds else math.inf, 1.0)
        for batch, expected in ((left, here), (right, there)):
            data = make_data([[float(v) for v in row] for row in batch])
            engine = subject.engines["autograd"](
                Problem(data, activation, float(ETA)),
                torch.tensor([[float(v) for v in START]], dtype=torch.float64),
            )
            engine.step(None)
            error = np.abs(engine.weights().numpy()[0] - [float(v) for v in expected]).max()
            yield Margin(f"{what}: engine against exact arithmetic", float(error), 1e-15)

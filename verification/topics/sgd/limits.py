"""Where SGD with b < m can end: at single data points, the common fixed points of all batches."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from hypothesis.strategies import SearchStrategy

from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.exact import truth
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.descent.steps import FACTORS
from whichmin.verification.topics.sgd.rational_sgd import (
    ETA,
    PLANE,
    ROUNDING,
    Vector,
    basis,
    distance,
    exact_step,
    trajectory,
    vector,
)
from whichmin.verification.topics.strategies import RunCase, runs
from whichmin.words import Activation, EvidenceKind, Sampling, Status

__all__: list[str] = []

FIXED_POINTS = (
    Lemma(
        # x: an active correlation in the batch, squared; y: one outside; o: all that is left.
        "fixed points of the map of a batch with an active point",
        "N S x y o alpha",
        ("x > 0", "y >= 0", "o >= 0", "alpha > 0", "S >= x", "N == S + y + o",
         "(s + g - 1)*x == 0", "(s - 1)*y == 0", "(s - 1)*o == 0"),
        ("y == 0", "o == 0", "S == 1", "N == 1"),
        FACTORS,
        (
            Variant(
                "y in the batch too",
                ("S >= x", "N == S + y + o", "(s - 1)*y == 0"),
                ("S >= x + y", "N == S + o", "(s + g - 1)*y == 0"),
            ),
            Variant("x = 0 allowed", ("x > 0",), ("x >= 0",)),
        ),
    ),
    Lemma(
        "one point drawn b times, with replacement",
        "N x o alpha b",
        ("x > 0", "o >= 0", "alpha > 0", "b >= 1", "N == x + o",
         "(1 - alpha*b*x + b*alpha*(2 - N) - 1)*x == 0", "alpha*b*x*o == 0"),
        ("o == 0", "x == 1"),
        variants=(Variant("x = 0 allowed", ("x > 0",), ("x >= 0",)),),
    ),
    Lemma(
        "a data point is fixed under every batch",
        "N S x o alpha",
        ("N == 1", "x == 1", "N == x + o", "o >= 0", "S == 1 or S == 0"),
        ("o == 0", "S == 0 or s + g == 1", "not S == 0 or s == 1"),
        FACTORS,
        (Variant("N = 11/10", ("N == 1",), ("N == 11/10",)),),
    ),
)  # fmt: skip


@smt("smt.sgd_fixed_points")
def fixed_points(statements: Sequence[Lemma] = FIXED_POINTS) -> Iterator[Margin]:
    """A batch with an active point fixes just the unit sphere of its active directions, so what all
    batches of size b < m fix, beside dead points, are single data points.
    """
    return lemmas(statements)


@check("sgd_drift.fixed_points", EvidenceKind.ENUMERATION, bound="exact: fractions")
def common_fixed_points(skip: int = 0) -> Iterator[Margin]:
    """For b < m <= 6 some batch holds one point and not the other; all batches fix the data points
    and some batch moves a minimum with two parts, which the full batch fixes.
    """
    pairs, kept, moved = 0, Fraction(0), []
    for count in range(2, 7):
        frame = basis(count)
        dense = vector("3/5", "4/5", *[0] * (count - 2))
        for size in range(1, count + skip):
            batches = list(itertools.combinations(range(count), size))
            for i, j in itertools.permutations(range(count), 2):
                pairs += 1
                if not any(i in chosen and j not in chosen for chosen in batches):
                    what = f"no batch of {size} of {count} has one point and not the other"
                    yield Margin(what, math.inf, 0.0)
            steps = [[frame[i] for i in chosen] for chosen in batches]
            for sign, kind in (
                (1, Activation.LINEAR),
                (-1, Activation.LINEAR),
                (1, Activation.RELU),
            ):
                w = tuple(sign * v for v in frame[0])
                kept += sum(distance(w, exact_step(w, s, ETA * size, kind)) for s in steps)
            moved.append(max(
                distance(dense, exact_step(dense, s, ETA * size, Activation.LINEAR)) for s in steps
            ))  # fmt: skip
    yield Margin("some batch has one point and not the other, b < m <= 6", 0.0, 0.0, pairs)
    yield Margin("sum of the moves of data points", float(kept), 0.0, len(moved))
    least = min(moved)
    yield Margin("a minimum with two parts moves under some batch", 2.0**-52, float(least),
                 len(moved), f"(3/5, 4/5, 0, ...) moves by {least} or more")  # fmt: skip
    still = exact_step(dense, frame, ETA, Activation.LINEAR)
    yield Margin("it does not move under the full batch", float(distance(dense, still)), 0.0)


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
        engine=subject.engines["compiled"],
    )
    what = f"{case.sampling}, batch size {case.batch_size} of {case.m}"
    others = {str(s) for s in result.status} - {str(Status.CONVERGED)}
    told = f"mini-batch run, {what}: {', '.join(sorted(others)) or 'converged'}"
    yield truth(told, not others)
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


def _sequences(length: int) -> Iterator[tuple[tuple[Vector, ...], ...]]:
    """List all sequences of batches of one of the two points."""
    yield from itertools.product(*[[(a,) for a in PLANE]] * length)


counterexample = functools.partial(
    check,
    kind=EvidenceKind.COUNTEREXAMPLE,
    bound="exact: the distance of two fractions against their rounding when shown",
)


@counterexample("refuted.negative_points_relu")
def negative_points_relu() -> Iterator[Margin]:
    """ReLU: no batches make a negative correlation grow, so -a_j is no limit.

    ReLU never reaches -a_j: an inactive correlation is multiplied by s in (0, 1] (smt.trap).

    Yields:
        The distance of the largest |c_2| over all batch sequences from the 1 of -a_2.
    """
    start = vector("3/5", "-3/10")
    ends = [trajectory(start, batches, Activation.RELU) for batches in _sequences(5)]
    largest = float(max(abs(end[1]) for end in ends))
    yield differs("|c_2| at -a_2, largest after 5 steps", 1.0, largest, ROUNDING, len(ends))
    grown = max(0.0, largest - 0.3)
    yield Margin("growth of |c_2|", grown, ROUNDING, len(ends))


@counterexample("refuted.positive_points_linear")
def positive_points_linear() -> Iterator[Margin]:
    """Linear: from negative correlations no batches lead to a positive one.

    Linear, no positive correlation: signs never change (smt.trap), so SGD ends at some -a_i.

    Yields:
        The distance of the largest correlation over all batch sequences from the 1 of +a_i.
    """
    start = vector("-1/2", "-2/5")
    ends = [trajectory(start, batches, Activation.LINEAR) for batches in _sequences(5)]
    largest = float(max(max(end) for end in ends))
    yield differs("largest correlation at the claimed limit, after 5 steps", 1.0, largest, ROUNDING)
    yield Margin("a correlation became positive", max(0.0, largest), ROUNDING, len(ends))

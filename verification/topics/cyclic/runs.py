"""Cyclic SGD from random starts: certified limits against the core, longer steps, blocks."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import SearchStrategy

from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.cyclic.certified import certified_limit
from whichmin.words import Activation, EvidenceKind, Sampling

__all__ = ["CyclicCase"]

F = Fraction

# Neighbours that cyclic batches of b keep together.
fused_block = math.gcd


@dataclass(frozen=True)
class CyclicCase:
    """A start in hundredths.

    Attributes:
        start: Correlations.
        off_span: Energy off the span.
        step_size: Step size.
        activation: Identity or ReLU.
    """

    start: tuple[Fraction, ...]
    off_span: Fraction
    step_size: Fraction
    activation: Activation


@st.composite
def _cases(
    draw: st.DrawFn, step_sizes: Sequence[Fraction] = (F(1, 5), F(1, 8), F(1, 10))
) -> CyclicCase:
    m = draw(st.integers(2, 16))
    raw = draw(st.lists(st.integers(-100, 100), min_size=m, max_size=m))
    raw[draw(st.integers(0, m - 1))] = draw(st.integers(1, 100))
    off = draw(st.integers(0, 100))
    size = math.isqrt(sum(v * v for v in raw) + off * off) + 1
    size = size * draw(st.integers(1, 3))
    return CyclicCase(
        tuple(F(v, size) for v in raw),
        F(off, size) ** 2,
        draw(st.sampled_from(step_sizes)),
        draw(st.sampled_from(list(Activation))),
    )


def _weights(case: CyclicCase) -> np.ndarray:
    return np.array([[*(float(v) for v in case.start), math.sqrt(case.off_span)]])


random_cases = functools.partial(
    check, kind=EvidenceKind.PROPERTY, bound="distance that the run's tolerance allows"
)


@random_cases("cyclic.limits", cases=_cases, examples=150, needs=("flint",))
def limits(subject: Subject, case: CyclicCase) -> Iterator[Margin]:
    """One point a step: the limit is one data point that responds, of the sign it started with; a
    lead of two step sizes wins; both lemmas and the core agree.
    """
    found = {
        lemma: certified_limit(
            case.start,
            case.step_size,
            off_span=case.off_span,
            activation=case.activation,
            lemma=lemma,
        )
        for lemma in ("leader", "basin")
    }
    point, sign = found["basin"].point, found["basin"].sign
    same = (found["leader"].point, found["leader"].sign) == (point, sign)
    yield Margin("leader and basin lemma give the same limit", 0.0 if same else math.inf, 1.0)
    kept = case.start[point] * sign > 0
    yield Margin("the limit has the sign of its correlation", 0.0 if kept else math.inf, 1.0)
    responds = [
        abs(v) if v > 0 or case.activation is Activation.LINEAR else F(0) for v in case.start
    ]
    lead = 1 + 2 * case.step_size
    for i, own in enumerate(responds):
        ahead = all(own >= (lead if j < i else 1) * v for j, v in enumerate(responds) if j != i)
        if own and ahead:
            yield Margin(f"a_{i} leads and wins", 0.0 if point == i else math.inf, 1.0)
    size = len(case.start)
    final = _train(subject, np.eye(size, size + 1), _weights(case), 1, float(case.step_size), case)
    wanted = np.zeros(size + 1)
    wanted[point] = sign
    distance = float(np.linalg.norm(final - wanted))
    yield Margin("distance of the core's run from the certified limit", distance, _reach(size))


# Of the core's runs: squared correlations with all losers, and loss gap.
TOLERANCE = 1e-12


def _reach(m: int) -> float:
    """Distance from a minimum: ``2 m gap = (1 - C)^2 + C R`` beside the losers' own part."""
    return math.sqrt(TOLERANCE) + math.sqrt(2 * m * TOLERANCE)


def _train(
    subject: Subject, data: Any, start: Any, b: int, step_size: float, case: CyclicCase
) -> np.ndarray:
    result = train(
        data,
        start,
        activation=case.activation,
        batch_size=b,
        step_size=step_size,
        sampling=Sampling.CYCLIC,
        tolerance=TOLERANCE,
        max_steps=5_000_000,
        engine=subject.engines["compiled"],
    )
    return np.asarray(result.weights.numpy()[0])


def _larger() -> SearchStrategy[CyclicCase]:
    return _cases((F(1, 4), F(3, 10), F(2, 5), F(9, 20)))


@random_cases("cyclic.larger_steps", cases=_larger, examples=200)
def larger_steps(subject: Subject, case: CyclicCase) -> Iterator[Margin]:
    """Step sizes up to 9/20: the limit is one data point of the sign it started with."""
    size = len(case.start)
    data = np.eye(size, size + 1)
    final = _train(subject, data, _weights(case), 1, float(case.step_size), case)
    point = int(np.abs(final).argmax())
    sign = np.sign(float(case.start[point]))
    wanted = sign * data[point]
    told = f"step size {case.step_size}: distance from {sign:+.0f} a_{point}"
    yield Margin(told, float(np.linalg.norm(final - wanted)), _reach(size))


def _fifth() -> SearchStrategy[CyclicCase]:
    return _cases((F(1, 5),))


@random_cases("cyclic.block_limits", cases=_fifth, examples=60)
def block_limits(subject: Subject, case: CyclicCase) -> Iterator[Margin]:
    """Any b < m: the limit is one block of gcd(m, b) neighbours, with the ratios of the start."""
    m = min(len(case.start), 6)
    start = np.array([float(v) for v in case.start[:m]])
    if not start.any():
        start[0] = 0.5
    for b in range(1, m):
        final = _train(subject, np.eye(m), start[None], b, b * float(case.step_size), case)
        size = fused_block(m, b)
        wanted = np.maximum(start, 0) if case.activation is Activation.RELU else start.copy()
        best = int(np.abs(final).argmax()) // size
        wanted[np.arange(m) // size != best] = 0
        length = float(np.linalg.norm(wanted))
        if length == 0:
            wanted, length = np.full(m, math.nan), 1.0
        told = f"m = {m}, b = {b}: distance from the block of {size}"
        yield Margin(told, float(np.linalg.norm(final - wanted / length)), _reach(m))

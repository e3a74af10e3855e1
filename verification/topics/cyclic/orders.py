"""Cyclic SGD, in which nothing is random: exact and certified runs, and runs from random starts.

The certified limits are those of :mod:`whichmin.verification.topics.cyclic.certified`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import hypothesis.strategies as st
import numpy as np
from numpy.typing import ArrayLike, NDArray

from whichmin.core.batches import make_stream
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.exact import truth
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.cyclic.certified import (
    LimitCertificate,
    certified_limit,
    cycle,
    first_leader,
)
from whichmin.verification.topics.sgd.rational_sgd import PLANE, ROUNDING, Vector, basis, exact_step
from whichmin.words import Activation, EvidenceKind, Sampling

__all__ = ["CyclicCase", "almost_tied"]

F = Fraction
EXACT = "exact: fractions, the difference must be zero"


counterexample = functools.partial(
    check,
    kind=EvidenceKind.COUNTEREXAMPLE,
    bound="exact or ball arithmetic until a proved lemma makes the limit final",
)


# A start, the step size and the index of the winner.
Loser = tuple[Sequence[Fraction], Fraction, int]

# Starts at which the point of largest correlation loses, with the limit.
SMALL = (
    ((F(1, 2), F(13, 25)), F(1, 5), 0),
    ((F(3, 5), F(31, 50)), F(1, 5), 0),
)


def _told(start: Sequence[Fraction], step_size: Fraction, found: LimitCertificate) -> str:
    shown = ", ".join(str(v) for v in start)
    return (
        f"start ({shown}), step size {step_size}: limit {found.sign:+d} a_{found.point}, "
        f"final at step {found.steps} by the {found.lemma} lemma"
    )


def _losers(starts: Sequence[Loser], lemma: str) -> Iterator[Margin]:
    """Certify that the point of largest correlation loses.

    Args:
        starts: Starts with the index of the winner.
        lemma: ``exact`` for fractions, else the lemma that makes a run in balls final.

    Yields:
        Whether the winner is as given, and the winner's deficit at the start.
    """
    for start, step_size, winner in starts:
        found = (
            first_leader(start, step_size)
            if lemma == "exact"
            else certified_limit(start, step_size, lemma=lemma)
        )
        largest = max(range(len(start)), key=lambda i: start[i])
        what = _told(start, step_size, found)
        yield truth(what, found.point == winner, found=what)
        lead = start[largest] - start[found.point]
        yield Margin(f"{what}; its deficit at the start", 1e-300, float(lead))


@counterexample("cyclic.largest_loses_by_hand")
def largest_loses_by_hand(starts: Sequence[Loser] = SMALL) -> Iterator[Margin]:
    """For m = 2 a_0 wins though a_1 has the larger correlation, as six steps in fractions show."""
    return _losers(starts, "exact")


def almost_tied(m: int, step_size: Fraction, lead: Fraction, size: Fraction) -> Loser:
    """Build a start with the last point ahead of all others by ``lead`` step sizes."""
    return (*[size] * (m - 1), size * (1 + lead * step_size)), step_size, 0


EVERY_M = tuple(
    almost_tied(m, step_size, F(1, 2), F(1, 10))
    for m in range(2, 17)
    for step_size in (F(1, 20), F(1, 10), F(1, 5))
)


@counterexample("cyclic.largest_loses", needs=("flint",))
def largest_loses(starts: Sequence[Loser] = EVERY_M) -> Iterator[Margin]:
    """For every m from 2 to 16 and the step sizes 1/20, 1/10, 1/5 a_0 wins though the last point
    leads by half a step size.
    """
    return _losers(starts, "leader")


SHARP = (
    almost_tied(16, F(1, 5), F(17, 10), F(1, 100)),
    almost_tied(32, F(1, 5), F(9, 5), F(1, 1000)),
    almost_tied(16, F(1, 10), F(9, 5), F(1, 1000)),
)


@counterexample("cyclic.margin_sharp", needs=("flint",))
def margin_sharp(starts: Sequence[Loser] = SHARP) -> Iterator[Margin]:
    """A lead of 9/5 step sizes can be too small for the point of largest correlation to win."""
    return _losers(starts, "leader")


@counterexample("cyclic.largest_in_size", needs=("flint",))
def largest_in_size(start: Vector = (Fraction(3, 10), Fraction(-1, 2))) -> Iterator[Margin]:
    """With the linear neuron the limit is minus a_1 if the correlations are 3/10 and -1/2.

    Certify that the run ends at minus a_1, though c_0 is the higher number.
    """
    found = certified_limit(start, F(1, 5))
    what = _told(start, F(1, 5), found)
    yield truth(what, (found.point, found.sign) == (1, -1), found=what)
    yield differs("correlation of the limit with a_0", 1.0, 0.0, ROUNDING)


@check("cyclic.orbit", EvidenceKind.COUNTEREXAMPLE, bound=EXACT)
def orbit(
    start: Vector = (Fraction(47, 67), Fraction(48, 67)),
    step_size: Fraction = Fraction(4489, 106032),
) -> Iterator[Margin]:
    """From (47/67, 48/67) with step size 4489/106032 cyclic SGD swaps the correlations for ever.

    Two cyclic steps from the definition, exactly: the first swaps the two correlations.
    """
    first = exact_step(start, PLANE[:1], step_size, Activation.LINEAR)
    second = exact_step(first, PLANE[1:], step_size, Activation.LINEAR)
    for what, found, wanted in (
        ("after the step on a_0 the correlations are swapped", first, start[::-1]),
        ("after the step on a_1 they are back", second, start),
    ):
        off = max(abs(p - q) for p, q in zip(found, wanted, strict=True))
        yield Margin(what, float(off), 0.0, 1, f"{what}: ({found[0]}, {found[1]})")
    norm = sum(v * v for v in start)
    yield differs(
        "largest squared cosine with a data point", 1.0, float(max(start) ** 2 / norm), ROUNDING
    )
    yield differs("loss above the minimum", 0.0, float((1 - norm) ** 2 / 4), ROUNDING)


@check("cyclic.blocks", EvidenceKind.COUNTEREXAMPLE, bound=EXACT)
def blocks(rate: Fraction = Fraction(1, 10)) -> Iterator[Margin]:
    """For m = 4 and b = 2 cyclic SGD ends at a mixture of two data points.

    Two blocks of two (m = 4, b = 2, eta = 1/5) behave like two points with step ``rate``.
    """
    c: Vector = (F(3, 10), F(2, 5), F(1, 10), F(1, 10))
    w = c
    energies = [c[0] ** 2 + c[1] ** 2, c[2] ** 2 + c[3] ** 2]
    for t in range(3):
        k = t % 2
        w = exact_step(w, basis(4)[2 * k : 2 * k + 2], F(1, 5), Activation.LINEAR)
        s, g = 1 - rate * energies[k], rate * (2 - sum(energies))
        energies = [v * (s + g) ** 2 if j == k else v * s**2 for j, v in enumerate(energies)]
        yield Margin(f"step {t + 1}: c_1/c_0 = 4/3", float(abs(3 * w[1] - 4 * w[0])), 0.0)
        yield Margin(f"step {t + 1}: c_3/c_2 = 1", float(abs(w[3] - w[2])), 0.0)
        found = [w[0] ** 2 + w[1] ** 2, w[2] ** 2 + w[3] ** 2]
        off = max(abs(p - q) for p, q in zip(found, energies, strict=True))
        yield Margin(f"step {t + 1}: block energies as of two points", float(off), 0.0)
    # The first block leads at its own turn, at step 0: by the leader lemma it takes all the energy.
    lead = (c[0] ** 2 + c[1] ** 2) / (c[2] ** 2 + c[3] ** 2)
    what = "block {0, 1} leads at step 0, so the limit is (0.6, 0.8, 0, 0)"
    yield Margin(what, 1.0, float(lead), 1, what)
    yield differs("largest squared cosine of the limit with a data point", 1.0, 0.64, ROUNDING)


@check("cyclic.fused", EvidenceKind.ENUMERATION, bound="integers: no pair may differ")
def fused(block: Callable[[int, int], int] = math.gcd, limit: int = 32) -> Iterator[Margin]:
    """For all m up to 32 and b < m cyclic batches of b keep exactly the blocks of gcd(m, b)
    neighbours together, and visit every point equally often in a period.
    """
    for m in range(2, limit + 1):
        wrong = 0
        for b in range(1, m):
            size = block(m, b)
            stream = make_stream(m, b, sampling=Sampling.CYCLIC)
            counts = stream.counts()
            together = (counts.T[:, None] == counts.T[None, :]).all(-1)
            index = np.arange(m) // size
            wrong += int((together != (index[:, None] == index[None, :])).sum())
            wrong += int((counts.sum(0) != counts.sum(0)[0]).sum())
        yield Margin(f"m = {m}: pairs not as the rule says", float(wrong), 0.0, m - 1)


@check("cyclic.intuition", EvidenceKind.COUNTEREXAMPLE, bound=EXACT)
def intuition(start: Vector = (Fraction(1, 2), Fraction(13, 25))) -> Iterator[Margin]:
    """The lead of the larger correlation falls in two steps from (0.5, 0.52).

    Certify that the lead of a_1 falls over a cycle, and over the step on a_0.
    """
    path = cycle(start, F(1, 5))
    ratios = [c[1] / c[0] for c in path]
    told = ", ".join(f"{float(r):.6f}" for r in ratios)
    fall = ratios[0] - ratios[2]
    what = f"a_1 leads, and over a cycle its lead falls: c_1/c_0 = {told}"
    yield Margin(what, 1e-300, float(fall), 1, what)
    what = "the step on a_0 favours a_0 though a_1 has the larger correlation"
    yield Margin(what, 1e-300, float(ratios[0] - ratios[1]), 1, what)


# Neighbours that cyclic batches of b keep together.
fused_block = math.gcd


@dataclass(frozen=True)
class CyclicCase:
    """A random start in the unit ball, of fractions, and how it is trained.

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

    @property
    def weights(self) -> NDArray[np.float64]:
        """The start on the standard basis, with one coordinate off the span."""
        return np.array([*(float(v) for v in self.start), math.sqrt(self.off_span)])


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


random_cases = functools.partial(
    check, kind=EvidenceKind.PROPERTY, bound="distance that the run's tolerance allows"
)


@random_cases("cyclic.limits", cases=_cases, examples=150, needs=("flint",))
def limits(subject: Subject, case: CyclicCase) -> Iterator[Margin]:
    """With one point a step the limit is one data point that responds, with the sign that it
    started with; a lead of two step sizes wins; both lemmas and the core agree.
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
    yield truth("leader and basin lemma give the same limit", same)
    yield truth("the limit has the sign of its correlation", case.start[point] * sign > 0)
    responds = [
        abs(v) if v > 0 or case.activation is Activation.LINEAR else F(0) for v in case.start
    ]
    lead = 1 + 2 * case.step_size
    for i, own in enumerate(responds):
        ahead = all(own >= (lead if j < i else 1) * v for j, v in enumerate(responds) if j != i)
        if own and ahead:
            yield truth(f"a_{i} leads and wins", point == i)
    final = _end(subject, case, case.weights, 1)
    final[point] -= sign
    distance = float(np.linalg.norm(final))
    reach = _reach(len(case.start))
    yield Margin("distance of the core's run from the certified limit", distance, reach)


# Of the core's runs: squared correlations with all losers, and loss gap.
TOLERANCE = 1e-12


def _reach(m: int) -> float:
    """Bound the distance from a minimum: ``2 m gap = (1 - C)^2 + C R`` beside the losers' part."""
    return math.sqrt(TOLERANCE) + math.sqrt(2 * m * TOLERANCE)


def _end(subject: Subject, case: CyclicCase, start: ArrayLike, b: int) -> NDArray[np.float64]:
    """Train with batches of b in cyclic order on the standard basis, to the end."""
    m = min(len(case.start), np.size(start))
    result = train(
        np.eye(m, np.size(start)), start, activation=case.activation, batch_size=b,
        step_size=b * float(case.step_size), sampling=Sampling.CYCLIC, tolerance=TOLERANCE,
        max_steps=5_000_000, engine=subject.engines["compiled"],
    )  # fmt: skip
    return np.array(result.weights.numpy()[0])


LARGER = (F(1, 4), F(3, 10), F(2, 5), F(9, 20))


@random_cases("cyclic.larger_steps", cases=functools.partial(_cases, LARGER), examples=200)
def larger_steps(subject: Subject, case: CyclicCase) -> Iterator[Margin]:
    """With step sizes up to 9/20 the limit is one data point of the sign it started with."""
    size = len(case.start)
    final = _end(subject, case, case.weights, 1)
    point = int(np.abs(final[:size]).argmax())
    sign = np.sign(float(case.start[point]))
    final[point] -= sign
    told = f"step size {case.step_size}: distance from {sign:+.0f} a_{point}"
    yield Margin(told, float(np.linalg.norm(final)), _reach(size))


@random_cases("cyclic.block_limits", cases=functools.partial(_cases, (F(1, 5),)), examples=60)
def block_limits(subject: Subject, case: CyclicCase) -> Iterator[Margin]:
    """For b < m the limit is one block of gcd(m, b) neighbours, with the ratios of the start."""
    m = min(len(case.start), 6)
    start = np.array([float(v) for v in case.start[:m]])
    if not start.any():
        start[0] = 0.5
    for b in range(1, m):
        final = _end(subject, case, start, b)
        size = fused_block(m, b)
        wanted = np.maximum(start, 0) if case.activation is Activation.RELU else start.copy()
        best = int(np.abs(final).argmax()) // size
        wanted[np.arange(m) // size != best] = 0
        length = float(np.linalg.norm(wanted))
        if length == 0:
            wanted, length = np.full(m, math.nan), 1.0
        told = f"m = {m}, b = {b}: distance from the block of {size}"
        yield Margin(told, float(np.linalg.norm(final - wanted / length)), _reach(m))

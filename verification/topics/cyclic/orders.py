"""Cyclic SGD: one point a step in a fixed order, with nothing random."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np
import sympy as sp

from whichmin.core.batches import make_stream
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.provers.smt import lemmas, smt
from whichmin.verification.topics.cyclic.certified import (
    Certificate,
    certified_limit,
    cycle,
    first_leader,
)
from whichmin.verification.topics.cyclic.finality import BASIN, LEADER, MARGIN
from whichmin.verification.topics.sgd.rational_sgd import Vector, exact_step
from whichmin.words import Activation, EvidenceKind, Sampling

__all__ = ["almost_tied", "losers"]

F = Fraction
EXACT = "exact: fractions, the difference must be zero"
# One rounding of each number shown; they are computed as fractions.
ROUNDING = 2.0**-51


@check("cyclic.one_step", EvidenceKind.IDENTITY, bound="the difference is the zero polynomial")
def one_step(slope: int = 4) -> Iterator[Margin]:
    """What a step does to correlations, to the squared norm and to a block in the batch.

    Derive one step from the gradient of the loss; ``slope`` is the 4 of 4 (1 - N).
    """
    a, r = sp.symbols("a r", positive=True)
    c = sp.symbols("c1:4", real=True)  # two in the batch, one outside; r is the norm off the span
    weights = [*c, r]
    norm = sum(v**2 for v in weights)
    loss = sum((1 - 2 * v**2 + norm * v**2) / 2 for v in c[:2])
    after = [v - a * sp.diff(loss, v) for v in weights]
    energy = c[0] ** 2 + c[1] ** 2
    s, g = 1 - a * energy, a * (2 - norm)
    growth = slope * (1 - norm) + a * (2 - norm) ** 2 - a * energy * (4 - 3 * norm)
    pairs = {
        "in the batch": after[0] - (s + g) * c[0],
        "outside the batch": after[2] - s * c[2],
        "off the span": after[3] - s * r,
        "squared norm": sum(v**2 for v in after) - norm - a * energy * growth,
        "energy of a block that stays together": after[0] ** 2
        + after[1] ** 2
        - (s + g) ** 2 * energy,
    }
    for what, difference in pairs.items():
        left = sp.expand(difference)
        yield Margin(f"one step, {what}: {left}", 0.0 if left == 0 else math.inf, 1.0)


@smt("cyclic.leader_lemma")
def leader_lemma() -> Iterator[Margin]:
    """Cyclic, one point a step, step size <= 1/5, start in the unit ball: a point that leads, or is
    tied, when its turn comes leads for ever and is the limit.
    """
    return lemmas(LEADER)


@smt("cyclic.margin_lemma")
def margin_lemma() -> Iterator[Margin]:
    """Beside a larger correlation a point gains at most a factor 1 + 2 a at its turn."""
    return lemmas(MARGIN)


@smt("cyclic.finality")
def finality() -> Iterator[Margin]:
    """Epochs that visit every point once, a <= 1/5: from T <= 1/8 and |N - 1| <= a/6 at the start
    of an epoch the favourite is the limit.
    """
    return lemmas(BASIN)


counterexample = functools.partial(
    check,
    kind=EvidenceKind.COUNTEREXAMPLE,
    bound="exact or ball arithmetic until a proved lemma makes the limit final",
)


# Starts at which the point of largest correlation loses, with the limit.
SMALL = (
    ((F(1, 2), F(13, 25)), F(1, 5), 0),
    ((F(3, 5), F(31, 50)), F(1, 5), 0),
)


def _told(start: Sequence[Fraction], step_size: Fraction, found: Certificate) -> str:
    shown = ", ".join(str(v) for v in start)
    return (
        f"start ({shown}), step size {step_size}: limit {found.sign:+d} a_{found.point}, "
        f"final at step {found.steps} by the {found.lemma} lemma"
    )


def losers(
    starts: Sequence[tuple[Sequence[Fraction], Fraction, int]], lemma: str
) -> Iterator[Margin]:
    """Certify that the largest correlation loses: (start, step size, index of the winner)."""
    for start, step_size, winner in starts:
        found = (
            first_leader(start, step_size)
            if lemma == "exact"
            else certified_limit(start, step_size, lemma=lemma)
        )
        largest = max(range(len(start)), key=lambda i: start[i])
        what = _told(start, step_size, found)
        yield Margin(what, 0.0 if found.point == winner else math.inf, 1.0, 1, what)
        lead = start[largest] - start[found.point]
        yield Margin(f"{what}; its deficit at the start", 1e-300, float(lead))


@counterexample("cyclic.largest_loses_by_hand")
def largest_loses_by_hand() -> Iterator[Margin]:
    """For m = 2: a_1 has the larger correlation and a_0 wins; six steps in fractions decide it."""
    return losers(SMALL, "exact")


def almost_tied(
    m: int, step_size: Fraction, lead: Fraction, size: Fraction
) -> tuple[tuple[Fraction, ...], Fraction, int]:
    """A start with the last point ahead of all others by ``lead`` step sizes."""
    return (*[size] * (m - 1), size * (1 + lead * step_size)), step_size, 0


EVERY_M = tuple(
    almost_tied(m, step_size, F(1, 2), F(1, 10))
    for m in range(2, 17)
    for step_size in (F(1, 20), F(1, 10), F(1, 5))
)


@counterexample("cyclic.largest_loses", needs=("flint",))
def largest_loses() -> Iterator[Margin]:
    """For every m from 2 to 16 and step sizes 1/20, 1/10, 1/5: the last point leads by half a step
    size and a_0 wins.
    """
    return losers(EVERY_M, "leader")


SHARP = (
    almost_tied(16, F(1, 5), F(17, 10), F(1, 100)),
    almost_tied(32, F(1, 5), F(9, 5), F(1, 1000)),
    almost_tied(16, F(1, 10), F(9, 5), F(1, 1000)),
)


@counterexample("cyclic.margin_sharp", needs=("flint",))
def margin_sharp() -> Iterator[Margin]:
    """A lead of 9/5 step sizes can be too small."""
    return losers(SHARP, "leader")


@counterexample("cyclic.largest_in_size", needs=("flint",))
def largest_in_size(start: Vector = (Fraction(3, 10), Fraction(-1, 2))) -> Iterator[Margin]:
    """Linear: the limit is minus a_1 if the correlations are 3/10 and -1/2.

    Certify that the run ends at minus a_1, though c_0 is the higher number.
    """
    found = certified_limit(start, F(1, 5))
    what = _told(start, F(1, 5), found)
    yield Margin(what, 0.0 if (found.point, found.sign) == (1, -1) else math.inf, 1.0, 1, what)
    yield differs("correlation of the limit with a_0", 1.0, 0.0, ROUNDING)


PLANE: tuple[Vector, Vector] = ((F(1), F(0)), (F(0), F(1)))


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
    """For m = 4, b = 2: cyclic SGD ends at a mixture of two data points.

    Two blocks of two (m = 4, b = 2, eta = 1/5) behave like two points with step ``rate``.
    """
    c: Vector = (F(3, 10), F(2, 5), F(1, 10), F(1, 10))
    basis = tuple(tuple(F(int(i == j)) for j in range(4)) for i in range(4))
    w = c
    energies, norm = [c[0] ** 2 + c[1] ** 2, c[2] ** 2 + c[3] ** 2], sum((v * v for v in c), F(0))
    for t in range(3):
        k = t % 2
        w = exact_step(w, basis[2 * k : 2 * k + 2], F(1, 5), Activation.LINEAR)
        s, g, e = 1 - rate * energies[k], rate * (2 - norm), energies[k]
        energies = [v * (s + g) ** 2 if j == k else v * s**2 for j, v in enumerate(energies)]
        norm += rate * e * (4 * (1 - norm) + rate * (2 - norm) ** 2 - rate * e * (4 - 3 * norm))
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
    """Cyclic batches of b keep exactly the blocks of gcd(m, b) neighbours together, and visit every
    point equally often in a period.

    Which points are always in the same batches, for all m up to a limit and b < m.
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
    """Two steps from (0.5, 0.52): the lead of the larger correlation falls.

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

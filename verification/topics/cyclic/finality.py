"""Lemmas that make the limit of a run final, for all numbers of points and all dimensions.

They are proved here; :mod:`whichmin.verification.topics.cyclic.certified` applies them to runs.

Notation: ``a`` = step size over batch size, ``N`` = squared norm, ``e`` (or ``X``) = energy of the
batch. A step multiplies the correlations of the batch by ``s + g``, all the rest by ``s``, with
``s = 1 - a e`` and ``g = a (2 - N)``; hence ``N' = N + a e G`` with ``G = G0 - a e (4 - 3 N)`` and
``G0 = 4 (1 - N) + a (2 - N)^2``. Two correlations change their ratio only where a batch holds one
of them: by ``1 + h``, ``h = a (2 - N) / (1 - a e)``.

**Leader** (cyclic, one point a step, a <= 1/5, G0 >= 0 at the start, which ``|w0| <= 1`` implies).
If the point whose turn it is has the largest correlation in absolute value, its lead never shrinks.
Within the cycle that follows, with ``x_k`` the energy of point k at its turn and ``y`` the sum of
``a x_k`` over the points that came before j: (1) no step lowers N by more than ``(a x_k)^2``, so N
at j's turn is at least ``N - a y X``, X the leader's energy; (2) j itself has shrunk to at most
``X / (1 + y)^2``; (3) then ``h_j < h_leader`` with a slack that is bounded below, because the
leader's energy is. So all ratios to the leader fall geometrically and the limit is the leader.

**Basin** (every epoch is a partition of the points in batches of b, in any order). With T the
energy of everything but the favourite, over the favourite's: from T <= 1/8 and ``|N - 1| <= a/6``
at the start of an epoch the same holds at the end, no ratio to the favourite has grown, and those
of points that were in another batch have shrunk by a factor. Fused points (always in the
favourite's batch) keep theirs: T is then the energy outside the favourite's block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import sympy as sp

from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.exact import truth
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.words import EvidenceKind

__all__ = ["BASIN", "LEADER", "MARGIN", "NORM_WIDTH", "SHARE"]

# The basin: largest energy outside the favourite over the favourite's, and |N - 1| over a.
SHARE = Fraction(1, 8)
NORM_WIDTH = Fraction(1, 6)

STEP = ("0 < a", "a <= 1/5")
LONGER = Variant("steps up to 1/2", ("a <= 1/5",), ("a <= 1/2",))
G0 = ("G0", "4*(1 - N) + a*(2 - N)**2")

LEADER = (
    Lemma(
        "a start in the unit ball has G0 >= 0, and then N <= 53/50",
        "a N",
        (*STEP, "0 <= N <= 2"),
        ("N > 1 or G0 >= 0", "G0 < 0 or N <= 53/50"),
        (G0,),
        (Variant("N <= 26/25", then=("G0 < 0 or N <= 26/25",)),),
    ),
    Lemma(
        "the norm stays where G0 >= 0, if it grew by all of u G0",
        "a N u",
        (*STEP, "0 <= N <= 53/50", "0 <= u <= a*N", "G0 >= 0"),
        ("M <= 53/50", "4*(1 - M) + a*(2 - M)**2 >= 0"),
        (G0, ("M", "N + u*G0")),
        (LONGER,),
    ),
    Lemma(
        "it grows by less, and a smaller norm has a larger G0",
        "a M N L",
        (*STEP, "0 <= M <= L <= 2", "4*(1 - L) + a*(2 - L)**2 >= 0", "0 <= N <= 53/50"),
        ("4*(1 - M) + a*(2 - M)**2 >= 0", "4 - 3*N >= 0"),
        variants=(Variant("a larger norm", ("0 <= M <= L <= 2",), ("0 <= L <= M <= 2",)),),
    ),
    Lemma(
        "no correlation changes its sign, and the norm falls by at most (a X)^2",
        "a N X",
        (*STEP, "0 <= X <= N <= 53/50", "G0 >= 0"),
        ("1 - a*X > 0", "1 - a*X + a*(2 - N) > 0", "a*X*(G0 - a*X*(4 - 3*N)) >= -(a*X)**2"),
        (G0,),
        (
            Variant("by at most half of that", then=(
                "a*X*(G0 - a*X*(4 - 3*N)) >= -(a*X)**2/2",)),
            Variant("without the bound on the norm", ("G0 >= 0",)),
        ),
    ),
    Lemma(
        "a product of factors 1 - x is at most 1/(1 + sum of x)",
        "x y",
        ("0 <= x <= 1", "y >= 0"),
        ("(1 - x)*(1 + y + x) <= 1 + y",),
        variants=(Variant("twice the sum", then=("(1 - x)*(1 + y + 2*x) <= 1 + y",)),),
    ),
    Lemma(
        "the leader's boost is the larger one, with slack",
        "a N X P y",
        (*STEP, "0 < X <= N <= 53/50", "a*X <= y <= a*N", "0 <= P", "P*(1 + y)**2 <= X"),
        ("(2 - N + a*y*X)*(1 - a*X) <= (2 - N)*(1 - a*P) - 2/5*a*y*X",),
        variants=(
            Variant("a follower ahead by two steps",
                    ("P*(1 + y)**2 <= X",), ("P <= X*(1 + 2*a)**2",)),
            Variant("a norm that falls three times as much",
                    then=("(2 - N + 3*a*y*X)*(1 - a*X) <= (2 - N)*(1 - a*P)",)),
        ),
    ),
    Lemma(
        "while all correlations are small, the leader grows in a cycle",
        "a N X C",
        (*STEP, "0 < X <= C <= N <= 53/50", "C <= 2/5"),
        ("(1 + a*(2 - N - X))*(1 - a*(C - X)) > 1",),
        variants=(Variant("at any size", ("C <= 2/5",)),),
    ),
)  # fmt: skip

MARGIN = (
    Lemma(
        "beside a larger correlation, a point gains at most a factor 1 + 2 a at its turn",
        "a N X",
        (*STEP, "0 < X", "2*X <= N <= 53/50"),
        ("a*(2 - N) <= 2*a*(1 - a*X)",),
        variants=(Variant("at most 1 + 9/5 a", then=("a*(2 - N) <= 9/5*a*(1 - a*X)",)),),
    ),
)

BOX = "1 - 2/9*a <= N <= 1 + 2/9*a"
# 1/8 of the largest norm: the energy outside the favourite, summed over an epoch.
REST = "0 <= e <= 47/360"

BASIN = (
    Lemma(
        "batches without the favourite change the norm in second order",
        "a N e",
        (*STEP, BOX, "0 <= e <= N"),
        ("-2*a**2*e <= a*e*(G0 - a*e*(4 - 3*N)) <= 2*a**2*e", "1 + 2/9*a <= 8*47/360"),
        (G0,),
        (Variant("half as much", then=("a*e*(G0 - a*e*(4 - 3*N)) <= a**2*e",)),),
    ),
    Lemma(
        "so the norm stays in the wider box, and T <= 3/16 within the epoch",
        "a N e",
        (*STEP, BOX, REST),
        (
            "2*a**2*47/360 <= (2/9 - 1/6)*a",
            "1 - a*e > 0",
            "1 - a*e + a*(2 - N) > 0",
            "(1 - a*e + a*(2 - N))**2 <= 3/2*(1 - a*e)**2",
        ),
        variants=(LONGER,),
    ),
    Lemma(
        "the favourite's batch: what it adds to -4 a e (N - 1)",
        "a N e",
        (*STEP, BOX, "16/19*N <= e <= N"),
        (
            "0 <= e*((2 - N)**2 - e*(4 - 3*N)) <= 3/20",
            "4/5 <= e <= 47/45",
            "1 - a*e + a*(2 - N) > 0",
        ),
        variants=(
            Variant("a favourite of half the norm", ("16/19*N <= e <= N",), ("1/2*N <= e <= N",)),
        ),
    ),
    Lemma(
        "it makes up for the drift d before it and the rest of the drift after it",
        "a v e r d",
        (
            *STEP, "0 <= d <= 47/180*a**2", "4/5 <= e <= 47/45", "0 <= r <= 3/20",
            "-(a/6 + d) <= v <= a/6 + d",
        ),
        ("47/180*a**2 - d - a/6 <= v - 4*a*e*v + a**2*r <= a/6 - (47/180*a**2 - d)",),
        variants=(
            Variant("for twice the drift",
                    ("0 <= d <= 47/180*a**2",), ("0 <= d <= 47/90*a**2",),
                    ("v - 4*a*e*v + a**2*r <= a/6 - (47/90*a**2 - d)",)),
        ),
    ),
    Lemma(
        "the favourite's boost is the larger one",
        "a N M e f",
        (*STEP, BOX, "1 - 2/9*a <= M <= 1 + 2/9*a", REST, "16/19*M <= f <= M"),
        ("(2 - N)*(1 - a*f) <= (1 - a/10)*(2 - M)*(1 - a*e)",),
        variants=(
            Variant("a favourite of half the norm", ("16/19*M <= f <= M",), ("1/2*M <= f <= M",)),
        ),
    ),
)  # fmt: skip


@check("cyclic.one_step", EvidenceKind.IDENTITY, bound="the difference is the zero polynomial")
def one_step(slope: int = 4) -> Iterator[Margin]:
    """A step changes the correlations, the squared norm and the energy of a block in the batch as
    stated.

    One step is derived from the gradient of the loss; ``slope`` is the 4 of 4 (1 - N).
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
        yield truth(f"one step, {what}: {left}", left == 0)


@smt("cyclic.leader_lemma")
def leader_lemma(statements: Sequence[Lemma] = LEADER) -> Iterator[Margin]:
    """With one point a step in cyclic order, a step size of at most 1/5 and a start in the unit
    ball, a point that leads, or is tied, when its turn comes leads for ever and is the limit.
    """
    return lemmas(statements)


@smt("cyclic.margin_lemma")
def margin_lemma(statements: Sequence[Lemma] = MARGIN) -> Iterator[Margin]:
    """A point beside one of larger correlation gains at most a factor 1 + 2 a on it at its turn, a
    the step size.
    """
    return lemmas(statements)


@smt("cyclic.finality")
def finality(statements: Sequence[Lemma] = BASIN) -> Iterator[Margin]:
    """In epochs that visit every point once, with a <= 1/5 the step size over b, a point is the
    limit if at the start of an epoch the energy of all others is at most 1/8 of its own and the
    squared norm is within a/6 of 1.
    """
    return lemmas(statements)

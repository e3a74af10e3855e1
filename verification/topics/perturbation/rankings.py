"""Rankings of the two minima by Keskar's metric: where the order is proved, and where it turns.

It turns with unequal mixtures, rotations of the data and random subspaces. The lemmas have the
notation of :mod:`whichmin.verification.topics.perturbation.box`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.core.data import make_data
from whichmin.core.frames import random_frame
from whichmin.core.perturbation.box import keskar_upper_bound
from whichmin.core.perturbation.box_search import keskar_search, subspace_metric
from whichmin.verification.evidence.check import Margin, Settings, check
from whichmin.verification.evidence.exact import truth
from whichmin.verification.evidence.statistics import FIGURE, at_most, frequency, mean_is
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.oracle import references
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.perturbation.box import box_sizes, exact_metric
from whichmin.verification.topics.sgd.rational_sgd import Vector
from whichmin.words import Activation, EvidenceKind

__all__ = ["EQUAL", "RANKING", "TURNED", "UNEQUAL"]

F = Fraction
Floats = NDArray[np.float64]

# Minima on two and four points of the standard basis: lengths are exactly 1.
UNEQUAL: Vector = (F(1599, 1601), F(80, 1601))
EQUAL: Vector = (F(1, 2),) * 4
# The same data turned: rows (3, 4)/5 and (-4, 3)/5. The minimum (1, 0) mixes them.
TURNED: tuple[Vector, Vector] = ((F(3, 5), F(4, 5)), (F(-4, 5), F(3, 5)))
DRAWS = 20_000


# a = 1 + sqrt k; both metrics divided by 100 eps^2/(3m - 1).
_DENSE = ("D", "(2*a + e*a**2)**2 + (1 + e*a)**2*(n - (a - 1)**2)")
_VERTEX = ("V", "16*(1 + e)**2 + (1 + 2*e)**2*(n - 1)")
RANKING = (
    Lemma(
        "linear: from q = 1 on the rise grows with q, hence with sum |c_i|",
        "q Q v",
        ("1 <= q < Q", "0 <= v"),
        ("(1 - q)**2 + q*v < (1 - Q)**2 + Q*v",),
        variants=(Variant("from q = 0 on", ("1 <= q < Q",), ("0 <= q < Q",)),),
    ),
    Lemma(
        "ReLU, both boxes small: k equal active points are sharper than one, for every eps and n",
        "a e n",
        ("a > 2", "e > 0", "n >= (a - 1)**2"),
        ("D > V",),
        (_DENSE, _VERTEX),
        (Variant("k = 1 included", ("a > 2",), ("a >= 2",)),),
    ),
    Lemma(
        "ReLU, the mixture's box large, the single point's small",
        "q Q N M",
        ("0 <= q", "0 <= Q", "N <= 2", "2 <= M"),
        ("1 + q*(N - 2) <= 1 <= 1 + Q*(M - 2)",),
        variants=(Variant("norms up to 3", ("N <= 2",), ("N <= 3",)),),
    ),
    Lemma(
        "ReLU, both boxes large: more energy and a larger norm",
        "q Q N M",
        ("0 < q < Q", "2 <= N < M"),
        ("q*(N - 2) < Q*(M - 2)",),
        variants=(Variant("norms from 1 on", ("2 <= N < M",), ("1 <= N < M",)),),
    ),
)


@smt("measures.keskar_ranking")
def keskar_ranking(statements: Sequence[Lemma] = RANKING) -> Iterator[Margin]:
    """Keskar's linear metric on standard-basis data grows with sum |c_i|, and with ReLU k > 1 equal
    active points are sharper than a single point, for every eps, m and n.
    """
    return lemmas(statements)


_EXACT = "exact: fractions"


@check("measures.keskar_mixtures", EvidenceKind.COUNTEREXAMPLE, bound=_EXACT)
def keskar_mixtures(
    cases: tuple[tuple[Vector, str, int], ...] = (
        (EQUAL, "linear", 1),
        (EQUAL, "relu", 1),
        (UNEQUAL, "linear", 1),
        (UNEQUAL, "relu", -1),
    ),
) -> Iterator[Margin]:
    """By Keskar's metric with eps = 1/1000 an equal mixture of four points is sharper than a single
    point, linear and ReLU; the ReLU minimum with correlations (1599, 80)/1601 is flatter.

    For each case (minimum, activation, sign): the sign of GD's metric minus SGD's.
    """
    eps = F(1, 1000)
    for w, activation, sign in cases:
        single = (F(1), *(F(0),) * (len(w) - 1))
        mixed = exact_metric(w, len(w), eps, activation)
        alone = exact_metric(single, len(w), eps, activation)
        ranks = (mixed > alone) - (mixed < alone)
        told = (
            f"{activation}, {len(w)} points, correlations from {float(min(w)):.3g} to "
            f"{float(max(w)):.3g}: Keskar's metric {float(mixed):.6g} at the mixture, "
            f"{float(alone):.6g} at a single point"
        )
        yield truth(told, ranks == sign, found=told)


@check("measures.keskar_rotation", EvidenceKind.COUNTEREXAMPLE, bound=_EXACT)
def keskar_rotation(rows: tuple[Vector, Vector] = TURNED) -> Iterator[Margin]:
    """Keskar's metric is not rotation invariant: turning the data reverses the ranking."""
    eps, own = F(1, 1000), F(1, 4)
    metrics = {}
    for w in (rows[0], (F(1), F(0))):
        reach = [eps * (abs(x) + 1) for x in w]
        corners = itertools.product(*([x - r, x + r] for x, r in zip(w, reach, strict=True)))
        # The span is the plane: the loss is 1/2 + N (N - 2)/4, which grows from N = 1 on, and N is
        # convex. So the largest loss is at a corner.
        most = max(references.loss(corner, rows, "linear") / 2 for corner in corners)
        metrics[w] = 100 * (most - own) / (1 + own)
    point, mixture = metrics[rows[0]], metrics[F(1), F(0)]
    told = (
        f"linear, data (3, 4)/5 and (-4, 3)/5: Keskar's metric {float(point):.6g} at the data "
        f"point (3, 4)/5, {float(mixture):.6g} at the mixture (1, 0)"
    )
    yield truth(told, point > mixture, found=told)
    standard = exact_metric((F(3, 5), F(4, 5)), 2, eps, "linear")
    single = exact_metric((F(1), F(0)), 2, eps, "linear")
    told = (
        f"standard basis: {float(standard):.6g} at the mixture (3, 4)/5, {float(single):.6g} at "
        "the data point (1, 0)"
    )
    yield truth(told, standard > single, found=told)
    off = abs(standard - point) + abs(single - mixture)
    yield Margin("only |w|_1 matters: the same two values in turned roles", float(off), 0.0)


def _haar(frames: int, n: int, seed: int) -> Floats:
    """Draw orthonormal rows of uniform law, many frames at once: QR, R's diagonal made positive."""
    square = np.random.default_rng(seed).normal(size=(frames, n, n))
    q, r = np.linalg.qr(square)
    return np.asarray(np.swapaxes(q * np.sign(np.einsum("fii->fi", r))[:, None, :], 1, 2))


_CHANCE = "exact binomial tails and Bernstein's inequality, one in ten million for each figure"


@check("measures.random_frames", EvidenceKind.STATISTICS, bound=_CHANCE, false_alarm=3 * FIGURE)
def random_frames(subject: Subject, settings: Settings, length: float = 1.0) -> Iterator[Margin]:
    """In frames of uniform law the linear neuron's metric has the same law at both minima, that of
    a function of |w|_1 for w uniform on the sphere.

    Linear, m = n = 4: the metric grows with |w|_1 alone; ``length`` is the mixture's.
    """
    n, eps = 4, 1e-3
    rows = _haar(DRAWS, n, settings.seed)
    point, mixture = np.abs(rows[:, 0]).sum(1), length * np.abs(rows.sum(1) / 2).sum(1)

    def metric(total: Floats) -> Floats:
        # m = n and linear: all of the norm is active.
        norm = subject.forms["keskar.largest_norm"](eps=eps, n=n, s=total)
        return np.asarray(subject.forms["keskar.percent"](N=norm, m=n, q_max=norm))

    sharper = int((metric(point) > metric(mixture)).sum())
    yield frequency("data point sharper than mixture, linear, m = n = 4", sharper, DRAWS, 0.5)
    mean = n * math.gamma(n / 2) / (math.sqrt(math.pi) * math.gamma((n + 1) / 2))
    for what, totals in (("data point", point), ("mixture", mixture)):
        # |w|_1 lies between 1 and sqrt n; its mean square is 1 + (n - 1) 2/pi.
        variance = 1 + (n - 1) * 2 / math.pi - mean**2
        yield mean_is(
            f"|w|_1 of the {what}", float(totals.mean()), DRAWS, mean, variance, math.sqrt(n) - 1
        )
    ends = np.quantile(metric(point), (0.05, 0.95))
    standard = float(metric(np.ones(1))[0]), float(metric(np.full(1, 2.0))[0])
    told = (
        f"metric in random frames: 90% between {ends[0]:.3g} and {ends[1]:.3g} at both minima; "
        f"standard basis: {standard[0]:.3g} at a point, {standard[1]:.3g} at the mixture"
    )
    yield truth(told, bool(standard[0] < ends[0] and ends[1] < standard[1]), found=told)


@check(
    "measures.frames_gap",
    EvidenceKind.PROPERTY,
    bound="the bound takes q = (1 + T)^2 at that corner, where q can be larger by Z - T^2",
)
def frames_gap(settings: Settings, share: float = 1.0) -> Iterator[Margin]:
    """In random frames the search ends below the upper bound, by no more than the corner of the
    signs of w leaves open, linear and ReLU.

    Search from below and bound from above, m = 4, n = 8, three active points.

    At the corner of the signs of w, ``<w,z> = T`` and ``|z|^2 = Z``; there q exceeds ``(1+T)^2`` by
    at most ``Z - T^2``: 2m times the rise is at most ``(Z - T^2)(1 - 2T - Z)`` below the bound.

    Yields:
        Both orders.
    """
    m, n, k, eps = 4, 8, 3, 1e-3
    for activation in Activation:
        worst, sharper, count = 0.0, 0, 300 if settings.deep else 6
        for seed in range(count):
            data = make_data(random_frame(m, n, settings.seed + seed))
            points = data.points.numpy()
            metrics = []
            for w in (points[0], points[:k].sum(0) / math.sqrt(k)):
                found = keskar_search(w, data, eps, activation, starts=2, seed=seed)
                top = keskar_upper_bound(w, m, eps)
                _, along, square = box_sizes(w, eps)
                room = 100 * (square - along**2) * (1 - 2 * along - square) / (3 * m - 1)
                # The search's value is a difference of losses: 1e-16 beside 1e-6.
                yield Margin(f"{activation}: search above the bound", found, top * (1 + 1e-8))
                yield Margin(f"{activation}: search below the bound", top - found, share * room)
                worst = max(worst, 1 - found / top)
                metrics.append(found)
            sharper += metrics[0] > metrics[1]
        told = (
            f"{activation}, {count} random frames: the search ends at most {100 * worst:.2g}% "
            f"below the upper bound; SGD's minimum is sharper in {sharper}"
        )
        yield Margin(told, worst, 1.0, count, told)


@check("measures.subspace", EvidenceKind.STATISTICS, bound=_CHANCE, false_alarm=2 * FIGURE)
def subspace(settings: Settings, columns: int = 2) -> Iterator[Margin]:
    """By Keskar's metric in random subspaces of 2 dimensions either minimum is the sharper one
    equally often with the linear neuron, the single point at least as often as the mixture with
    ReLU.

    Four points in 8 dimensions, all active at GD's minimum; Gaussian A.
    """
    m, n, eps, draws = 4, 8, 1e-3, 20_000
    rng = np.random.default_rng(settings.seed)
    directions = rng.normal(size=(draws, n, columns))
    dense, single = np.r_[np.full(m, m**-0.5), np.zeros(n - m)], np.eye(n)[0]
    for activation in Activation:
        mixed, alone = (subspace_metric(w, m, directions, eps, activation) for w in (dense, single))
        sharper = int((alone > mixed).sum())
        medians = np.median(mixed), np.median(alone)
        what = f"{activation}: data point sharper (medians {medians[0]:.3g}, {medians[1]:.3g})"
        if activation is Activation.LINEAR:
            yield frequency(what, sharper, draws, 0.5)
        else:
            yield at_most(f"{what}, the opposite", draws - sharper, draws, 0.5)

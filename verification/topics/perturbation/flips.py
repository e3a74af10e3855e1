"""Where the ranking of the two minima turns: unequal mixtures, rotations, units, subspaces."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.core.data import make_data
from whichmin.core.frames import random_frame, standard_basis
from whichmin.core.hessian import hessian_trace, log_determinant
from whichmin.core.perturbation.box import keskar_upper_bound
from whichmin.core.perturbation.box_search import keskar_search, subspace_metric
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.statistics import FIGURE, at_most, frequency, mean_is
from whichmin.verification.oracle import references
from whichmin.verification.oracle.checks.keskar import largest_loss
from whichmin.verification.topics.sgd.rational_sgd import Vector
from whichmin.words import Activation, EvidenceKind

__all__ = ["EQUAL", "FRAMES", "UNEQUAL", "exact_metric"]

F = Fraction
Floats = NDArray[np.float64]

# Minima on two and four points of the standard basis: lengths are exactly 1.
UNEQUAL: Vector = (F(1599, 1601), F(80, 1601))
EQUAL: Vector = (F(1, 2),) * 4
# The same data turned: rows (3, 4)/5 and (-4, 3)/5. The minimum (1, 0) mixes them.
TURNED: tuple[Vector, Vector] = ((F(3, 5), F(4, 5)), (F(-4, 5), F(3, 5)))
FRAMES = 20_000


def exact_metric(w: Vector, m: int, eps: Fraction, activation: str) -> Fraction:
    """Keskar's metric on standard-basis data, over all corners in exact fractions.

    Args:
        w: A minimum.
        m: Number of data points.
        eps: Relative size of the box.
        activation: ``linear`` or ``relu``.

    Returns:
        The metric, in percent.
    """
    reach = [eps * (abs(x) + 1) for x in w]
    low, high = ([x + s * r for x, r in zip(w, reach, strict=True)] for s in (-1, 1))
    own = F(1, 2) - F(1, 2 * m)
    return 100 * (largest_loss(low, high, m, activation) - own) / (1 + own)


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
    """Keskar's metric, eps = 1/1000: an equal mixture of four points is sharper than a single
    point, linear and ReLU; ReLU with correlations (1599, 80)/1601 is flatter.

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
        yield Margin(told, 0.0 if ranks == sign else math.inf, 1.0, 1, told)


@check("measures.keskar_rotation", EvidenceKind.COUNTEREXAMPLE, bound=_EXACT)
def keskar_rotation(rows: tuple[Vector, Vector] = TURNED) -> Iterator[Margin]:
    """Keskar's metric is not rotation invariant: turning the data turns the ranking around."""
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
    yield Margin(told, 0.0 if point > mixture else math.inf, 1.0, 1, told)
    standard = exact_metric((F(3, 5), F(4, 5)), 2, eps, "linear")
    single = exact_metric((F(1), F(0)), 2, eps, "linear")
    told = (
        f"standard basis: {float(standard):.6g} at the mixture (3, 4)/5, {float(single):.6g} at "
        "the data point (1, 0)"
    )
    yield Margin(told, 0.0 if standard > single else math.inf, 1.0, 1, told)
    off = abs(standard - point) + abs(single - mixture)
    yield Margin("only |w|_1 matters: the same two values in turned roles", float(off), 0.0)


@check(
    "measures.determinant_units",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the eigenvalues' logarithms",
)
def determinant_units(scales: tuple[float, ...] = (1.0, 4.0, 8.0)) -> Iterator[Margin]:
    """The ranking by log-determinant turns with the unit of the loss, at m/(1 - kappa) times the
    mean loss; that by trace does not.

    Log-determinant, ReLU, kappa = 0, m = 4, n = 6, k = 3, of the loss times a scale.
    """
    m, n, k = 4, 6, 3
    data = make_data(standard_basis(m, n))
    dense = np.r_[np.full(k, k**-0.5), np.zeros(n - k)]
    mixed, alone = (log_determinant(w, data) for w in (dense, np.eye(n)[0]))
    for scale, sign in zip(scales, (-1, 0, 1), strict=True):
        gap = alone.value - mixed.value + (alone.directions - mixed.directions) * math.log(scale)
        # A dozen logarithms of eigenvalues, each within 64 roundings.
        allowed = 64 * n * 2.0**-52 * 8
        ranks = 0 if abs(gap) <= allowed else math.copysign(1, gap)
        told = (
            f"loss times {scale:g}: log-determinant at the single point minus that at the mixture "
            f"{gap:+.4g}, over {alone.directions} and {mixed.directions} directions"
        )
        yield Margin(told, 0.0 if ranks == sign else math.inf, 1.0, 1, told)
    gap = hessian_trace(np.eye(n)[0], data) - hessian_trace(dense, data)
    # The gap is (k - 1)/m; n entries of size at most 4, each rounded some 64 times.
    yield differs("trace, at any scale: single point minus mixture", 0.0, gap, 64 * n * 2.0**-52)


def _haar(frames: int, n: int, seed: int) -> Floats:
    """Orthonormal rows of uniform law: QR with the signs of R's diagonal put right."""
    square = np.random.default_rng(seed).normal(size=(frames, n, n))
    q, r = np.linalg.qr(square)
    return np.asarray(np.swapaxes(q * np.sign(np.einsum("fii->fi", r))[:, None, :], 1, 2))


_CHANCE = "exact binomial tails and Bernstein's inequality, one in ten million for each figure"


@check("measures.random_frames", EvidenceKind.STATISTICS, bound=_CHANCE, false_alarm=3 * FIGURE)
def random_frames(settings: Settings, length: float = 1.0) -> Iterator[Margin]:
    """In frames of uniform law the linear neuron's metric has the same law at both minima, that of
    a function of |w|_1 for w uniform on the sphere.

    Linear, m = n = 4: the metric grows with |w|_1 alone; ``length`` is the mixture's.
    """
    n, eps = 4, 1e-3
    rows = _haar(FRAMES, n, settings.seed)
    point, mixture = np.abs(rows[:, 0]).sum(1), length * np.abs(rows.sum(1) / 2).sum(1)

    def metric(total: Floats) -> Floats:
        norm = (1 + eps) ** 2 + 2 * eps * (1 + eps) * total + n * eps**2
        return 100 * (norm - 1) ** 2 / (3 * n - 1)

    sharper = int((metric(point) > metric(mixture)).sum())
    yield frequency("data point sharper than mixture, linear, m = n = 4", sharper, FRAMES, 0.5)
    mean = n * math.gamma(n / 2) / (math.sqrt(math.pi) * math.gamma((n + 1) / 2))
    for what, totals in (("data point", point), ("mixture", mixture)):
        # |w|_1 lies between 1 and sqrt n; its mean square is 1 + (n - 1) 2/pi.
        variance = 1 + (n - 1) * 2 / math.pi - mean**2
        yield mean_is(
            f"|w|_1 of the {what}", float(totals.mean()), FRAMES, mean, variance, math.sqrt(n) - 1
        )
    ends = np.quantile(metric(point), (0.05, 0.95))
    standard = float(metric(np.ones(1))[0]), float(metric(np.full(1, 2.0))[0])
    told = (
        f"metric in random frames: 90% between {ends[0]:.3g} and {ends[1]:.3g} at both minima; "
        f"standard basis: {standard[0]:.3g} at a point, {standard[1]:.3g} at the mixture"
    )
    yield Margin(told, 0.0 if standard[0] < ends[0] and ends[1] < standard[1] else math.inf, 1.0, 1,
                 told)  # fmt: skip


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
                reach = eps * (np.abs(w) + 1)
                along, square = float(np.abs(w) @ reach), float(reach @ reach)
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
    """Keskar's metric in random subspaces of 2 dimensions: linear, either minimum is the sharper
    one equally often; ReLU, the single point at least as often as the mixture.

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

"""Reshuffled epochs, as a shuffling data loader draws them, against independent batches."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy import special

from whichmin.symbolic import cyclic as reshuffled
from whichmin.verification.evidence.check import Margin, Settings, check
from whichmin.verification.evidence.exact import follows
from whichmin.verification.evidence.statistics import FIGURE, at_most, clopper_pearson, frequency
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.selection.winner_statistics import Race, race
from whichmin.words import EvidenceKind, Sampling

__all__ = ["leftover_chance"]

# (m, b, k active points, alpha): b divides m.
WHOLE = (
    (2, 1, 2, 0.4),
    (4, 1, 4, 0.2),
    (4, 2, 4, 0.4),
    (6, 2, 2, 0.2),
    (6, 2, 6, 0.1),
    (6, 3, 6, 0.4),
    (8, 4, 5, 0.2),
)
# How often it may lose; 0 in all of 140,000 runs when this was written.
RARE = 2e-4
# (m, b, angle, alpha): b leaves points over; a = (m - b)/(2 q) is 3/2, 2, 5/4, 1/2.
LEFTOVER = ((5, 2, 0.6, 0.2), (7, 3, 0.4, 0.2), (8, 3, 1.0, 0.2), (7, 5, 0.6, 0.2))


@check(
    "reshuffled.epochs",
    EvidenceKind.IDENTITY,
    bound="exact: the difference must be identically zero",
)
def epochs() -> Iterator[Margin]:
    """On the sphere an epoch moves log|c_1/c_2| by (p_1 - p_2) D a batch on average, with no
    first-order noise where b divides m, for all m up to 4; with noise r of that of independent
    batches, I_p(a, a), a = 1/(2 r), solves the backward equation.
    """
    for chain in (*reshuffled.epoch_lemmas().values(), *reshuffled.leftover_lemmas().values()):
        yield follows(chain.steps[0].reason, chain)


def _start(lead: float, k: int) -> tuple[float, ...]:
    """Place correlations on the sphere, the first ahead of the second by ``lead`` in log.

    Returns:
        Shape ``(k,)``.
    """
    logs = np.concatenate([[lead, 0.0], -0.3 * np.arange(1, k - 1)])
    c = np.exp(logs)
    return tuple((c / np.linalg.norm(c)).tolist())


@check(
    "reshuffled.favourite",
    EvidenceKind.STATISTICS,
    bound=(
        "exact binomial tails at a chance of 2e-4 (1e-7 a figure); upper end of an exact "
        "interval of confidence 1 - 1e-7 against 0.65, 17 standard errors from 0.56, the law's "
        "chance"
    ),
    false_alarm=(len(WHOLE) + 1) * FIGURE,
)
def favourite(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """Where b divides m the most correlated point wins in all but 1 of 5,000 runs in which it leads
    by alpha in log|c|; with independent batches, from such a start, in less than 65 %.
    """
    runs = 200_000 if settings.deep else 20_000
    for place, (m, b, k, alpha) in enumerate(WHOLE):
        start = _start(alpha, k)
        setting = Race(start, m, b, alpha, Sampling.RESHUFFLED)
        wins = int(race(subject, setting, settings.seed * 1000 + 300 + place, runs).wins[0])
        told = f"the favourite loses, lead alpha, {k} active, {setting}"
        yield at_most(told, runs - wins, runs, RARE)
    m, b, k, alpha = 6, 2, 2, 0.2
    setting = Race(_start(alpha, k), m, b, alpha)
    wins = int(race(subject, setting, settings.seed * 1000 + 310, runs).wins[0])
    yield _less(f"the favourite wins, lead alpha, {k} active, {setting}", wins, runs, 0.65)


def _less(what: str, count: int, runs: int, most: float) -> Margin:
    """Compare how often an event occurs with a bound far above its chance.

    Returns:
        The margin: the width of its exact interval against the distance to the bound.
    """
    low, high = clopper_pearson(count, runs)
    share = count / runs
    told = f"{what}: {count} of {runs} = {share:.4f} [{low:.4f}, {high:.4f}], below {most}"
    return Margin(what, high - low, max(0.0, most - share), runs, told)


# (m, b, k, alpha, lead / alpha, most that the favourite wins)
NEAR = ((2, 1, 2, 0.4, 0.1, 0.95), (4, 2, 4, 0.2, 0.1, 0.95), (6, 2, 6, 0.1, 0.05, 0.9))


@check(
    "reshuffled.near_ties",
    EvidenceKind.STATISTICS,
    bound="upper end of an exact interval of confidence 1 - 1e-7, tens of standard errors away",
    false_alarm=len(NEAR) * FIGURE,
)
def near_ties(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """From a lead of alpha/10 or less in log|c| the favourite loses one run in twenty or more."""
    runs = 200_000 if settings.deep else 20_000
    for place, (m, b, k, alpha, part, most) in enumerate(NEAR):
        setting = Race(_start(part * alpha, k), m, b, alpha, Sampling.RESHUFFLED)
        wins = int(race(subject, setting, settings.seed * 1000 + 320 + place, runs).wins[0])
        told = f"the favourite wins, lead {part} alpha, {k} active, {setting}"
        yield _less(told, wins, runs, most)


def leftover_chance(m: int, b: int, theta: float) -> float:
    """Compute the chance of the first of two points if reshuffled epochs leave m mod b points out.

    Args:
        m: Number of data points.
        b: Batch size.
        theta: Angle of the start to the first point.

    Returns:
        ``I_p(a, a)`` with p = cos(theta)^2 and a = (m - b)/(2 (m mod b)).
    """
    a = (m - b) / (2 * (m % b))
    return float(special.betainc(a, a, math.cos(theta) ** 2))


@check(
    "reshuffled.leftover",
    EvidenceKind.STATISTICS,
    bound=(
        "exact binomial tails (1e-7 a figure); alpha/50, twice the largest term of first order "
        "of independent batches; leaders that are overtaken"
    ),
    false_alarm=len(LEFTOVER) * FIGURE,
)
def leftover(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """Where b does not divide m, the first of two active points wins with probability I_p(a, a),
    where p = cos(theta)^2 and a = (m - b)/(2 (m mod b)).
    """
    runs = 400_000 if settings.deep else 20_000
    for place, (m, b, theta, alpha) in enumerate(LEFTOVER):
        own = (math.cos(theta), math.sin(theta))
        setting = Race(own, m, b, alpha, Sampling.RESHUFFLED)
        found = race(subject, setting, settings.seed * 1000 + 340 + place, runs)
        yield frequency(
            f"I_p(a, a) at angle {theta}, {setting}", int(found.wins[0]), runs,
            leftover_chance(m, b, theta), alpha / 50 + setting.overtaken,
        )  # fmt: skip

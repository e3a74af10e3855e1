"""How fast SGD commits to one data point: the rate near a vertex and the number of steps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping

import numpy as np

from whichmin.core.selection import MONITORING
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, Settings, check
from whichmin.verification.evidence.rounding import TRAJECTORY
from whichmin.verification.evidence.statistics import FIGURE, mean_is
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.selection.winner_statistics import Race, race
from whichmin.words import Activation, EvidenceKind, Sampling

__all__ = ["leads", "rate"]

# (m, b, alpha): every b < m of small m, alpha up to near 1/2, where a vertex stops attracting.
SLOPES = (
    (2, 1, 0.45), (3, 1, 0.4), (3, 2, 0.2), (4, 3, 0.4), (5, 2, 0.3), (8, 7, 0.45), (8, 1, 0.4),
)  # fmt: skip
REPEATED = ((2, 1, 0.4), (2, 2, 0.24), (3, 3, 0.22), (4, 2, 0.3), (5, 4, 0.2))
REPLICAS = 4096
# Rivals start so far down that no run climbs back, and end far from the smallest square in float64.
FAR, FALL = 1e-60, 100.0
# The start deviates from the vertex by 0.1; with replacement, rates are smaller than those used.
SETTLED = 160.0


def leads(m: int, b: int, sampling: Sampling) -> dict[int, float]:
    """Law of the difference D of two points' multiplicities in a batch, by listing the cases.

    Args:
        m: Number of data points.
        b: Batch size.
        sampling: Independent batches, with or without replacement.

    Returns:
        Chances by value.
    """
    chances: dict[int, float] = {}
    for first, second in itertools.product(range(b + 1), repeat=2):
        left = b - first - second
        if left < 0:
            continue
        if sampling is Sampling.WITH_REPLACEMENT:
            ways = math.comb(b, first) * math.comb(b - first, second) * (m - 2) ** left
            chance = ways / m**b
        elif max(first, second) > 1:
            continue
        else:
            chance = math.comb(m - 2, left) / math.comb(m, b)
        chances[first - second] = chances.get(first - second, 0.0) + chance
    return chances


def rate(chances: Mapping[int, float], alpha: float) -> float:
    """Expected change of log|c_j/c_*| in a step at a vertex: D and -D are equally likely.

    Args:
        chances: Law of D.
        alpha: Step size over batch size.

    Returns:
        The sum over d >= 1 of ``P(D = d) log|1 - alpha^2 d^2|``.
    """
    return sum(p * math.log(abs(1 - (alpha * d) ** 2)) for d, p in chances.items() if d >= 1)


def _slope(
    subject: Subject, place: int, m: int, b: int, alpha: float, sampling: Sampling, seed: int
) -> tuple[float, int]:
    """Mean change per step of log|c_1/c_0| near a_0, after a warm-up that ends at a_0.

    Returns:
        The mean, and how many steps it is one of.
    """
    start = np.full((REPLICAS, m + 1), FAR)
    start[:, 0], start[:, m] = 0.9, 0.2
    radial, off = (
        -subject.forms[f"dynamics.sgd_{name}_rate"](alpha=alpha, b=b, m=m)
        for name in ("radial", "off_span")
    )
    fall = -rate(leads(m, b, sampling), alpha)
    measured = min(4000, round(FALL / fall))
    logs = []
    for stretch, steps in enumerate((round(SETTLED / min(radial, off)), measured)):
        start = train(
            np.eye(m, m + 1), start, batch_size=b, step_size=alpha * b, sampling=sampling,
            activation=Activation.LINEAR, engine=subject.engines["compiled"], max_steps=steps,
            tolerance=1e-300, check_every=steps, seed=seed * 1000 + 10 * place + stretch,
        ).weights.numpy()  # fmt: skip
        logs.append(np.log(np.abs(start[:, 1] / start[:, 0])))
        # The increments are those of the vertex, up to alpha times this.
        assert np.abs((start**2).sum(1) - 1).max() < 1e-9
    return float((logs[1] - logs[0]).mean() / measured), REPLICAS * measured


def _slopes(
    subject: Subject, settings: Settings, cases: tuple[tuple[int, int, float], ...], mode: Sampling
) -> Iterator[Margin]:
    for place, (m, b, alpha) in enumerate(cases):
        chances = leads(m, b, mode)
        expected = rate(chances, alpha)
        if mode is Sampling.WITHOUT_REPLACEMENT:
            expected = subject.forms["dynamics.separation_rate"](alpha=alpha, b=b, m=m)
        # At the vertex a step multiplies c_j/c_* by 1 + alpha D, independently of all others.
        gains = {d: math.log(abs(1 + alpha * d)) for d in chances}
        variance = sum(p * gains[d] ** 2 for d, p in chances.items()) - expected**2
        span = max(abs(g - expected) for g in gains.values())
        mean, total = _slope(subject, place, m, b, alpha, mode, settings.seed)
        what = f"log|c_j/c_*| a step, m = {m}, b = {b}, alpha = {alpha}, {mode}"
        yield mean_is(what, mean, total, expected, variance, span)


@check(
    "rate.slope",
    EvidenceKind.STATISTICS,
    bound="Bernstein's inequality with the exact variance of a step: 1e-7 a figure",
    forms=("dynamics.separation_rate",),
    false_alarm=len(SLOPES) * FIGURE,
)
def slope(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """Near a_*, log|c_j/c_*| changes by lambda = b(m-b)/(m(m-1)) log(1 - alpha^2) a step on
    average; long runs, batches without replacement.
    """
    yield from _slopes(subject, settings, SLOPES, Sampling.WITHOUT_REPLACEMENT)


@check(
    "rate.slope_with_replacement",
    EvidenceKind.STATISTICS,
    bound="Bernstein's inequality with the exact variance of a step: 1e-7 a figure",
    false_alarm=len(REPEATED) * FIGURE,
)
def slope_with_replacement(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """With replacement it changes by the sum over d of P(D = d) log|1 - alpha^2 d^2|, D the
    difference of two multiplicities.
    """
    yield from _slopes(subject, settings, REPEATED, Sampling.WITH_REPLACEMENT)


M, ETA, THETA = 6, 0.3, 0.7


@check(
    "rate.time",
    EvidenceKind.STATISTICS,
    bound="5.33 standard errors (a false alarm of 1e-7 a figure) and alpha of the time",
    forms=("selection.diffusion", "selection.two_point_time"),
    false_alarm=(M - 1) * FIGURE,
)
def time(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """Two active points on the sphere: the mean number of steps to commit is that of the diffusion
    limit, in proportion to 1/D for every b.

    The same start and step size, every b: mean steps against those of the diffusion limit.
    """
    own = (math.cos(THETA), math.sin(THETA))
    runs = 40_000 if settings.deep else 2_000
    first = 0.0
    for b in range(1, M):
        alpha = ETA / b
        setting = Race(own, M, b, alpha)
        D = subject.forms["selection.diffusion"](alpha=alpha, b=b, m=M)
        every = max(1, setting.interval // 8)
        found = race(subject, setting, settings.seed * 1000 + b, runs, every)
        # Tests at intervals see a level passed as if it were further out (core.selection).
        level = -math.log(setting.tolerance) / 2 + MONITORING * math.sqrt(2 * D * every)
        steps = subject.forms["selection.two_point_time"](
            D=D, V=level, v=-math.log(math.tan(THETA))
        )
        first = first or found.steps
        told = (
            f"mean steps, b = {b} of {M}, step size {ETA}: {found.steps:.0f} +- "
            f"{found.spread:.0f}, law {steps:.0f}; {found.steps / first:.2f} times those of b = 1"
        )
        # 5.33 standard errors (1e-7 a figure) and the next order: alpha of the time.
        allowed = 5.33 * found.spread + alpha * steps
        yield Margin(told, abs(found.steps - steps), allowed, runs, told)


@check(
    "rate.full_batch",
    EvidenceKind.ENUMERATION,
    bound="rounding of a trajectory, five times a thousand steps; 0 for the rate",
)
def full_batch(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """A full batch never commits: no ratio of active correlations moves and the rate is 0; m points
    drawn with replacement do commit.
    """
    start = np.random.default_rng(settings.seed).uniform(0.1, 0.4, M)
    ends = train(
        np.eye(M), start, batch_size=None, step_size=ETA, engine=subject.engines["dense"],
        max_steps=5000, tolerance=1e-300, check_every=5000,
    ).weights.numpy()[0]  # fmt: skip
    moved = np.ptp(np.log(ends / start))
    yield Margin("b = m: no ratio has moved after 5,000 steps", float(moved), 5 * TRAJECTORY, M)
    form = subject.forms["dynamics.separation_rate"]
    at_full = abs(form(alpha=ETA / M, b=M, m=M))
    yield Margin("the rate at b = m, without replacement", float(at_full), 0.0)
    twin = leads(M, M, Sampling.WITH_REPLACEMENT)
    found = rate(twin, ETA / M)
    told = f"the rate at b = m = {M}, with replacement: {found:.3g} a step, not 0"
    # Rounding of a sum of M logarithms against its size.
    yield Margin(told, 1e-14, abs(found), len(twin), told)

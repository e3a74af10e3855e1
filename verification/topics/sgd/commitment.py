"""How fast SGD commits to one data point: the rate near a vertex and the number of steps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping

import numpy as np
from hypothesis.strategies import SearchStrategy

from whichmin.core.batches import make_stream
from whichmin.core.data import make_data
from whichmin.core.descent import rates
from whichmin.core.engines import Problem
from whichmin.core.frames import standard_basis
from whichmin.core.selection import MONITORING
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, Settings, check
from whichmin.verification.evidence.rounding import EPS, TRAJECTORY, product_bound
from whichmin.verification.evidence.statistics import FIGURE, mean_is
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.selection.winner_statistics import Race, race
from whichmin.verification.topics.strategies import RunCase, runs
from whichmin.words import Activation, EvidenceKind, Sampling

__all__ = ["leads", "rate"]

# Next to the limit: one step from weights that deviate by this much.
DEVIATION = 1e-7


def _proper_runs() -> SearchStrategy[RunCase]:
    return runs(largest=6, proper=True, replicas=1)


@check(
    "dynamics.sgd_rates",
    EvidenceKind.PROPERTY,
    bound="second-order terms of a deviation of 1e-7, and rounding divided by it",
    cases=_proper_runs,
    examples=50,
    forms=("dynamics.separation_rate", "dynamics.sgd_off_span_rate", "dynamics.sgd_radial_rate"),
)
def sgd_rates(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """Next to SGD's limit the logarithmic rates of separation, of the off-span part and of the
    radius are the derived ones, averaged over all batches of size b.
    """
    m, b, alpha, d = case.m, case.batch_size, case.alpha, DEVIATION
    batches = np.array(list(itertools.combinations(range(m), b)))
    problem = Problem(make_data(standard_basis(m, m + 1)), case.activation, case.step_size)
    predicted = {
        name: subject.forms[f"dynamics.{name}_rate"](alpha=alpha, b=b, m=m)
        for name in ("separation", "sgd_off_span", "sgd_radial")
    }

    def step(**start: float) -> np.ndarray:
        """Weights after one step on each batch: of the first point, the second, off the span."""
        w = np.zeros((len(batches), m + 1))
        w[:, 0], w[:, 1], w[:, m] = start["first"], start["second"], start["off"]
        return np.asarray(subject.stepped("dense", problem, w, [batches]).weights().numpy())

    end = step(first=1.0, second=d, off=d)
    measured = {
        "separation": np.log(np.abs(end[:, 1] / end[:, 0]) / d).mean(),
        "sgd_off_span": np.log(np.abs(end[:, m]) / d).mean(),
    }
    # S and N are off by at most d and 2 d^2 (m coordinates of size d), which changes a factor of
    # at least 4/5 by less than 16 d; rounding of a coordinate of size d against weights of size 1
    # is eps / d, some 64 times as the step has that many operations.
    allowed = 64 * EPS / d + 16 * d
    for name, value in measured.items():
        error = abs(float(value) - predicted[name])
        yield Margin(f"dynamics.{name}_rate", error, allowed, len(batches))
    core = rates(make_stream(m, b), case.step_size)
    for what, value, name in (
        ("separation rate, from the law of multiplicities", core.separation, "separation"),
        ("off-span rate", core.off_span, "sgd_off_span"),
    ):
        yield Margin(f"core's {what}", abs(value - predicted[name]), product_bound(m, 1.0))
    if abs(1 - 4 * alpha) < 0.05:
        return  # the logarithm of a factor near 0 magnifies any error
    radial = np.log(np.abs(step(first=1 + d, second=0.0, off=0.0)[:, 0] - 1) / d).mean()
    error = abs(float(radial) - predicted["sgd_radial"])
    allowed = (10 * d + 16 * EPS / d) / 0.05
    yield Margin("dynamics.sgd_radial_rate", error, allowed, len(batches))


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
    """List the law of the difference D of two points' multiplicities in a batch.

    A second route beside ``core.batches.difference_law``.

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
    """Compute the expected change of log|c_j/c_*| in a step at a vertex.

    It is ``sum_{d >= 1} P(D = d) log|1 - alpha^2 d^2|``, as D and -D are equally likely.

    Args:
        chances: Law of D.
        alpha: Step size over batch size.

    Returns:
        The rate.
    """
    return sum(p * math.log(abs(1 - (alpha * d) ** 2)) for d, p in chances.items() if d >= 1)


def _slope(
    subject: Subject, place: int, m: int, b: int, alpha: float, sampling: Sampling, seed: int
) -> tuple[float, int]:
    """Measure the mean change per step of log|c_1/c_0| near a_0, after a warm-up that ends at a_0.

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
    """With replacement log|c_j/c_*| changes by the sum over d >= 1 of P(D = d) log|1 - alpha^2 d^2|
    a step on average, D the difference of two multiplicities.
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

    Start and step size are the same for every b.
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
    """With full batches no ratio of active correlations has moved after 5,000 steps, and the rate
    is 0; with m points drawn with replacement it is not.
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

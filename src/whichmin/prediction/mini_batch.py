"""Predict what mini-batches select: the candidates, their chances, and the time it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from whichmin.core.batches import BatchStream
from whichmin.core.descent import rates
from whichmin.core.engines import Problem
from whichmin.core.selection import MONITORING, simulate_selection, two_point_chance
from whichmin.prediction.full_batch import FullBatch, follow_full_batch
from whichmin.prediction.hypotheses import StartFacts, is_trapped
from whichmin.symbolic import closed_form
from whichmin.words import Activation, Sampling

__all__ = ["Choice", "choose", "describe"]

Floats = NDArray[np.float64]

_ONE = "noise of the batches decides which"


@dataclass(frozen=True)
class Choice:
    """What is known of the selection; see :class:`~whichmin.prediction.prediction.Prediction`."""

    reason: str
    candidates: tuple[tuple[int, ...], ...] = ()
    chances: Floats | None = None
    errors: Floats | None = None
    bounds: Floats | None = None
    source: str = ""
    favourite: int | None = None
    steps: float | None = None


def choose(
    problem: Problem,
    stream: BatchStream,
    start: StartFacts,
    tolerance: float,
    every: int,
    simulate: bool = True,
) -> Choice:
    """Predict which minimum mini-batches select on orthonormal data.

    Args:
        problem: What is trained.
        stream: The batches.
        start: A start with some active point.
        tolerance: Tolerance of the run.
        every: Steps between its tests for convergence.
        simulate: Whether to simulate the selection process where there is no closed form.

    Returns:
        What is known, without candidates if that is nothing.
    """
    if not is_trapped(problem, stream, start.squared_norm):
        return Choice(
            "norm or step size are outside the trap region, so signs may turn, and the weights may "
            "grow without bound or end at any data point or its negative"
        )
    groups = _groups(problem, stream, start)
    if not groups:
        return Choice("under these batches every data point is outgrown by another")
    c = start.correlations
    noise = _noise(stream)
    path = _growth(problem, start, tolerance)
    fading = _fading(problem, stream, path, start, tolerance)
    single = all(len(group) == 1 for group in groups)
    if len(groups) == 1:
        return Choice(
            "the only candidate", groups, np.ones(1), np.zeros(1), np.ones(1), "certain", 0,
            _rounded(path.growth_steps + fading, every) if single else None,
        )  # fmt: skip
    if noise == 0:
        best = _favourite(problem, stream, [float((c[list(g)] ** 2).sum()) for g in groups])
        what = "whichever wins; no law is known for so small a lead"
        if best is not None:
            what = f"most likely {describe(groups[best : best + 1], c)}, the most correlated"
        source = "unknown" if best is None else "not proved"
        return Choice(what, groups, source=source, favourite=best)
    active = np.array([group[0] for group in groups])
    own = np.abs(c[active])
    clock = -rates(stream, problem.step_size).separation
    if clock < np.finfo(np.float64).tiny:
        return Choice(_ONE, groups, source="unknown: the step size's square underflows")
    growth = path.growth * np.array([clock, 1.0, 1.0])
    if len(active) == 2 and noise == 1:
        chances, time = _two(own, growth, clock, tolerance, every)
        bounds: Floats | None = chances  # the bound is the chance
        errors, source = (
            np.zeros(2),
            "the closed form, carried back through the growth of the weights",
        )
    elif not simulate:
        return Choice(_ONE, groups, source="not simulated")
    else:
        found = simulate_selection(
            own, tolerance=tolerance, growth=growth, interval=every * clock, noise=noise,
            seed=stream.seed,
        )  # fmt: skip
        chances, errors, time = found.frequencies, found.errors, found.time / clock
        bounds = found.bounds if noise == 1 else None
        source = f"{found.paths} simulated paths of the diffusion limit"
    return Choice(
        _ONE, groups, chances, errors, bounds, source,
        steps=_rounded(path.growth_steps + max(time, fading), every),
    )  # fmt: skip


def _growth(problem: Problem, start: StartFacts, tolerance: float) -> FullBatch:
    """Follow gradient descent to the unit sphere, several steps at once if they are tiny.

    In the time ``eta t`` the path depends on the step size to first order only: steps of 1e-4 per
    data point change it by about 1e-4, less than what the selection's law leaves out.

    Returns:
        The path; only its phase of growth is known.
    """
    c = start.correlations
    at_once = max(1, int(1e-4 * problem.data.m / problem.step_size))
    path = follow_full_batch(
        c * start.active if problem.activation is Activation.LINEAR else c,
        start.off_span, problem.activation, at_once * problem.step_size, tolerance,
        growth_only=True,
    )  # fmt: skip
    return replace(
        path, growth=path.growth * [at_once, 1.0, 1.0], growth_steps=at_once * path.growth_steps
    )


def _noise(stream: BatchStream) -> float:
    """Noise of the selection process in units of that of independent batches.

    Returns:
        1 for independent batches, less for reshuffled epochs, 0 for fixed sequences.
    """
    if stream.is_fixed:
        return 0.0
    if stream.sampling is not Sampling.RESHUFFLED:
        return 1.0
    m, b = stream.m, stream.batch_size
    return float(closed_form("selection.reshuffled_noise")(b=b, m=m, q=m % b))


def _favourite(problem: Problem, stream: BatchStream, energies: list[float]) -> int | None:
    """The most correlated candidate, if its lead is above what the order of the batches does.

    Without noise of first order ``u = log|c|`` follows ``u' = p``, which keeps the order. Within
    an epoch or a cycle the batches move differences of u by up to alpha, forth and back.

    Returns:
        An index, or None.
    """
    if stream.sampling not in {Sampling.RESHUFFLED, Sampling.CYCLIC}:
        return None
    first, second = np.argsort(energies)[::-1][:2]
    lead = 0.5 * math.log(energies[first] / energies[second])
    return int(first) if lead > 2 * problem.step_size / stream.batch_size else None


def _two(
    own: Floats, growth: Floats, clock: float, tolerance: float, every: int
) -> tuple[Floats, float]:
    """Two active points: chances and expected steps.

    Returns:
        Chances and steps.
    """
    level = 0.5 * math.log(1 / tolerance) + MONITORING * math.sqrt(2 * clock * every)
    v = math.log(own[0] / own[1])
    chance = two_point_chance(v, growth)
    steps = 0.0
    if abs(v) < level:
        steps = closed_form("selection.two_point_time")(D=clock, V=level, v=v)
    return np.array([chance, 1 - chance]), float(steps)


def _fading(
    problem: Problem, stream: BatchStream, path: FullBatch, start: StartFacts, tolerance: float
) -> float:
    """Steps after growth until the part off the span, and inactive points, have faded.

    Returns:
        A number of steps.
    """
    inactive = 0.0
    if problem.activation is Activation.RELU:
        inactive = float((start.correlations[~start.active] ** 2).sum())
    shrunk = path.rest_after_growth
    rate = -2 * rates(stream, problem.step_size).off_span
    need = []
    total = start.off_span + inactive
    if total > 0:
        need.append(total * shrunk / (2 * problem.data.m * tolerance))
    if inactive > 0:
        need.append(inactive * shrunk / tolerance)
    return max([0.0, *(math.log(x) / rate for x in need if x > 1)])


def _groups(
    problem: Problem, stream: BatchStream, start: StartFacts
) -> tuple[tuple[int, ...], ...]:
    """Sets of active points that the batches never tell apart, less those that are outgrown.

    At the limit that belongs to point j another point i changes by ``1 + alpha (mu_i - mu_j)`` a
    step. Random batches treat all points alike and none is outgrown; under a fixed sequence j is
    a candidate if the mean logarithm of that factor is negative for every other i.

    Returns:
        Sets of data points.
    """
    active = [int(i) for i in np.flatnonzero(start.active)]
    if not stream.is_fixed:
        return tuple((i,) for i in active)
    apart = stream.separation() > 0
    groups: list[tuple[int, ...]] = []
    for i in active:
        if not any(i in g for g in groups):
            groups.append(tuple(j for j in active if j == i or not apart[i, j]))
    counts = stream.counts()
    alpha = problem.step_size / stream.batch_size
    kept = []
    for group in groups:
        others = [i for i in active if i not in group]
        with np.errstate(divide="ignore"):
            factors = np.abs(1 + alpha * (counts[:, others] - counts[:, group[:1]]))
            growth = np.log(factors).mean(0)
        if counts[:, group[0]].any() and (growth < 0).all():
            kept.append(group)
    return tuple(kept)


def _rounded(steps: float, every: int) -> float:
    """Runs are tested at multiples of ``every``; the expected waiting time is half of it."""
    return steps + (every - 1) / 2


def describe(groups: tuple[tuple[int, ...], ...], c: Floats) -> str:
    """Name candidates in a few words.

    Args:
        groups: Sets of data points.
        c: Starting correlations.

    Returns:
        Text such as ``one of data points 2, -3``.
    """
    if len(groups) > 8:
        return f"one of {len(groups)} candidates"
    if all(len(group) == 1 for group in groups):
        names = ", ".join(f"{'-' * bool(c[i] < 0)}{i}" for (i,) in groups)
        return f"one of data points {names}" if len(groups) > 1 else f"data point {names}"
    mixtures = "; ".join(
        ", ".join(map(str, g)) if len(g) <= 8 else f"{len(g)} points" for g in groups
    )
    return f"one of the mixtures of {mixtures}" if len(groups) > 1 else f"a mixture of {mixtures}"

"""Statistics of many runs from one start: which point won, and after how many steps."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whichmin.core.engines import EngineFactory
from whichmin.core.training.ensemble import ensemble
from whichmin.verification.evidence.subject import Subject
from whichmin.words import Sampling

__all__ = ["TOLERANCE", "Outcome", "Race", "race"]

# A run is over when its rivals' squared correlations sum to this.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Race:
    """A start and how it is trained; the data are the standard basis of R^m.

    Attributes:
        correlations: Those of the active points, the first ones.
        m: Number of data points.
        b: Batch size.
        alpha: Step size over batch size.
        sampling: How batches are drawn.
        rest: Correlation of the other points, not positive: inactive under ReLU.
        tolerance: Where a run is over.
    """

    correlations: tuple[float, ...]
    m: int
    b: int
    alpha: float
    sampling: Sampling = Sampling.WITHOUT_REPLACEMENT
    rest: float = 0.0
    tolerance: float = TOLERANCE

    @property
    def clock(self) -> float:
        """``D``, where a unit of the selection process takes 1/D steps.

        ``D = alpha^2 b/m`` with replacement, times ``(m - b)/(m - 1)`` without; it is written out,
        as races choose their intervals by it, whatever closed forms are judged.
        """
        free = self.alpha**2 * self.b / self.m
        if self.sampling is Sampling.WITH_REPLACEMENT:
            return free
        return free * (self.m - self.b) / (self.m - 1)

    @property
    def start(self) -> NDArray[np.float64]:
        """The weights, shape ``(m,)``."""
        w = np.full(self.m, self.rest)
        w[: len(self.correlations)] = self.correlations
        return w

    @property
    def interval(self) -> int:
        """Steps between two tests whether a run is over, a unit of the process."""
        return max(1, round(1 / self.clock))

    @property
    def overtaken(self) -> float:
        """Chance that the leader of a finished run is overtaken, ``(2/pi) sqrt(tolerance)``."""
        return 2 / math.pi * math.sqrt(self.tolerance)

    def __str__(self) -> str:
        told = f"m = {self.m}, b = {self.b}, alpha = {self.alpha}, {self.sampling}"
        return told + (f", others at {self.rest}" if self.rest else "")


@dataclass(frozen=True)
class Outcome:
    """The outcome of many runs of a race.

    Attributes:
        wins: How often each point won, shape ``(m,)``; runs that did not end are missing.
        steps: Mean number of steps.
        spread: Its standard error.
        runs: Number of runs.
    """

    wins: NDArray[np.int64]
    steps: float
    spread: float
    runs: int


def race(
    subject: Subject, setting: Race, seed: int, runs: int, every: int | None = None
) -> Outcome:
    """Train many replicas from one start, ReLU.

    Args:
        subject: Its engine ``compiled`` does the work.
        setting: The race.
        seed: Seed of the batches.
        runs: Number of replicas.
        every: Steps between two tests whether a run is over; by default ``setting.interval``.

    Returns:
        The outcome; the same race is run once.
    """
    return _race(subject.engines["compiled"], setting, seed, runs, every or setting.interval)


@functools.lru_cache(maxsize=64)
def _race(engine: EngineFactory, setting: Race, seed: int, runs: int, every: int) -> Outcome:
    result = ensemble(
        np.eye(setting.m), setting.start, replicas=runs, batch_size=setting.b,
        step_size=setting.alpha * setting.b, sampling=setting.sampling, seed=seed, engine=engine,
        tolerance=setting.tolerance, check_every=every, observables=("steps",),
    )  # fmt: skip
    steps = result.total.observables["steps"].moments
    spread = math.sqrt(steps.variance / runs)
    return Outcome(result.total.winners[0], steps.mean, spread, runs)

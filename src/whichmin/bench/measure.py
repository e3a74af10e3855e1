"""Compare the times of contenders, on one core and on all, and check their weights."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from whichmin.bench.contenders import BASELINE, CONTENDERS, Contender
from whichmin.bench.cores import available, can_pin
from whichmin.bench.lanes import Lane, interleaved
from whichmin.bench.workload import Workload
from whichmin.errors import InputError, WhichminError
from whichmin.moved import renamed
from whichmin.words import EngineName

__all__ = ["BenchResult", "bench", "deviation"]

__getattr__ = renamed(__name__, Result="BenchResult")

# Replicas whose weights are compared.
_CHECKED = 256
# Part of the time that measuring gets when setting up has used up more than the rest.
_LEAST = 0.3

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class BenchResult:
    """The measurements of a contender on a number of cores.

    Attributes:
        name: Name of the contender.
        description: What the contender is.
        threads: Number of cores that the process was held to.
        replicas: Replicas that advanced together.
        steps: Steps of one timed run.
        nanoseconds: Wall time per replica and step, one per round.
        ratios: The baseline's time, on one core, over this one, of the same round.
        deviation: Distance from the dense engine's weights, the largest of all replicas, on the
            same batches; NaN if it was not compared.
        bound: Largest deviation that rounding explains.
        obstacle: Why it was not measured; empty if it was.
    """

    name: str
    description: str
    threads: int
    replicas: int = 0
    steps: int = 0
    nanoseconds: tuple[float, ...] = ()
    ratios: tuple[float, ...] = ()
    deviation: float = math.nan
    bound: float = math.nan
    obstacle: str = ""

    @property
    def deviates(self) -> bool:
        """Whether the weights are wrong, with a deviation above the bound or NaN."""
        return not self.obstacle and not self.deviation <= self.bound


def deviation(contender: Contender, workload: Workload, replicas: int | None = None) -> float:
    """Compare a contender with the engine ``dense``, from the same starts on the same batches.

    Args:
        contender: What to compare.
        workload: The problem.
        replicas: How many to run, 256 at most; by default the contender's own number.

    Returns:
        The largest distance between weights of a replica.
    """
    dense = CONTENDERS[EngineName.DENSE]
    count = min(_CHECKED, *(c.fitting(workload, replicas) for c in (contender, dense)))
    steps = workload.checked_steps
    right = dense.run(workload, steps, count)
    found = contender.run(workload, steps, count)
    return float((found - right).norm(dim=1).max())


def _variants(names: Sequence[str]) -> list[tuple[Contender, int]]:
    """Contenders and numbers of cores, the baseline first."""
    variants: list[tuple[Contender, int]] = []
    for name in dict.fromkeys([BASELINE, *(names or CONTENDERS)]):
        if name not in CONTENDERS:
            raise InputError("contender", name, f"must be one of: {', '.join(CONTENDERS)}")
        contender = CONTENDERS[name]
        counts = sorted({1, 1 if contender.alone else available()})
        variants.extend((contender, cores) for cores in counts)
    return variants


def _compared(contender: Contender, workload: Workload, replicas: int | None) -> tuple[float, str]:
    """Deviation of a contender, or NaN and why it does not run."""
    try:
        return deviation(contender, workload, replicas), ""
    except WhichminError as error:
        # Missing packages, and what an engine does not take: said in its line, others run.
        return math.nan, str(error)


def bench(
    workload: Workload,
    names: Sequence[str] = (),
    *,
    rounds: int = 5,
    seconds: float = 20.0,
    replicas: int | None = None,
    progress: Progress | None = None,
) -> list[BenchResult]:
    """Compare contenders, on one core and on all.

    Args:
        workload: The problem.
        names: Contenders, all by default; the published loop is always among them.
        rounds: Number of rounds, at least 1.
        seconds: About how long everything takes.
        replicas: Replicas of the contenders that run several; by default what suits each.
        progress: Called with the number of units done, their total, and what is being done.

    Returns:
        One result per contender and number of cores, the published loop's first.
    """
    from whichmin.core.validation import check_integer, check_positive

    check_integer(rounds, "rounds", 1)
    check_positive(seconds, "seconds")
    if replicas is not None:
        check_integer(replicas, "replicas", 1, 2**32 - 1)
    until = time.perf_counter() + seconds
    variants = _variants(names)
    total, done = len(variants) * (2 + rounds), 0

    def tick(contender: Contender, what: str) -> None:
        nonlocal done
        if progress is not None:
            progress(done, total, f"{contender.name}: {what}")
        done += 1

    compared = {}
    for contender in dict.fromkeys(contender for contender, _ in variants):
        tick(contender, "correctness")
        compared[contender.name] = _compared(contender, workload, replicas)
    lanes: list[Lane | None] = []
    obstacles = []
    for contender, cores in variants:
        tick(contender, "warm-up")
        obstacle = compared[contender.name][1]
        if contender.needs and cores < available() and not can_pin():
            obstacle = obstacle or "this system cannot hold its threads to one core"
        obstacles.append(obstacle)
        lanes.append(None if obstacle else Lane(contender, workload, cores, replicas))
    running = [lane for lane in lanes if lane is not None]
    left = max(_LEAST * seconds, until - time.perf_counter())
    for each in running:
        # Finding out how many steps that is takes about as long as two rounds.
        each.last(left / (len(running) * (rounds + 2)))
    times = interleaved(running, rounds, lambda lane: tick(lane.contender, "measuring"))
    measured = iter(times)
    results = []
    for (contender, cores), lane, obstacle in zip(variants, lanes, obstacles, strict=True):
        head = (contender.name, contender.description, cores)
        if lane is None:
            results.append(BenchResult(*head, obstacle=obstacle))
            continue
        own = next(measured)
        results.append(
            BenchResult(
                *head,
                replicas=lane.replicas,
                steps=lane.steps,
                nanoseconds=tuple(1e9 * t for t in own),
                ratios=tuple(base / t for base, t in zip(times[0], own, strict=True)),
                deviation=compared[contender.name][0],
                bound=workload.bound,
            )
        )
    return results

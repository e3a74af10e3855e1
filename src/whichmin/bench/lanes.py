"""Time contenders on a number of cores, in turns.

A contender on a number of cores is a *lane*. In every round each lane runs once, one after the
other, and a ratio compares two times of the same round. Only steps are timed, with drawing their
batches: setting up, compiling and reading out the weights are not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from whichmin.bench.contenders import Contender
from whichmin.bench.cores import held_to
from whichmin.bench.workload import Workload

__all__ = ["Lane", "interleaved", "ratios"]

# What lies off the span is multiplied by about e^(-alpha b / m) a step. At e^-300 we begin anew:
# subnormal numbers, from e^-708 on, would cost more than others.
_DECAY = 300.0


class Lane:
    """A contender on a number of cores, ready to be timed.

    Attributes:
        contender: What runs.
        workload: The problem.
        cores: Number of cores that the process is held to.
        replicas: Replicas that advance together.
        steps: Steps of one timed run.
    """

    def __init__(
        self,
        contender: Contender,
        workload: Workload,
        cores: int = 1,
        replicas: int | None = None,
    ) -> None:
        self.contender, self.workload, self.cores = contender, workload, cores
        self.replicas = contender.fitting(workload, replicas)
        self._begin()
        chunk = self.steps = self._running.chunk
        self._most = max(chunk, int(_DECAY * workload.m / (workload.alpha * workload.batch_size)))
        self.seconds()  # compiles what there is to compile

    def _begin(self) -> None:
        self._running = self.contender.started(self.workload, self.replicas, False)
        self._taken = 0

    def last(self, seconds: float) -> None:
        """Choose ``steps`` so that a run takes about the given time.

        Args:
            seconds: The time.
        """
        chunk = self._running.chunk
        while True:
            each = self.seconds() * self.replicas
            if each * self.steps >= seconds / 2:
                # Something else may have been in the way; too few steps would cost precision.
                each = min(each, self.seconds() * self.replicas)
            # Not extrapolated from a short run, where what a call costs besides its steps counts.
            if each * self.steps >= seconds / 2 or 2 * self.steps > self._most:
                break
            longer = min(8.0, max(2.0, seconds / (each * self.steps)), self._most / self.steps)
            self.steps = max(1, int(longer * self.steps) // chunk) * chunk
        wanted = min(seconds / each, self._most / 2)
        self.steps = max(1, round(wanted / chunk)) * chunk

    def seconds(self) -> float:
        """Take ``steps`` steps and return the time that they took.

        Returns:
            Seconds per replica and step.
        """
        with held_to(self.cores):
            if self._taken + self.steps > self._most:
                self._begin()
                self._running.advance(self._running.chunk)
                self._taken = self._running.chunk
            began = time.perf_counter()
            self._running.advance(self.steps)
            taken = time.perf_counter() - began
        self._taken += self.steps
        return taken / (self.steps * self.replicas)


def interleaved(
    lanes: Sequence[Lane], rounds: int, told: Callable[[Lane], None] | None = None
) -> list[tuple[float, ...]]:
    """Time lanes in turns.

    Args:
        lanes: The lanes.
        rounds: Number of rounds.
        told: Called before each run.

    Returns:
        Seconds per replica and step, for each lane one per round.
    """
    times: list[list[float]] = [[] for _ in lanes]
    for _ in range(rounds):
        for lane, own in zip(lanes, times, strict=True):
            if told is not None:
                told(lane)
            own.append(lane.seconds())
    return [tuple(own) for own in times]


def ratios(slow: Lane, fast: Lane, rounds: int = 7, seconds: float = 0.2) -> tuple[float, ...]:
    """Compare two lanes that run in turns.

    Args:
        slow: The lane whose time is divided.
        fast: The lane whose time it is divided by.
        rounds: Number of ratios.
        seconds: Length of one run.

    Returns:
        One ratio per round.
    """
    for lane in (slow, fast):
        lane.last(seconds)
    above, below = interleaved((slow, fast), rounds)
    return tuple(a / b for a, b in zip(above, below, strict=True))

"""A training run that can be stopped between any two steps and continued later.

On one kind of processor and one set of library versions it then ends in the same bits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from whichmin.core.landscape import rectified
from whichmin.core.threads import single_threaded
from whichmin.core.training.outcome import RunJudge, observe
from whichmin.core.training.result import Recipe, TrainResult
from whichmin.words import Status

if TYPE_CHECKING:
    from whichmin.core.batches import BatchStream
    from whichmin.core.engines import Engine, Problem
    from whichmin.core.training.trajectory import Recorder, Trajectory

__all__ = ["Record", "Run", "advance"]

# Batches are drawn ahead in chunks of at most this many indices (8 MiB).
_INDICES_AHEAD = 1 << 20
# Boundaries come about this often (seconds), so that progress, checkpoints and interrupts are
# served in time. Where they fall changes no bits: batches are a function of the step alone.
_BETWEEN_BOUNDARIES = 0.2
_FIRST_PACE = 256
_TOUCHED_AT_FIRST = 1 << 24  # coordinates: a fraction of a second for the slower engines


def advance(
    engine: Engine,
    stream: BatchStream,
    first: int,
    last: int,
    replicas: np.ndarray,
    recorder: Recorder | None = None,
    lanes: np.ndarray | None = None,
) -> None:
    """Take the steps from ``first`` to ``last - 1`` of all replicas.

    Args:
        engine: Holds one row per replica.
        stream: The batches.
        first: Number of steps taken before.
        last: Number of steps taken at the end.
        replicas: Replica numbers of the engine's rows.
        recorder: Records the steps that it asks for.
        lanes: Numbers of their index streams, if those differ.
    """
    numbers = replicas if lanes is None else lanes
    if engine.makes_batches:
        while first < last:
            due = None if recorder is None else recorder.next_step
            stop = last if due is None else max(first + 1, min(last, due))
            engine.advance(stream, first, stop, numbers)
            if recorder is not None and due == stop:
                recorder.take(engine, replicas, stop)
            first = stop
        return
    chunk = max(1, _INDICES_AHEAD // (len(replicas) * stream.batch_size))
    device = engine.problem.data.points.device
    for start in range(first, last, chunk):
        stop = min(start + chunk, last)
        indices = stream.indices(start, stop, numbers)
        batches = None if indices is None else torch.from_numpy(indices).to(device)
        with nullcontext() if engine.threaded else single_threaded():
            for offset in range(stop - start):
                engine.step(None if batches is None else batches[offset])
                if recorder is not None and recorder.next_step == start + offset + 1:
                    recorder.take(engine, replicas, start + offset + 1)


@dataclass
class Record:
    """The final states of replicas, filled in as they end.

    Attributes:
        arrays: Names of the tensors; the status of every replica is kept besides.
    """

    arrays: ClassVar = ("weights", "correlations", "off_span", "steps")

    weights: torch.Tensor
    correlations: torch.Tensor
    off_span: torch.Tensor
    steps: torch.Tensor
    status: list[Status | None]

    @classmethod
    def empty(cls, start: torch.Tensor, m: int) -> Record:
        """Make a record with room for one final state per row of ``start``.

        Returns:
            A record without entries.
        """
        replicas = len(start)
        return cls(
            torch.zeros_like(start),
            start.new_zeros(replicas, m),
            start.new_zeros(replicas),
            torch.zeros(replicas, dtype=torch.int64),
            [None] * replicas,
        )

    def write(
        self,
        engine: Engine,
        replicas: np.ndarray,
        done: np.ndarray,
        status: list[Status | None],
        steps: int,
    ) -> None:
        """Store the final states of the replicas that have ended.

        Args:
            engine: Its rows are the given replicas.
            replicas: Replica numbers.
            done: Which of them have ended.
            status: How they have ended.
            steps: Steps taken so far.
        """
        rows = torch.from_numpy(np.flatnonzero(done)).to(self.weights.device)
        where = torch.from_numpy(replicas[done]).to(self.weights.device)
        self.weights[where] = engine.weights()[rows]
        self.correlations[where] = engine.correlations()[rows]
        self.off_span[where] = engine.off_span_energy()[rows]
        self.steps[where.cpu()] = steps
        for row in np.flatnonzero(done):
            self.status[replicas[row]] = status[row]

    def finish(
        self,
        problem: Problem,
        recipe: Recipe,
        start: torch.Tensor,
        trajectory: Trajectory | None,
        batches: np.ndarray | None,
    ) -> TrainResult:
        """Make the result of the run from all final states.

        Args:
            problem: What was trained.
            recipe: The settings of the run.
            start: Starting weights, shape ``(R, n)``.
            trajectory: What was recorded.
            batches: The user's batches, if there were any.

        Returns:
            The result.
        """
        norm = self.weights.square().sum(-1)
        seen = observe(problem, norm, self.correlations, self.off_span)
        norm = norm.sqrt()
        lengths = problem.data.gram.diagonal().sqrt()
        best = self.correlations.gather(1, seen.winner[:, None])[:, 0]
        aligned = (self.weights * start).sum(-1) / (norm * start.square().sum(-1).sqrt())
        return TrainResult(
            status=tuple(s for s in self.status if s is not None),
            steps=self.steps,
            weights=self.weights,
            start=start,
            correlations=self.correlations,
            loss=seen.loss,
            loss_gap=seen.loss_gap,
            winner=seen.winner,
            cosine=(best / (norm * lengths[seen.winner])).clamp(-1, 1),
            cosine_with_start=aligned.clamp(-1, 1),
            norm=norm,
            off_winner_mass=seen.off_winner_mass,
            active=rectified(self.correlations, problem.activation).square() > recipe.tolerance,
            data=problem.data,
            recipe=recipe,
            trajectory=trajectory,
            batches=batches,
        )


class Run:
    """A run that trains every replica to its own end; replicas that have ended leave the engine.

    Attributes:
        recipe: The settings.
        lanes: Number of the index stream of every replica; by default its row.
        steps: Steps taken.
        result: The outcome, once there is one.
    """

    def __init__(
        self,
        engine: Engine,
        stream: BatchStream,
        start: torch.Tensor,
        limits: np.ndarray,
        recipe: Recipe,
        recorder: Recorder | None = None,
        lanes: np.ndarray | None = None,
    ) -> None:
        self.engine, self.stream, self.start = engine, stream, start
        self.problem: Problem = engine.problem
        self.limits, self.recipe, self.recorder = limits, recipe, recorder
        self.alive = np.arange(len(start))
        self.lanes = self.alive if lanes is None else lanes
        self.record = Record.empty(start, self.problem.data.m)
        with single_threaded():
            self.judge = RunJudge(self.problem, stream, recipe.tolerance, start)
        self.steps = 0
        self.result: TrainResult | None = None

    def go(self, at_boundary: Callable[[Run], None]) -> TrainResult:
        """Train until every replica has ended.

        Args:
            at_boundary: Called between steps, a few times a second.

        Returns:
            The outcome.
        """
        if self.recorder is not None and self.steps == 0 and self.recorder.next_step == 0:
            self.recorder.take(self.engine, self.alive, 0)
        b, m = self.stream.batch_size, self.stream.m
        touched = max(1, len(self.alive)) * max(1, min(b, abs(m - b)))
        pace = max(1, min(_FIRST_PACE, _TOUCHED_AT_FIRST // touched))
        every, limit = self.recipe.check_every, self.recipe.step_limit
        while not self.has_ended():
            if self.steps % every == 0 or self.steps == limit:
                self._judge()
                at_boundary(self)
                if self.has_ended():
                    break
            due = min((self.steps // every + 1) * every, limit)
            target = min(due, self.steps + pace)
            began = time.perf_counter()
            lanes = self.lanes[self.alive]
            advance(self.engine, self.stream, self.steps, target, self.alive, self.recorder, lanes)
            taken, self.steps = target - self.steps, target
            elapsed = time.perf_counter() - began
            if elapsed < _BETWEEN_BOUNDARIES / 2 and taken == pace:
                pace *= 2
            elif elapsed > _BETWEEN_BOUNDARIES:
                pace = max(1, taken // 2)
            if target < due:
                at_boundary(self)
        assert self.result is not None
        return self.result

    def has_ended(self) -> bool:
        """Tell whether every replica has ended, so that there is a result."""
        return self.result is not None

    def _judge(self) -> None:
        over = self.steps >= self.limits[self.alive]
        look, engine = np.arange(len(self.alive)), self.engine
        if self.judge.begun:
            look, engine = engine.to_judge(self.recipe.tolerance, self.judge.wants_one_point, over)
        if not len(look):
            return
        with single_threaded():
            rows = torch.from_numpy(self.alive[look]).to(self.start.device)
            status = [
                Status.STEP_LIMIT if s is None and late else s
                for s, late in zip(self.judge(engine, rows), over[look], strict=True)
            ]
            ended = np.array([s is not None for s in status])
            if not ended.any():
                return
            self.record.write(engine, self.alive[look], ended, status, self.steps)
            if self.recorder is not None:
                self.recorder.see(self.engine, self.alive)
            goes_on = np.ones(len(self.alive), dtype=bool)
            goes_on[look[ended]] = False
            self.alive = self.alive[goes_on]
            if len(self.alive):
                self.engine.keep(torch.from_numpy(goes_on).to(self.start.device))
            else:
                self._finish()

    def _finish(self) -> None:
        trajectory = None if self.recorder is None else self.recorder.finish(self.steps)
        self.result = self.record.finish(
            self.problem, self.recipe, self.start, trajectory, self.stream.rows
        )

    def state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return all that the rest of the run depends on, besides data, start and recipe.

        Returns:
            Arrays and plain values.
        """
        tensors = {f"record.{k}": getattr(self.record, k) for k in self.record.arrays}
        if self.result is None:
            tensors |= {f"engine.{k}": v for k, v in self.engine.state().items()}
        arrays = {k: v.detach().cpu().numpy() for k, v in tensors.items()}
        arrays |= {"alive": self.alive, "limits": self.limits, "lanes": self.lanes}
        status = [None if s is None else s.name for s in self.record.status]
        plain = {"steps": self.steps, "done": self.result is not None, "status": status}
        plain["judged"] = self.judge.begun
        if self.recorder is not None:
            arrays["recorder.latest"] = self.recorder.latest
            plain["recorder"] = self.recorder.state()
        return arrays, plain

    def settings(self) -> dict[str, Any]:
        """Return the recipe and what is recorded, as plain values."""
        settings = asdict(self.recipe)
        if self.recorder is not None:
            schedule = self.recorder.schedule
            settings["record_at"] = schedule.every or list(schedule.listed)
        return settings

    def restore(self, arrays: dict[str, np.ndarray], plain: dict[str, Any]) -> None:
        """Continue from a state.

        Args:
            arrays: Arrays that :meth:`state` returned.
            plain: Plain values that :meth:`state` returned.
        """
        place = self.start.device

        def tensor(name: str) -> torch.Tensor:
            # Copied into memory that PyTorch aligned: kernels may round by alignment.
            return torch.from_numpy(arrays[name]).to(place).clone()

        for name in self.record.arrays:
            value = tensor(f"record.{name}")
            setattr(self.record, name, value.cpu() if name == "steps" else value)
        self.record.status = [None if s is None else Status[s] for s in plain["status"]]
        self.steps, self.alive = plain["steps"], arrays["alive"]
        # Files of before this was kept: the start is judged before the first step.
        self.judge.begun = plain.get("judged", self.steps > 0)
        if plain["done"]:
            self._finish()
            return
        if len(self.alive) < len(self.start):
            chosen = torch.zeros(len(self.start), dtype=torch.bool)
            chosen[torch.from_numpy(self.alive)] = True
            self.engine.keep(chosen.to(place))
        self.engine.restore({k: tensor(f"engine.{k}") for k in self.engine.state()})

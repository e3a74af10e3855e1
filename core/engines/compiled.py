"""The engine ``compiled``, whose step costs O(min(b, m - b)) whatever m and n."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch

from whichmin.core.batches import BatchStream
from whichmin.core.engines.base import Engine, Problem
from whichmin.core.engines.kernels.group import LEAVE_OUT, REPEAT, TOUCH, grid, limits_of
from whichmin.core.engines.kernels.sampling import CUSTOM, CYCLIC, GIVEN, RESHUFFLED, WITH, WITHOUT
from whichmin.core.engines.kernels.stepping import (
    ENERGY,
    OFF,
    OFF_ENERGY,
    REST,
    SIGMA,
    SIGMA_REST,
    STATE_ROWS,
    TWICE,
)
from whichmin.core.summation import pairwise_sum, project
from whichmin.errors import InputError
from whichmin.words import Activation, Sampling

__all__ = ["CompiledEngine", "applies"]

_CODES = {
    Sampling.WITHOUT_REPLACEMENT: WITHOUT,
    Sampling.WITH_REPLACEMENT: WITH,
    Sampling.RESHUFFLED: RESHUFFLED,
    Sampling.CYCLIC: CYCLIC,
    Sampling.CUSTOM: CUSTOM,
}
_STEP_SIZES = 1e-200, 1e200
_NO_ROWS = np.zeros((1, 1), np.int64)
_NONE_GIVEN = np.zeros((0, 1), np.uint32)


def applies(problem: Problem) -> bool:
    """Tell whether the engine can run this problem: orthonormal float64 data, numba enabled."""
    from numba import config

    suits = problem.data.orthonormal and problem.data.points.dtype == torch.float64
    return suits and not config.DISABLE_JIT


class CompiledEngine(Engine):
    """The engine that takes steps in correlation coordinates with compiled kernels.

    Exact for orthonormal data, in float64; ``whichmin.core.engines.kernels.stepping`` has the
    formulas. The bits of a replica depend on no other replica, on no thread count, and not on how a
    run is divided into calls.

    Attributes:
        x: Scaled correlations, shape ``(groups, m * lanes)``.
        scalars: State of every lane, shape ``(groups, STATE_ROWS * lanes)``.
        slots: Lane of every replica, counted over all groups, shape ``(replicas,)``. Lanes whose
            replica was dropped are idle until a fifth of all are; then the others move together.
        off_span: The start's part outside the span of the data, shape ``(replicas, n)``.
        taken: Steps taken.
        apart: Whether C and I are updated in every step (1) or N (0); -1 before the first step.
        step_sizes: One step size per replica, or the problem's for all.
    """

    name = "compiled"
    state_names = ("x", "scalars", "slots", "off_span", "taken", "step_sizes", "apart")
    threaded = True
    makes_batches = True

    def __init__(
        self, problem: Problem, start: torch.Tensor, step_sizes: torch.Tensor | None = None
    ) -> None:
        if not applies(problem):
            raise InputError(
                "engine",
                "compiled",
                "must be another one unless the data are orthonormal and in float64, and "
                "NUMBA_DISABLE_JIT is not set",
            )
        self.problem = problem
        self._relu = problem.activation is Activation.RELU
        c, self.off_span = project(start, problem.data.points)
        self.taken = torch.zeros((), dtype=torch.int64)
        self.step_sizes = (
            torch.full((len(start),), problem.step_size, dtype=torch.float64, device=start.device)
            if step_sizes is None
            else step_sizes
        )
        alpha = self.step_sizes / problem.data.m
        if not bool(((alpha > _STEP_SIZES[0]) & (self.step_sizes < _STEP_SIZES[1])).all()):
            raise InputError(
                "step_size", problem.step_size, "must be moderate for engine 'compiled', whose "
                f"units are its root: {_STEP_SIZES[0]:g} m < step_size < {_STEP_SIZES[1]:g}",
            )  # fmt: skip
        self._runner = _runner(start.device)
        rows = torch.zeros(STATE_ROWS, len(start), dtype=torch.float64, device=start.device)
        rows[SIGMA], rows[SIGMA_REST], rows[OFF], rows[TWICE] = 1, 1, 1, 2
        rows[OFF_ENERGY] = pairwise_sum(self.off_span.T.square())
        self._pack(c, rows)
        self.apart = torch.tensor(-1)
        self._units: tuple[int, bool] | None = None

    def _pack(self, c: torch.Tensor, rows: torch.Tensor) -> None:
        """Lay out ``(m, replicas)`` and ``(STATE_ROWS, replicas)`` in groups; empty lanes are 0."""
        lanes, count = self._runner.LANES, c.shape[1]
        groups = -(-count // lanes)

        def grouped(values: torch.Tensor) -> torch.Tensor:
            padded = torch.nn.functional.pad(values, (0, groups * lanes - count))
            split = padded.reshape(len(values), groups, lanes).transpose(0, 1)
            return split.reshape(groups, -1).contiguous()

        self.x, self.scalars = grouped(c), grouped(rows)
        self.slots = torch.arange(count, device=c.device)

    def _unpacked(self, values: torch.Tensor) -> torch.Tensor:
        """One column per replica."""
        lanes = self._runner.LANES
        split = values.view(len(values), -1, lanes)
        return split[self.slots // lanes, :, self.slots % lanes].T.contiguous()

    def _c(self) -> torch.Tensor:
        """Correlations, shape ``(m, replicas)``."""
        x, rows = self._unpacked(self.x), self._rows()
        factor = rows[SIGMA]
        if self._relu:
            factor = torch.where(x > 0, rows[SIGMA], rows[SIGMA_REST])
        return x * factor / (rows[TWICE] / 2).sqrt()

    def _rows(self) -> torch.Tensor:
        return self._unpacked(self.scalars)

    def step(self, batch: torch.Tensor | None) -> None:
        """Take one step (see :meth:`Engine.step`)."""
        m, first = self.problem.data.m, int(self.taken)
        if batch is None:
            plan = self._plan(0, first, first + 1, 0, m, WITHOUT, LEAVE_OUT)
        else:
            lanes = self._runner.LANES
            full = torch.zeros(len(self.x) * lanes, batch.shape[1], dtype=torch.int64)
            full[self.slots.cpu()] = batch.cpu()
            full = full * lanes + torch.arange(len(full))[:, None] % lanes  # places
            given = full.reshape(len(self.x), lanes, -1).transpose(1, 2).reshape(len(self.x), -1)
            b = batch.shape[1]
            plan = self._plan(
                0, first, first + 1, b, b, GIVEN, REPEAT if b > 1 else TOUCH,
                given=np.ascontiguousarray(given.numpy().astype(np.uint32)),
            )  # fmt: skip
        self._run(plan, np.arange(len(self.slots)))

    def advance(self, stream: BatchStream, first: int, last: int, replicas: np.ndarray) -> None:
        """Take steps ``first .. last - 1``.

        Args:
            stream: The batches.
            first: Number of steps taken before.
            last: Number of steps taken at the end.
            replicas: Replica numbers of the rows.

        Raises:
            InputError: The batches end before.
        """
        m, b = stream.m, stream.batch_size
        if stream.rows is not None and last > len(stream.rows):
            raise InputError("batches", f"{len(stream.rows)} steps", f"need {last} steps")
        repeated = stream.sampling in {Sampling.WITH_REPLACEMENT, Sampling.CUSTOM}
        if repeated or 2 * b <= m:
            k, mode = b, REPEAT if repeated and b > 1 else TOUCH
        else:
            k, mode = m - b, LEAVE_OUT
        self.taken.fill_(first)
        code = _CODES[stream.sampling]
        rows = _NO_ROWS if stream.rows is None else stream.rows
        self._run(self._plan(stream.seed, first, last, k, b, code, mode, rows), replicas)

    def _plan(
        self, seed: int, first: int, last: int, k: int, b: int, code: int, mode: int,
        rows: np.ndarray = _NO_ROWS, given: np.ndarray = _NONE_GIVEN,
    ) -> tuple[Any, ...]:  # fmt: skip
        m = self.problem.data.m
        self._set(b, mode == LEAVE_OUT)
        chunk, period = grid(m, k, mode)
        low = 0.0 if self._relu else -np.inf
        bounds, thresholds = limits_of(m, k, code)
        return (
            np.uint64(seed), first, last, k, b, m, code, mode, low, chunk, period,
            bounds, thresholds, rows, given,
        )  # fmt: skip

    def _set(self, b: int, apart: bool) -> None:
        """Change units to those of this batch size, and to the energies this kind of step needs."""
        if self._units == (b, apart):
            return
        self._units = b, apart
        rows = self._rows().clone()
        alpha = self.step_sizes / b
        if int(self.apart) == apart and torch.equal(rows[TWICE], 2 * alpha):
            return
        off = rows[OFF] * rows[SIGMA_REST] / (rows[TWICE] / 2).sqrt()
        c = self._c() * alpha.sqrt()
        rows[TWICE], rows[OFF] = 2 * alpha, off * alpha.sqrt()
        energy = pairwise_sum((c.clamp_min(0) if self._relu else c).square())
        rest = rows[OFF].square() * rows[OFF_ENERGY]
        if self._relu:
            rest = rest + pairwise_sum(c.clamp_max(0).square())
        rows[REST] = rest if apart else 0.0
        rows[ENERGY] = energy if apart else energy + rest
        rows[SIGMA], rows[SIGMA_REST] = 1.0, 1.0
        self._pack(c, rows)
        self.apart.fill_(apart)

    def _run(self, plan: tuple[Any, ...], replicas: np.ndarray) -> None:
        lanes = self._runner.LANES
        ids = np.zeros(len(self.x) * lanes, np.uint64)
        ids[self.slots.cpu().numpy()] = replicas
        self._runner.run(
            self.x, self.scalars, ids.reshape(-1, lanes), plan, torch.get_num_threads()
        )
        self.taken.fill_(plan[2])

    def squared_norm(self) -> torch.Tensor:
        """Return the squared norm N, summed anew, shape ``(replicas,)``."""
        return pairwise_sum(self._c().square()) + self.off_span_energy()

    def tracked_norm(self) -> torch.Tensor:
        """Return the squared norm N as the kernels update it, shape ``(replicas,)``."""
        rows = self._rows()
        return (rows[ENERGY] + rows[REST]) / (rows[TWICE] / 2)

    def weights(self) -> torch.Tensor:
        """Return the weights, shape ``(replicas, n)``."""
        total = self._off()[:, None] * self.off_span
        for value, point in zip(self._c(), self.problem.data.points, strict=True):
            total += value[:, None] * point
        return total

    def correlations(self) -> torch.Tensor:
        """Return the inner products with the data, shape ``(replicas, m)``."""
        return self._c().T.clone(memory_format=torch.contiguous_format)

    def off_span_energy(self) -> torch.Tensor:
        """Return the squared norm outside the data's span, shape ``(replicas,)``."""
        return self._off().square() * self._rows()[OFF_ENERGY]

    def _off(self) -> torch.Tensor:
        """Factor of the start's part outside the span."""
        rows = self._rows()
        return rows[OFF] * rows[SIGMA_REST] / (rows[TWICE] / 2).sqrt()

    def may_have_ended(self, tolerance: float, alone: bool) -> np.ndarray:
        """Find the replicas that may have ended; all others certainly go on.

        Args:
            tolerance: Tolerance of the run.
            alone: Whether a run has converged only when one point is left.

        Returns:
            Boolean, shape ``(replicas,)``.
        """
        if self._runner.LANES == 1:  # on the GPU all are judged
            return np.ones(len(self.slots), dtype=bool)
        low, threads = 0.0 if self._relu else -np.inf, torch.get_num_threads()
        found: np.ndarray = self._runner.survey(
            self.x, self.scalars, self.problem.data.m, low, tolerance, alone, threads
        )
        mine: np.ndarray = found[self.slots.numpy()]
        return mine

    def to_judge(
        self, tolerance: float, alone: bool, late: np.ndarray
    ) -> tuple[np.ndarray, CompiledEngine]:
        """Choose the replicas that may have ended (see :meth:`Engine.to_judge`)."""
        rows = np.flatnonzero(self.may_have_ended(tolerance, alone) | late)
        return rows, self.pick(rows)

    def pick(self, rows: np.ndarray) -> CompiledEngine:
        """Return an engine of some of the replicas, for reading only, since the memory is shared.

        Args:
            rows: Their row numbers.

        Returns:
            An engine that is not to be advanced.
        """
        chosen = torch.from_numpy(rows).to(self.x.device)
        picked = copy.copy(self)
        picked.slots, picked.off_span = self.slots[chosen], self.off_span[chosen]
        picked.step_sizes = self.step_sizes[chosen]
        return picked

    def keep(self, chosen: torch.Tensor) -> None:
        """Drop all replicas but the chosen ones."""
        dropped, self.slots = self.slots[~chosen], self.slots[chosen]
        self.off_span, self.step_sizes = self.off_span[chosen], self.step_sizes[chosen]
        lanes, groups = self._runner.LANES, len(self.x)
        if len(self.slots) <= 0.8 * groups * lanes and groups > 1:
            self._pack(self._unpacked(self.x), self._rows())
            return
        for values in (self.x, self.scalars):  # an idle lane at 0 takes no careful steps
            values.view(groups, -1, lanes)[dropped // lanes, :, dropped % lanes] = 0.0

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Continue from a state.

        Args:
            state: What ``state`` returned.
        """
        super().restore(state)
        self._units = None


def _runner(device: torch.device) -> Any:
    if device.type == "cuda":
        from whichmin.core.engines.kernels import gpu

        return gpu
    from whichmin.core.engines.kernels import cpu

    return cpu

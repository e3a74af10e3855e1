"""Train ensembles of any size in bounded memory: block by block, keeping counts only.

Replica ``r`` has index stream ``(seed, r)`` and, by default, the start that belongs to
``(seed, r)``, so no result depends on the size of the blocks or on other replicas: to the last bit
on orthonormal data with the engines ``reduced`` and ``compiled``. The others, and correlated data,
round differently in blocks of another size.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.data import Data, Handling
from whichmin.core.engines import Problem
from whichmin.core.engines.compiled import applies
from whichmin.core.starts import Starts
from whichmin.core.training.cells import SweepCell, blocks, cells_of
from whichmin.core.training.ensemble_result import (
    CellResult,
    EnsembleFailed,
    EnsembleResult,
    EnsembleStopped,
)
from whichmin.core.training.result import Recipe, TrainResult
from whichmin.core.training.run import Run
from whichmin.core.training.settings import TrainingSettings
from whichmin.core.training.signals import Signals
from whichmin.core.training.summary import OBSERVABLES, Tally, check_observables
from whichmin.core.training.trainer import prepare, validated
from whichmin.core.validation import check_integer
from whichmin.errors import InputError
from whichmin.files import write_text
from whichmin.words import Activation, EngineName, Sampling

__all__ = [
    "EnsembleFailed",
    "EnsembleResult",
    "EnsembleStopped",
    "Plan",
    "carry_out",
    "ensemble",
    "plan",
]

# Seconds between two writes of the summaries so far.
_SAVE_EVERY = 5.0
# A block has at most this many bytes of weights, correlations and indices, copies included.
_BLOCK_BYTES = 1 << 28
# Copies of the weights and correlations that a run and its judge hold at a time, generously.
_COPIES = 10


@dataclass(frozen=True)
class Plan:
    """An ensemble whose arguments are validated, ready to run.

    Attributes:
        data: The data.
        starts: Where replicas start.
        cells: Which replicas have which batch size and step size.
        recipes: How each cell is run.
        edges: Edges of the histograms, by name of the observable.
        settings: How to train, but for batch size and step size.
        block: Largest number of replicas at a time.
    """

    data: Data
    starts: Starts
    cells: tuple[SweepCell, ...]
    recipes: tuple[Recipe, ...]
    edges: Mapping[str, NDArray[np.float64] | None]
    settings: TrainingSettings
    block: int

    def run(self, cell: SweepCell, lanes: NDArray[np.int64]) -> Run:
        """Set up a run of some replicas of a cell.

        Args:
            cell: The cell.
            lanes: Numbers of its replicas to run.

        Returns:
            The run.
        """
        own = replace(self.settings, batch_size=cell.batch_size, step_size=cell.step_size)
        return prepare(self.data, self.starts.rows(lanes), own, lanes=lanes)

    def rows(self, batch_size: int) -> int:
        """Choose the replicas of a block: the number asked for, or less if they are large."""
        numbers = _COPIES * (self.data.n + self.data.m) + 8 * batch_size
        return max(1, min(self.block, _BLOCK_BYTES // (8 * numbers)))


def ensemble(
    data: Any,
    w0: Any = None,
    *,
    replicas: int,
    batch_size: Any = 1,
    step_size: Any = 0.1,
    activation: Any = Activation.RELU,
    sampling: Any = Sampling.WITHOUT_REPLACEMENT,
    engine: Any = EngineName.AUTO,
    seed: int = 0,
    max_steps: int | None = None,
    tolerance: float = 1e-12,
    check_every: int | None = None,
    observables: Sequence[str] = tuple(OBSERVABLES),
    edges: Mapping[str, Any] = MappingProxyType({}),
    handling: Handling = "require",
    dtype: Any = None,
    device: Any = "cpu",
    block: int = 65536,
    progress: Callable[[int, int], None] | None = None,
    output: str | os.PathLike[str] | None = None,
) -> EnsembleResult:
    """Train any number of replicas and keep summaries only.

    Replica ``r`` is row ``r`` of ``train(data, starts, ...)`` with the same settings. Memory does
    not grow with the number of replicas, but for arrays that the caller gives.

    Args:
        data: Data points as rows, shape ``(m, n)``, or validated data.
        w0: One start for all, shape ``(n,)``; one each, shape ``(replicas, n)``; by default uniform
            directions of norm 1/2, the one of replica r a function of (seed, r) alone.
        replicas: Number of replicas, at most 2^32.
        batch_size: Points per batch (None for the full batch), or one number per replica, shape
            ``(replicas,)``.
        step_size: Step size, or one per replica, shape ``(replicas,)``.
        activation: ``linear`` or ``relu``.
        sampling: How batches are drawn; not ``custom``.
        engine: See :func:`~whichmin.core.training.trainer.train`; ``auto`` is ``compiled`` on
            orthonormal float64 data on the CPU, ``reduced`` elsewhere, however many replicas.
        seed: Seed of the batches and of the default starts.
        max_steps: Step limit; by default derived from the theory's rates, for each replica.
        tolerance: See :func:`~whichmin.core.training.trainer.train`.
        check_every: Steps between two tests for convergence; see there.
        observables: What to summarise: ``steps``, ``cosine`` (largest, absolute), ``loss_gap``,
            ``off_winner_mass``, ``norm``, ``cosine_with_start``.
        edges: Edges of histograms by name of the observable, ascending: linear, logarithmic or any.
        handling: What to do with raw data that are not orthonormal.
        dtype: float64 or float32.
        device: ``cpu`` or ``cuda``.
        block: Most replicas at a time; changes memory and speed, not results.
        progress: Called with (number of replicas that ended, of all), a few times a second.
        output: JSON file for the summaries, replaced every few seconds and marked partial until
            the end.

    Returns:
        Summaries per cell (distinct pair of batch size and step size) and in total.

    Raises:
        InputError: An argument is not allowed, or the file cannot be written.
        EnsembleFailed: The same, after replicas were done: it carries their summaries.
        EnsembleStopped: The process was asked to stop; carries the summaries so far.
        MissingDependency: The device is not there.

    Example:
        >>> import numpy as np
        >>> found = ensemble(np.eye(2), [0.4, 0.2], replicas=500, step_size=0.2)
        >>> low, high = found.total.observables["steps"].quantile(0.5)
        >>> int(found.total.winners.sum()), low == high
        (500, True)
    """
    settings = TrainingSettings(
        activation=activation, sampling=sampling, engine=engine, seed=seed, max_steps=max_steps,
        tolerance=tolerance, check_every=check_every,
    )  # fmt: skip
    cells = cells_of(batch_size, step_size, check_integer(replicas, "replicas", 1, 2**32))
    valid = validated(data, handling, dtype, device)
    planned = plan(valid, w0, cells, settings, observables=observables, edges=edges, block=block)
    if output is None:
        return carry_out(planned, None, progress)
    return carry_out(planned, lambda result: write_text(output, result.json()), progress)


def plan(
    data: Data,
    w0: Any,
    cells: tuple[SweepCell, ...],
    settings: TrainingSettings,
    *,
    observables: Sequence[str] = tuple(OBSERVABLES),
    edges: Mapping[str, Any] = MappingProxyType({}),
    block: int = 65536,
) -> Plan:
    """Validate the arguments of an ensemble before the first step.

    Args:
        data: The data.
        w0: Starts, as to :func:`ensemble`.
        cells: Which replicas have which batch size and step size.
        settings: How to train, but for batch size and step size.
        observables: What to summarise.
        edges: Edges of histograms by name of the observable.
        block: Most replicas at a time.

    Returns:
        The plan.

    Raises:
        InputError: An argument is not allowed.
    """
    if settings.sampling is Sampling.CUSTOM:
        raise InputError(
            "sampling", settings.sampling.value, "must be drawn batches: one of the other ways"
        )
    replicas = check_integer(sum(len(cell.lanes) for cell in cells), "replicas", 1, 2**32)
    points = data.points
    if settings.engine is EngineName.AUTO:
        # The same for blocks of every size, as the engines' bits differ.
        fast = points.device.type == "cpu" and applies(Problem(data, settings.activation, 1))
        settings = replace(settings, engine=EngineName.COMPILED if fast else EngineName.REDUCED)
    planned = Plan(
        data,
        Starts.parse(w0, data.n, replicas, settings.seed, points.dtype, points.device),
        cells,
        (),
        check_observables(observables, edges),
        settings,
        check_integer(block, "block", 1),
    )
    recipes = [planned.run(cell, next(blocks(cell.lanes, 1))).recipe for cell in cells]
    return replace(planned, recipes=tuple(recipes))


def carry_out(
    planned: Plan,
    save: Callable[[EnsembleResult], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> EnsembleResult:
    """Run all blocks of all cells, one after the other.

    Args:
        planned: What to run.
        save: Writes the summaries so far; called before any work, every few seconds and at the end.
        progress: Called with (replicas that ended, replicas).

    Returns:
        The summaries.

    Raises:
        InputError: The first call of ``save`` says so.
        EnsembleFailed: A later one, or a start whose step limit must be given.
        EnsembleStopped: The process was asked to stop.
    """
    tallies = [Tally.empty(planned.data.m, planned.edges) for _ in planned.cells]

    def so_far() -> EnsembleResult:
        cells = zip(planned.recipes, planned.cells, tallies, strict=True)
        return EnsembleResult(
            tuple(CellResult(recipe, len(cell.lanes), tally) for recipe, cell, tally in cells),
            planned.data,
            planned.starts,
            planned.settings.max_steps,
        )

    if save is not None:
        save(so_far())
    due = time.monotonic() + _SAVE_EVERY
    done, replicas = 0, so_far().replicas
    with Signals() as signals:
        try:
            for k, cell in enumerate(planned.cells):
                for lanes in blocks(cell.lanes, planned.rows(planned.recipes[k].batch_size)):
                    result = _outcome(planned.run(cell, lanes), signals, done, replicas, progress)
                    # One assignment: whatever comes in between, a block is in or out as a whole.
                    tallies[k] = tallies[k].merge(Tally.of(result, planned.edges))
                    done += len(lanes)
                    if save is not None and time.monotonic() >= due:
                        save(so_far())
                        due = time.monotonic() + _SAVE_EVERY
            if progress is not None:
                progress(done, replicas)
            _heed(signals)
            if save is not None:
                save(so_far())
        except KeyboardInterrupt:
            if save is not None:
                try:
                    save(so_far())
                except InputError as error:
                    raise EnsembleFailed(error, so_far()) from error
            raise EnsembleStopped(so_far(), signals.number or signal.SIGINT) from None
        except InputError as error:
            raise EnsembleFailed(error, so_far()) from error
    return so_far()


def _heed(signals: Signals) -> None:
    """End the work if the process was asked to stop.

    Raises:
        KeyboardInterrupt: It was.
    """
    if signals.number is not None:
        raise KeyboardInterrupt


def _outcome(
    run: Run,
    signals: Signals,
    before: int,
    replicas: int,
    progress: Callable[[int, int], None] | None,
) -> TrainResult:
    def at_boundary(run: Run) -> None:
        _heed(signals)
        if progress is not None:
            progress(before + len(run.start) - len(run.alive), replicas)

    return run.go(at_boundary)

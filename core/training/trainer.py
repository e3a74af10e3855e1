"""Train the model: validate the arguments, prepare runs and take them to their ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch

from whichmin.core.batches import BatchStream
from whichmin.core.data import Data, Handling, make_data
from whichmin.core.descent import expected_steps, settling_time, step_limits
from whichmin.core.engines import ENGINES, EngineFactory, Problem
from whichmin.core.engines.compiled import applies
from whichmin.core.frames import random_start
from whichmin.core.landscape import active_energy
from whichmin.core.summation import inner_products
from whichmin.core.threads import single_threaded
from whichmin.core.training.checkpoint import EVERY, Keeper, load, restore
from whichmin.core.training.result import Recipe, TrainResult
from whichmin.core.training.run import Run
from whichmin.core.training.settings import TrainingSettings
from whichmin.core.training.trajectory import Recorder
from whichmin.core.validation import (
    check_device,
    check_dtype,
    check_integer,
    check_lanes,
    check_positive,
    check_weights,
)
from whichmin.errors import InputError
from whichmin.words import Activation, EngineName, Sampling

# Seconds that `reduced` takes, measured on two cores: a step of one replica, and on top of it each
# coordinate of each replica.
_STEP, _COORDINATE = 20e-6, 5e-9
# Loading `compiled` takes a second, compiling it the first time ten: `auto` takes it for runs of
# which `reduced` is expected to take longer than this, so that no small run ever waits for it.
_WORTH = 1.0
# Steps between two records from which on `compiled`, whose kernel is called once a record, is the
# faster one (1 to 4,096 replicas: from 6 to 25 steps); at every step `reduced` is, 3 to 7 times.
_STRETCH = 20

__all__ = ["finish", "prepare", "resume", "train", "validated"]


def train(
    data: Any,
    w0: Any = None,
    *,
    activation: Any = Activation.RELU,
    batch_size: int | None = 1,
    step_size: float = 0.1,
    sampling: Any = Sampling.WITHOUT_REPLACEMENT,
    batches: Any = None,
    engine: Any = EngineName.AUTO,
    seed: int = 0,
    replicas: int = 1,
    max_steps: int | None = None,
    tolerance: float = 1e-12,
    check_every: int | None = None,
    handling: Handling = "require",
    dtype: Any = None,
    device: Any = "cpu",
    record_at: Any = None,
    record_to: str | os.PathLike[str] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = EVERY,
    progress: Callable[[int, int], None] | None = None,
) -> TrainResult:
    r"""Train the autoencoder and say which minimum was found.

    One step on a batch B of b points is

    .. math:: w \leftarrow w - \frac{\eta}{b} \sum_{i \in B} \nabla \ell_i(w), \qquad
              \ell_i(w) = \tfrac12\, |a_i - \varphi(\langle w, a_i \rangle)\, w|^2 .

    A full batch is gradient descent (Ghosh et al. 2025, Theorem 1: it ends at the normalised
    projection of the start), a smaller one is SGD (Theorem 2: it ends at one data point).

    A run has *converged* when its loss gap is at most ``tolerance`` (relative to the mean squared
    length of the data points, 1 for orthonormal ones) and the squared correlations with all points
    that the batches separate from the winner sum to at most ``tolerance``. Batches separate two
    points if some batch contains one of them more often than the other: a full batch separates
    none; a cycle whose batch size divides m does not separate the points of a block. On correlated
    data the squared gradients of the single points take the place of those correlations.

    Args:
        data: Data points as rows, shape ``(m, n)``, or validated :class:`~whichmin.core.data.Data`.
        w0: Starting weights, shape ``(n,)`` or ``(replicas, n)``; by default ``replicas`` uniform
            directions of norm 1/2 drawn from ``seed``.
        activation: ``linear`` or ``relu``.
        batch_size: Points per batch; None for the full batch.
        step_size: Step size.
        sampling: ``without-replacement``, ``with-replacement``, ``reshuffled``, ``cyclic`` or
            ``custom``.
        batches: Indices of every step, shape ``(steps, b)``, for ``custom``.
        engine: ``auto``, ``autograd``, ``compiled``, ``dense``, ``reduced``, or a callable that
            builds an :class:`~whichmin.core.engines.Engine` from (problem, start). ``auto`` is
            ``reduced`` where that is expected to take less than a second, otherwise ``compiled``
            where it applies; the choice depends on the arguments only.
        seed: Seed of the batches and of the default start.
        replicas: Number of independent runs, if ``w0`` does not say.
        max_steps: Step limit; by default derived from the theory's rates, for each replica.
        tolerance: See above; below 0.01.
        check_every: Steps between two tests for convergence; by default a 500th of what the theory
            expects, the same for every start. Reported steps are multiples of it.
        handling: What to do with raw data that are not orthonormal: ``require`` (refuse),
            ``polar`` or ``qr`` (orthonormalise), ``whiten``, ``as-is`` (see
            :func:`~whichmin.core.data.make_data`).
        dtype: float64 or float32; by default that of validated data, float64 otherwise.
        device: ``cpu`` or ``cuda``.
        record_at: Record the state at multiples of this number of steps, or at the steps of this
            list (and at the end): the result's ``trajectory``.
        record_to: New file (``.npy``) to stream the trajectory to, in bounded memory.
        checkpoint: New file that holds the run from now on; :func:`resume` continues from it.
        checkpoint_every: Seconds between two checkpoints.
        progress: Called with (steps taken, step limit), a few times a second.

    Returns:
        The outcome of every replica.

    Raises:
        InputError: An argument is not allowed; the message says which and what is.
        MissingDependency: The device is not there.

    Example:
        >>> import numpy as np
        >>> result = train(np.eye(3), [0.5, 0.4, 0.3], batch_size=None)
        >>> result.status[0].label, np.round(result.weights[0].numpy(), 3).tolist()
        ('converged', [0.707, 0.566, 0.424])
    """
    settings = TrainingSettings(
        activation=activation, batch_size=batch_size, step_size=step_size, sampling=sampling,
        batches=batches, engine=engine, seed=seed, max_steps=max_steps, tolerance=tolerance,
        check_every=check_every, record_at=record_at,
        record_to=None if record_to is None else os.fspath(record_to),
        checkpointed=checkpoint is not None,
    )  # fmt: skip
    valid = validated(data, handling, dtype, device)
    run = prepare(valid, w0, settings, replicas=replicas)
    inform = None if progress is None else lambda _, done, limit: progress(done, limit)
    return finish([run], checkpoint, checkpoint_every, inform)[0]


def resume(
    checkpoint: str | os.PathLike[str],
    *,
    checkpoint_every: float = EVERY,
    progress: Callable[[int, int, int], None] | None = None,
) -> list[TrainResult]:
    """Continue the runs in a checkpoint to the results that they would have without a break.

    On one kind of processor with one set of library versions the results have the same bits. The
    checkpoint is updated as before; resuming finished runs returns their results.

    Args:
        checkpoint: The file.
        checkpoint_every: Seconds between two checkpoints.
        progress: Called with (index of the run, steps taken, step limit).

    Returns:
        The outcome of every run in the file.

    Raises:
        InputError: The file is missing, damaged or no checkpoint, or a trajectory that belongs to
            it is gone.
        Interrupted: The process was asked to stop; the checkpoint holds all runs.
    """
    content = load(checkpoint, "checkpoint")
    runs = restore(content)
    keeper = Keeper(checkpoint, checkpoint_every, content.notes, new=False)
    return finish(runs, None, checkpoint_every, progress, keeper=keeper)


def prepare(
    data: Any, w0: Any, settings: TrainingSettings, *, replicas: int = 1, lanes: Any = None
) -> Run:
    """Prepare a run without taking a step.

    Args:
        data: Data points as rows, or validated data.
        w0: Starting weights; None for ``replicas`` random ones.
        settings: How to train.
        replicas: Number of independent runs, if ``w0`` does not say.
        lanes: Index streams of the rows, shape ``(replicas,)``; by default row r has stream r.

    Returns:
        The run.

    Raises:
        InputError: An argument is not allowed, or a setting does not fit the data.
    """
    valid = data if isinstance(data, Data) else make_data(data)
    kind, place = valid.points.dtype, valid.points.device
    problem, stream = settings.fit(valid)
    replicas = check_integer(replicas, "replicas", 1)
    if w0 is None:
        w0 = random_start(valid.n, replicas, seed=settings.seed)
    start = check_weights(w0, valid.n, "w0", kind, place)
    if replicas not in {1, len(start)}:
        raise InputError("replicas", replicas, f"must match the {len(start)} row(s) of w0")
    with single_threaded():
        limits, every = _schedule(settings, problem, stream, start)
        limit = int(limits.max())
        running = _factory(settings, problem, stream, len(start), limit)(problem, start)
    recipe = Recipe(
        activation=problem.activation,
        sampling=stream.sampling,
        batch_size=stream.batch_size,
        step_size=problem.step_size,
        engine=type(running).__name__ if settings.own_engine else running.name,
        seed=settings.seed,
        tolerance=settings.tolerance,
        step_limit=limit,
        check_every=every,
        dtype=str(kind).removeprefix("torch."),
        device=str(place),
        threads=torch.get_num_threads(),
        full_batch=stream.is_full_batch,
    )
    recorder = None
    if settings.record_at is not None:
        recorder = Recorder(settings.record_at, start, valid.m, limit, settings.record_to)
    return Run(
        running, stream, start, limits, recipe, recorder,
        None if lanes is None else check_lanes(lanes, len(start)),
    )  # fmt: skip


def finish(
    runs: Sequence[Run],
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = EVERY,
    progress: Callable[[int, int, int], None] | None = None,
    notes: dict[str, Any] | None = None,
    keeper: Keeper | None = None,
) -> list[TrainResult]:
    """Train runs to their ends, one after the other.

    Args:
        runs: Prepared or restored runs with the same data and start.
        checkpoint: New file to save all of them to.
        checkpoint_every: Seconds between two checkpoints.
        progress: Called with (index of the run, steps taken, step limit).
        notes: Plain values to keep in the checkpoint.
        keeper: What saves restored runs; given instead of ``checkpoint``.

    Returns:
        Their outcomes.

    Raises:
        InputError: The checkpoint cannot be written; if no step was taken, files made for
            trajectories are removed.
        Interrupted: The process was asked to stop; the checkpoint holds all runs.
    """
    results: list[TrainResult] = []
    begun = False
    try:
        every = check_positive(checkpoint_every, "checkpoint_every")
        if checkpoint is not None:
            keeper = Keeper(checkpoint, every, notes or {}, new=True)
        with nullcontext() if keeper is None else keeper:
            if keeper is not None:
                keeper.runs = runs
                keeper.save()
            begun = True
            for place, run in enumerate(runs):

                def at_boundary(run: Run, place: int = place) -> None:
                    if progress is not None:
                        progress(place, run.steps, run.recipe.step_limit)
                    if keeper is not None:
                        keeper.at_boundary()

                results.append(run.go(at_boundary))
            if keeper is not None:
                keeper.save()
    finally:
        for run in runs:
            if run.recorder is not None:
                run.recorder.close() if begun else run.recorder.discard()
    return results


def _factory(
    settings: TrainingSettings, problem: Problem, stream: BatchStream, replicas: int, limit: int
) -> EngineFactory:
    """Return what builds the engine; choose it for ``auto`` from the arguments only.

    ``reduced`` is expected to take ``steps (20 us + replicas m 5 ns)``, where ``steps`` is the step
    limit or, if that is smaller, what the theory expects. ``auto`` is ``compiled`` where it applies
    and that is more than a second, else ``reduced``.
    """
    if not isinstance(settings.engine, EngineName):
        return settings.engine
    if settings.engine is not EngineName.AUTO:
        return ENGINES[settings.engine]
    recorded = settings.record_at
    often = recorded is not None and limit < _STRETCH * recorded.count(limit)
    on_cpu = problem.data.points.device.type == "cpu"
    moderate = 1e-100 < problem.step_size < 1e100
    if often or not (on_cpu and moderate and problem.data.orthonormal):
        return ENGINES[EngineName.REDUCED]
    steps = min(limit, expected_steps(problem, stream, settings.tolerance))
    seconds = steps * (_STEP + replicas * problem.data.m * _COORDINATE)
    worth = seconds > _WORTH and applies(problem)
    return ENGINES[EngineName.COMPILED if worth else EngineName.REDUCED]


def validated(data: Any, handling: Handling, dtype: Any, device: Any) -> Data:
    """Validate the data of :func:`train`.

    Returns:
        The data in the precision and on the device asked for.

    Raises:
        InputError: They are not usable.
    """
    place = check_device(device)
    if not isinstance(data, Data):
        kind = check_dtype("float64" if dtype is None else dtype)
        return make_data(data, handling=handling, dtype=kind, device=place)
    kind = data.points.dtype if dtype is None else check_dtype(dtype)
    if (data.points.dtype, data.points.device) == (kind, place):
        return data
    # Another precision may not turn orthonormal data into correlated data behind the user's back.
    kept: Handling = "require" if data.orthonormal else "as-is"
    return make_data(data.points, handling=kept, dtype=kind, device=place)


# Steps between tests at most, some seconds: a limit that nobody will reach must not put the first
# test as far off.
_RARELY = 100_000


def _schedule(
    settings: TrainingSettings, problem: Problem, stream: BatchStream, start: torch.Tensor
) -> tuple[np.ndarray, int]:
    """Step limit of every replica and steps between tests; neither depends on other replicas."""
    limit, every = settings.max_steps, settings.check_every
    if limit is not None:
        return np.full(len(start), limit), every or min(max(1, limit // 500), _RARELY)
    correlations = inner_products(start, problem.data.points).T
    energy = active_energy(correlations, problem.activation)
    limits = step_limits(
        problem,
        stream,
        torch.where(energy > 0, energy, 1.0).double().cpu().numpy(),
        start.square().sum(-1).double().cpu().numpy(),
        settings.tolerance,
    )
    every = every or max(1, settling_time(problem, stream, settings.tolerance) // 500)
    if stream.steps_available is None:
        limits = -(-limits // every) * every  # so that all replicas are tested at the same steps
    return limits, every

"""The one loop that runs training, and the one result type."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch

from whichmin.core import outcome
from whichmin.core.batches import BatchStream, make_stream
from whichmin.core.data import Data, Handling, make_data, random_start
from whichmin.core.dynamics import default_step_limit
from whichmin.core.engines import ENGINES, Engine, EngineFactory, Problem
from whichmin.core.result import Recipe, TrainResult
from whichmin.core.threads import single_threaded
from whichmin.core.validation import (
    check_device,
    check_dtype,
    check_integer,
    check_positive,
    check_seed,
    check_weights,
)
from whichmin.errors import InputError
from whichmin.words import Activation, EngineName, Sampling, Status, parse

__all__ = ["advance", "train"]

# Batches are drawn ahead in chunks of at most this many indices (8 MiB).
_INDICES_AHEAD = 1 << 20


def advance(
    engine: Engine, stream: BatchStream, first: int, last: int, replicas: np.ndarray
) -> None:
    """Take steps ``first .. last - 1``: the one loop that runs training.

    Args:
        engine: Holds one row per replica.
        stream: The batches.
        first: Number of steps taken before.
        last: Number of steps taken at the end.
        replicas: Replica numbers of the engine's rows.
    """
    chunk = max(1, _INDICES_AHEAD // (len(replicas) * stream.batch_size))
    device = engine.problem.data.points.device
    for start in range(first, last, chunk):
        stop = min(start + chunk, last)
        indices = stream.indices(start, stop, replicas)
        batches = None if indices is None else torch.from_numpy(indices).to(device)
        with nullcontext() if engine.threaded else single_threaded():
            for offset in range(stop - start):
                engine.step(None if batches is None else batches[offset])


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
    dtype: Any = "float64",
    device: Any = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> TrainResult:
    """Train the autoencoder and say which minimum was found.

    One update is ``w <- w - step_size * gradient of the mean loss over the batch``. A full batch
    is gradient descent (Ghosh et al. 2025, Theorem 1: it ends at the normalised projection of the
    start), a smaller one is SGD (Theorem 2: it ends at one data point).

    A run has *converged* when its loss gap is at most ``tolerance`` and, if the batches tell every
    pair of points apart, the squared correlations off the winner sum to at most ``tolerance``.

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
        engine: ``auto``, ``autograd``, ``dense``, ``reduced``, or a callable that builds an
            :class:`~whichmin.core.engines.Engine` from (problem, start).
        seed: Seed of the batches and of the default start.
        replicas: Number of independent runs, if ``w0`` does not say.
        max_steps: Step limit; by default what the theory's rates ask for.
        tolerance: See above.
        check_every: Steps between two tests for convergence; by default a 500th of the limit. The
            reported number of steps is a multiple of it.
        handling: What to do with data that are not orthonormal: ``require`` (refuse), ``polar``
            or ``qr`` (orthonormalise), ``as-is``.
        dtype: float64 or float32.
        device: ``cpu`` or ``cuda``.
        progress: Called with (steps taken, step limit) after every test.

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
    kind, place = check_dtype(dtype), check_device(device)
    if isinstance(data, Data):
        valid = data
        if (data.points.dtype, data.points.device) != (kind, place):
            valid = make_data(data.points, handling="as-is", dtype=kind, device=place)
    else:
        valid = make_data(data, handling=handling, dtype=kind, device=place)
    mode = parse(Sampling, sampling, "sampling")
    size = valid.m if batch_size is None else batch_size
    stream = make_stream(valid.m, size, sampling=mode, seed=seed, batches=batches)
    problem = Problem(
        valid, parse(Activation, activation, "activation"), check_positive(step_size, "step_size")
    )
    if w0 is None:
        w0 = random_start(valid.n, check_integer(replicas, "replicas", 1), seed=check_seed(seed))
    start = check_weights(w0, valid.n, "w0", kind, place)
    if replicas != 1 and replicas != len(start):
        raise InputError("replicas", replicas, f"must match the {len(start)} row(s) of w0")
    if callable(engine) and not isinstance(engine, str):
        factory, name = engine, getattr(engine, "__name__", "custom")
    else:
        choice = parse(EngineName, engine, "engine")
        factory, name = ENGINES[choice], choice.value
    tolerance = check_positive(tolerance, "tolerance", upper=1.0)
    limit = _step_limit(max_steps, problem, stream, start, tolerance)
    every = (
        max(1, limit // 500)
        if check_every is None
        else check_integer(check_every, "check_every", 1)
    )
    recipe = Recipe(
        activation=problem.activation,
        sampling=mode,
        batch_size=stream.batch_size,
        step_size=problem.step_size,
        engine=name,
        seed=seed,
        tolerance=tolerance,
        step_limit=limit,
        check_every=every,
        dtype=str(kind).removeprefix("torch."),
        device=str(place),
        threads=torch.get_num_threads(),
        full_batch=stream.is_full_batch,
    )
    return _run(factory, problem, stream, start, recipe, progress)


def _step_limit(
    max_steps: int | None,
    problem: Problem,
    stream: BatchStream,
    start: torch.Tensor,
    tolerance: float,
) -> int:
    if max_steps is None:
        correlations = start @ problem.data.points.T
        energy = outcome.active_energy(correlations, problem.activation)
        alive = energy[energy > 0]
        lowest = float(alive.min()) if len(alive) else 1.0
        return default_step_limit(problem, stream, lowest, tolerance)
    limit = check_integer(max_steps, "max_steps", 0)
    available = stream.steps_available
    if available is not None and limit > available:
        raise InputError("max_steps", max_steps, f"batches holds {available} steps only")
    return limit


def _run(
    factory: EngineFactory,
    problem: Problem,
    stream: BatchStream,
    start: torch.Tensor,
    recipe: Recipe,
    progress: Callable[[int, int], None] | None,
) -> TrainResult:
    """Run every replica to its own end; finished replicas leave the engine."""
    engine = factory(problem, start)
    judge = outcome.Judge(problem, stream, recipe.tolerance, start)
    alive = np.arange(len(start))
    record = outcome.Record.empty(start, problem.data.m)
    steps = 0
    while True:
        status = judge(engine, torch.from_numpy(alive).to(start.device))
        if steps >= recipe.step_limit:
            status = [Status.STEP_LIMIT if s is None else s for s in status]
        done = np.array([s is not None for s in status])
        record.write(engine, alive, done, status, steps)
        if progress is not None:
            progress(steps, recipe.step_limit)
        alive = alive[~done]
        if not len(alive):
            return record.finish(problem, recipe, start)
        if done.any():
            engine.keep(torch.from_numpy(~done).to(start.device))
        target = min(steps + recipe.check_every, recipe.step_limit)
        advance(engine, stream, steps, target, alive)
        steps = target

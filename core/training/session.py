"""Train runs to their ends, newly prepared or restored from a checkpoint."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

from whichmin.core.batches import make_stream
from whichmin.core.data import make_data
from whichmin.core.engines import ENGINES, Problem
from whichmin.core.threads import single_threaded
from whichmin.core.training import checkpoint as checkpoints
from whichmin.core.training.result import Recipe, TrainResult
from whichmin.core.training.run import Run
from whichmin.core.training.trajectory import Recorder, Schedule
from whichmin.core.validation import check_device, check_positive, check_weights
from whichmin.words import Activation, EngineName, Sampling, parse

__all__ = ["finish", "restore", "resume"]


def finish(
    runs: Sequence[Run],
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = checkpoints.EVERY,
    progress: Callable[[int, int, int], None] | None = None,
    notes: dict[str, Any] | None = None,
    keeper: checkpoints.Keeper | None = None,
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
            keeper = checkpoints.Keeper(checkpoint, every, notes or {}, new=True)
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


def resume(
    checkpoint: str | os.PathLike[str],
    *,
    checkpoint_every: float = checkpoints.EVERY,
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
    content = checkpoints.load(checkpoint, "checkpoint")
    runs = restore(content)
    keeper = checkpoints.Keeper(checkpoint, checkpoint_every, content.notes, new=False)
    return finish(runs, None, checkpoint_every, progress, keeper=keeper)


def restore(content: checkpoints.Contents) -> list[Run]:
    """Restore the runs of a checkpoint.

    Args:
        content: What the file holds.

    Returns:
        The runs.
    """
    runs = []
    for plain, arrays in content.runs:
        settings = dict(plain["settings"])
        record_at = settings.pop("record_at", None)
        recipe = Recipe(**{
            **settings,
            "activation": Activation(settings["activation"]),
            "sampling": Sampling(settings["sampling"]),
        })
        place = check_device(recipe.device)
        data = make_data(content.points, handling="as-is", dtype=recipe.dtype, device=place)
        start = check_weights(content.start, data.n, "w0", data.points.dtype, place)
        stream = make_stream(
            data.m, recipe.batch_size, sampling=recipe.sampling, seed=recipe.seed,
            batches=arrays.get("rows"),
        )  # fmt: skip
        name = "reduced" if recipe.engine == "gram" else recipe.engine
        with single_threaded():
            problem = Problem(data, recipe.activation, recipe.step_size)
            engine = ENGINES[parse(EngineName, name, "engine")](problem, start)
        recorder = None
        if record_at is not None:
            told = plain["recorder"]
            recorder = Recorder(
                Schedule.parse(record_at), start, data.m, recipe.step_limit, told["path"],
                (told["rows"], told["last"], arrays["recorder.latest"]),
            )  # fmt: skip
        lanes = arrays.get("lanes")  # a file of an earlier version has none
        run = Run(engine, stream, start, arrays["limits"], recipe, recorder, lanes)
        run.restore(arrays, plain)
        runs.append(run)
    return runs

"""The command ``whichmin train``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from whichmin.cli.data import (
    batch_sizes,
    data_options,
    device_options,
    max_steps_option,
    read_data,
    read_indices,
    run_options,
)
from whichmin.cli.help import Command
from whichmin.cli.options import (
    emit,
    output_options,
    refuse_same_file,
    seed_option,
)
from whichmin.cli.wording import as_typed
from whichmin.errors import InputError
from whichmin.progress import progress_bar, stages
from whichmin.words import Sampling, Status

if TYPE_CHECKING:
    from whichmin.core import TrainResult
    from whichmin.core.training.run import Run
    from whichmin.reporting import Document

__all__ = ["train"]

SCHEMA = "whichmin.train/1"
# Data points that a minimum names one by one.
_LISTED = 16
_SETTINGS = (
    "activation", "step_size", "sampling", "max_steps", "tolerance", "engine", "seed",
)  # fmt: skip


@click.command(cls=Command)
@data_options
@run_options
@max_steps_option
@click.option(
    "--replicas", type=int, default=1, show_default=True, help="Runs per batch size, at least 1."
)
@device_options
@click.option(
    "--record",
    type=click.Path(dir_okay=False),
    help="New .npy file to stream the trajectory to; with several batch sizes one file each.",
)
@click.option(
    "--record-every",
    type=int,
    help="Steps between two recorded states, at least 1; needs --record.",
)
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False),
    help="New file that holds the runs at any moment; continue with --resume.",
)
@click.option(
    "--checkpoint-every",
    type=float,
    default=30.0,
    show_default=True,
    help="Seconds between two checkpoints, above 0.",
)
@click.option(
    "--resume",
    type=click.Path(dir_okay=False),
    help="Continue the runs in this checkpoint, to the same bits on the same kind of processor; "
    "goes with output options only.",
)
@seed_option
@output_options
@click.pass_context
def train(ctx: click.Context, /, **options: Any) -> None:
    """Train on FILE or generated data; say which minimum was found.

    FILE holds data points as rows: .npy, .npz, .pt, or a table of numbers in .csv, .tsv or .txt;
    nothing is unpickled. Rows must be orthonormal, unless --orthonormalise, --whiten or --as-is
    says what to do.

    \b
    Examples:
      whichmin train --seed 2 --step-size 0.2
      whichmin train data.npy --orthonormalise polar -b full -b 1 -b 4
      whichmin train data.npy --checkpoint run.npz
      whichmin train --resume run.npz
    """  # noqa: D301 - click wants the control character
    from whichmin.core.training.checkpoint import Keeper, load, restore
    from whichmin.core.training.trainer import finish

    form, output = options.pop("form"), options.pop("output")
    _refuse_same_file(options, output, [options["record"]])
    if options["resume"] is not None:
        _refuse_beside_resume(ctx, options)
        content = load(options["resume"], "--resume")
        recorded = [plain["recorder"]["path"] for plain, _ in content.runs if "recorder" in plain]
        _refuse_same_file(options, output, recorded)
        runs = restore(content)
        kept = content.notes or {"labels": _labels(runs), "notes": []}
        keeper = Keeper(options["resume"], options["checkpoint_every"], content.notes, new=False)
    else:
        runs, kept = _prepare(ctx, options, output)
        keeper = None
    with progress_bar(1, "training", lines=True) as update:

        def progress(place: int, done: int, limit: int) -> None:
            what = f"{kept['labels'][place]}: step {done} of at most {limit}"
            update(done / limit if limit else 1, what)

        every = options["checkpoint_every"]
        results = finish(runs, options["checkpoint"], every, progress, kept, keeper)
    named = dict(zip(kept["labels"], results, strict=True))
    points = results[0].data.points
    with stages(points.numel() * points.element_size()) as say:
        say("comparing with the prediction")
        document = _document(named, kept["notes"], form, ctx.command)
    emit(document, form, output)
    ctx.exit(0 if all(r.converged for r in results) else 1)


def _refuse_same_file(
    options: dict[str, Any], output: str | None, recorded: list[str | None]
) -> None:
    read = {
        "FILE": options["file"],
        **{f"--{o}": options[o] for o in ("start", "batches", "resume")},
    }
    for file in recorded or [None]:
        refuse_same_file(
            read, {"--record": file, "--checkpoint": options["checkpoint"], "--output": output}
        )


def _labels(runs: list[Run]) -> list[str]:
    """Names for runs whose checkpoint was written from Python."""
    sizes = ["full" if run.recipe.full_batch else run.recipe.batch_size for run in runs]
    return [f"batch size {size}" for size in sizes]


def _refuse_beside_resume(ctx: click.Context, options: dict[str, Any]) -> None:
    allowed = {"resume", "checkpoint_every", "form", "output"}
    for parameter in ctx.command.params:
        name = parameter.name
        if name is None or name in allowed:
            continue
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT:
            typed = parameter.opts[0].upper() if name == "file" else parameter.opts[0]
            raise InputError(
                typed, options[name], "cannot be combined with --resume: the file knows the run"
            )


def _prepare(
    ctx: click.Context, options: dict[str, Any], output: str | None
) -> tuple[list[Run], dict[str, Any]]:
    """Validate everything before the first run begins.

    Returns:
        The runs, and what a checkpoint has to keep for the report.

    Raises:
        InputError: Options that are not allowed.
    """
    from whichmin.core.training.settings import TrainingSettings
    from whichmin.core.training.trainer import prepare
    from whichmin.files import load_array

    data, notes = read_data(options)
    sizes = batch_sizes(ctx, options)
    own = None
    if options["batches"] is not None:
        options["sampling"], own = Sampling.CUSTOM, read_indices(options["batches"])
    common = {name: options[name] for name in _SETTINGS}
    common |= {
        "batches": own,
        "record_at": options["record_every"],
        "checkpointed": options["checkpoint"] is not None,
    }
    if options["record_every"] is None and options["record"] is not None:
        raise InputError("--record", options["record"], "needs --record-every")
    if options["record"] is None and options["record_every"] is not None:
        raise InputError("--record-every", options["record_every"], "needs --record FILE")
    start = options["start"]
    weights = None if start is None else load_array(start, argument="--start")
    files = [_record_file(options["record"], number, len(sizes)) for number in sizes.values()]
    _refuse_same_file(options, output, files)
    runs: list[Run] = []
    try:
        for number, file in zip(sizes.values(), files, strict=True):
            settings = TrainingSettings(batch_size=number, record_to=file, **common)
            runs.append(prepare(data, weights, settings, replicas=options["replicas"]))
    except InputError:
        for run in runs:
            if run.recorder is not None:
                run.recorder.discard()
        raise
    return runs, {"labels": list(sizes), "notes": notes}


def _record_file(file: str | None, size: int | None, runs: int) -> str | None:
    """One file per run: ``path.npy`` becomes ``path.full.npy``, ``path.1.npy``, ... for several."""
    if not file or runs == 1:
        return file
    path = Path(file)
    return str(path.with_name(f"{path.stem}.{size or 'full'}{path.suffix}"))


def _found(record: dict[str, Any], result: TrainResult) -> str:
    """Say in words which minimum a run found."""
    status = result.status[record["replica"]]
    if status not in {Status.CONVERGED, Status.STATIONARY}:
        return f"none ({status})"
    if not result.data.orthonormal:
        return f"closest to data point {record['winner']}"
    active = record["active"]
    if len(active) == 1:
        sign = "-" if record["cosine"] < 0 else ""
        return f"{sign}data point {record['winner']}"
    return f"mixture of {len(active)} data points"


def _listed(active: Sequence[int]) -> str:
    """Name the data points of a minimum, of many the first."""
    names = ", ".join(map(str, active[:_LISTED])) or "none"
    return names if len(active) <= _LISTED else f"{names}, ... ({len(active)} in all)"


def _document(
    results: dict[str, TrainResult], notes: list[str], form: str, command: click.Command
) -> Document:
    from whichmin.prediction.table import compared
    from whichmin.provenance import provenance
    from whichmin.reporting import Cell, Document, Table

    rows = []
    for name, result in results.items():
        for record in result.records():
            label = name if len(result.status) == 1 else f"{name}, replica {record['replica']}"
            gap = record["loss_gap"]
            rows.append((
                Cell(label),
                Cell(record["batch_size"]),
                Cell(record["replica"]),
                Cell(record["status"]),
                Cell(_found(record, result)),
                Cell(record["steps"]),
                Cell(record["loss"]),
                Cell(gap, f"{gap:.2e}" if gap == gap else "unknown"),
                Cell(record["winner"]),
                Cell(record["cosine"], f"{record['cosine']:.8f}"),
                Cell(record["cosine_with_start"], f"{record['cosine_with_start']:.6f}"),
                Cell(record["norm"], f"{record['norm']:.8f}"),
                Cell(record["off_winner_mass"], f"{record['off_winner_mass']:.2e}"),
                Cell(list(record["active"]), _listed(record["active"])),
            ))
    columns = (
        "run", "batch size", "replica", "status", "minimum found", "steps", "loss", "loss gap",
        "closest data point", "cosine with it", "cosine with start", "norm", "off-winner mass",
        "active set",
    )  # fmt: skip
    recipe = next(iter(results.values())).recipe
    title = (
        f"Which minimum? {recipe.activation}, step size {recipe.step_size:g}, {recipe.sampling}, "
        f"seed {recipe.seed}"
    )
    advice = dict.fromkeys(
        f"{status}: {as_typed(result.advice(replica), command)}"
        for result in results.values()
        for replica, status in enumerate(result.status)
        if status is not Status.CONVERGED
    )
    table = Table.build(title, columns, rows, (*notes, *advice))
    if form in {"table", "markdown", "latex"} and len(rows) <= 4:
        table = table.transposed("property")
    return Document(
        SCHEMA,
        (table, compared(results)),
        provenance(recipe.seed, recipe.dtype, recipe.device),
        extra={"recipes": [dataclasses.asdict(r.recipe) for r in results.values()]},
    )

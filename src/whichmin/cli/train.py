"""``whichmin train``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from whichmin.cli.data import data_options, read_data, read_indices
from whichmin.cli.options import emit, output_options, progress_bar, seed_option
from whichmin.errors import InputError
from whichmin.words import Activation, EngineName, Sampling, Status

if TYPE_CHECKING:
    from whichmin.core import TrainResult
    from whichmin.core.data import Data
    from whichmin.reporting import Document

__all__ = ["train"]

SCHEMA = "whichmin.train/1"
_SAMPLING = [s.value for s in Sampling if s is not Sampling.CUSTOM]


@click.command()
@data_options
@click.option("--start", type=click.Path(), help="File with the starting weights.")
@click.option(
    "--activation",
    type=click.Choice([a.value for a in Activation]),
    default="relu",
    show_default=True,
)
@click.option(
    "--batch-size",
    "-b",
    "batch_sizes",
    multiple=True,
    default=("full", "1"),
    show_default=True,
    help="A number or 'full'; repeat to compare.",
)
@click.option("--step-size", type=float, default=0.1, show_default=True)
@click.option(
    "--sampling", type=click.Choice(_SAMPLING), default="without-replacement", show_default=True
)
@click.option(
    "--batches",
    type=click.Path(),
    help="File with your own batches: one row of indices (from 0) per step.",
)
@click.option("--max-steps", type=int, help="Step limit.  [default: from the theory's rates]")
@click.option(
    "--tolerance",
    type=float,
    default=1e-12,
    show_default=True,
    help="Loss gap, and for mini-batches squared off-winner mass, that counts as 0.",
)
@click.option("--replicas", type=int, default=1, show_default=True, help="Runs per batch size.")
@click.option(
    "--engine", type=click.Choice([e.value for e in EngineName]), default="auto", show_default=True
)
@click.option(
    "--dtype", type=click.Choice(["float64", "float32"]), default="float64", show_default=True
)
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:INDEX.")
@seed_option
@output_options
@click.pass_context
def train(ctx: click.Context, /, **options: Any) -> None:
    """Train on FILE, or on generated data, and say which minimum was found.

    FILE holds data points as rows: .npy, .npz, .csv or .pt; nothing is unpickled. Rows must be
    orthonormal, unless --orthonormalise or --as-is says what to do.

    Example: whichmin train data.npy --orthonormalise polar -b full -b 1 -b 4
    """
    form, output = options.pop("form"), options.pop("output")
    data, notes = read_data(options)
    if options["batches"] is not None:
        _refuse_beside_own_batches(ctx, options)
        options["sampling"] = Sampling.CUSTOM
        options["own"] = read_indices(options["batches"])
        results = {"own batches": _run(data, "", options)}
    else:
        results = {f"batch size {s}": _run(data, s, options) for s in options["batch_sizes"]}
    emit(_document(results, notes, form), form, output)
    ctx.exit(0 if all(r.converged for r in results.values()) else 1)


def _refuse_beside_own_batches(ctx: click.Context, options: dict[str, Any]) -> None:
    for name, typed in (("batch_sizes", "--batch-size"), ("sampling", "--sampling")):
        if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise InputError(typed, options[name], "cannot be combined with --batches")


def _run(data: Data, size: str, options: dict[str, Any]) -> TrainResult:
    from whichmin.core import train as train_model
    from whichmin.files import load_array

    own = options.get("own")
    number = int(size) if size.isascii() and size.isdecimal() else None
    if own is None and number is None and size != "full":
        raise InputError("--batch-size", size, "must be a positive integer or 'full'")
    start = options["start"]
    label = "own batches" if own is not None else f"batch size {size}"
    names = (
        "activation",
        "step_size",
        "sampling",
        "max_steps",
        "tolerance",
        "replicas",
        "engine",
        "dtype",
        "device",
        "seed",
    )
    settings = {name: options[name] for name in names}
    with progress_bar(1, label) as update:
        return train_model(
            data,
            None if start is None else load_array(start, argument="--start"),
            batch_size=number,
            batches=own,
            progress=lambda done, limit: update(done / limit if limit else 1, label),
            **settings,
        )


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


def _document(results: dict[str, TrainResult], notes: list[str], form: str) -> Document:
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
                Cell(list(record["active"])),
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
        f"{status}: {result.advice(replica)}"
        for result in results.values()
        for replica, status in enumerate(result.status)
        if status is not Status.CONVERGED
    )
    table = Table.build(title, columns, rows, (*notes, *advice))
    if form in {"table", "markdown", "latex"} and len(rows) <= 4:
        table = table.transposed("property")
    return Document(
        SCHEMA,
        (table,),
        provenance(recipe.seed, recipe.dtype, recipe.device),
        extra={"recipes": [dataclasses.asdict(r.recipe) for r in results.values()]},
    )

"""The command ``whichmin predict``."""

from __future__ import annotations

from typing import Any

import click

from whichmin.cli.data import batch_sizes, data_options, read_data, read_indices, run_options
from whichmin.cli.help import Command
from whichmin.cli.options import emit, output_options, refuse_same_file, seed_option
from whichmin.progress import stages

__all__ = ["predict"]

SCHEMA = "whichmin.predict/1"


@click.command(cls=Command)
@data_options
@run_options
@seed_option
@output_options
@click.pass_context
def predict(ctx: click.Context, /, **options: Any) -> None:
    """Say before training which minimum theory expects.

    FILE holds data points as rows: .npy, .npz, .pt, .csv, .tsv or .txt. The data and the default
    start are those of whichmin train with the same options. Gradient descent is followed exactly;
    mini-batches get their candidates and, where known, chances.
    Beside the estimates stands what is guaranteed: the steps after which the weights stay within
    the square root of --tolerance of one data point, with a chance of at least 99 %. Every
    hypothesis of the theorems is decided for this input, with what happens where one fails.

    \b
    Examples:
      whichmin predict --m 4 --n 16 --step-size 0.05 -b full -b 1 -b 3
    """  # noqa: D301 - click wants the control character
    from whichmin.core.frames import random_start
    from whichmin.core.validation import check_seed
    from whichmin.files import load_array
    from whichmin.prediction.prediction import predict as predict_run
    from whichmin.prediction.table import prediction_tables
    from whichmin.provenance import provenance
    from whichmin.reporting import Document

    form, output = options.pop("form"), options.pop("output")
    read = {"FILE": options["file"], **{f"--{o}": options[o] for o in ("start", "batches")}}
    refuse_same_file(read, {"--output": output})
    data, notes = read_data({**options, "dtype": "float64", "device": "cpu"})
    if options["start"] is not None:
        weights = load_array(options["start"], argument="--start")
    else:
        weights = random_start(data.n, seed=check_seed(options["seed"]))
    settings = {k: options[k] for k in ("activation", "step_size", "tolerance", "seed")}
    sizes = batch_sizes(ctx, options)
    own = None if options["batches"] is None else read_indices(options["batches"])
    settings["sampling"] = options["sampling"] if own is None else "custom"
    told = {}
    with stages() as say:
        for label, number in sizes.items():
            say(f"predicting {label}")
            told[label] = predict_run(weights, data, number, batches=own, **settings)
    shared = f"{options['activation']}, step size {options['step_size']:g}, {settings['sampling']}"
    tables = prediction_tables(told, shared, notes)
    if form in {"table", "markdown", "latex"} and len(told) <= 3:
        tables[0] = tables[0].transposed("property")
    emit(
        Document(SCHEMA, tuple(tables), provenance(options["seed"], "float64", "cpu")),
        form,
        output,
    )

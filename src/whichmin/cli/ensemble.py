"""The command ``whichmin ensemble``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from whichmin.cli.data import (
    batch_sizes,
    data_options,
    device_options,
    max_steps_option,
    read_data,
    some_run_options,
)
from whichmin.cli.help import Command
from whichmin.cli.options import (
    emit,
    output_options,
    refuse_same_file,
    seed_option,
)
from whichmin.errors import InputError
from whichmin.files import write_text
from whichmin.progress import progress_bar

if TYPE_CHECKING:
    from whichmin.core.training.ensemble import EnsembleResult, Plan
    from whichmin.reporting import Document

__all__ = ["ensemble"]

SCHEMA = "whichmin.ensemble/1"
_SETTINGS = (
    "activation", "sampling", "engine", "seed", "max_steps", "tolerance", "check_every",
)  # fmt: skip
_OBSERVABLES = ("steps", "cosine", "loss_gap", "off_winner_mass", "norm", "cosine_with_start")


@click.command(cls=Command)
@data_options
@some_run_options("start")
@click.option(
    "--common-start",
    is_flag=True,
    help="Start all replicas at the first default start of whichmin train; theory then says who "
    "wins how often.",
)
@some_run_options("activation", "batch_sizes")
@click.option(
    "--step-size",
    "step_sizes",
    type=float,
    multiple=True,
    default=(0.1,),
    show_default=True,
    help="Step size, above 0; repeat for a grid: every combination is a cell.",
)
@some_run_options("sampling", "tolerance")
@max_steps_option
@click.option(
    "--check-every",
    type=int,
    help="Steps between two tests for convergence, at least 1.  [default: from the theory's rates]",
)
@click.option(
    "--replicas", type=int, default=1000, show_default=True, help="Runs per cell, at least 1."
)
@device_options
@click.option(
    "--observable",
    "observables",
    type=click.Choice(_OBSERVABLES),
    multiple=True,
    default=_OBSERVABLES,
    show_default="all",
    help="What to summarise; repeat for several.",
)
@click.option(
    "--block",
    type=int,
    default=65536,
    show_default=True,
    help="Most replicas at a time, at least 1; changes memory and speed, not results.",
)
@seed_option
@output_options
def ensemble(**options: Any) -> None:
    """Train many replicas; keep summaries only.

    They are counts, quantiles and histograms, so memory does not grow with the number of replicas.
    Every pair of batch size and step size is a cell with replicas of its own; their numbers run on
    from cell to cell. The file of --output is there from the beginning, is replaced every few
    seconds, and says that it is partial until the end; so does what an interrupt leaves. The exit
    code is 0 whatever the replicas found.

    \b
    Examples:
      whichmin ensemble --common-start --m 2 --n 4 --seed 4 --step-size 0.2 -b 1
      whichmin ensemble data.npy -b 1 -b 2 --step-size 0.2 --step-size 0.3
      whichmin ensemble --max-steps 10 --replicas 5000 -f json -o ensemble.json
    """  # noqa: D301 - click wants the control character
    from whichmin.core.training.ensemble import EnsembleFailed, EnsembleStopped, carry_out
    from whichmin.tables.ensemble import predictions

    form, output = options.pop("form"), options.pop("output")
    read = {"FILE": options["file"], "--start": options["start"]}
    refuse_same_file(read, {"--output": output})
    planned, notes = _plan(options)
    told: list[Any] = []

    def document(result: EnsembleResult) -> Document:
        return _document(result, told, notes)

    def save(result: EnsembleResult) -> None:
        if not told:
            told.extend(predictions(result))
        if output is not None:
            write_text(output, document(result).render(form))

    with progress_bar(1, "ensemble", lines=True) as update:

        def progress(done: int, replicas: int) -> None:
            update(done / replicas, f"{done} of {replicas} replicas have ended")

        try:
            done: EnsembleResult | EnsembleStopped | EnsembleFailed
            done = carry_out(planned, save, progress)
        except (EnsembleStopped, EnsembleFailed) as error:
            done = error
    if isinstance(done, (EnsembleStopped, EnsembleFailed)):
        if output is None or isinstance(done, EnsembleFailed):
            emit(document(done.result), form, None)
        raise done
    if output is None:
        emit(document(done), form, None)
    else:
        click.echo(f"wrote {output}", err=True)


def _plan(options: dict[str, Any]) -> tuple[Plan, list[str]]:
    """Validate everything before the first step.

    Returns:
        The plan, and notes on data and start.

    Raises:
        InputError: Options that are not allowed.
    """
    from whichmin.core.frames import random_start
    from whichmin.core.training.cells import grid
    from whichmin.core.training.ensemble import plan
    from whichmin.core.training.settings import TrainingSettings
    from whichmin.core.validation import check_integer, check_seed
    from whichmin.files import load_array

    data, notes = read_data(options)
    steps = options["step_sizes"]
    if len(set(steps)) < len(steps):
        raise InputError("--step-size", steps, "must differ from each other")
    count = check_integer(options["replicas"], "replicas", 1, 2**32)
    sizes = list(batch_sizes(None, options).values())
    weights = None
    if options["start"] is not None:
        if options["common_start"]:
            raise InputError("--common-start", True, "cannot be combined with --start")
        weights = load_array(options["start"], argument="--start")
    elif options["common_start"]:
        weights = random_start(data.n, seed=check_seed(options["seed"]))[0]
    settings = TrainingSettings(**{name: options[name] for name in _SETTINGS})
    planned = plan(
        data, weights, grid(sizes, steps, count), settings,
        observables=options["observables"], block=options["block"],
    )  # fmt: skip
    return planned, [*notes, f"starts: {planned.starts.kind}"]


def _document(result: EnsembleResult, told: list[Any], notes: list[str]) -> Document:
    from whichmin.provenance import provenance
    from whichmin.reporting import Document
    from whichmin.tables.ensemble import ensemble_tables

    recipe = result.cells[0].recipe
    return Document(
        SCHEMA,
        tuple(ensemble_tables(result, told, notes)),
        provenance(recipe.seed, recipe.dtype, recipe.device),
        extra=result.plain(),
    )

"""``whichmin table``."""

from __future__ import annotations

import click

from whichmin.cli.options import emit, output_options, seed_option

__all__ = ["table"]


@click.group()
def table() -> None:
    """Regenerate a closed-form table, with measured values beside it."""


@table.command()
@click.option("--m", type=int, help="Number of data points.")
@click.option("--n", type=int, help="Dimension.")
@click.option("--positive", type=int, help="Points that start positive, k = |S+|.")
@click.option(
    "--frame", type=click.Choice(["standard", "random"]), default="standard", show_default=True,
    help="Data of the measured runs.",
)  # fmt: skip
@seed_option
@output_options
def sharpness(
    m: int | None,
    n: int | None,
    positive: int | None,
    frame: str,
    seed: int,
    form: str,
    output: str | None,
) -> None:
    """Sharpness of the minima that GD and SGD find, linear and ReLU.

    Symbolic in m, n and k without numbers; with --m, --n and --positive also evaluated, and
    measured on actual GD and SGD runs. CSV holds the table that compares.

    Example: whichmin table sharpness --m 8 --n 32 --positive 5
    """
    from whichmin.verification.sharpness_table import sharpness_table

    emit(sharpness_table(m, n, positive, seed=seed, frame=frame), form, output)

"""The command ``whichmin mutants``."""

from __future__ import annotations

import click

from whichmin.cli.help import Command
from whichmin.cli.options import emit, output_options
from whichmin.progress import progress_bar

__all__ = ["mutants"]


@click.command(cls=Command)
@click.option(
    "--select", metavar="TEXT", default="",
    help="Mutants whose id contains this, such as train. or momentum.  [default: all]",
)  # fmt: skip
@click.option(
    "--seed", type=int, default=0, show_default=True,
    help="Seed of every random choice: 0 to 2^31 - 1.",
)  # fmt: skip
@output_options
@click.pass_context
def mutants(ctx: click.Context, select: str, seed: int, form: str, output: str | None) -> None:
    """The kill matrix: which faults does the oracle catch?

    Judges a bank of faulty implementations and says which check caught each, and whether its cause
    was named. Exit code 1 if one survives.

    \b
    Examples:
      whichmin mutants
      whichmin mutants --select momentum --format json
    """  # noqa: D301 - click wants the control character
    from whichmin.verification.oracle import mutants as bank

    chosen = bank.mutants(select)
    with progress_bar(len(chosen), "mutants", lines=True) as update:
        matrix = bank.kill_matrix(chosen, seed=seed, told=update)
    emit(matrix.document(), form, output)
    ctx.exit(0 if matrix.holds else 1)

"""The command ``whichmin prove``."""

from __future__ import annotations

import click

from whichmin.cli.help import Command
from whichmin.cli.options import emit, output_options
from whichmin.progress import progress_bar

__all__ = ["prove"]


@click.command(cls=Command)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--fresh", is_flag=True, help="Compile all anew, and keep nothing of it.")
@click.option(
    "--deep", is_flag=True, help="Let coqchk check what is compiled anew; takes minutes more."
)
@click.option(
    "--jobs", type=int, help="Files that are compiled at once, at least 1.  [default: one a core]"
)
@output_options
@click.pass_context
def prove(
    ctx: click.Context,
    names: tuple[str, ...],
    fresh: bool,
    deep: bool,
    jobs: int | None,
    form: str,
    output: str | None,
) -> None:
    """Compile the proofs with Coq and say what each theorem assumes.

    NAME is a theorem of verification/proofs/Statements.v, kernel.NAME among the checks; without
    one all are proved. What was compiled before from the same files is not compiled again. Needs
    Coq and MathComp. Exit code 1 if a theorem is not proved.

    \b
    Examples:
      whichmin prove
      whichmin prove gap minima
      whichmin prove --fresh --deep -f json -o proofs.json
    """  # noqa: D301 - click wants the control character
    from whichmin.bench.cores import available
    from whichmin.tables.proofs import proofs_document
    from whichmin.verification.provers import kernel

    chosen = kernel.select([name.removeprefix("kernel.") for name in names])
    total = len(kernel.files_of(chosen if names else ()))
    with progress_bar(total, "files", lines=True) as update:
        found = kernel.prove(
            *(chosen if names else ()), fresh=fresh, deep=deep, told=update,
            jobs=available() if jobs is None else jobs,
        )  # fmt: skip
    emit(proofs_document(found), form, output)
    for proof in found.proofs:
        if not proof.proved:
            click.echo(f"\nFAILED {proof.name}: {proof.message}", err=True)
    for file in found.files:
        if file.message and not file.lacks:
            click.echo(f"\nFAILED {file.name}.v: {file.message}", err=True)
    for fault in found.faults:
        click.echo(f"\nFAILED {fault}", err=True)
    ctx.exit(0 if found.holds else 1)

"""The command ``whichmin claims``."""

from __future__ import annotations

import shutil
import sys

import click

from whichmin.cli.help import Command, Group
from whichmin.cli.options import emit, output_options, seed_option, topic_option
from whichmin.progress import progress_bar
from whichmin.words import Verdict

__all__ = ["claims"]

# Of a line that does not go to a terminal.
_COLUMNS = 120


@click.group(cls=Group, invoke_without_command=True)
@click.option(
    "--id", "pattern", metavar="TEXT", help="Claims whose id contains this.  [default: all]"
)
@topic_option("Claims")
@click.option(
    "--source",
    help="Claims with this in their source, such as ghosh2025 or abstract.  [default: all]",
)
@click.option(
    "--verdict",
    type=click.Choice([verdict.lower() for verdict in Verdict], case_sensitive=False),
    help="Claims with this verdict.  [default: all]",
)
@output_options
@click.pass_context
def claims(
    ctx: click.Context,
    pattern: str | None,
    topic: str | None,
    source: str | None,
    verdict: str | None,
    form: str,
    output: str | None,
) -> None:
    """The ledger: statements, their sources, verdicts and evidence.

    Verdicts are decided from the evidence that came with this version; whichmin verify runs all of
    it again, and whichmin claims show ID --run that of one claim.

    \b
    Examples:
      whichmin claims --verdict refuted
      whichmin claims --topic hessian --verdict proved
      whichmin claims --source ghosh2025 -f markdown -o ledger.md
      whichmin claims show gd.limit
    """  # noqa: D301 - click wants the control character
    if ctx.invoked_subcommand is not None:
        return
    from whichmin.claim_pages import claims_document, listing
    from whichmin.ledger import entries, select_claims

    chosen = entries(select_claims(pattern, source, verdict, topic))
    if form != "table" or output is not None:
        emit(claims_document(chosen), form, output)
    elif sys.stdout.isatty():
        click.echo_via_pager(listing(chosen, shutil.get_terminal_size().columns))
    else:
        click.echo(listing(chosen, _COLUMNS))


@claims.command(cls=Command)
@click.argument("name", metavar="ID")
@click.option("--run", "again", is_flag=True, help="Run its evidence again first.")
@seed_option
@click.option(
    "--format", "-f", "form", type=click.Choice(["table", "json"]), default="table",
    show_default=True, help="Output format; table is plain text.",
)  # fmt: skip
@click.pass_context
def show(ctx: click.Context, name: str, again: bool, seed: int, form: str) -> None:
    """Everything about one claim: evidence, counterexample, correction.

    \b
    Examples:
      whichmin claims show gd.limit
      whichmin claims show gd.limit --run --seed 7
    """  # noqa: D301 - click wants the control character
    import json

    from whichmin.claim_pages import page, page_record
    from whichmin.ledger import entries, one_claim
    from whichmin.verification.evidence import runner

    claim = one_claim(name)
    records = None
    if again:
        records = {}
        with progress_bar(len(claim.checks), "checks", lines=True) as update:
            for done, check in enumerate(claim.checks):
                update(done, check)
                records[check] = runner.verify_one(check, seed=seed)
    entry = entries([claim], records)[0]
    if form == "json":
        click.echo(json.dumps(page_record(entry), indent=2, ensure_ascii=False))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        click.echo(page(entry, width))
    ctx.exit(0 if entry.decision.stands else 1)

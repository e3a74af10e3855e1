"""The command ``whichmin verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from whichmin.cli.help import Command
from whichmin.cli.options import emit, output_options, refuse_unwritable, seed_option, topic_option
from whichmin.progress import progress_bar
from whichmin.tables.report import report_document

if TYPE_CHECKING:
    from whichmin.verification.evidence.check import Check, Evidence

__all__ = ["report_document", "verify"]


@click.command(cls=Command)
@click.option(
    "--select",
    metavar="PATTERN",
    help="Checks to run: a shell pattern, or part of an id.  [default: all]",
)
@topic_option("Checks")
@click.option(
    "--examples",
    type=int,
    help="Random cases per property check, at least 1.  [default: each check's own number]",
)
@click.option(
    "--deep", is_flag=True, help="The long versions: more replicas, wider searches. For nights."
)
@click.option(
    "--jobs", type=int, help="Processes that share the checks, at least 1.  [default: one a core]"
)
@click.option(
    "--record", type=click.Path(dir_okay=False), metavar="FILE", callback=refuse_unwritable,
    help="Put the evidence into this file: the ledger shows verification/evidence/record.json.",
)  # fmt: skip
@seed_option
@output_options
@click.pass_context
def verify(
    ctx: click.Context,
    select: str | None,
    topic: str | None,
    examples: int | None,
    deep: bool,
    jobs: int | None,
    record: str | None,
    seed: int,
    form: str,
    output: str | None,
) -> None:
    """Run every check, print its evidence, decide every claim by it.

    A margin is a deviation in units of what rounding (or, for statistics, chance) explains; at
    most 1 holds. Without --select and --topic the sharpness table, derived and measured, comes
    after it.

    \b
    Examples:
      whichmin verify --select 'sharpness.*' --examples 5
      whichmin verify --topic hessian
      whichmin verify --select batches --seed 7 -f json -o evidence.json
      whichmin verify --select walk --record walk.json
    """  # noqa: D301 - click wants the control character
    from whichmin.bench.cores import available
    from whichmin.ledger import entries
    from whichmin.verification.evidence import runner
    from whichmin.verification.evidence.record import write_record
    from whichmin.verification.evidence.source_files import Sources

    sources = None if record is None else Sources().frozen()  # those that are about to run
    checks = runner.select_checks(select, topic)
    everything = select is None and topic is None
    done = 0
    with progress_bar(len(checks), "checks", lines=True) as update:

        def progress(check: Check, evidence: Evidence | None) -> None:
            nonlocal done
            done += evidence is not None
            update(done, check.id)

        report = runner.verify(
            select, topic=topic, examples=examples, seed=seed, deep=deep, progress=progress,
            jobs=available() if jobs is None else jobs,
        )  # fmt: skip
    considered = entries(records={e.check: e for e in report.evidence})
    decided = [
        e
        for e in considered
        if not e.decision.stands or (e.decision.verdict and (e.claim.evidence or everything))
    ]
    document = report_document(report, everything and report.holds, decided)
    emit(document, form, output)
    for failure in report.failures:
        click.echo(f"\nFAILED {failure.message}", err=True)
    fallen = [e for e in decided if not e.decision.stands]
    if fallen:
        told = "; ".join(f"{e.claim.id} ({e.decision.reason})" for e in fallen)
        click.echo(f"\nverdicts that no longer stand: {told}", err=True)
    if record is not None:
        write_record(record, [e for e in report.evidence if e.holds], sources)
        click.echo(f"wrote {record}", err=True)
    ctx.exit(0 if report.holds and not fallen else 1)

"""``whichmin verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from whichmin.cli.options import emit, output_options, progress_bar, seed_option

if TYPE_CHECKING:
    from whichmin.reporting import Document
    from whichmin.verification.evidence import Check, Evidence, Report

__all__ = ["report_document", "verify"]

SCHEMA = "whichmin.verify/1"


@click.command()
@click.option("--select", metavar="PATTERN", help="Run checks whose id matches (shell pattern).")
@click.option("--examples", type=int, help="Random cases per property check.")
@seed_option
@output_options
@click.pass_context
def verify(
    ctx: click.Context,
    select: str | None,
    examples: int | None,
    seed: int,
    form: str,
    output: str | None,
) -> None:
    """Run every check and print what was checked, by which evidence, with its worst margin.

    A margin is a deviation in units of what rounding (or, for statistics, chance) explains; at
    most 1 holds. Without --select the sharpness table, derived and measured, comes after it.

    Example: whichmin verify --select 'landscape.*' --examples 500
    """
    from whichmin.verification import runner

    checks = runner.select_checks(select)
    done = 0
    with progress_bar(len(checks), "checks") as update:

        def progress(check: Check, evidence: Evidence | None) -> None:
            nonlocal done
            done += evidence is not None
            update(done, check.id)

        report = runner.verify(select, examples=examples, seed=seed, progress=progress)
    emit(report_document(report, with_table=select is None and report.holds), form, output)
    for failure in report.failures:
        click.echo(f"\nFAILED {failure.message}", err=True)
    ctx.exit(0 if report.holds else 1)


def report_document(report: Report, with_table: bool) -> Document:
    """Turn a report into tables.

    Args:
        report: The evidence.
        with_table: Whether to add the sharpness table, derived and measured.

    Returns:
        The document.
    """
    from whichmin.provenance import provenance
    from whichmin.reporting import Cell, Document, Table
    from whichmin.verification.sharpness_table import sharpness_table

    rows = [
        (
            e.check,
            str(e.kind),
            Cell(e.holds, "holds" if e.holds else "FAILS"),
            Cell(e.worst, f"{e.worst:.2g}"),
            e.cases,
            Cell(e.seconds, f"{e.seconds:.1f}"),
        )
        for e in report.evidence
    ]
    verdict = (
        f"all {len(rows)} checks hold"
        if report.holds
        else f"{len(report.failures)} of {len(rows)} checks FAIL: "
        + ", ".join(e.check for e in report.failures)
    )
    total = sum(e.seconds for e in report.evidence)
    summary = Table.build(
        f"whichmin verify, seed {report.seed}: {verdict}",
        ("check", "evidence", "verdict", "worst margin", "cases", "seconds"),
        rows,
        (
            "Margin: deviation in units of what rounding or chance explains; at most 1 holds, 0 is "
            "exact.",
            f"{sum(e.cases for e in report.evidence)} cases in {total:.0f} s.",
        ),
    )
    tables = [summary]
    if with_table:
        tables.append(sharpness_table(8, 32, 5, seed=report.seed).tables[1])
    return Document(
        SCHEMA,
        tuple(tables),
        provenance(report.seed, "float64", "cpu"),
        extra={"holds": report.holds, "evidence": report.records()},
    )

"""The report of ``whichmin verify`` as tables: every check, and what the evidence decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whichmin.ledger import Entry
    from whichmin.reporting import Document
    from whichmin.verification.evidence.check import Evidence, Report

__all__ = ["report_document"]

SCHEMA = "whichmin.verify/2"


def report_document(report: Report, with_table: bool, decided: Sequence[Entry] = ()) -> Document:
    """Turn a report into tables.

    Args:
        report: The evidence.
        with_table: Whether to add the sharpness table, derived and measured.
        decided: The claims that it decides.

    Returns:
        The document.
    """
    from whichmin.ledger import tally, trusted_base
    from whichmin.provenance import provenance
    from whichmin.reporting import Cell, Document, Table, margin_text
    from whichmin.tables.sharpness import sharpness_table
    from whichmin.verification.evidence.runner import remedy

    rows = [
        (
            e.check,
            str(e.kind),
            Cell(e.holds, _outcome(e)),
            Cell(e.worst, margin_text(e.worst)),
            e.cases,
            Cell(e.seconds, f"{e.seconds:.1f}"),
        )
        for e in report.evidence
    ]
    verdict = (
        f"all {len(rows) - len(report.not_run)} checks hold"
        if report.holds
        else f"{len(report.failures)} of {len(rows)} checks FAIL: "
        + ", ".join(e.check for e in report.failures)
    )
    if report.not_run:
        lacking = sorted({e.lacking for e in report.not_run})
        verdict += (
            f"; {len(report.not_run)} not run for want of {', '.join(lacking)} ({remedy(lacking)})"
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
            *([f"Decided by this evidence: {tally(decided)}."] if decided else []),
            *([f"Trusted: {trusted_base(decided)}."] if trusted_base(decided) else []),
        ),
    )
    tables = [summary]
    if with_table:
        tables.append(sharpness_table(8, 32, 5, seed=report.seed).tables[1])
    return Document(
        SCHEMA,
        tuple(tables),
        provenance(report.seed, "float64", "cpu"),
        extra={
            "holds": report.holds,
            "evidence": report.records(),
            "claims": {e.claim.id: e.shown for e in decided},
        },
    )


def _outcome(evidence: Evidence) -> str:
    if not evidence.ran:
        return "not run"
    return "holds" if evidence.holds else "FAILS"

"""The command ``whichmin doctor``."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from whichmin.cli.help import Command
from whichmin.cli.options import emit, output_options
from whichmin.files import write_text
from whichmin.words import EvidenceKind

if TYPE_CHECKING:
    from whichmin.doctor import Part
    from whichmin.reporting import Document, Table

__all__ = ["doctor"]

SCHEMA = "whichmin.doctor/1"


@click.command(cls=Command)
@output_options
@click.pass_context
def doctor(ctx: click.Context, form: str, output: str | None) -> None:
    """Say what is installed and check that it works.

    Lists versions, devices and optional packages, then compares a few results with the theory's,
    in about a second. Exit code 1 if a package that is always needed cannot be used, or if a
    self-check fails. CSV holds the self-checks.

    \b
    Examples:
      whichmin doctor
      whichmin doctor --format json
    """  # noqa: D301 - click wants the control character
    from whichmin.doctor import parts

    listed = parts()
    lines = [_installation(listed), *_self_checks()]
    document = _document(listed, lines)
    try:
        emit(document, form, output)
    except ImportError as error:
        # What writes tables (rich, tabulate) is itself what is missing.
        text = "\n\n".join(table.expanded() for table in document.tables)
        click.echo(f"whichmin: {error}; the tables are written row by row", err=True)
        click.echo(text) if output is None else write_text(output, text)
    failures = [line for line in lines if not line["holds"]]
    for line in failures:
        click.echo(f"\nFAILED {line['message']}", err=True)
    ctx.exit(1 if failures else 0)


def _installation(listed: list[Part]) -> dict[str, Any]:
    """Judge the packages that are always needed, as one more line of the self-check.

    Returns:
        A record of evidence.
    """
    needed = [p for p in listed if p.name == "whichmin" or "whichmin" in p.wanted_by]
    unusable = [f"{p.name}{p.needs}: {p.status}" for p in needed if not p.usable]
    where = "; ".join(unusable) or f"{len(needed)} parts that are always needed"
    statement = "What is always needed is there, recent enough, and can be imported."
    return _record("doctor.installation", statement, bool(unusable), where, len(needed))


def _self_checks() -> Iterator[dict[str, Any]]:
    try:
        from whichmin.self_check import SELF_CHECKS
        from whichmin.verification.evidence.check import Settings
        from whichmin.verification.evidence.runner import run_check
        from whichmin.verification.evidence.subject import default_subject

        subject = default_subject()
    except Exception as error:  # whatever a broken package raises when it is imported
        where = f"cannot start: {type(error).__name__}: {' '.join(str(error).split())}"
        yield _record("doctor.self_check", "the self-check can start", True, where, 0)
        return
    for check in SELF_CHECKS:
        yield run_check(check, subject, Settings()).record()


def _record(check: str, statement: str, fails: bool, where: str, cases: int) -> dict[str, Any]:
    """Write a record as the class Evidence does, which a broken package keeps from loading.

    Returns:
        The members of ``whichmin.evidence/2``.
    """
    return {
        "schema": "whichmin.evidence/2", "check": check, "statement": statement,
        "kind": str(EvidenceKind.ENUMERATION), "bound": "exact", "holds": not fails,
        "cases": cases, "worst": math.inf if fails else 0.0, "where": where, "seconds": 0.0,
        "seed": 0, "message": f"{check}: {where}" if fails else "", "found": [], "false_alarm": 0.0,
        "lacking": "", "deep": False,
    }  # fmt: skip


def _document(listed: list[Part], lines: list[dict[str, Any]]) -> Document:
    from whichmin.doctor import devices, extras, programs
    from whichmin.provenance import provenance
    from whichmin.reporting import Cell, Document, Table, margin_text

    failed = [line["check"] for line in lines if not line["holds"]]
    verdict = f"FAILS: {', '.join(failed)}" if failed else "everything holds"
    versions = Table.build(
        f"whichmin doctor: {verdict}",
        ("part", "version", "needs", "needed by", "status"),
        [
            (p.name, p.version, p.needs, Cell(by := list(p.wanted_by), ", ".join(by) or "-"),
             p.status)
            for p in listed
        ],
    )  # fmt: skip
    places = Table.build("Devices", ("device", "what"), devices())
    optional = Table.build(
        "Extras",
        ("extra", "unlocks", "status", "to install"),
        [
            (e.name, e.unlocks, f"lacks {', '.join(e.lacking)}" if e.lacking else "present",
             e.install)
            for e in (*extras(), *programs())
        ],
    )  # fmt: skip
    checked = Table.build(
        "Self-check",
        ("check", "verdict", "worst margin", "where"),
        [
            (
                line["check"],
                Cell(line["holds"], "holds" if line["holds"] else "FAILS"),
                Cell(line["worst"], margin_text(line["worst"])),
                line["where"],
            )
            for line in lines
        ],
        ("Margin: deviation in units of what rounding explains; at most 1 holds, 0 is exact.",),
    )
    try:
        made = provenance(0, "float64", "cpu")
    except importlib.metadata.PackageNotFoundError:
        made = {}  # the table says that whichmin has no metadata
    tables: tuple[Table, ...] = (versions, places, optional, checked)
    return Document(SCHEMA, tables, made, primary=3, extra={"holds": not failed, "evidence": lines})

"""Lay out claims for readers: a table, a list of one line each, and a page with everything."""

from __future__ import annotations

import dataclasses
import functools
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from whichmin.ledger import Entry, tally
from whichmin.provenance import provenance
from whichmin.reporting import Cell, Document, Table, margin_text
from whichmin.symbolic import ClosedForm, closed_form
from whichmin.terminal import table_lines
from whichmin.verification.evidence.claim import ArgumentStep, Claim
from whichmin.verification.evidence.record import run_with
from whichmin.verification.evidence.sources import source_of
from whichmin.verification.provers.proof_checks import theorem_of
from whichmin.verification.provers.proof_sources import library
from whichmin.verification.topics import all_claims

__all__ = [
    "KernelStatement",
    "claims_document",
    "formal_lines",
    "kernel_statements",
    "listing",
    "numbered",
    "page",
    "page_record",
]

SCHEMA = "whichmin.claims/2"
_WIDTH = 96
# Checks out of date that a table names one by one.
_OUT_OF_DATE = 5


@dataclass(frozen=True)
class KernelStatement:
    """A theorem that a claim rests on, as the kernel of the proof assistant has it.

    Attributes:
        check: Id of its check.
        file: The file that states it.
        text: The comment before it and its definition, verbatim from that file.
        axioms: What it assumes, ``none``; empty if no evidence of this code says so.
        compiled: When and with what it was compiled; empty if it was not, for this code.
    """

    check: str
    file: str
    text: str
    axioms: str = ""
    compiled: str = ""

    @property
    def standing(self) -> str:
        """What the evidence on file says, in one line."""
        if not self.axioms:
            return "not compiled for this code"
        return f"axioms: {self.axioms}; {self.compiled}"


def kernel_statements(entry: Entry) -> tuple[KernelStatement, ...]:
    """Return the theorems that a claim rests on, as the kernel has them.

    Args:
        entry: The claim with its evidence.

    Returns:
        One per check of a theorem.
    """
    found = []
    for name in (*entry.claim.evidence, *entry.claim.support):
        theorem = theorem_of(name)
        if not theorem:
            continue
        stated = library().statements[theorem]
        text = "\n".join(filter(None, (stated.comment, stated.text)))
        e = entry.evidence.get(name)
        said = e.found[0] if e is not None and e.holds and e.found else ""
        compiled, _, axioms = said.partition("; axioms: ")
        found.append(
            KernelStatement(name, "verification/proofs/Statements.v", text, axioms, compiled)
        )
    return tuple(found)


def _certainty(entry: Entry) -> str:
    """Cases and margin, in a few words."""
    decision = entry.decision
    if decision.weakest is None:
        return ""
    parts = [f"{decision.cases} cases", f"worst margin {margin_text(decision.worst)}"]
    if decision.false_alarm:
        parts.append(f"false alarm < {decision.false_alarm:.0e}")
    return ", ".join(parts)


def claims_document(chosen: Sequence[Entry]) -> Document:
    """Lay out claims and verdicts as a table.

    Args:
        chosen: The entries.

    Returns:
        The document; JSON has every field of every claim too.
    """
    rows = [
        (
            e.claim.id,
            e.shown,
            e.claim.statement,
            "; ".join(e.claim.source),
            "; ".join(e.claim.hypotheses),
            str(e.decision.weakest or ""),
            _certainty(e),
        )
        for e in chosen
    ]
    table = Table.build(
        tally(chosen),
        ("id", "verdict", "statement", "source", "hypotheses", "weakest evidence", "certainty"),
        rows,
        (
            "Verdicts are decided from evidence, by its weakest part: CHECKED by a proof kernel, "
            "PROVED by machines alone,",
            "ARGUED where a written argument joins parts that machines proved, VERIFIED on cases, "
            "SUPPORTED by statistics,",
            "REFUTED by a counterexample, OPEN. Everything about one: whichmin claims show ID.",
            *_standing(chosen),
        ),
        wrap=(22, 0, 44, 22, 22, 12, 14),
    )
    return Document(
        SCHEMA, (table,), provenance(), extra={"claims": [page_record(e) for e in chosen]}
    )


def listing(chosen: Sequence[Entry], width: int) -> str:
    """List claims, one line each: id, verdict and as much of the statement as fits.

    Args:
        chosen: The entries.
        width: Columns.

    Returns:
        The lines; the first counts the verdicts.
    """
    ids = max((len(e.claim.id) for e in chosen), default=0)
    verdicts = max((len(e.shown) for e in chosen), default=0)
    lines = [tally(chosen), ""]
    for e in chosen:
        line = f"{e.claim.id:<{ids}}  {e.shown:<{verdicts}}  {e.claim.brief or e.claim.statement}"
        lines.append(line if len(line) <= width else f"{line[: width - 3].rstrip()}...")
    notes = [note for note in _standing(chosen) if note]
    return "\n".join((*lines, "", *notes, "Everything about one: whichmin claims show ID."))


def _standing(chosen: Sequence[Entry]) -> tuple[str, ...]:
    """Say what evidence on file is out of date, and with which versions it was run."""
    reasons = {name: why for entry in chosen for name, why in entry.out_of_date.items()}
    notes = tuple(f"{name}: {why}." for name, why in list(reasons.items())[:_OUT_OF_DATE])
    if more := reasons.keys() - set(list(reasons)[:_OUT_OF_DATE]):
        notes += (f"{len(more)} more checks were not run for this code.",)
    if reasons:
        one = f"whichmin claims show {chosen[0].claim.id} --run" if len(chosen) == 1 else ""
        notes += (f"To run them: {one or 'whichmin verify'}.",)
    checks = [name for entry in chosen if entry.run_with for name in entry.claim.checks]
    return notes + ((f"Evidence was {run_with(checks)}.",) if checks else ())


def page_record(entry: Entry) -> dict[str, Any]:
    """Return everything about one claim as plain data.

    Args:
        entry: The entry.

    Returns:
        Plain values for JSON.
    """
    claim, decision = entry.claim, entry.decision
    example = claim.counterexample
    return {
        "id": claim.id,
        "topic": claim.topic,
        "verdict": str(claim.verdict),
        "stands": decision.stands,
        "decided": None if decision.verdict is None else str(decision.verdict),
        "reason": decision.reason,
        "statement": claim.statement,
        "source": list(claim.source),
        "hypotheses": list(claim.hypotheses),
        "formulas": {name: str(closed_form(name).expression) for name in claim.formulas},
        "formal": None if claim.formal is None else dataclasses.asdict(claim.formal),
        "kernel": [dataclasses.asdict(stated) for stated in kernel_statements(entry)],
        "trusted": decision.trusted,
        "argument": [dataclasses.asdict(step) for step in claim.argument],
        "counterexample": None
        if example is None
        else {"text": example.text, "code": example.code, "prints": example.prints},
        "corrected": list(claim.corrected),
        "remark": claim.remark,
        "evidence": [e.record() for e in entry.evidence.values()],
        "decides": list(claim.evidence),
        "out_of_date": dict(entry.out_of_date),
        "run_with": entry.run_with,
    }


def numbered(steps: Sequence[ArgumentStep]) -> tuple[str, ...]:
    """Number the steps of an argument, and say what each uses."""
    return tuple(
        f"({number}) {step.says}" + (f" [{', '.join(step.uses)}]" if step.uses else "")
        for number, step in enumerate(steps, 1)
    )


def formal_lines(claim: Claim) -> list[str]:
    """Write the formal statement of a claim line by line, with what shows that a hypothesis counts.

    Args:
        claim: The claim.

    Returns:
        The lines; one that says so if there is no formal statement.
    """
    formal = claim.formal
    if formal is None and any(map(theorem_of, claim.evidence)):
        return ["in Coq, as the kernel has it"]
    if formal is None:
        return ["none yet, so the claim has not been attacked"]
    needed = dict(formal.needed)
    lines = [f"for all {name} in {term}" for name, term in formal.variables]
    for words, formula in formal.given:
        case = ", ".join(f"{name} = {value}" for name, value in needed.get(words, ()))
        lines.append(f"given {formula} " + (f"(needed: {case})" if case else "(need unknown)"))
    return lines + [f"then {formula}" for _, formula in formal.then]


def _formal(claim: Claim, width: int) -> list[str]:
    told = _bullets("formal statement", formal_lines(claim), width)
    if claim.formal is None:
        return told
    defined = claim.formal.definitions.items()
    return told + _bullets("where", (f"{name}: {meaning}" for name, meaning in defined), width)


def _block(title: str, *paragraphs: str, width: int) -> list[str]:
    body = [
        textwrap.fill(text, width, initial_indent="  ", subsequent_indent="  ")
        for text in paragraphs
        if text
    ]
    return ["", f"{title}:", *body] if body else []


def _folded(texts: Iterable[str], width: int) -> list[str]:
    return [line for text in texts for line in textwrap.wrap(text, width, subsequent_indent="  ")]


def _indented(title: str, text: str) -> list[str]:
    return ["", f"{title}:", textwrap.indent(text.rstrip("\n"), "    ")]


def _bullets(title: str, items: Iterable[str], width: int) -> list[str]:
    lines = [
        textwrap.fill(item, width, initial_indent="  - ", subsequent_indent="    ")
        for item in items
    ]
    return ["", f"{title}:", *lines] if lines else []


def _evidence_table(entry: Entry) -> Table:
    claim = entry.claim
    rows: list[tuple[Any, ...]] = []
    for name in claim.checks:
        e = entry.evidence.get(name)
        role = (
            "part" if name in claim.evidence
            else "attack" if name == claim.attack
            else "supports"
        )  # fmt: skip
        if e is None:
            outcome = "not run for this code" if name in entry.out_of_date else "not run"
            rows.append((name, role, "", outcome, "", ""))
            continue
        outcome = f"not run: {e.lacking} missing" if not e.ran else "holds" if e.holds else "FAILS"
        worst = Cell(e.worst, margin_text(e.worst))
        rows.append((name, role, str(e.kind), outcome, e.cases, worst))
    return Table.build(
        f"Evidence ({tally([entry]).partition(': ')[2]})",
        ("check", "role", "evidence", "outcome", "cases", "worst margin"),
        rows,
    )


def _supposed(form: ClosedForm) -> str:
    """Say under which conditions a form holds, and that steps of it are argued, if any are."""
    under = f"; where {form.under}" if form.under else ""
    return under + ("; argued: " + "; ".join(form.argued) if form.argued else "")


def page(entry: Entry, width: int | None = None) -> str:
    """Write everything about one claim as text.

    Args:
        entry: The entry.
        width: Of the terminal; None for a file.

    Returns:
        Several lines of plain text.
    """
    claim, example = entry.claim, entry.claim.counterexample
    columns = _WIDTH if width is None else min(width, _WIDTH)
    block = functools.partial(_block, width=columns)
    bullets = functools.partial(_bullets, width=columns)
    lines = [f"{claim.id}: {entry.shown}", "", textwrap.fill(claim.statement, columns)]
    lines += block("topic", claim.topic)
    lines += bullets("source", claim.source)
    works = {source.key: source.citation for source in map(source_of, claim.source)}
    lines += bullets(
        "works cited", (f"{key}: {text}" for key, text in works.items() if key != "whichmin")
    )
    lines += bullets("hypotheses", claim.hypotheses)
    lines += _formal(claim, columns)
    for stated in kernel_statements(entry):
        lines += _indented(f"statement as the kernel has it ({stated.check})", stated.text)
        lines += [f"  {stated.standing}"]
    if claim.formulas:
        forms = [closed_form(n) for n in claim.formulas]
        lines += bullets(
            "formulas",
            (f"{f.id}: {f.statement}: {f.expression}{_supposed(f)}" for f in forms),
        )
    lines += block("argument", *numbered(claim.argument))
    if example is not None:
        lines += block("counterexample", example.text)
        lines += _indented("to see it", example.code) + _indented("which prints", example.prints)
    verdicts = {c.id: c for c in all_claims()}
    lines += bullets(
        "true instead",
        (f"{n} ({verdicts[n].verdict}): {verdicts[n].statement}" for n in claim.corrected),
    )
    lines += block("remark", claim.remark)
    if claim.checks:
        table = _evidence_table(entry)
        shown = table.plain().splitlines() if width is None else table_lines(table, width)
        lines += ["", *shown]
    if entry.decision.trusted:
        lines += block("trusted", entry.decision.trusted)
    if notes := _standing([entry]):
        lines += ["", *notes] if width is None else ["", *_folded(notes, width)]
    for e in entry.evidence.values():
        lines += bullets(f"{e.check} found", e.found)
    if entry.decision.reason:
        lines += ["", *_folded([entry.decision.reason], width or len(entry.decision.reason))]
    return "\n".join(lines)

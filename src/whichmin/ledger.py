"""The ledger: all claims with the verdicts that their evidence supports, as tables and pages."""

from __future__ import annotations

import dataclasses
import difflib
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from whichmin.errors import InputError
from whichmin.provenance import provenance
from whichmin.reporting import Cell, Document, Table, margin_text
from whichmin.symbolic import ClosedForm, closed_form
from whichmin.verification.evidence.check import Evidence
from whichmin.verification.evidence.claim import ArgumentStep, Claim
from whichmin.verification.evidence.decision import Decision, decide
from whichmin.verification.evidence.record import not_run, on_file, run_with
from whichmin.verification.evidence.sources import all_sources, source_of, spellings
from whichmin.verification.topics import all_claims, claim_files
from whichmin.words import Verdict, parse

__all__ = [
    "Entry",
    "claims_document",
    "entries",
    "formal_lines",
    "listing",
    "numbered",
    "page",
    "page_record",
    "select_claims",
    "tally",
    "trusted_base",
]

SCHEMA = "whichmin.claims/2"
_WIDTH = 96
# Checks out of date that a table names one by one.
_OUT_OF_DATE = 5


@dataclass(frozen=True)
class Entry:
    """A claim with its evidence and the verdict that follows from it.

    Attributes:
        claim: The claim.
        decision: What its evidence supports.
        evidence: Its evidence that is there, by id of the check.
        out_of_date: Why evidence on file does not count, by id of the check.
        run_with: With which versions of libraries evidence on file was measured, if others are
            installed; else empty.
    """

    claim: Claim
    decision: Decision
    evidence: Mapping[str, Evidence]
    out_of_date: Mapping[str, str] = field(default_factory=dict)
    run_with: str = ""

    @property
    def shown(self) -> str:
        """The verdict, with ``NOT SUPPORTED`` if the evidence denies it, or ``not decided``."""
        if not self.decision.stands:
            return f"{self.claim.verdict}, NOT SUPPORTED"
        return str(self.decision.verdict or "not decided")


def select_claims(
    pattern: str | None = None,
    source: str | None = None,
    verdict: Any = None,
    topic: str | None = None,
) -> tuple[Claim, ...]:
    """Select claims by id, source, verdict and topic.

    Args:
        pattern: Part of an id; None for all.
        source: Part of a source: of its key such as ``ghosh2025``, of its authors and year, of a
            place such as ``abstract``, or its former number such as ``000``; None for all.
        verdict: A verdict, in any case; None for all.
        topic: Name of a topic; None for all.

    Returns:
        The claims, in order.

    Raises:
        InputError: An argument matches nothing.
    """
    chosen = all_claims()
    if topic is not None:
        topics = [file.topic for file in claim_files()]
        if topic not in topics:
            raise InputError("topic", topic, f"must be one of: {', '.join(topics)}")
        chosen = tuple(c for c in chosen if c.topic == topic)
    if pattern is not None:
        if not any(pattern in name for name in _ids()):
            raise InputError("id", pattern, f"must match one of: {', '.join(_ids())}")
        chosen = tuple(c for c in chosen if pattern in c.id)
    if source is not None:
        found = {c.id for c in all_claims() if _cites(c, source)}
        if not found:
            keys = ", ".join(all_sources())
            raise InputError("source", source, f"must be part of a source: {keys}")
        chosen = tuple(c for c in chosen if c.id in found)
    if verdict is not None:
        wanted = parse(Verdict, str(verdict).upper(), "verdict")
        chosen = tuple(c for c in chosen if c.verdict is wanted)
    return chosen


def _cites(claim: Claim, text: str) -> bool:
    return any(text in spelled for place in claim.source for spelled in spellings(place))


def _ids() -> list[str]:
    return [claim.id for claim in all_claims()]


def one_claim(name: str) -> Claim:
    """Look up a claim by its id.

    Args:
        name: The id.

    Returns:
        The claim.

    Raises:
        InputError: There is none.
    """
    for claim in all_claims():
        if claim.id == name:
            return claim
    near = difflib.get_close_matches(name, _ids(), n=3, cutoff=0.0)
    raise InputError("id", name, f"must be that of a claim; the nearest are {', '.join(near)}")


def entries(
    claims: Iterable[Claim] | None = None, records: Mapping[str, Evidence] | None = None
) -> tuple[Entry, ...]:
    """Collect the evidence of claims and decide their verdicts.

    Args:
        claims: The claims; None for all.
        records: Evidence by id of the check; None for what came with the package.

    Returns:
        The entries, in the order of the claims.
    """
    chosen = all_claims() if claims is None else tuple(claims)
    if records is not None:
        return tuple(_entry(claim, records) for claim in chosen)
    return tuple(
        replace(
            _entry(claim, on_file()),
            out_of_date={name: reason for name in claim.checks if (reason := not_run(name))},
            run_with=run_with(claim.checks),
        )
        for claim in chosen
    )


def _entry(claim: Claim, held: Mapping[str, Evidence]) -> Entry:
    evidence = {name: held[name] for name in claim.checks if name in held}
    return Entry(claim, decide(claim, held), evidence)


def tally(chosen: Sequence[Entry]) -> str:
    """Count entries by verdict.

    Args:
        chosen: The entries.

    Returns:
        One line.
    """
    count = Counter(entry.shown for entry in chosen)
    order = [str(v) for v in Verdict]
    names = sorted(count, key=lambda name: (order.index(name) if name in order else 9, name))
    return f"{len(chosen)} claims: " + ", ".join(f"{count[name]} {name}" for name in names)


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
            "Verdicts are decided from evidence, by its weakest part: PROVED by machines alone, "
            "ARGUED where a written",
            "argument joins parts that machines proved, VERIFIED on cases, SUPPORTED by "
            "statistics,",
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


def trusted_base(chosen: Iterable[Entry]) -> str:
    """Say what has to be trusted, and for how many claims.

    Args:
        chosen: The entries.

    Returns:
        One line; empty if none rests on anything.
    """
    count: Counter[str] = Counter()
    for entry in chosen:
        for what in filter(None, entry.decision.trusted.split("; ")):
            count["the reader of its argument" if what.startswith("the reader") else what] += 1
    return "; ".join(f"{what} ({number} claims)" for what, number in count.most_common())


def _standing(chosen: Sequence[Entry]) -> tuple[str, ...]:
    """Say what evidence on file is out of date, and with which versions it was run."""
    reasons = {name: why for entry in chosen for name, why in entry.out_of_date.items()}
    notes = tuple(f"{name}: {why}." for name, why in list(reasons.items())[:_OUT_OF_DATE])
    if more := reasons.keys() - set(list(reasons)[:_OUT_OF_DATE]):
        notes += (f"{len(more)} more checks were not run for this code.",)
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
    if formal is None:
        return ["none yet, so the claim has not been attacked"]
    needed = dict(formal.needed)
    lines = [f"for all {name} in {term}" for name, term in formal.variables]
    for words, formula in formal.given:
        case = ", ".join(f"{name} = {value}" for name, value in needed.get(words, ()))
        lines.append(f"given {formula} " + (f"(needed: {case})" if case else "(need unknown)"))
    return lines + [f"then {formula}" for _, formula in formal.then]


def _formal(claim: Claim) -> list[str]:
    told = _bullets("formal statement", formal_lines(claim))
    if claim.formal is None:
        return told
    defined = claim.formal.definitions.items()
    return told + _bullets("where", (f"{name}: {meaning}" for name, meaning in defined))


def _block(title: str, *paragraphs: str) -> list[str]:
    body = [
        textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent="  ")
        for text in paragraphs
        if text
    ]
    return ["", f"{title}:", *body] if body else []


def _indented(title: str, text: str) -> list[str]:
    return ["", f"{title}:", textwrap.indent(text.rstrip("\n"), "    ")]


def _bullets(title: str, items: Iterable[str]) -> list[str]:
    lines = [
        textwrap.fill(item, _WIDTH, initial_indent="  - ", subsequent_indent="    ")
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


def page(entry: Entry) -> str:
    """Write everything about one claim as text.

    Args:
        entry: The entry.

    Returns:
        Several lines of plain text.
    """
    claim, example = entry.claim, entry.claim.counterexample
    lines = [f"{claim.id}: {entry.shown}", "", textwrap.fill(claim.statement, _WIDTH)]
    lines += _block("topic", claim.topic)
    lines += _bullets("source", claim.source)
    works = {source.key: source.citation for source in map(source_of, claim.source)}
    lines += _bullets(
        "works cited", (f"{key}: {text}" for key, text in works.items() if key != "whichmin")
    )
    lines += _bullets("hypotheses", claim.hypotheses)
    lines += _formal(claim)
    if claim.formulas:
        forms = [closed_form(n) for n in claim.formulas]
        lines += _bullets(
            "formulas",
            (f"{f.id}: {f.statement}: {f.expression}{_supposed(f)}" for f in forms),
        )
    lines += _block("argument", *numbered(claim.argument))
    if example is not None:
        lines += _block("counterexample", example.text)
        lines += _indented("to see it", example.code) + _indented("which prints", example.prints)
    verdicts = {c.id: c for c in all_claims()}
    lines += _bullets(
        "true instead",
        (f"{n} ({verdicts[n].verdict}): {verdicts[n].statement}" for n in claim.corrected),
    )
    lines += _block("remark", claim.remark)
    if claim.checks:
        lines += ["", _evidence_table(entry).plain()]
    if entry.decision.trusted:
        lines += _block("trusted", entry.decision.trusted)
    if notes := _standing([entry]):
        lines += ["", *notes]
    for e in entry.evidence.values():
        lines += _bullets(f"{e.check} found", e.found)
    if entry.decision.reason:
        lines += ["", entry.decision.reason]
    return "\n".join(lines)

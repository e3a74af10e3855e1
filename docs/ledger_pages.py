"""The ledger as Markdown, for the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from whichmin.ledger import Entry, numbered, tally
from whichmin.symbolic import closed_forms
from whichmin.verification.evidence.sources import cited
from whichmin.verification.topics import claim_files
from whichmin.words import Verdict

__all__ = ["ledger_markdown", "refuted_lines"]


def _anchor(name: str) -> str:
    return "claim-" + name.replace(".", "-").replace("_", "-")


def _escaped(text: str) -> str:
    return text.replace("|", r"\|").replace("*", r"\*").replace("<", r"\<")


def _fenced(text: str) -> str:
    body = text.rstrip("\n")
    return f"```text\n{body}\n```"


def refuted_lines(entries: Sequence[Entry], chosen: Sequence[str]) -> str:
    """Some refuted claims in one line each.

    Args:
        entries: All entries.
        chosen: Ids of refuted claims.

    Returns:
        A list in Markdown.
    """
    refuted = {e.claim.id: e.claim for e in entries if e.claim.verdict is Verdict.REFUTED}
    return "\n".join(f"- `{name}`: {refuted[name].brief}" for name in chosen)


def _section(entry: Entry, verdicts: dict[str, Verdict]) -> str:
    claim, decision = entry.claim, entry.decision
    parts = [
        f"({_anchor(claim.id)})=\n### `{claim.id}`: {entry.shown}\n\n{_escaped(claim.statement)}"
    ]
    facts = [f"- Source: {_escaped('; '.join(map(cited, claim.source)))}."]
    if claim.hypotheses:
        facts.append(f"- Hypotheses: {_escaped('; '.join(claim.hypotheses))}.")
    forms = closed_forms()
    facts += [f"- Formula `{n}`: `{forms[n].expression}`." for n in claim.formulas]
    if claim.evidence:
        names = ", ".join(f"`{n}`" for n in claim.evidence)
        margin = f"{decision.cases} cases, worst margin {decision.worst:.2g}"
        alarm = f", false alarm < {decision.false_alarm:.0e}" if decision.false_alarm else ""
        facts.append(f"- Decided by ({decision.strongest}; {margin}{alarm}): {names}.")
    if claim.lemmas:
        facts.append(f"- Lemmas: {', '.join(f'`{n}`' for n in claim.lemmas)}.")
    parts.append("\n".join(facts))
    if claim.argument:
        first, *others = map(_escaped, numbered(claim.argument))
        parts += [f"Argument: {first}", *others]
    example = claim.counterexample
    if example is not None:
        parts += [
            f"Counterexample: {_escaped(example.text)}",
            _fenced(example.code), "prints", _fenced(example.prints),
        ]  # fmt: skip
    if claim.corrected:
        links = ", ".join(f"[`{n}`](#{_anchor(n)}) ({verdicts[n]})" for n in claim.corrected)
        parts.append(f"True instead: {links}.")
    if claim.remark:
        parts.append(f"Remark: {_escaped(claim.remark)}")
    return "\n\n".join(parts)


def ledger_markdown(entries: Sequence[Entry]) -> str:
    """The whole ledger.

    Args:
        entries: All entries.

    Returns:
        Counts, a table of all claims, and a section for each.
    """
    verdicts = {e.claim.id: e.claim.verdict for e in entries}
    rows = ["| claim | verdict | statement |", "| --- | --- | --- |"]
    rows += [
        f"| [`{e.claim.id}`](#{_anchor(e.claim.id)}) | {e.shown} | {_escaped(e.claim.statement)} |"
        for e in entries
    ]
    parts = [f"{tally(entries)}.", "\n".join(rows)]
    titles = {file.topic: file.title for file in claim_files()}
    topic = ""
    for entry in entries:
        if entry.claim.topic != topic:
            topic = entry.claim.topic
            parts.append(f"## {titles[topic]}")
        parts.append(_section(entry, verdicts))
    return "\n\n".join(parts)

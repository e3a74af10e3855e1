"""The ledger: all claims with the verdicts that their evidence supports.

:mod:`whichmin.claim_pages` lays them out for readers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from whichmin.errors import InputError, nearest
from whichmin.moved import renamed
from whichmin.verification.evidence.check import Evidence
from whichmin.verification.evidence.claim import Claim
from whichmin.verification.evidence.decision import Decision, decide
from whichmin.verification.evidence.record import not_run, on_file, run_with
from whichmin.verification.evidence.sources import all_sources, spellings
from whichmin.verification.topics import all_claims, claim_files
from whichmin.words import Verdict, parse

__all__ = ["Entry", "entries", "one_claim", "select_claims", "tally", "trusted_base"]


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
            raise InputError(
                "id", pattern, f"must be part of a claim's id; {nearest(pattern, _ids())}"
            )
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
    raise InputError("id", name, f"must be that of a claim; {nearest(name, _ids())}")


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
            count["the reader of an argument" if what.startswith("the reader") else what] += 1
    return "; ".join(f"{what} ({number} claims)" for what, number in count.most_common())


__getattr__ = renamed(
    __name__,
    claims_document="whichmin.claim_pages.claims_document",
    numbered="whichmin.claim_pages.numbered",
    page="whichmin.claim_pages.page",
    page_record="whichmin.claim_pages.page_record",
)

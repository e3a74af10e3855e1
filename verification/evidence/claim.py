"""Define a claim and decide its verdict from evidence.

Claims stand in ``verification/topics/TOPIC/claims.toml``, read by
:mod:`whichmin.verification.evidence.claim_file`. The file states the verdict, so that reviewers see
a change of it; it is also decided anew from the evidence that ran. Where the two differ, the claim
fails.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from whichmin.errors import InputError
from whichmin.verification.evidence.check import Evidence
from whichmin.words import EvidenceKind, Verdict

__all__ = ["Claim", "Counterexample", "Decision", "counterexample", "decide"]

# What a kind of evidence amounts to, if it covers the statement as a whole.
AMOUNTS_TO = {
    EvidenceKind.IDENTITY: Verdict.PROVED,
    EvidenceKind.SMT: Verdict.PROVED,
    EvidenceKind.CERTIFICATE: Verdict.PROVED,
    EvidenceKind.COUNTEREXAMPLE: Verdict.PROVED,
    EvidenceKind.ENUMERATION: Verdict.VERIFIED,
    EvidenceKind.PROPERTY: Verdict.VERIFIED,
    EvidenceKind.STATISTICS: Verdict.SUPPORTED,
}


# The functions that show that a statement is false, by id of the claim.
RUNS: dict[str, Callable[[], None]] = {}


def counterexample(claim: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Mark a function as the counterexample to a claim.

    Readers see the function's body as a script, so the body holds all that it needs, imports
    included, in about ten lines.

    Args:
        claim: Id of the claim.

    Returns:
        A decorator that keeps the function as it is.

    Raises:
        InputError: Another function is the counterexample to that claim.
    """

    def register(run: Callable[[], None]) -> Callable[[], None]:
        known = RUNS.setdefault(claim, run)
        if (known.__module__, known.__qualname__) != (run.__module__, run.__qualname__):
            raise InputError("claim", claim, f"must have one counterexample: {known.__qualname__}")
        RUNS[claim] = run
        return run

    return register


@dataclass(frozen=True)
class Counterexample:
    """A case that shows that a statement is false, in words and as a script.

    Attributes:
        text: The case in one or two sentences, with numbers that can be checked by hand.
        prints: What the function prints.
        run: The function that shows the case.
    """

    text: str
    prints: str
    run: Callable[[], None]

    @property
    def code(self) -> str:
        """The function's body as a script."""
        return textwrap.dedent(inspect.getsource(self.run).split(":\n", 1)[1])


@dataclass(frozen=True)
class Claim:
    """A statement that evidence can decide, with its source.

    Attributes:
        id: Stable name, ``topic.what``.
        statement: The statement, in our words.
        source: Where it stands, as ``KEY`` or ``KEY, PLACE``, such as ``ghosh2025, Theorem 1``;
            the keys are those of ``sources.toml``, ``whichmin`` for results of this project.
        verdict: The verdict that the evidence supports.
        hypotheses: The conditions under which it is claimed.
        evidence: Ids of the checks that decide it, taken together; for REFUTED those that show it
            to be false.
        lemmas: Ids of checks that prove parts of it, without deciding it.
        formulas: Ids of closed forms.
        argument: How the evidence adds up to the statement, where it takes several pieces, in
            steps. Steps refer to one another by number, from 1.
        counterexample: For REFUTED: a case that can be checked by hand.
        corrected: For REFUTED: ids of the claims that say what is true instead.
        remark: What else a reader should know.
        brief: For REFUTED: what was said and what is true, in one line.
        topic: Name of the topic that it belongs to.
    """

    id: str
    statement: str
    source: tuple[str, ...]
    verdict: Verdict
    hypotheses: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    lemmas: tuple[str, ...] = ()
    formulas: tuple[str, ...] = ()
    argument: tuple[str, ...] = ()
    counterexample: Counterexample | None = None
    corrected: tuple[str, ...] = ()
    remark: str = ""
    brief: str = ""
    topic: str = ""

    @property
    def checks(self) -> tuple[str, ...]:
        """Ids of all checks that the claim rests on."""
        return self.evidence + self.lemmas


@dataclass(frozen=True)
class Decision:
    """The verdict on a claim that follows from the evidence that ran.

    Attributes:
        claim: Id of the claim.
        verdict: The verdict that the evidence supports; None if it was not run in full.
        stands: Whether that is the verdict that the claim states; True if nothing says otherwise.
        strongest: Kind of the strongest deciding evidence; None without any.
        cases: Cases of the deciding evidence.
        worst: Its largest margin, in units of the bound.
        false_alarm: Upper bound of the chance that its statistics fail though all is right.
        reason: Why the verdict does not stand, or was not decided; else empty.
    """

    claim: str
    verdict: Verdict | None
    stands: bool
    strongest: EvidenceKind | None
    cases: int
    worst: float
    false_alarm: float
    reason: str = ""


def decide(claim: Claim, records: Mapping[str, Evidence]) -> Decision:
    """Decide the verdict on a claim from evidence.

    A claim with a counterexample is REFUTED if all its evidence holds; one without deciding
    evidence is OPEN; any other is as certain as its strongest deciding evidence.

    Args:
        claim: The claim.
        records: Evidence by id of the check.

    Returns:
        The decision.
    """
    kinds = list(EvidenceKind)
    deciding = [records[name] for name in claim.evidence if name in records]
    ran = [e for e in deciding if e.ran]
    strongest = min((e.kind for e in ran), key=kinds.index, default=None)
    missing = [name for name in claim.checks if name not in records]
    failed = [name for name in claim.checks if name in records and records[name].message]
    lacking = sorted({
        records[name].lacking for name in claim.checks if name in records and records[name].lacking
    })

    def decision(verdict: Verdict | None, stands: bool, reason: str = "") -> Decision:
        return Decision(
            claim.id, verdict, stands, strongest,
            sum(e.cases for e in ran), max((e.worst for e in ran), default=0.0),
            min(1.0, sum(e.false_alarm for e in ran)), reason,
        )  # fmt: skip

    if failed:
        return decision(None, False, f"evidence fails: {', '.join(failed)}")
    if missing:
        return decision(None, True, f"evidence was not run: {', '.join(missing)}")
    if lacking:
        return decision(None, True, f"evidence was not run: {', '.join(lacking)} not installed")
    if claim.counterexample is not None and claim.evidence:
        verdict = Verdict.REFUTED
    elif strongest is None:
        verdict = Verdict.OPEN
    else:
        verdict = AMOUNTS_TO[strongest]
    if verdict is not claim.verdict:
        return decision(verdict, False, f"stated as {claim.verdict}, the evidence says {verdict}")
    return decision(verdict, True)

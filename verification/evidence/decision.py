"""Decide the verdict on a claim from evidence, and find where a claim is bound to nothing.

The file of claims states the verdict, so that reviewers see a change of it; it is also decided anew
from the evidence that ran. Where the two differ, the claim fails.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from whichmin.verification.evidence.check import Check, Evidence
from whichmin.verification.evidence.claim import Claim
from whichmin.verification.evidence.source_files import digest_of
from whichmin.verification.evidence.statement import unbound
from whichmin.words import EvidenceKind, Verdict

__all__ = ["Decision", "covered", "decide", "faults", "fingerprint"]

# What a kind of evidence amounts to, if it covers the statement as a whole.
AMOUNTS_TO = {
    EvidenceKind.KERNEL: Verdict.CHECKED,
    EvidenceKind.IDENTITY: Verdict.PROVED,
    EvidenceKind.SMT: Verdict.PROVED,
    EvidenceKind.CERTIFICATE: Verdict.PROVED,
    EvidenceKind.COUNTEREXAMPLE: Verdict.PROVED,
    EvidenceKind.ENUMERATION: Verdict.VERIFIED,
    EvidenceKind.PROPERTY: Verdict.VERIFIED,
    EvidenceKind.ATTACK: Verdict.VERIFIED,
    EvidenceKind.STATISTICS: Verdict.SUPPORTED,
}
# What one has to trust for each kind.
TRUST = {
    EvidenceKind.KERNEL: "Coq's kernel, and the definitions that the statement is in",
    EvidenceKind.IDENTITY: "SymPy's algebra",
    EvidenceKind.SMT: "z3",
    EvidenceKind.CERTIFICATE: "exact fractions",
    EvidenceKind.COUNTEREXAMPLE: "exact fractions",
    EvidenceKind.ENUMERATION: "the cases counted being all",
    EvidenceKind.PROPERTY: "bounds on rounding, and the cases drawn",
    EvidenceKind.ATTACK: "the cases drawn",
    EvidenceKind.STATISTICS: "the false-alarm rate",
}
# And for each library that a check needs.
LIBRARIES = {"z3": "z3", "flint": "python-flint's ball arithmetic", "skfem": "scikit-fem"}


@dataclass(frozen=True)
class Decision:
    """The verdict on a claim that follows from the evidence that ran.

    Attributes:
        claim: Id of the claim.
        verdict: The verdict that the evidence supports; None if it was not run in full.
        stands: Whether that is the verdict that the claim states; True if nothing says otherwise.
        weakest: Kind of the weakest evidence that it needs; None without any.
        cases: Cases of the evidence that it needs.
        worst: Its largest margin, in units of the bound.
        false_alarm: Upper bound of the chance that its statistics fail though all is right.
        trusted: What one has to trust, in one line.
        reason: Why the verdict does not stand, or was not decided; else empty.
    """

    claim: str
    verdict: Verdict | None
    stands: bool
    weakest: EvidenceKind | None
    cases: int
    worst: float
    false_alarm: float
    trusted: str = ""
    reason: str = ""


def fingerprint(claim: Claim, checks: Mapping[str, Check]) -> str:
    """Compute a digest of all that the parts of a claim state.

    Args:
        claim: The claim.
        checks: Checks by id.

    Returns:
        Eight hexadecimal digits.
    """
    states = [(name, checks[name].states) for name in claim.evidence]
    return digest_of(repr(states).encode())[:8]


def faults(claim: Claim, checks: Mapping[str, Check]) -> list[str]:
    """List where the words of a claim are bound to nothing, and steps that lean on nothing.

    Numbers in the statement and in the words of a hypothesis or conclusion must stand in the
    formulas. Each step of an argument says what it uses, and each part is used by a step. The
    parts state what they stated when the claim was read; this is asked of every claim with a formal
    statement, in our language or in a proof assistant's.

    Args:
        claim: The claim.
        checks: Checks by id.

    Returns:
        One line per fault.
    """
    from whichmin.symbolic.registry import closed_form
    from whichmin.verification.topics import all_claims

    found = []
    formal = claim.formal
    if formal is not None:
        defined = list(formal.definitions.values())
        defined += [
            str(closed_form(name).expression)
            for name in claim.formulas
            if f'"{name}"' in formal.formulas
        ]
        found += [
            f"the number {numeral} of the statement is in none of its formulas"
            for numeral in unbound(claim.statement, (formal.formulas, *defined))
        ]
        found += [
            f"the number {numeral} of '{words}' is not in {formula}"
            for words, formula in (*formal.given, *formal.then)
            for numeral in unbound(words, (formula, *defined))
        ]
    others = {other.id for other in all_claims()} - {claim.id} if claim.argument else set()
    known = {*claim.checks, *claim.formulas, *others}
    used: set[str] = set()
    for position, step in enumerate(claim.argument, 1):
        used |= set(step.uses)
        found += [
            f"step {position} uses {name}, which is no part of the claim"
            for name in step.uses
            if name not in known
        ]
        known.add(str(position))
        if formal is not None and not step.uses:
            found.append(f"step {position} does not say what it uses")
    if formal is not None and claim.argument and claim.counterexample is None:
        idle = [name for name in claim.evidence if name not in used]
        found += [f"no step of the argument uses {name}" for name in idle]
    unknown = [name for name in (*claim.evidence, *claim.support) if name not in checks]
    found += [f"there is no check {name}" for name in unknown]
    kernel = any(checks[name].kind is EvidenceKind.KERNEL for name in claim.evidence if not unknown)
    if (formal is not None or kernel) and claim.evidence and not unknown:
        now = fingerprint(claim, checks)
        if claim.parts != now:
            found.append(
                f"its parts state {now}, when it was read they stated {claim.parts or 'nothing'}: "
                f'read them and its words again, then write parts = "{now}"'
            )
    return found


def covered(claim: Claim, checks: Mapping[str, Check]) -> bool:
    """Decide whether the parts show the formal statement as it stands, so that no prose is needed.

    Each conclusion must be, up to spaces, what some part shows under no other hypotheses.

    Args:
        claim: The claim.
        checks: Checks by id.

    Returns:
        Whether they do; False without a formal statement.
    """
    if claim.formal is None:
        return False
    given = {_plain(formula) for _, formula in claim.formal.given}
    shown: set[str] = set()
    for name in claim.evidence:
        for sentence in checks[name].shows:
            hypotheses, _, conclusion = sentence.rpartition(" => ")
            if {_plain(h) for h in hypotheses.split("; ") if h} <= given:
                shown.add(_plain(conclusion))
    return all(_plain(formula) in shown for _, formula in claim.formal.then)


def _plain(formula: str) -> str:
    return ast.unparse(ast.parse(formula, mode="eval"))


def trusted(claim: Claim, checks: Mapping[str, Check]) -> str:
    """Say in one line what has to be trusted for a claim.

    Args:
        claim: The claim.
        checks: Checks by id.

    Returns:
        The line, without a full stop.
    """
    parts = [checks[name] for name in claim.evidence if name in checks]
    kinds = {part.kind for part in parts}
    found = [TRUST[kind] for kind in EvidenceKind if kind in kinds]
    found += [told for module, told in LIBRARIES.items() if any(module in p.needs for p in parts)]
    if claim.argument and claim.counterexample is None:
        last = len(claim.argument)
        found.append(f"the reader for steps 1 to {last}" if last > 1 else "the reader for step 1")
    return "; ".join(dict.fromkeys(found))


def _assumes(claim: Claim) -> bool:
    """Decide whether the derivation of a closed form of the claim has a step that is argued."""
    from whichmin.symbolic.registry import closed_form

    return any(closed_form(name).argued for name in claim.formulas)


def decide(
    claim: Claim, records: Mapping[str, Evidence], checks: Mapping[str, Check] | None = None
) -> Decision:
    """Decide the verdict on a claim from evidence.

    A claim with a counterexample is REFUTED if all its evidence holds; one without evidence is
    OPEN; any other is as certain as its weakest part. What would be CHECKED or PROVED is ARGUED if
    an argument joins the parts. What would be PROVED is ARGUED too if they do not show the formal
    statement as it stands, or if the derivation of one of its closed forms has a step that is
    argued; what is CHECKED is the statement that the proof assistant has.

    Args:
        claim: The claim.
        records: Evidence by id of the check.
        checks: Checks by id, which say what each shows; None for all of the product.

    Returns:
        The decision.
    """
    if checks is None:
        from whichmin.verification.topics import all_checks

        checks = {check.id: check for check in all_checks()}
    kinds = list(EvidenceKind)
    needed = [records[name] for name in claim.evidence if name in records]
    ran = [e for e in needed if e.ran]
    weakest = max((e.kind for e in ran), key=kinds.index, default=None)
    missing = [name for name in claim.checks if name not in records]
    failed = [name for name in claim.checks if name in records and records[name].message]
    # What only supports a claim may be missing where it cannot be run.
    lacking = sorted({
        records[name].lacking
        for name in claim.checks
        if name not in claim.support and name in records and records[name].lacking
    })

    def decision(verdict: Verdict | None, stands: bool, reason: str = "") -> Decision:
        return Decision(
            claim.id, verdict, stands, weakest,
            sum(e.cases for e in ran), max((e.worst for e in ran), default=0.0),
            min(1.0, sum(e.false_alarm for e in ran)),
            trusted(claim, checks), reason,
        )  # fmt: skip

    loose = faults(claim, checks)
    if loose:
        return decision(None, False, "; ".join(loose))
    if failed:
        return decision(None, False, f"evidence fails: {', '.join(failed)}")
    if missing:
        return decision(None, True, f"evidence was not run: {', '.join(missing)}")
    if lacking:
        return decision(None, True, f"evidence was not run: {', '.join(lacking)} not installed")
    if claim.counterexample is not None and claim.evidence:
        verdict = Verdict.REFUTED
    elif weakest is None:
        verdict = Verdict.OPEN
    else:
        verdict = AMOUNTS_TO[weakest]
        joined = bool(claim.argument) and verdict in {Verdict.CHECKED, Verdict.PROVED}
        if joined or (
            verdict is Verdict.PROVED and (not covered(claim, checks) or _assumes(claim))
        ):
            verdict = Verdict.ARGUED
    if verdict is not claim.verdict:
        return decision(verdict, False, f"stated as {claim.verdict}, the evidence says {verdict}")
    return decision(verdict, True)

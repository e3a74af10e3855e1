"""Make the checks ``kernel.NAME``, one per theorem of the proofs.

A check states what its theorem states, in words and in Coq, with the definitions that the
statement is in. It holds if the theorem is proved (:mod:`whichmin.verification.provers.kernel`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from whichmin.verification.evidence.check import Check, Margin, Settings
from whichmin.verification.provers.kernel import Proof, Proofs, prove
from whichmin.verification.provers.proof_sources import (
    DEFINITIONS,
    STATEMENTS,
    Library,
    library,
)
from whichmin.words import TOPICS, EvidenceKind

if TYPE_CHECKING:
    from whichmin.verification.evidence.claim import Claim
    from whichmin.verification.evidence.subject import Subject

__all__ = ["kernel_check", "kernel_checks", "theorem_of"]

PREFIX = "kernel."
# Where the files are, as the graph of sources names them.
_NODE = "whichmin.verification.proofs"

# Files of theorems that are named after no topic, with the one that they belong to.
_ELSEWHERE = {
    "allornothing": "sgd", "fullbatch": "descent", "path": "sgd", "pathrandom": "sgd",
    "programs": "batches", "quantitative": "sgd", "replacement": "sgd",
}  # fmt: skip


def theorem_of(check: str, proofs: Library | None = None) -> str:
    """Return the theorem of a check.

    Args:
        check: Id of a check.
        proofs: The files; None for those that come with the package.

    Returns:
        Its name; empty if the check is about none.
    """
    name = check.removeprefix(PREFIX)
    known = (library() if proofs is None else proofs).statements
    return name if check.startswith(PREFIX) and name in known else ""


@functools.cache
def _asked(proofs: Library, deep: bool, *names: str) -> Proofs:
    """What the kernel says of theorems, once a process."""
    return prove(*names, proofs=proofs, deep=deep)


def _proof(proofs: Library, name: str, deep: bool) -> tuple[Proof, Proofs]:
    """Ask about all theorems of a file together: to load what they need takes longest."""
    home = proofs.homes.get(name)
    together = [n for n, h in proofs.homes.items() if h == home] or [name]
    found = _asked(proofs, deep, *together)
    return next(proof for proof in found.proofs if proof.name == name), found


def _margins(
    proofs: Library, name: str, deep: bool, statement: str, definitions: str
) -> Iterator[Margin]:
    stated = proofs.statements[name].text
    if statement != stated or definitions != proofs.definitions:
        yield Margin(f"{STATEMENTS}.{name} or {DEFINITIONS} is not what is stated", 1.0, 0.0)
    proof, found = _proof(proofs, name, deep)
    axioms = ", ".join(proof.assumptions) or "none"
    told = (
        f"compiled {proof.date} with {found.with_what}, sources {proof.sources}; axioms: {axioms}"
    )
    what = f"not proved: {proof.message}" if proof.message else "assumptions and faults"
    yield Margin(what, len(proof.assumptions) or float(not proof.proved), 0.0, 1, told)
    if deep:
        wrong = [fault for fault in found.faults if fault.startswith("coqchk")]
        yield Margin("; ".join(wrong) or "faults by coqchk", len(wrong), 0.0, 1, found.recheck)


def kernel_check(name: str, topic: str, proofs: Library | None = None) -> Check:
    """Make the check of a theorem.

    Args:
        name: Its name.
        topic: The topic that it belongs to.
        proofs: The files; None for those that come with the package.

    Returns:
        The check.
    """
    chosen = library() if proofs is None else proofs
    stated = chosen.statements[name]
    home = chosen.homes.get(name)

    def measure(
        _: Subject,
        settings: Settings,
        statement: str = stated.text,
        definitions: str = chosen.definitions,
    ) -> Iterator[Margin]:
        return _margins(chosen, name, settings.deep, statement, definitions)

    measure.__module__ = __name__
    files = chosen.needed([STATEMENTS, *([home] if home else [])])
    return Check(
        id=f"{PREFIX}{name}",
        statement=stated.prose,
        kind=EvidenceKind.KERNEL,
        bound="assumptions and faults, none of which is allowed",
        measure=measure,
        needs=("coqc", *(("mathcomp",) if chosen.uses_mathcomp else ())),
        topic=topic,
        reads=tuple(f"{_NODE}/{file}.v" for file in files),
    )


def kernel_checks(claims: tuple[Claim, ...]) -> tuple[Check, ...]:
    """Return the checks of all theorems, in the order of the statements.

    A check belongs to the topic of the first claim that rests on it; if none does, to the topic
    that the name of the file of its proof begins with (``TheoremsDescentLimit``).

    Args:
        claims: The claims.

    Returns:
        The checks.
    """
    using: dict[str, str] = {}
    for claim in claims:
        for check in (*claim.evidence, *claim.support):
            using.setdefault(check, claim.topic)
    proofs = library()
    return tuple(
        kernel_check(name, using.get(f"{PREFIX}{name}") or _named(proofs.homes.get(name, "")))
        for name in proofs.statements
    )


def _named(home: str) -> str:
    named = home.removeprefix("Theorems").lower()
    topic = next((topic for topic in TOPICS if named.startswith(topic)), TOPICS[0])
    return _ELSEWHERE.get(named, topic)

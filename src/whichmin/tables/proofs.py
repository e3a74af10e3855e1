"""The report of ``whichmin prove`` as a table: what Coq's kernel says of each theorem."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whichmin.reporting import Document
    from whichmin.verification.provers.kernel import Proof, Proofs

__all__ = ["proofs_document"]

SCHEMA = "whichmin.prove/1"


def proofs_document(found: Proofs) -> Document:
    """Lay out what the kernel says.

    Args:
        found: The outcome of a run.

    Returns:
        The document; JSON has the statements and the files too.
    """
    from whichmin.provenance import provenance
    from whichmin.reporting import Cell, Document, Table

    rows = [
        (
            proof.name,
            Cell(proof.proved, "proved" if proof.proved else "NOT PROVED"),
            Cell(list(proof.assumptions), _assumptions(proof)),
            Cell(proof.seconds_needed, f"{proof.seconds_needed:.0f}"),
            proof.file,
        )
        for proof in found.proofs
    ]
    missed = [proof.name for proof in found.proofs if not proof.proved]
    verdict = (
        f"{len(missed)} of {len(rows)} NOT PROVED: {', '.join(missed)}"
        if missed
        else f"all {len(rows)} theorems are proved"
    )
    if not missed and not found.holds:
        verdict += ", but not all is well"
    before = sum(file.before for file in found.files)
    compiled = sum(file.seconds for file in found.files if not file.before)
    table = Table.build(
        f"whichmin prove: {verdict}",
        ("theorem", "outcome", "assumptions", "seconds", "file"),
        rows,
        (
            "Each proof has the type of its statement in Statements.v; the assumptions are those "
            "that Coq's kernel names.",
            "Seconds: to compile all that the proof needs.",
            f"{len(found.files)} files, {before} compiled before, the others in {compiled:.0f} s; "
            f"{found.with_what}.",
            *([f"{found.recheck}."] if found.recheck else []),
        ),
    )
    extra = {
        "holds": found.holds,
        "coq": found.coq,
        "mathcomp": found.mathcomp,
        "recheck": found.recheck,
        "faults": list(found.faults),
        "seconds": found.seconds,
        "theorems": [dataclasses.asdict(proof) for proof in found.proofs],
        "files": [dataclasses.asdict(file) for file in found.files],
    }
    return Document(SCHEMA, (table,), provenance(), extra=extra)


def _assumptions(proof: Proof) -> str:
    if proof.assumptions:
        return ", ".join(proof.assumptions)
    return "none" if proof.proved else "unknown"

"""Everything that is claimed and checked, by topic: one package a topic.

The decorated functions of a module of a topic's package are found by themselves, and so is the
topic's ``claims.toml``.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from whichmin.errors import InputError
from whichmin.verification.evidence.check import Check, checks_of
from whichmin.verification.evidence.claim import Claim
from whichmin.verification.evidence.claim_file import ClaimFile, read_claims
from whichmin.verification.evidence.falsifier import attacks
from whichmin.verification.provers.proof_checks import kernel_checks
from whichmin.words import TOPICS

__all__ = ["TOPICS", "all_checks", "all_claims", "claim_files"]

# The foundations run first, so that a fault is reported where it is.
_FIRST = (
    "landscape.derivations", "batches.streams", "landscape.minima", "hessian.trace",
    "descent.steps", "descent.engines", "descent.limits", "landscape.equivariance",
    "selection.process", "selection.prediction",
)  # fmt: skip


def _modules() -> Iterator[ModuleType]:
    names = [
        f"{topic}.{found.name}"
        for topic in TOPICS
        for found in pkgutil.iter_modules(importlib.import_module(f"{__name__}.{topic}").__path__)
    ]
    yield importlib.import_module(f"{__name__}.vocabulary")
    for name in sorted(names, key=lambda n: _FIRST.index(n) if n in _FIRST else len(_FIRST)):
        yield importlib.import_module(f"{__name__}.{name}")


@functools.cache
def all_checks() -> tuple[Check, ...]:
    """Return every check, in the order in which they run.

    Those that attack the claims come last, after those that Coq's kernel decides.
    """
    claims = all_claims()
    return (*checks_of(*_modules()), *kernel_checks(claims), *attacks(claims))


@functools.cache
def claim_files() -> tuple[ClaimFile, ...]:
    """Return what each topic claims, in the order of the topics; no check is imported.

    Raises:
        InputError: A topic's ``claims.toml`` is not as it should be, or two claims share an id.
    """
    files = tuple(read_claims(f"{__name__}.{topic}") for topic in TOPICS)
    seen: dict[str, Claim] = {}
    for claim in (claim for file in files for claim in file.claims):
        if claim.id in seen:
            topics = f"{seen[claim.id].topic} and {claim.topic}"
            raise InputError("id", claim.id, f"must be the id of one claim, not two: {topics}")
        seen[claim.id] = claim
    return files


@functools.cache
def all_claims() -> tuple[Claim, ...]:
    """Return every claim, by topic and in the order of the files."""
    return tuple(claim for file in claim_files() for claim in file.claims)

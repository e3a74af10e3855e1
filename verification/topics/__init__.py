"""The topics: checks and claims on one subject each."""

from __future__ import annotations

import functools
import pkgutil

from whichmin.errors import InputError
from whichmin.verification.claim import Claim
from whichmin.verification.claim_file import ClaimFile, read_claims

__all__ = ["TOPICS", "all_claims", "claim_files"]

# In the order of a reader; topics that are not named here follow by name.
TOPICS = (
    "landscape", "descent", "batches", "sgd", "cyclic", "selection", "starts", "hessian",
    "perturbation", "noise", "quadratic", "stationary", "rescaling",
)  # fmt: skip


def _place(topic: str) -> tuple[int, str]:
    return (TOPICS.index(topic) if topic in TOPICS else len(TOPICS), topic)


@functools.cache
def claim_files() -> tuple[ClaimFile, ...]:
    """Return what each topic claims, in the order of the topics.

    Raises:
        InputError: A topic's ``claims.toml`` is not as it should be, or two claims share an id.
    """
    found = (item.name for item in pkgutil.iter_modules(__path__) if item.ispkg)
    files = tuple(read_claims(f"{__name__}.{topic}") for topic in sorted(found, key=_place))
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

"""The ledger: every checkable statement about the model, by topic.

A module of this package holds a tuple ``CLAIMS``; it is found by itself.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil

from whichmin.verification.claim import Claim

__all__ = ["all_claims"]


@functools.cache
def all_claims() -> tuple[Claim, ...]:
    """Return every claim, by topic and in the order of the files."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    claims = tuple(claim for module in modules for claim in module.CLAIMS)
    assert len({c.id for c in claims}) == len(claims), "two claims share an id"
    return claims

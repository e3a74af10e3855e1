"""The ledger: every checkable statement about the model, by topic.

A module of this package holds a tuple ``CLAIMS``; it is found by itself.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil

from whichmin.verification.evidence.claim import Claim

__all__ = ["all_claims"]


# Topics in the order of a reader; others follow by name.
ORDER = (
    "landscape", "invariants", "gd", "convergence", "sgd", "walk", "cyclic", "step_size",
    "gaussian", "sharpness", "measures", "noise", "quadratic", "scaling", "critical_batch",
    "stationary", "reparameterisation", "layerwise", "posterior", "selection", "rate", "script",
    "general",
)  # fmt: skip


def _place(claim: Claim) -> tuple[int, str]:
    topic = claim.id.partition(".")[0]
    return (ORDER.index(topic) if topic in ORDER else len(ORDER), topic)


@functools.cache
def all_claims() -> tuple[Claim, ...]:
    """Return every claim, by topic and in the order of the files."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    claims = tuple(sorted((c for module in modules for c in module.CLAIMS), key=_place))
    assert len({c.id for c in claims}) == len(claims), "two claims share an id"
    return claims

"""Everything that is claimed and checked, by topic: one package a topic.

A module of a topic's package that holds ``CHECKS`` is found by itself.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from whichmin.verification.evidence.check import Check

__all__ = ["TOPICS", "all_checks"]

# In the order of a reader.
TOPICS = (
    "landscape", "batches", "descent", "sgd", "cyclic", "selection", "starts", "hessian",
    "perturbation", "noise", "quadratic", "stationary", "rescaling",
)  # fmt: skip

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
    for name in sorted(names, key=lambda n: _FIRST.index(n) if n in _FIRST else len(_FIRST)):
        yield importlib.import_module(f"{__name__}.{name}")


@functools.cache
def all_checks() -> tuple[Check, ...]:
    """Return every check, in the order in which they run."""
    checks = tuple(check for module in _modules() for check in getattr(module, "CHECKS", ()))
    assert len({c.id for c in checks}) == len(checks), "two checks share an id"
    return checks

"""All checks, by topic: a module of this package that holds ``CHECKS`` is found by itself."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from whichmin.verification.evidence import Check

__all__ = ["all_checks"]


# The foundations first, so that a fault is reported where it is; other topics by name after them.
ORDER = (
    "derivations", "batches", "landscape", "sharpness", "dynamics", "engines", "limits",
    "equivariance", "selection", "prediction",
)  # fmt: skip


@functools.cache
def all_checks() -> tuple[Check, ...]:
    """Return every check, in the order in which they run."""
    names = [found.name for found in pkgutil.iter_modules(__path__)]
    names.sort(key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    checks = tuple(check for module in modules for check in module.CHECKS)
    assert len({c.id for c in checks}) == len(checks), "two checks share an id"
    return checks

"""All checks of the oracle: every module of this package that defines ``CHECKS`` is found."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from whichmin.verification.oracle.check import OracleCheck
from whichmin.verification.oracle.checks import repeated
from whichmin.verification.oracle.protocol import FUNCTIONS

__all__ = ["all_checks"]


@functools.cache
def all_checks() -> tuple[OracleCheck, ...]:
    """Return every check, in the order of the protocol."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    found = [check for module in modules for check in module.CHECKS]
    order = list(FUNCTIONS)
    # The functions that a check needs stand in the order of the protocol: what it tests is first.
    # Calls are repeated after all others.
    found.sort(key=lambda c: (order.index(c.functions[0]), c.id.endswith(repeated.REPEAT)))
    assert len({c.id for c in found}) == len(found), "two checks share an id"
    return tuple(found)

"""Tools for all topics: checks, margins, claims, verdicts, the runner, the record, statistics.

Importing this package loads nothing. The public names and their homes stand in ``__init__.pyi``.
"""

from whichmin.lazy import attach_stub

__getattr__, __all__ = attach_stub(__name__, __file__)


def __dir__() -> list[str]:
    return __all__

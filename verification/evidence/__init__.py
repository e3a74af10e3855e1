"""Tools for all topics: checks, margins, claims, verdicts, the runner, the record, statistics.

Importing this package loads nothing. The public names and their homes stand in ``__init__.pyi``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

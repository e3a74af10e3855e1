"""The layer that holds ``symbolic`` and ``core`` against each other and decides every check.

Importing this package loads nothing: the oracle's worker processes need neither PyTorch nor SymPy.
The public names and their homes stand in ``__init__.pyi``.
"""

from __future__ import annotations

import importlib
from typing import Any

from whichmin.lazy import attach_stub

_lazy, _names = attach_stub(__name__, __file__)
_FRONT_DOOR = {  # lived here before version 0.2
    "Prediction": "whichmin.prediction.prediction",
    "predict": "whichmin.prediction.prediction",
    "sharpness_table": "whichmin.tables.sharpness",
}
__all__ = sorted([*_names, *_FRONT_DOOR])


def __getattr__(name: str) -> Any:
    if name in _FRONT_DOOR:
        return getattr(importlib.import_module(_FRONT_DOOR[name]), name)
    if name in _names:
        return _lazy(name)
    raise AttributeError(f"module 'whichmin.verification' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""The layer that holds ``symbolic`` and ``core`` against each other and decides every check.

Importing this package loads nothing: the oracle's worker processes need neither PyTorch nor SymPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichmin.prediction.prediction import Prediction, predict
    from whichmin.tables.sharpness import sharpness_table
    from whichmin.verification.evidence.check import Evidence, Margin, Report
    from whichmin.verification.evidence.runner import verify
    from whichmin.verification.evidence.subject import Subject

_HOME = {
    "Evidence": "verification.evidence.check",
    "Margin": "verification.evidence.check",
    "Prediction": "prediction.prediction",
    "Report": "verification.evidence.check",
    "Subject": "verification.evidence.subject",
    "predict": "prediction.prediction",
    "sharpness_table": "tables.sharpness",
    "verify": "verification.evidence.runner",
}

__all__ = [
    "Evidence",
    "Margin",
    "Prediction",
    "Report",
    "Subject",
    "predict",
    "sharpness_table",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'whichmin.verification' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"whichmin.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

"""The layer that holds ``symbolic`` and ``core`` against each other and decides every check.

Importing this package loads nothing: the oracle's worker processes need neither PyTorch nor SymPy.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichmin.verification.evidence import Evidence, Margin, Report
    from whichmin.verification.prediction import Prediction, predict
    from whichmin.verification.runner import verify
    from whichmin.verification.sharpness_table import sharpness_table
    from whichmin.verification.subject import Subject

_HOME = {
    "Evidence": "evidence",
    "Margin": "evidence",
    "Prediction": "prediction",
    "Report": "evidence",
    "Subject": "subject",
    "predict": "prediction",
    "sharpness_table": "sharpness_table",
    "verify": "runner",
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
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    if name != "sharpness_table":
        globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


class _Package(ModuleType):
    """Keeps the function ``sharpness_table`` apart from the module of the same name.

    Python binds a submodule to its name in the package when it is first imported; a property that
    ignores this binding makes the name mean the function whatever was imported before.
    """

    @property
    def sharpness_table(self) -> Any:
        """The function."""
        return __getattr__("sharpness_table")

    @sharpness_table.setter
    def sharpness_table(self, module: ModuleType) -> None:
        pass


sys.modules[__name__].__class__ = _Package

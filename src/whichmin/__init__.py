"""Which minimum does SGD find? An exactly solvable model as a correctness oracle.

Importing this package takes milliseconds: PyTorch and SymPy are loaded when something needs them.
The public names, and the modules that define them, are listed in ``__init__.pyi``.
"""

from __future__ import annotations

import sys
from typing import Any

from whichmin.lazy import attach_stub
from whichmin.moved import MovedModules

sys.meta_path.append(MovedModules())

_lazy, _names = attach_stub(__name__, __file__)
_MODULES = ("noise", "sharpness")  # instruments for any loss; `import *` leaves them out
__all__ = [name for name in _names if name not in _MODULES]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from whichmin.provenance import version

        return version()
    if name in _names:
        return _lazy(name)
    raise AttributeError(f"module 'whichmin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_names, "__version__"})

"""Load public names of a package when they are asked for; its stub ``__init__.pyi`` lists them.

The package lazy-loader does that too; without it the oracle needs NumPy and pytest alone.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["attach_stub"]


def attach_stub(package: str, file: str) -> tuple[Callable[[str], Any], list[str]]:
    """Make the ``__getattr__`` of a package from its stub.

    Args:
        package: Its ``__name__``.
        file: Its ``__file__``; the stub lies beside it, with lines such as ``from .home import
            name as name`` or ``from . import module as module``; other lines are for type checkers.

    Returns:
        The function, which raises ``AttributeError`` for other names, and the names, sorted.
    """
    homes: dict[str, str] = {}
    for node in ast.parse(Path(file).with_suffix(".pyi").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            homes |= {alias.name: node.module or "" for alias in node.names}

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if homes[name]:
            found = getattr(importlib.import_module(f"{package}.{homes[name]}"), name)
        else:
            found = importlib.import_module(f"{package}.{name}")
        setattr(sys.modules[package], name, found)  # asked for once
        return found

    return find, sorted(homes)

"""Write lines of Python that import a function of the judged target, for snippets.

A target given by name is imported by it. An object is imported by the name that it has in a module,
function by function, or comes as a pickle; else the lines say what the reader has to do.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["fetched"]

# A longer pickle would hide the rest of the snippet.
LONGEST = 2000


def fetched(target: object, function: str) -> list[str]:
    """Write the lines that bind a function of the target to its name.

    Args:
        target: Dotted name (``package.module``, ``package.module:object``), or the object that was
            judged; empty if neither is available.
        function: Function of the protocol that it provides.

    Returns:
        The lines.
    """
    if isinstance(target, str):
        return _by_name(target, function) if target else _by_hand(function)
    place = _attribute(target)
    if place is not None:
        module, name = place
        return [*_path(module), *_by_name(f"{module}:{name}", function)]
    found = getattr(target, function, None)
    home, path = getattr(found, "__module__", None), getattr(found, "__qualname__", None)
    if isinstance(home, str) and isinstance(path, str) and _leads(home, path, found):
        lines = [*_path(home), f"from {home} import {path.partition('.')[0]}"]
        return lines if path == function else [*lines, f"{function} = {path}"]
    blob = _pickled(target)
    if blob:
        lines = [
            *_path(type(target).__module__),
            "import pickle",
            f"target = pickle.loads({blob!r})",
        ]
        return [*lines, f"{function} = target.{function}"]
    return _by_hand(function)


def _by_hand(function: str) -> list[str]:
    return [
        "# The object that was judged cannot be imported: it has no name in a module. Give it one,",
        "# or define it here under the name target.",
        f"{function} = target.{function}  # target: the object that was judged",
    ]


def _by_name(target: str, function: str) -> list[str]:
    module, _, path = target.partition(":")
    if path:
        first, _, rest = path.partition(".")
        inner = ".".join(filter(None, (first, rest, function)))
        return [f"from {module} import {first}", f"{function} = {inner}"]
    return [f"from {module} import {function}"]


def _attribute(target: object) -> tuple[str, str] | None:
    """Module and name of a module's attribute that is the object."""
    own = type(target).__module__
    for module_name in sorted(sys.modules, key=lambda name: (name != own, name)):
        module = sys.modules[module_name]
        if not isinstance(module, ModuleType) or not _importable(module_name):
            continue
        for name, value in list(vars(module).items()):
            if value is target and name.isidentifier():
                return module_name, name
    return None


def _importable(module: str) -> bool:
    """Whether a snippet in a process of its own can import a module: it has a file."""
    found = sys.modules.get(module)
    named = module != "__main__" and all(part.isidentifier() for part in module.split("."))
    return named and getattr(found, "__file__", None) is not None


def _leads(module: str, name: str, found: object) -> bool:
    """Whether the name in the module is that function."""
    if not _importable(module):
        return False
    value: Any = sys.modules[module]
    for part in name.split("."):
        value = getattr(value, part, None)
    return value is found


def _path(module: str) -> list[str]:
    """Lines that put the folder of a module that is not installed on the path."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if not _importable(module) or file is None:
        return []
    path = Path(file).resolve()
    is_package = path.name == "__init__.py"
    depth = module.count(".") + is_package
    if depth >= len(path.parents):
        return []
    folder = path.parents[depth]
    if folder.joinpath(*module.split(".")) not in {path.with_suffix(""), path.parent}:
        return []
    installed = {"site-packages", "dist-packages"} & set(path.parts)
    if installed or folder == Path(pickle.__file__).resolve().parent:
        return []
    return ["import sys", f"sys.path.insert(0, {str(folder)!r})"]


def _pickled(target: object) -> bytes:
    """A short pickle whose class can be imported; empty if there is none."""
    ancestors = [c for c in type(target).__mro__ if c.__module__ not in {"builtins", "types"}]
    own = any({"__reduce__", "__reduce_ex__"} & set(vars(c)) for c in ancestors)
    if own or not _importable(type(target).__module__):
        return b""
    try:
        blob = pickle.dumps(target, protocol=4)
    except Exception:  # whatever an object's own reduction raises
        return b""
    return b"" if len(blob) > LONGEST or b"__main__" in blob else blob

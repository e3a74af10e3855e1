"""Find the files of the package, and digest what they do, without importing them.

Every file has a name: modules their dotted names; stubs and data files their package and file name
(``whichmin.core/table.toml``). A name with a star, such as ``whichmin.symbolic.*``, stands for the
list of the modules of a package.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["Sources", "code_digest", "digest_of", "installed_folders", "is_prose"]

_TOP = "whichmin"
_ROOMS = ("core", "symbolic", "verification")


def installed_folders() -> dict[str, Path]:
    """Return the folders of the package and of its rooms, which a checkout keeps apart."""
    found = {}
    for name in (_TOP, *(f"{_TOP}.{room}" for room in _ROOMS)):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.submodule_search_locations
        found[name] = Path(spec.submodule_search_locations[0])
    return found


def digest_of(content: bytes) -> str:
    """Return sixteen hexadecimal digits of SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


class Sources:
    """The files of the package, by the names of the nodes.

    Args:
        folders: Folder of each package at the top of a tree; None for the installed ones.
    """

    def __init__(self, folders: Mapping[str, Path] | None = None) -> None:
        self._folders = dict(installed_folders() if folders is None else folders)
        self._kept: dict[str, bytes] | None = None

    def frozen(self) -> Sources:
        """Return the files as they are now, whatever happens to them later."""
        made = Sources(self._folders)
        kept = {name: made.read(name) for name in made.files}
        made._kept = {name: content for name, content in kept.items() if content is not None}
        return made

    @functools.cached_property
    def files(self) -> Mapping[str, Path]:
        """Where each module, stub and data file lies."""
        found: dict[str, Path] = {}
        for package, folder in self._folders.items():
            for place, below, names in os.walk(folder):
                below[:] = sorted(name for name in below if name != "__pycache__")
                inside = Path(place).relative_to(folder).parts
                dotted = ".".join((package, *inside))
                found |= {_node(dotted, name): Path(place, name) for name in names}
        return found

    def modules(self, below: str) -> tuple[str, ...]:
        """List a package and the modules and packages below it."""
        inside = f"{below}."
        return tuple(
            sorted(n for n in self.files if "/" not in n and (n == below or n.startswith(inside)))
        )

    def read(self, node: str) -> bytes | None:
        """Read a node, with newlines as on Unix.

        Args:
            node: Its name.

        Returns:
            Its content; None if there is none.
        """
        if node.endswith(".*"):
            return "\n".join(self.modules(node.removesuffix(".*"))).encode()
        if self._kept is not None:
            return self._kept.get(node)
        path = self.files.get(node)
        try:
            return None if path is None else path.read_bytes().replace(b"\r\n", b"\n")
        except OSError:
            return None

    def code(self, node: str) -> str:
        """Digest what a node does: Python without comments and docstrings, or its content.

        Args:
            node: Its name.

        Returns:
            Sixteen hexadecimal digits; empty if there is no such node.
        """
        content = self.read(node)
        if content is None:
            return ""
        path = self.files.get(node)
        python = path is not None and path.suffix in {".py", ".pyi"}
        return code_digest(content) if python else digest_of(content)


def _node(package: str, file: str) -> str:
    stem, dot, suffix = file.rpartition(".")
    if dot and suffix == "py":
        return package if stem == "__init__" else f"{package}.{stem}"
    return f"{package}/{file}"


def code_digest(source: bytes) -> str:
    """Digest Python by its syntax tree, without docstrings: prose and layout change nothing.

    The tree is written out here, not by ``ast.dump``, whose text differs between versions of
    Python.

    Args:
        source: The source. What cannot be parsed counts as it stands.

    Returns:
        Sixteen hexadecimal digits.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return digest_of(source)
    parts: list[str] = []
    _write(tree, parts)
    return digest_of("".join(parts).encode("utf-8", "surrogatepass"))


def _write(value: object, parts: list[str]) -> None:
    if isinstance(value, ast.AST):
        parts.append(f"({type(value).__name__}")
        for name in value._fields:
            below = getattr(value, name, None)
            if below is not None and below != []:
                parts.append(f" {name}=")
                _write(below, parts)
        parts.append(")")
    elif isinstance(value, list):
        parts.append("[")
        for item in value:
            if not is_prose(item):
                _write(item, parts)
        parts.append("]")
    else:
        parts.append(repr(value))


def is_prose(node: object) -> bool:
    """Whether a node is a text that stands alone: a docstring, or as good as a comment."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )

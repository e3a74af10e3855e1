"""What the reference lists: all names of its *fronts*, the modules in the tables of ``api.md``.

A name is described where the first front offers it, under the name that one imports; fronts that
offer the same thing again link there. The site, the tests and ``tools/house.py`` share this rule.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["Reference", "fronts"]

PAGE = Path(__file__).with_name("api.md")
_TABLE = re.compile(r"^```\{fronts\}\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def fronts(page: str) -> list[str]:
    """Find the modules in the tables of a page.

    Args:
        page: Text of ``docs/api.md``.

    Returns:
        Their names, in the order of the page.
    """
    return " ".join(_TABLE.findall(page)).split()


@dataclass(frozen=True)
class Reference:
    """The fronts, and where each name is described.

    Attributes:
        fronts: Names of the modules.
    """

    fronts: list[str] = field(default_factory=lambda: fronts(PAGE.read_text(encoding="utf-8")))

    def names(self, front: str) -> list[str]:
        """List what a front offers, in alphabetical order."""
        return sorted(importlib.import_module(front).__all__, key=lambda name: (name.lower(), name))

    @cached_property
    def _described(self) -> dict[tuple[str, int], str]:
        found: dict[tuple[str, int], str] = {}
        for front in self.fronts:
            module = importlib.import_module(front)
            for name in self.names(front):
                # The last name too: small constants are one object.
                found.setdefault((name, id(getattr(module, name))), front)
        return found

    def definitions(self) -> list[tuple[str, str]]:
        """List front and name of all that is described, each thing once."""
        return [(front, name) for (name, _), front in self._described.items()]

    def described_by(self, thing: Any, name: str) -> str | None:
        """Find the front that describes something.

        Args:
            thing: A function, class or constant.
            name: Its name.

        Returns:
            Name of the front; None if no front offers it.
        """
        return self._described.get((name, id(thing)))

    def shown(self, front: str, name: str) -> str:
        """Tell how the page of a front names what it offers: as a link, if that is elsewhere."""
        place = self.described_by(getattr(importlib.import_module(front), name), name)
        full = f"{place}.{name}".removeprefix(f"{front}.")
        return full if full == name else f"~{full}"

    def own(self, front: str) -> list[str]:
        """List what a front describes itself."""
        return [name for place, name in self.definitions() if place == front]

    def directive(self, front: str, name: str) -> str:
        """Name the directive for something: a class, an error, a function or a constant."""
        thing = getattr(importlib.import_module(front), name)
        if isinstance(thing, type):
            return "autoexception" if issubclass(thing, BaseException) else "autoclass"
        return "autofunction" if inspect.isroutine(inspect.unwrap(thing)) else "autodata"

    def description(self, front: str, name: str) -> str:
        """Return the docstring of something; of a constant the ``#:`` comment above it."""
        if self.directive(front, name) != "autodata":
            return inspect.getdoc(getattr(importlib.import_module(front), name)) or ""
        source = inspect.getsource(importlib.import_module(front))
        for node in ast.parse(source).body:
            if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
                return self.description(node.module or "", name)
            targets = [node.target] if isinstance(node, ast.AnnAssign) else []
            targets = node.targets if isinstance(node, ast.Assign) else targets
            if name in map(ast.unparse, targets):
                above = reversed(source.splitlines()[: node.lineno - 1])
                comment = list(itertools.takewhile(lambda line: line.startswith("#:"), above))
                return "\n".join(line.removeprefix("#:").strip() for line in reversed(comment))
        return ""

    def found(self, target: str) -> str | None:
        """Find how the reference calls something of ours.

        Args:
            target: Its full name in any module that has it, with attributes:
                ``whichmin.core.training.result.TrainResult.weights``.

        Returns:
            The name that is described, with attributes; None if it is not in the reference.
        """
        parts = target.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            module = sys.modules.get(".".join(parts[:cut]))
            if module is not None:
                name, *rest = parts[cut:]
                front = self.described_by(getattr(module, name, None), name)
                return ".".join([front, name, *rest]) if front else None
        return None

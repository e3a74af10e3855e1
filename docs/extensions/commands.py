"""Prepare the help texts of the command line for ``sphinx-click``, which reads them as markup.

Bars and stars are signs in these texts, options and commands are code, and examples are blocks.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["escaped", "setup"]

_CODE = re.compile(r"(?<![\w`-])(--[a-z][\w-]*|~/\.\w+|whichmin [a-z]+)(?![\w`])")


def escaped(line: str) -> str:
    r"""Escape what is no markup in a line of help: ``\|c\|``.

    Args:
        line: The line.

    Returns:
        The line as reStructuredText, commands and options as code.
    """
    return _CODE.sub(r"``\1``", re.sub(r"(?<!\\)([|*])", r"\\\1", line))


def _description(_app: Any, _context: Any, lines: list[str]) -> None:
    kept, examples = [], []
    for line in lines:
        if re.match(r"\s*\|? ?whichmin .", line):
            examples.append(line.strip().removeprefix("| "))
        elif not re.fullmatch(r"\s*\|? ?Examples?:\s*", line):
            kept.append(escaped(line))
    if examples:
        kept += ["", ".. code-block:: console", "", *(f"   $ {line}" for line in examples), ""]
    lines[:] = kept


def _options(_app: Any, _context: Any, lines: list[str]) -> None:
    lines[:] = [line if line.startswith("..") else escaped(line) for line in lines]


def setup(app: Any) -> dict[str, bool]:
    """Listen to what ``sphinx-click`` is about to write.

    Args:
        app: The Sphinx application.

    Returns:
        What Sphinx may do with this extension.
    """
    app.connect("sphinx-click-process-description", _description)
    app.connect("sphinx-click-process-options", _options)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

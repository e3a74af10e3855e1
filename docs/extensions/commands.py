"""Prepare the help texts of the command line for ``sphinx-click``, which reads them as markup.

Bars and stars are signs in these texts, options and commands are code, examples are blocks, and
options stand under the headings that ``--help`` gives them.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import click

from whichmin.cli.help import SECTIONS

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


def _description(_app: Any, context: Any, lines: list[str]) -> None:
    """Escape the text, and put the examples of the command's docstring in a block after it."""
    text = inspect.getdoc(context.command.callback) or ""
    examples = re.findall(r"^ *(?:Examples?: *)?(whichmin .+)$", text, flags=re.MULTILINE)
    lines[:] = [
        escaped(line)
        for line in lines
        if not re.fullmatch(r"[\s|]*Examples?:\s*|[\s|]*whichmin .*", line)
    ]
    if examples:
        lines += ["", ".. code-block:: console", "", *(f"   $ {line}" for line in examples), ""]


def _options(_app: Any, context: Any, lines: list[str]) -> None:
    """Escape the texts, and put the options under the headings that ``--help`` has."""
    blocks: list[list[str]] = []
    for line in lines:
        if line.startswith(".. option::"):
            blocks.append([line])
        elif blocks:
            blocks[-1].append(escaped(line))
    options = [p for p in context.command.params if isinstance(p, click.Option) and not p.hidden]
    homes = {name: heading for heading, names in SECTIONS.items() for name in names}
    groups: dict[str, list[str]] = {}
    for option, block in zip(options, blocks, strict=True):
        groups.setdefault(homes.get(option.name or "", ""), []).extend(block)
    lines.clear()
    for heading in sorted(groups, key=["", *SECTIONS].index):
        lines += [f".. rubric:: {heading}", "   :class: options", ""] if heading else []
        lines += groups[heading]


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

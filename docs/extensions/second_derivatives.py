"""The directive ``second-derivatives``: what the instruments do with every layer and function.

All cases are judged when the site is built, with the PyTorch that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from whichmin.core.threads import single_threaded
from whichmin.verification.second_derivatives import CASES, Case, Outcome, judge

__all__ = ["SecondDerivatives", "rows", "setup"]

HEADS = ("of", "a value that differences confirm", "refused, by name", "wrong")
_REASON = {"no second derivative in PyTorch": "PyTorch has no second derivative"}


def rows(
    cases: Iterable[Case] = CASES, judged: Callable[[Case], Outcome] = judge
) -> list[tuple[str, list[str], list[str], list[str]]]:
    """Judge cases.

    Args:
        cases: Which.
        judged: How.

    Returns:
        For each group its name, the names with a value, those refused with the reason, and those
        on which differences say otherwise.
    """
    found: dict[str, tuple[dict[str, None], dict[str, None], dict[str, None]]] = {}
    for case in cases:
        values, refused, wrong = found.setdefault(case.group, ({}, {}, {}))
        outcome = judged(case)
        if not outcome.right:
            wrong[case.name] = None
        elif outcome.value:
            values[case.name] = None
        else:
            reason = outcome.told.partition(" = ")[2].partition(", but ")[0].strip("'")
            refused[f"{case.name} ({_REASON.get(reason, reason)})"] = None
    return [(group, *map(list, columns)) for group, columns in found.items()]


class SecondDerivatives(SphinxDirective):
    """A table with a row for each of the three groups."""

    def run(self) -> list[nodes.Node]:
        """Judge the cases.

        Returns:
            A sentence and the table.
        """
        with single_threaded():
            found = rows()
        count = sum(len(names) for row in found for names in row[1:])
        text = f"{count} layers and functions of PyTorch {torch.__version__}:"
        return [nodes.paragraph("", text), _table(found)]


def _table(found: Sequence[tuple[str, list[str], list[str], list[str]]]) -> nodes.table:
    group = nodes.tgroup(cols=len(HEADS))
    group += [nodes.colspec(colwidth=width) for width in (1, 4, 2, 1)]
    head = nodes.row("", *(nodes.entry("", nodes.paragraph("", text)) for text in HEADS))
    body = nodes.tbody()
    for name, *columns in found:
        texts = [name, *(", ".join(names) or "none" for names in columns)]
        body += nodes.row("", *(nodes.entry("", nodes.paragraph("", text)) for text in texts))
    group += [nodes.thead("", head), body]
    return nodes.table("", group)


def setup(app: Any) -> dict[str, bool]:
    """Register the directive.

    Args:
        app: The Sphinx application.

    Returns:
        What Sphinx may do with this extension.
    """
    app.add_directive("second-derivatives", SecondDerivatives)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

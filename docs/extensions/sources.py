"""Cite what claims and pages are about, by author and year; ``verification/sources.toml`` lists it.

The directive ``bibliography`` lists the works; ``[Goyal et al. 2017](references.md#goyal2017)``
links to one.
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode
from typeset import typeset

__all__ = ["cited", "setup", "works"]

LIST = Path(__file__).parents[2] / "verification/sources.toml"


@functools.cache
def works() -> dict[str, dict[str, str]]:
    """The works, by key."""
    return tomllib.loads(LIST.read_text(encoding="utf-8"))


class Citation(nodes.Inline, nodes.TextElement):
    """A link to a work, resolved when a page is written."""


def cited(source: str) -> list[nodes.Node]:
    """Cite a claim's source.

    Args:
        source: ``KEY`` or ``KEY, PLACE``.

    Returns:
        Author and year with a link, and the place.
    """
    key, _, place = source.partition(", ")
    work = works().get(key)
    if work is None:
        return typeset(source)
    short = Citation("", work["short"], key=key)
    return [short, *typeset(f", {place}")] if place else [short]


def _resolve(app: Any, doctree: nodes.document, docname: str) -> None:
    for node in list(doctree.findall(Citation)):
        text = nodes.Text(node.astext())
        node.replace_self(make_refnode(app.builder, docname, "references", node["key"], text))


class Bibliography(SphinxDirective):
    """The works, with what was at hand of each."""

    has_content = True  # for readers of the page's source

    def run(self) -> list[nodes.Node]:
        """Build the list.

        Returns:
            A definition list.
        """
        rows = nodes.definition_list()
        for key, work in works().items():
            target = nodes.term("", work["short"], nodes.Text(" "), nodes.literal("", key))
            paragraphs = [
                nodes.paragraph("", "", *typeset(" ".join(work[part].split())))
                for part in ("citation", "note")
                if part in work
            ]
            item = nodes.definition_list_item("", target, nodes.definition("", *paragraphs))
            target["ids"] = [key]
            self.state.document.note_explicit_target(target)
            rows += item
        return [rows]


def setup(app: Any) -> dict[str, bool]:
    """Register the directive.

    Args:
        app: The Sphinx application.

    Returns:
        What Sphinx may do with this extension.
    """
    app.add_directive("bibliography", Bibliography)
    app.connect("doctree-resolved", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Cite works by author and year.

The directive ``bibliography`` lists the works that claims cite, with anchors, so that pages can
link: ``[Goyal et al. 2017](references.md#goyal2017)``.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode
from typeset import typeset

from whichmin.verification.evidence.sources import all_sources, source_of

__all__ = ["Citation", "citation", "setup"]

OURS = "whichmin"  # results of this project, which are in no work that could be cited


class Citation(nodes.Inline, nodes.TextElement):
    """A link to a work, resolved when a page is written."""


def citation(place: str) -> list[nodes.Node]:
    """Cite the source of a claim.

    Args:
        place: ``KEY`` or ``KEY, PLACE``.

    Returns:
        Author and year as a link, and the place.
    """
    work = source_of(place)
    short = nodes.Text(work.short) if work.key == OURS else Citation("", work.short, key=work.key)
    return [short, *typeset(place.removeprefix(work.key))]


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
        for key, work in all_sources().items():
            if key == OURS:
                continue
            target = nodes.term("", work.short, nodes.Text(" "), nodes.literal("", key))
            said = [text for text in (work.citation, work.note) if text]
            paragraphs = [nodes.paragraph("", "", *typeset(text)) for text in said]
            item = nodes.definition_list_item("", target, nodes.definition("", *paragraphs))
            target["ids"] = [key]
            target["names"] = [key]
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

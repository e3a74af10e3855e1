"""Parts of a page that fold: HTML's ``<details>``, which needs no script."""

from __future__ import annotations

from typing import Any

from docutils import nodes

__all__ = ["Folded", "Headline", "folded", "setup"]


class Folded(nodes.General, nodes.Element):
    """What folds; its first child is a :class:`Headline`."""


class Headline(nodes.General, nodes.TextElement):
    """What stays visible."""


def folded(
    headline: list[nodes.Node], body: list[nodes.Node], *, name: str = "", classes: str = ""
) -> Folded:
    """Build a part that folds.

    Args:
        headline: What stays visible.
        body: What folds.
        name: Anchor, for links to it.
        classes: Names for the style sheet, separated by blanks.

    Returns:
        The node.
    """
    part = Folded(classes=classes.split(), ids=[name] if name else [])
    part += [Headline("", "", *headline), *body]
    return part


def _open(tag: str) -> Any:
    def visit(writer: Any, node: nodes.Element) -> None:
        writer.body.append(writer.starttag(node, tag))

    return visit


def _close(tag: str) -> Any:
    def depart(writer: Any, node: nodes.Element) -> None:  # noqa: ARG001 - docutils' signature
        writer.body.append(f"</{tag}>\n")

    return depart


def _nothing(writer: Any, node: nodes.Element) -> None:
    """Write nothing of its own: other formats show all."""


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx how the nodes are written.

    Args:
        app: The Sphinx application.

    Returns:
        What Sphinx may do with this extension.
    """
    plain = (_nothing, _nothing)
    for node, tag in ((Folded, "details"), (Headline, "summary")):
        app.add_node(node, html=(_open(tag), _close(tag)), latex=plain, text=plain, man=plain)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

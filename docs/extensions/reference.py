"""The reference: a page per front, and the directive ``fronts``, a table of links to such pages.

Which names a page lists, and which of them it describes itself, is the rule of ``fronts.py``.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from docutils import nodes
from fronts import Reference
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

__all__ = ["REFERENCE", "page", "setup"]

REFERENCE = Reference()


def page(front: str) -> str:
    """Write the page of a front.

    Args:
        front: Name of the module.

    Returns:
        What the module says, a table of all it offers, and what it describes itself.
    """
    lines = [front, "=" * len(front), "", f".. automodule:: {front}", "   :no-members:", ""]
    lines += [".. autosummary::", "   :nosignatures:", ""]
    lines += [f"   {REFERENCE.shown(front, name)}" for name in REFERENCE.names(front)]
    for name in REFERENCE.own(front):
        directive = REFERENCE.directive(front, name)
        lines += ["", f".. {directive}:: {front}.{name}"]
        if directive == "autodata":
            lines.append("   :no-value:")
        elif directive != "autofunction":
            lines += ["   :members:", "   :show-inheritance:"]
    return "\n".join([*lines, ""])


def write_pages(folder: Path) -> None:
    """Write the pages of all fronts; those that have not changed are left as they are.

    Args:
        folder: Where to; nothing else may be there.
    """
    folder.mkdir(exist_ok=True)
    texts = {folder / f"{front}.rst": page(front) for front in REFERENCE.fronts}
    for old in set(folder.glob("*.rst")) - set(texts):
        old.unlink()
    for path, text in texts.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


class Fronts(SphinxDirective):
    """A table of fronts, each with a link to its page and the first line of its docstring."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Build the table.

        Returns:
            It, and the entries of the site's contents.
        """
        names = [line.strip() for line in self.content if line.strip()]
        body = nodes.tbody()
        for name in names:
            link = addnodes.pending_xref(
                "", nodes.literal("", name), refdomain="std", reftype="doc", refexplicit=True,
                reftarget=f"/api/{name}", refdoc=self.env.docname,
            )  # fmt: skip
            summary = (importlib.import_module(name).__doc__ or "").partition("\n")[0]
            body += nodes.row(
                "",
                nodes.entry("", nodes.paragraph("", "", link)),
                nodes.entry("", *self.parse_text_to_nodes(summary.replace("``", "`"))),
            )
        group = nodes.tgroup("", *[nodes.colspec(colwidth=50) for _ in range(2)], body, cols=2)
        pages = [f"api/{name}" for name in names]
        contents = addnodes.toctree(
            entries=[(None, page) for page in pages], includefiles=pages, parent=self.env.docname,
            maxdepth=-1, glob=False, hidden=True, includehidden=False, numbered=0, titlesonly=True,
            caption=None,
        )  # fmt: skip
        return [nodes.table("", group, classes=["fronts"]), contents]


def setup(app: Any) -> dict[str, bool]:
    """Write the pages before the build, and register the directive.

    Args:
        app: The Sphinx application.

    Returns:
        What Sphinx may do with this extension.
    """
    app.connect("builder-inited", lambda app: write_pages(Path(app.srcdir) / "api"))
    app.add_directive("fronts", Fronts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Pages of the proofs: the theorems in words, in mathematical notation and as the kernel has them.

* The directive ``proof-tally`` counts; ``proof-sections`` lists the theorems by section;
  ``proof-definitions`` shows ``Definitions.v`` in full, folded by section, with the notation;
  ``proof-drawing`` draws how the files rest on each other; ``theorem NAME`` shows one theorem.
* The role ``theorem`` links to one.
* Before the build a page per section of ``Statements.v`` is written into ``docs/proofs``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from folded import folded
from ledger import _code, _joined, _Link, _link, _paragraph
from proof_graph import drawing
from proof_notation import Notation, definitions, is_formula, notations, symbols
from sphinx.util.docutils import SphinxDirective, SphinxRole
from typeset import typeset

from whichmin.verification.provers.proof_sources import library
from whichmin.verification.topics import all_claims

__all__ = ["Section", "cut", "sections", "setup", "write_pages"]

_FOLDER = "verification/proofs"
_NAMED = r"^(?:Definition|Fixpoint|Inductive|Record)\s+([\w']+)"


@dataclass(frozen=True)
class Section:
    """A section of a file of the proofs.

    Attributes:
        title: Its title.
        intro: What stands under the title.
        text: The whole section, without the heading.
        names: The statements or definitions in it, in order.
    """

    title: str
    intro: str
    text: str
    names: tuple[str, ...]

    @property
    def parts(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Titles of subsections, ``(** *** Title *)``, each with its names; empty for none."""
        pieces = re.split(r"^\(\*\* \*\*\* (.*?)\s*\*\)[ ]*$", self.text, flags=re.MULTILINE)
        cuts = zip(["", *pieces[1::2]], pieces[::2], strict=True)
        found = ((title, tuple(re.findall(_NAMED, text, re.MULTILINE))) for title, text in cuts)
        return tuple((title, names) for title, names in found if names)

    @property
    def slug(self) -> str:
        """Name of its page."""
        return re.sub(r"[^a-z]+", "-", self.title.lower()).strip("-")


def cut(file: str) -> tuple[Section, ...]:
    """Cut a file at its headings, ``(** ** Title ... *)``.

    Args:
        file: Name of the file.

    Returns:
        The sections.
    """
    pieces = re.split(
        r"^\(\*\* \*\* (.*?)\*\)[ ]*$", library().texts[file], flags=re.MULTILINE | re.DOTALL
    )
    found = []
    for head, text in zip(pieces[1::2], pieces[2::2], strict=True):
        title, _, intro = head.strip().partition("\n")
        names = tuple(re.findall(_NAMED, text, flags=re.MULTILINE))
        found.append(Section(title, intro.strip(), text.strip("\n"), names))
    return tuple(found)


@functools.cache
def sections() -> tuple[Section, ...]:
    """Return the sections of ``Statements.v``."""
    return cut("Statements")


@functools.cache
def _pages() -> dict[str, str]:
    """The page of every theorem."""
    return {name: f"proofs/{s.slug}" for s in sections() for name in s.names}


def _anchor(name: str) -> str:
    return f"theorem-{name}".replace("_", "-")


def _to(name: str, shown: str = "") -> nodes.Node:
    """A link to a theorem.

    Returns:
        The node.

    Raises:
        ValueError: There is none of that name.
    """
    if name not in _pages():
        raise ValueError(f"no theorem is called {name!r}")
    literal = nodes.literal("", shown or name)
    return _Link("", "", literal, page=_pages()[name], anchor=_anchor(name))


def _prose(text: str) -> list[nodes.Node]:
    """A comment: names in square brackets are code, those of theorems links."""
    parts: list[nodes.Node] = []
    known = {**definitions(), **library().texts}
    for place, part in enumerate(
        re.split(r"\[([A-Za-z][\w'.]*(?: [\w']+)*)\]", " ".join(text.split()))
    ):
        if not place % 2:
            parts += typeset(part) if part else []
        elif part in _pages():
            parts.append(_to(part))
        elif part.partition(" ")[0] in known or "." in part or "_" in part:
            parts.append(nodes.literal("", part))
        else:
            parts += typeset(part)
    return parts


# A dash at the beginning of a line after a mark, or after "with", is that of a list, no minus sign.
_DASH = re.compile(r"(?:(?<=[,.;:])|(?<=\bwith))[ ]*\n\s*- ")


def _paragraphs(comment: str) -> list[nodes.Node]:
    bare = comment.removeprefix("(**").removesuffix("*)").strip()
    parts: list[nodes.Node] = []
    for text in re.split(r"\n\s*\n", bare):
        first, *items = _DASH.split(text)
        parts += [nodes.paragraph("", "", *_prose(first))] if first else []
        rows = (nodes.list_item("", nodes.paragraph("", "", *_prose(item))) for item in items)
        parts += [nodes.bullet_list("", *rows)] if items else []
    return parts


def _mixed(item: str) -> list[nodes.Node]:
    """A sentence with formulas between dollar signs."""
    parts = re.split(r"\$([^$]+)\$", item)
    return [
        nodes.math("", _spaced(part)) if place % 2 else nodes.Text(part)
        for place, part in enumerate(parts)
        if part
    ]


def _spaced(latex: str) -> str:
    """A formula with the spaces around arrows and after names that the converter leaves out."""
    wide = re.sub(r"\\(iff|implies)(?![A-Za-z])", r"\\;\\\1\\;", latex)
    return re.sub(r"(\\operatorname\{\w+\}) (?=[A-Za-z\\])", r"\1\\,", wide)


def _formal(notation: Notation) -> nodes.container:
    """The statement in mathematical notation."""
    place = nodes.container("", classes=["formal"])
    for label, items, end in (
        ("For all", notation.let, "," if notation.given else ":"),
        ("if", notation.given, ", then:"),
    ):
        if items:
            content = _joined((_mixed(item) for item in items), "; " if label != "if" else ", ")
            place += nodes.paragraph(
                "", "", nodes.emphasis("", label), nodes.Text(" "), *content, nodes.Text(end)
            )
    for line in notation.then:
        if is_formula(line):
            latex = _spaced(line)
            place += nodes.math_block(latex, latex, nowrap=False, number=None, label=None)
        else:
            place += nodes.paragraph("", "", *_mixed(line))
    return place


def _claims(name: str) -> list[nodes.Node]:
    """Links to the claims that rest on a theorem."""
    check = f"kernel.{name}"
    using = (c.id for c in all_claims() if check in (*c.evidence, *c.support))
    return _joined([_link("claim", claim)] for claim in using)


def _body(name: str) -> Iterator[nodes.Node]:
    """Everything about a theorem.

    Yields:
        Paragraphs, formulas and the statement in Coq.
    """
    proofs, known = library(), notations()
    stated, home = proofs.statements[name], proofs.homes.get(name, "")
    yield from _paragraphs(stated.comment)
    if name in known:
        yield _formal(known[name])
    yield folded([nodes.Text("The statement in Coq")], [_code(stated.text, "coq")], classes="coq")
    rests = len(proofs.needed([home])) - 1 if home else 0
    told = [nodes.Text("Proved in "), nodes.literal("", f"{home}.v")]
    told.append(nodes.Text(f", which rests on {rests} files. Evidence: "))
    told.append(_link("check", f"kernel.{name}"))
    claims = _claims(name)
    if claims:
        told += [nodes.Text(". Claims that rest on it: "), *claims]
    yield nodes.paragraph("", "", *told, nodes.Text("."), classes=["count"])
    for label, found in (
        ("Needed", [([*_mixed(n.needed[name]), nodes.Text(" ("), _to(other), nodes.Text(")")])
                    for other, n in known.items() if name in n.needed]),
        ("Can be met", [[_to(other)] for other, n in known.items() if name in n.met]),
    ):  # fmt: skip
        if found:
            yield _paragraph(label, _joined(found))


class Theorem(SphinxDirective):
    """One theorem."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Build it.

        Returns:
            One part.
        """
        name = self.arguments[0]
        return [nodes.container("", *_body(name), ids=[_anchor(name)], classes=["theorem"])]


class Tally(SphinxDirective):
    """How much there is."""

    def run(self) -> list[nodes.Node]:
        """Count.

        Returns:
            One sentence.
        """
        proofs = library()
        lines = sum(text.count("\n") for text in proofs.texts.values())
        return [nodes.paragraph("", (
            f"{len(proofs.statements)} theorems, {len(proofs.texts)} files, {lines:,} lines."
        ))]  # fmt: skip


class Sections(SphinxDirective):
    """The theorems by section, and the pages that show them."""

    def run(self) -> list[nodes.Node]:
        """Build the list.

        Returns:
            A list, and what makes the pages part of the site.
        """
        rows = nodes.bullet_list(classes=["entries"])
        for section in sections():
            head = _Link("", "", nodes.inline("", section.title), page=f"proofs/{section.slug}",
                         anchor="")  # fmt: skip
            links = _joined([_to(name)] for name in section.names)
            rows += nodes.list_item(
                "",
                nodes.paragraph("", "", nodes.strong("", "", head)),
                nodes.paragraph("", "", *links, classes=["count"]),
            )
        pages = "\n".join(f"proofs/{section.slug}" for section in sections())
        return [rows, *self.parse_text_to_nodes(f"```{{toctree}}\n:hidden:\n\n{pages}\n```")]


class Definitions(SphinxDirective):
    """What is defined: how it is written, and in Coq."""

    def run(self) -> list[nodes.Node]:
        """Build the parts.

        Returns:
            A part per section, folded.
        """
        parts: list[nodes.Node] = []
        for section in cut("Definitions"):
            body: list[nodes.Node] = []
            rows = nodes.bullet_list(classes=["entries"])
            for name in section.names:
                if name in symbols():
                    symbol = symbols()[name]
                    whole = is_formula(symbol.latex)
                    said = _mixed(f"${symbol.latex}$" if whole else symbol.latex)
                    line = [nodes.literal("", name), nodes.Text(" "), *said]
                    rows += nodes.list_item("", nodes.paragraph("", "", *line))
            body += [rows] if rows.children else []
            text = f"(** ** {section.title}\n\n    {section.intro} *)\n" if section.intro else ""
            body.append(_code(text + section.text, "coq"))
            told = f"{len(section.names)} definition{'s' if len(section.names) != 1 else ''}"
            count = nodes.inline("", told, classes=["count"])
            head = [nodes.strong("", section.title), nodes.Text(" "), count]
            parts.append(folded(head, body, classes="topic"))
        return parts


class Drawing(SphinxDirective):
    """How the files rest on each other."""

    has_content = True  # for readers of the page's source

    def run(self) -> list[nodes.Node]:
        """Draw.

        Returns:
            The drawing, as part of the page.
        """
        return [nodes.raw("", f'<div class="scrolls">{drawing()}</div>', format="html")]


class Linked(SphinxRole):
    """A link to a theorem by its name."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Build the link.

        Returns:
            The link, or a message if there is no such theorem.
        """
        try:
            return [_to(self.text)], []
        except ValueError as error:
            message = self.inliner.reporter.error(str(error), line=self.lineno)
            return [nodes.literal("", self.text)], [message]


def _page(section: Section) -> str:
    told = (
        f"From `{_FOLDER}/Statements.v`. How the formulas are written stands beside "
        "[the definitions](../proofs.md#the-definitions)."
    )
    parts = [f"# {section.title}", section.intro, told]
    for title, names in section.parts:
        parts += [f"## {title}"] if title else []
        for name in names:
            parts += [f"{'###' if title else '##'} `{name}`", f"```{{theorem}} {name}\n```"]
    return "\n\n".join(filter(None, parts)) + "\n"


def write_pages(folder: Path, chosen: Sequence[Section]) -> None:
    """Write a page per section; pages of sections that went are removed.

    Args:
        folder: Where they go.
        chosen: The sections.
    """
    folder.mkdir(exist_ok=True)
    wanted = {f"{section.slug}.md": _page(section) for section in chosen}
    for path in folder.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _write(app: Any) -> None:
    write_pages(Path(app.srcdir, "proofs"), sections())


def setup(app: Any) -> dict[str, bool]:
    """Register the directives, the role and what comes before the build.

    Args:
        app: The Sphinx application.

    Returns:
        What Sphinx may do with this extension.
    """
    app.connect("builder-inited", _write)
    for name, directive in {
        "theorem": Theorem, "proof-tally": Tally, "proof-sections": Sections,
        "proof-definitions": Definitions, "proof-drawing": Drawing,
    }.items():  # fmt: skip
        app.add_directive(name, directive)
    app.add_role("theorem", Linked())
    return {"parallel_read_safe": True, "parallel_write_safe": True}

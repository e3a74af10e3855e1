"""Pages of the ledger and of the checks, made of the claims and checks themselves.

* The directive ``ledger`` lists all claims by topic; ``claims TOPIC`` shows those of a topic in
  full; ``checks`` shows all checks; ``verdicts ID ...`` lists claims whose ids begin so.
* The roles ``claim`` and ``check`` link to one.
* Before the build a page per topic is written into ``docs/ledger``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from folded import folded
from mathml import expression
from sources import citation
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.nodes import make_refnode
from typeset import typeset

from whichmin.claim_pages import formal_lines, kernel_statements, numbered
from whichmin.ledger import Entry, entries, tally
from whichmin.reporting import margin_text
from whichmin.symbolic import closed_forms
from whichmin.symbolic.printing import as_latex
from whichmin.verification.topics import TOPICS, all_checks, claim_files
from whichmin.words import Verdict

__all__ = ["checks_by_topic", "setup", "topics"]


def _titles() -> dict[str, str]:
    return {file.topic: file.title for file in claim_files()}


@functools.cache
def topics() -> dict[str, tuple[Entry, ...]]:
    """The entries of the ledger by topic."""
    found: dict[str, list[Entry]] = {file.topic: [] for file in claim_files() if file.claims}
    for entry in entries():
        found[entry.claim.topic].append(entry)
    return {topic: tuple(group) for topic, group in found.items()}


@functools.cache
def _homes() -> dict[str, tuple[str, Entry]]:
    """Topic and entry of every claim."""
    return {e.claim.id: (topic, e) for topic, group in topics().items() for e in group}


def checks_by_topic() -> dict[str, list[Any]]:
    """The checks, by topic."""
    found: dict[str, list[Any]] = {topic: [] for topic in TOPICS}
    for check in all_checks():
        found[check.topic].append(check)
    return {topic: group for topic, group in found.items() if group}


def _anchor(kind: str, name: str) -> str:
    return f"{kind}-{name}".replace(".", "-").replace("_", "-")


class _Link(nodes.Inline, nodes.TextElement):
    """A link to a claim or a check, resolved when a page is written."""


def _link(kind: str, name: str) -> nodes.Node:
    """A link to a claim or a check.

    Returns:
        The node.

    Raises:
        ValueError: There is none of that name.
    """
    known = _homes() if kind == "claim" else {c.id for c in all_checks()}
    if name not in known:
        raise ValueError(f"no {kind} is called {name!r}")
    page = f"ledger/{_homes()[name][0]}" if kind == "claim" else "checks"
    return _Link("", "", nodes.literal("", name), page=page, anchor=_anchor(kind, name))


def _resolve(app: Any, doctree: nodes.document, docname: str) -> None:
    for link in list(doctree.findall(_Link)):
        found = make_refnode(
            app.builder, docname, link["page"], link["anchor"], link.children[0].deepcopy()
        )
        link.replace_self(found)


@functools.cache
def _ids() -> re.Pattern[str]:
    names = sorted({*_homes(), *(c.id for c in all_checks())}, key=len, reverse=True)
    return re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, names))})(?![\w.]*\w)")


def _said(text: str) -> list[nodes.Node]:
    """A sentence, its formulas typeset and its ids of claims and checks linked."""
    parts: list[nodes.Node] = []
    for place, part in enumerate(_ids().split(text)):
        if place % 2:
            parts.append(_link("claim" if part in _homes() else "check", part))
        elif part:
            parts += typeset(part)
    return parts


def _joined(items: Iterable[Sequence[nodes.Node]], separator: str = ", ") -> list[nodes.Node]:
    parts: list[nodes.Node] = []
    for item in items:
        parts += [nodes.Text(separator), *item] if parts else item
    return parts


def _badge(shown: str) -> nodes.Node:
    return nodes.inline("", shown, classes=["verdict", shown.split(",")[0].lower()])


def _paragraph(label: str, content: Sequence[nodes.Node]) -> nodes.paragraph:
    head = [nodes.strong("", f"{label}:"), nodes.Text(" ")] if label else []
    return nodes.paragraph("", "", *head, *content)


def _code(text: str, language: str) -> nodes.literal_block:
    body = text.rstrip("\n")
    return nodes.literal_block(body, body, language=language)


def _body(entry: Entry) -> Iterator[nodes.Node]:
    """Everything about a claim but its statement.

    Yields:
        Paragraphs and blocks of code.
    """
    claim, decision, forms = entry.claim, entry.decision, closed_forms()
    yield _paragraph("Source", _joined(map(citation, claim.source), "; "))
    if claim.hypotheses:
        yield _paragraph("Hypotheses", _joined(map(_said, claim.hypotheses), "; "))
    yield _paragraph("Formal statement", [])
    yield _code("\n".join(formal_lines(claim)), "text")
    for stated in kernel_statements(entry):
        link = _link("check", stated.check)
        yield _paragraph("Statement as the kernel has it", [link])
        yield _code(stated.text, "coq")
        yield _paragraph("", [nodes.Text(stated.standing)])
    for name in claim.formulas:
        form = forms[name]
        said = [
            nodes.literal("", name),
            nodes.Text(" = "),
            nodes.math("", expression(form.expression)),
        ]
        for place, equation in enumerate(form.conditions):
            sides = f"{as_latex(equation.lhs)} = {as_latex(equation.rhs)}"
            said += [nodes.Text(", " if place else ", where "), nodes.math("", sides)]
        if form.argued:
            said.append(nodes.Text("; argued: " + "; ".join(form.argued)))
        yield _paragraph("Formula", said)
    if claim.evidence:
        margin = margin_text(decision.worst)
        told = f" ({decision.weakest}; {decision.cases} cases, worst margin {margin}"
        told += f", false alarm < {decision.false_alarm:.0e})" if decision.false_alarm else ")"
        links = _joined([_link("check", name)] for name in claim.evidence)
        yield _paragraph("Decided by", [*links, nodes.Text(told)])
    if claim.support:
        yield _paragraph("Support", _joined([_link("check", name)] for name in claim.support))
    if claim.attack:
        yield _paragraph("Attacked by", [_link("check", claim.attack)])
    if decision.trusted:
        yield _paragraph("Trusted", _said(decision.trusted))
    for place, step in enumerate(numbered(claim.argument)):
        yield _paragraph("" if place else "Argument", _said(step))
    if claim.counterexample is not None:
        yield _paragraph("Counterexample", _said(claim.counterexample.text))
        yield _code(claim.counterexample.code, "python")
        yield _paragraph("Prints", [])
        yield _code(claim.counterexample.prints, "text")
    if claim.corrected:
        true = ([_link("claim", n), nodes.Text(" "), _badge(_homes()[n][1].shown)]
                for n in claim.corrected)  # fmt: skip
        yield _paragraph("True instead", _joined(true))
    if claim.remark:
        yield _paragraph("Remark", _said(claim.remark))


class Claims(SphinxDirective):
    """The claims of a topic, each folded to its statement."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Build them.

        Returns:
            One part per claim.
        """
        found = topics()[self.arguments[0]]
        parts: list[nodes.Node] = [nodes.paragraph("", tally(found) + ".")]
        for entry in found:
            name = entry.claim.id
            head = [_badge(entry.shown), nodes.Text(" "), nodes.literal("", name), nodes.Text(" ")]
            parts.append(folded(
                [*head, *_said(entry.claim.statement)], list(_body(entry)),
                name=_anchor("claim", name), classes="claim",
            ))  # fmt: skip
        return parts


class Ledger(SphinxDirective):
    """All claims, a part per topic and a line per claim."""

    def run(self) -> list[nodes.Node]:
        """Build the list.

        Returns:
            The tally, and a part per topic.
        """
        parts: list[nodes.Node] = [nodes.paragraph("", tally(entries()) + ".")]
        for topic, found in topics().items():
            rows = nodes.bullet_list(classes=["entries"])
            for entry in found:
                line = [_badge(entry.shown), nodes.Text(" "), _link("claim", entry.claim.id)]
                line += [nodes.Text(" "), *typeset(entry.claim.statement)]
                kind = entry.shown.split(",")[0].lower()
                rows += nodes.list_item("", nodes.paragraph("", "", *line), classes=["entry", kind])
            counts = nodes.inline("", tally(found), classes=["count"])
            head = [nodes.strong("", _titles()[topic]), nodes.Text(" "), counts]
            parts.append(folded(head, [rows], classes="topic"))
        return [nodes.container("", *parts, classes=["searched"])]


class Checks(SphinxDirective):
    """All checks, a part per topic."""

    def run(self) -> list[nodes.Node]:
        """Build the list.

        Returns:
            A part per topic.
        """
        parts: list[nodes.Node] = []
        for topic, found in checks_by_topic().items():
            rows = nodes.bullet_list(classes=["entries"])
            for check in found:
                cases = f"{check.examples} random problems by default" if check.cases else "fixed"
                kind, said = str(check.kind), typeset(check.statement)
                rows += nodes.list_item(
                    "",
                    nodes.paragraph("", "", nodes.literal("", check.id), nodes.Text(" "), *said),
                    nodes.paragraph(
                        "", "", *typeset(f"{kind}, {cases}. Bound: {check.bound}."),
                        classes=["count"],
                    ),
                    ids=[_anchor("check", check.id)], classes=["entry", kind.replace(" ", "-")],
                )  # fmt: skip
            counts = nodes.inline("", f"{len(found)} checks", classes=["count"])
            head = [nodes.strong("", _titles()[topic]), nodes.Text(" "), counts]
            parts.append(folded(head, [rows], classes="topic"))
        return [nodes.container("", *parts, classes=["searched"])]


class Verdicts(SphinxDirective):
    """Claims whose ids begin with one of the words: what was refuted, then the others."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Build the lists.

        Returns:
            Paragraphs and a list.
        """
        beginnings = tuple(f"{word}." for word in self.arguments[0].split())
        chosen = [e for e in entries() if e.claim.id.startswith(beginnings)]
        refuted = [e for e in chosen if e.claim.verdict is Verdict.REFUTED]
        rows = nodes.bullet_list()
        for entry in refuted:
            text = [_link("claim", entry.claim.id), nodes.Text(": "), *typeset(entry.claim.brief)]
            rows += nodes.list_item("", nodes.paragraph("", "", *text))
        rest = ([_link("claim", e.claim.id), nodes.Text(f" ({e.shown})")]
                for e in chosen if e not in refuted)  # fmt: skip
        return [
            nodes.paragraph("", "Refuted; what was said, and what is true:"),
            rows,
            nodes.paragraph("", "", nodes.Text("The others: "), *_joined(rest), nodes.Text(".")),
        ]


class Named(SphinxRole):
    """A link to a claim or a check by its id; the role's name says which."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Build the link.

        Returns:
            The link, or a message if there is nothing of that name.
        """
        try:
            return [_link(self.name, self.text)], []
        except ValueError as error:
            message = self.inliner.reporter.error(str(error), line=self.lineno)
            return [nodes.literal("", self.text)], [message]


def _write_pages(app: Any) -> None:
    """Write a page per topic; pages of topics that went are removed."""
    folder = Path(app.srcdir, "ledger")
    folder.mkdir(exist_ok=True)
    wanted = {}
    for topic in topics():
        wanted[f"{topic}.md"] = (
            f"# {_titles()[topic]}\n\n`whichmin claims --topic {topic}` lists these claims, and "
            f"`whichmin claims show ID` says\nall about one.\n\n```{{claims}} {topic}\n```\n"
        )
    for path in folder.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Register the directives, the roles and what comes before the build.

    Args:
        app: The Sphinx application.

    Returns:
        What Sphinx may do with this extension.
    """
    app.connect("builder-inited", _write_pages)
    app.connect("doctree-resolved", _resolve)
    for name, directive in {
        "claims": Claims, "ledger": Ledger, "checks": Checks, "verdicts": Verdicts,
    }.items():  # fmt: skip
        app.add_directive(name, directive)
    for kind in ("claim", "check"):
        app.add_role(kind, Named())
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Draw how the files of the proofs rest on each other, in groups.

Groups stand in layers: each above all that it rests on, by the longest way. Arrows that follow
from others are left out. A group rests on another if one of its files requires one of the other's.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from html import escape

from proof_notation import groups

from whichmin.verification.provers.proof_sources import Library, library

__all__ = ["drawing", "joined", "layers", "reduced", "rests_on"]

# A box, in units of the drawing; a drawing of this width fits a page of the site.
WIDTH, GAP_X, GAP_Y, LINE = 178, 26, 46, 15
PAGE = 4 * WIDTH + 5 * GAP_X


def rests_on(proofs: Library, parts: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """Find which groups a group rests on directly.

    Args:
        proofs: The files.
        parts: Files by group.

    Returns:
        Groups by group.
    """
    home = {name: title for title, names in parts.items() for name in names}
    return {
        title: {home[other] for name in names for other in proofs.requires(name)} - {title}
        for title, names in parts.items()
    }


def joined(proofs: Library, parts: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Join groups that rest on each other.

    Args:
        proofs: The files.
        parts: Files by group.

    Returns:
        Groups that rest on each other in no circle.
    """
    graph = rests_on(proofs, parts)

    def below(name: str) -> set[str]:
        found, waiting = set(), [name]
        while waiting:
            new = graph[waiting.pop()] - found
            found |= new
            waiting += new
        return found

    reach = {name: below(name) for name in graph}
    found: dict[str, list[str]] = {}
    for name in graph:
        circle = [other for other in graph if other in reach[name] and name in reach[other]]
        members = circle or [name]
        found[" and ".join(members)] = [file for member in members for file in parts[member]]
    return found


def reduced(graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Leave out arrows that follow from others.

    Args:
        graph: What each rests on; without circles.

    Returns:
        The fewest arrows with the same ways.
    """

    @functools.cache
    def below(name: str) -> frozenset[str]:
        return frozenset(graph[name]).union(*(below(other) for other in graph[name]))

    return {
        name: {one for one in ones if not any(one in below(other) for other in ones)}
        for name, ones in graph.items()
    }


def layers(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Sort into layers, each above all that it rests on.

    Args:
        graph: What each rests on; without circles.

    Returns:
        The layers from the top, those that rest on nothing last.

    Raises:
        ValueError: There is a circle.
    """
    depth: dict[str, int] = {}

    def visit(name: str, way: tuple[str, ...]) -> int:
        if name in way:
            raise ValueError(f"a circle: {' - '.join((*way[way.index(name) :], name))}")
        if name not in depth:
            depth[name] = 1 + max((visit(o, (*way, name)) for o in sorted(graph[name])), default=-1)
        return depth[name]

    for name in graph:
        visit(name, ())
    return [[n for n in graph if depth[n] == d] for d in range(max(depth.values()), -1, -1)]


def _drawn(graph: Mapping[str, set[str]], parts: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """Leave out the arrows to the statements, which would come from every group with theorems."""
    stated = {title for title, names in parts.items() if "Statements" in names}
    return {title: ones - stated for title, ones in graph.items()}


def _rows(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Layers, wide ones in two rows, each ordered by where its neighbours above stand."""
    rows: list[list[str]] = []
    place: dict[str, float] = {}
    above: dict[str, list[str]] = {name: [] for name in graph}
    for name, ones in reduced(graph).items():
        for one in ones:
            above[one].append(name)
    for layer in layers(graph):
        known = {n: [place[a] for a in above[n] if a in place] for n in layer}
        ordered = sorted(layer, key=lambda n: sum(known[n]) / len(known[n]) if known[n] else 0.5)
        parts = -(-len(ordered) // 4)
        for number in range(parts):
            row = ordered[number::parts]
            rows.append(row)
            for at, name in enumerate(row):
                place[name] = (at + 0.5) / len(row)
    return rows


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' if number != 1 else ''}"


def drawing(proofs: Library | None = None, parts: Mapping[str, list[str]] | None = None) -> str:
    """Draw the groups: each with its files, their lines, and the number of theorems proved there.

    Args:
        proofs: The files; None for those that come with the package.
        parts: Files by group; None for those of ``docs/proofs.toml``.

    Returns:
        An SVG.
    """
    proofs = proofs or library()
    parts = joined(proofs, parts or groups(proofs))
    graph = _drawn(rests_on(proofs, parts), parts)
    boxes: dict[str, tuple[float, float, float]] = {}
    shapes: list[str] = []
    y = 12.0
    for row in _rows(graph):
        tall = 0.0
        left = (PAGE - len(row) * WIDTH - (len(row) - 1) * GAP_X) / 2
        for title in row:
            names = parts[title]
            lines = sum(proofs.texts[name].count("\n") for name in names)
            proved = sum(home in names for home in proofs.homes.values())
            heads = _wrapped(title, 25)
            told = [_count(lines, "line"), *([_count(proved, "theorem")] if proved else [])]
            files = _wrapped(", ".join(names), 31)
            height = LINE * (len(heads) + 1) + 12.5 * len(files) + 16
            tall, x = max(tall, height), left + WIDTH / 2
            kind = (
                "proves"
                if proved
                else "trusted"
                if {"Definitions", "Statements"} & {*names}
                else "lemmas"
            )
            shapes.append(f'<rect class="box {kind}" x="{left:.0f}" y="{y:.0f}" width="{WIDTH}" '
                          f'height="{height:.0f}" rx="6"/>')  # fmt: skip
            down = y + 6
            for style, line, step in (
                *(("name", h, LINE) for h in heads), ("told", ", ".join(told), LINE),
                *(("file", f, 12.5) for f in files),
            ):  # fmt: skip
                down += step
                shapes.append(f'<text class="{style}" x="{x:.0f}" y="{down:.1f}">'
                              f"{escape(line)}</text>")  # fmt: skip
            boxes[title] = (left, y, height)
            left += WIDTH + GAP_X
        y += tall + GAP_Y
    arrows = [
        _arrow(here, there, boxes)
        for here, ones in reduced(graph).items()
        for there in sorted(ones)
    ]
    return "\n".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {PAGE} {y - GAP_Y + 12:.0f}" '
        'class="proofs" role="img">',
        "<title>Which groups of files rest on which</title><defs>"
        '<marker id="tip-proofs" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" markerUnits="userSpaceOnUse" orient="auto">'
        '<path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>',
        *arrows, *shapes, "</svg>",
    ))  # fmt: skip


def _arrow(here: str, there: str, boxes: Mapping[str, tuple[float, float, float]]) -> str:
    """A curve from the bottom of a box to the top of one below."""
    left, top, height = boxes[here]
    left2, top2, _ = boxes[there]
    x1, y1, x2, y2 = left + WIDTH / 2, top + height, left2 + WIDTH / 2, top2
    x1 += max(-0.35, min(0.35, (x2 - x1) / (2 * PAGE))) * WIDTH
    x2 += max(-0.35, min(0.35, (x1 - x2) / (2 * PAGE))) * WIDTH
    bend = min(60.0, max(20.0, (y2 - y1) / 2))
    name = re.sub(r"\s+", " ", f"{here} rests on {there}")
    return (
        f'<path class="arrow" d="M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + bend:.0f} {x2:.0f} '
        f'{y2 - bend:.0f} {x2:.0f} {y2:.0f}" marker-end="url(#tip-proofs)">'
        f"<title>{escape(name)}</title></path>"
    )

"""Draw which part of the project imports which, from the import statements themselves.

The directive ``imports`` puts the drawing on a page; ``python docs/extensions/imports.py FILE.svg``
writes it to a file.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

__all__ = ["arrows", "drawing", "setup", "topics"]

ROOT = Path(__file__).parents[2]
HOMES = {
    "whichmin": ROOT / "src/whichmin",
    "whichmin.core": ROOT / "core",
    "whichmin.symbolic": ROOT / "symbolic",
    "whichmin.verification": ROOT / "verification",
}
WORKSHOPS = {
    "core": ("training", "engines", "instruments"),
    "verification": ("evidence", "provers", "oracle"),
}
# Vocabulary that all rooms share; arrows to it would say nothing.
SHARED = ("errors", "words", "reporting", "files", "moved", "progress", "provenance", "terminal",
          "text_tables")  # fmt: skip
ROOMS = ("symbolic", "verification", "core")

# Where the boxes stand: left, top, width, height.
BOX = {
    "front door": (20, 10, 840, 54),
    "verification/oracle": (320, 142, 240, 34),
    "core/instruments": (650, 142, 200, 34),
    "symbolic topics": (30, 206, 200, 290),
    "verification topics": (320, 206, 240, 290),
    "core topics": (650, 206, 200, 290),
    "symbolic workshop": (30, 540, 200, 34),
    "verification/evidence": (320, 540, 114, 34),
    "verification/provers": (446, 540, 114, 34),
    "core/engines": (650, 540, 94, 34),
    "core/training": (756, 540, 94, 34),
}
FRAME = {"symbolic": (20, 106, 220, 482), "verification": (306, 106, 268, 482),
         "core": (636, 106, 228, 482)}  # fmt: skip
COLOURS = {
    "front door": "#6b6b6b", "symbolic": "#009e73", "verification": "#d55e00", "core": "#0072b2",
}  # fmt: skip


def topics() -> list[str]:
    """Names of the topics, in the order of a reader."""
    from whichmin.verification.topics import TOPICS

    return list(TOPICS)


def _part(module: str) -> str | None:
    """The box that a module belongs to; None for the shared vocabulary."""
    parts = module.split(".")[1:]
    if not parts or parts[0] not in ROOMS:
        return None if parts and parts[0] in SHARED else "front door"
    room, rest = parts[0], parts[1:]
    if room == "verification":
        name = {"suite": "oracle", "mutants": "evidence"}.get(rest[0], rest[0]) if rest else ""
        if name == "topics":
            return "verification topics"
        return f"verification/{name}" if name in WORKSHOPS[room] else None  # the room's own names
    if rest and rest[0] in WORKSHOPS.get(room, ()):
        return f"{room}/{rest[0]}"
    if rest and rest[0] in topics():
        return f"{room} topics"
    return "symbolic workshop" if room == "symbolic" else "core topics"


def _imported(path: Path) -> Iterator[str]:
    """Names of our own that a file imports.

    Yields:
        Full names of modules, or of things in them.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("whichmin"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("whichmin"))


def arrows() -> Counter[tuple[str, str]]:
    """Count how many modules of one box import something of another."""
    found: Counter[tuple[str, str]] = Counter()
    for package, folder in HOMES.items():
        for path in sorted(folder.rglob("*.py")):
            name = ".".join([package, *path.relative_to(folder).with_suffix("").parts])
            here = _part(name)
            for there in {_part(target) for target in _imported(path)}:
                if here and there and here != there:
                    found[here, there] += 1
    return found


def _has(room: str, topic: str) -> bool:
    home = ROOT / room / "topics" if room == "verification" else ROOT / room
    return (home / topic).is_dir() or (home / f"{topic}.py").exists()


def _edge(box: tuple[float, ...], towards: tuple[float, float]) -> tuple[float, float]:
    """Where the line from a box's middle to a point leaves the box."""
    left, top, width, height = box
    x, y = left + width / 2, top + height / 2
    dx, dy = towards[0] - x, towards[1] - y
    share = min(
        width / 2 / abs(dx) if dx else float("inf"), height / 2 / abs(dy) if dy else float("inf")
    )
    return x + dx * share, y + dy * share


def _box(name: str, place: tuple[float, ...], label: str, style: str = "box") -> str:
    left, top, width, height = place
    colour = COLOURS[_room(name)]
    return (
        f'<rect class="{style}" x="{left}" y="{top}" width="{width}" height="{height}" rx="6" '
        f'stroke="{colour}"/><text x="{left + width / 2}" y="{top + 22}" fill="{colour}" '
        f'class="name">{escape(label)}</text>'
    )


def _room(name: str) -> str:
    return next(room for room in COLOURS if name.startswith(room))


def drawing() -> str:
    """Draw rooms, boxes, topics and arrows.

    Arrows to and from the front door end at the rooms.

    Returns:
        An SVG.
    """
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 880 598" class="imports" role="img">',
        "<title>Rooms, topics, workshops, and what imports what</title><defs>",
        *(
            f'<marker id="tip-{room.partition(" ")[0]}" viewBox="0 0 8 8" refX="7" refY="4" '
            f'markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto">'
            f'<path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
            for room, colour in COLOURS.items()
        ),
        "</defs>",
        *(_box(room, place, room, "room") for room, place in FRAME.items()),
    ]
    found: Counter[tuple[str, str]] = Counter()
    for (here, there), count in arrows().items():
        if here == "front door":
            there = _room(there)
        elif there == "front door":
            here = _room(here)
        found[here, there] += count
    for (here, there), count in sorted(found.items()):
        parts.append(_arrow(here, there, count))
    for name, place in BOX.items():
        label = name.rpartition("/")[2].replace("symbolic workshop", "derivations, closed forms")
        if name.endswith(" topics"):
            label = "topics"
            parts.append(_box(name, place, label))
            for row, topic in enumerate(topics()):
                shown = topic if _has(_room(name), topic) else "·"
                x, y = place[0] + place[2] / 2, place[1] + 45 + 19 * row
                parts.append(f'<text x="{x}" y="{y}">{shown}</text>')
        else:
            parts.append(_box(name, place, label))
    front = "command line, prediction, tables, plots, bench, doctor, pytest plugin"
    parts.append(f'<text x="440" y="52">{front}</text>')
    return "\n".join([*parts, "</svg>"])


def _arrow(here: str, there: str, count: int) -> str:
    """An arrow, wider for more imports."""
    one, other = ((FRAME if name in FRAME else BOX)[name] for name in (here, there))
    middle = [(left + width / 2, top + height / 2) for left, top, width, height in (one, other)]
    if "front door" in {here, there}:  # straight up or down, side by side
        x = middle[1 if here == "front door" else 0][0] + (-12 if here == "front door" else 12)
        ends = (x, 64.0), (x, 106.0)
        (x1, y1), (x2, y2) = ends if here == "front door" else ends[::-1]
    else:
        (x1, y1), (x2, y2) = _edge(one, middle[1]), _edge(other, middle[0])
        away = 4 if (x2, y2) > (x1, y1) else -4  # two arrows between the same boxes
        if abs(x2 - x1) > abs(y2 - y1):
            y1, y2 = y1 + away, y2 + away
        else:
            x1, x2 = x1 + away, x2 + away
    room = _room(here)
    tip = room.partition(" ")[0]
    return (
        f'<path class="arrow" d="M{x1:.0f} {y1:.0f}L{x2:.0f} {y2:.0f}" stroke="{COLOURS[room]}" '
        f'stroke-width="{0.8 + min(count, 60) / 25:.1f}" marker-end="url(#tip-{tip})">'
        f"<title>{escape(f'{here} imports {there}')}: {count} modules</title></path>"
    )


class Imports(SphinxDirective):
    """The drawing."""

    has_content = True  # for readers of the page's source

    def run(self) -> list[nodes.Node]:
        """Draw.

        Returns:
            The drawing, as part of the page.
        """
        return [nodes.raw("", drawing(), format="html")]


def setup(app: Any) -> dict[str, bool]:
    """Register the directive.

    Args:
        app: The Sphinx application.

    Returns:
        What Sphinx may do with this extension.
    """
    app.add_directive("imports", Imports)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def main() -> None:
    """Write the drawing to a file, with the site's style in its light colours."""
    style = Path(__file__).parents[1].joinpath("_static/site.css").read_text(encoding="utf-8")
    rules = "".join(line for line in style.splitlines() if line.startswith(".imports"))
    for variable, colour in (("background", "white"), ("foreground", "black")):
        rules = rules.replace(f"var(--color-{variable}-primary)", colour)
    styled = drawing().replace(
        "<defs>", f"<style>svg {{ font-family: sans-serif }}{rules}</style><defs>", 1
    )
    Path(sys.argv[1]).write_text(styled, encoding="utf-8")


if __name__ == "__main__":
    main()

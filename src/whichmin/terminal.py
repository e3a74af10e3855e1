"""Print tables to a terminal: columns as wide as fits, broken between words, never inside one.

Rich would shrink all columns in proportion, and cut the words of those that become too narrow.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whichmin.reporting import Table

__all__ = ["columns_for", "print_table", "record_lines", "table_lines", "wrapped"]

# Lines of a row beyond which a block a row reads better than a table.
_TALL = 6
# Characters between columns, the second where the first is too much.
_GAPS = (2, 1)
# A piece of a word beyond so many characters, such as a commit, may be broken anywhere.
_LONG = 24
# Where a word may be broken if it must: after these.
_SEAM = re.compile(r"(?<=[-/._,])(?=[^\s\d])")
_STYLES = {"holds": "green", "FAILS": "bold red"}


def print_table(table: Table) -> None:
    """Print a table to standard output, with colours, in the width of the terminal.

    Args:
        table: The table.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console()
    title, *lines = table_lines(table, console.width)
    console.print(Text(title, "bold"))
    for line in lines:
        # Styles are the cells' that hold a verdict.
        text = Text(line)
        for word, style in _STYLES.items():
            text.highlight_regex(rf"(?<!\S){word}(?=\s\s|$)", style)
        console.print(text, no_wrap=True, overflow="ignore", crop=False)


def table_lines(table: Table, width: int) -> list[str]:
    """Lay out a table in a width: its title, the table, and its notes.

    Args:
        table: The table.
        width: Of the terminal.

    Returns:
        The lines.
    """
    lines = [table.title, "", *_body(table, width)]
    if table.notes:
        lines.append("")
    for note in table.notes:
        lines += textwrap.wrap(note, width, subsequent_indent="  ")
    return lines


def _body(table: Table, width: int) -> Iterator[str]:
    rows = [[cell.text for cell in row] for row in table.rows]
    cells = [list(table.columns), *rows]
    for gap in _GAPS:
        widths = columns_for(cells, width, gap, table.wrap)
        if widths is None:
            continue
        split = [[wrapped(t, w) for t, w in zip(r, widths, strict=True)] for r in cells]
        if max(len(lines) for row in split for lines in row) > _TALL:
            break
        ruled = False
        for broken in split:
            for number in range(max(map(len, broken))):
                parts = [lines[number] if number < len(lines) else "" for lines in broken]
                padded = (p.ljust(w) for p, w in zip(parts, widths, strict=True))
                yield (" " * gap).join(padded).rstrip()
            if not ruled:
                yield (" " * gap).join("─" * w for w in widths)
                ruled = True
        return
    place = 0
    while place < len(rows):
        if place:
            yield ""
        count = max(_abreast(table.columns, rows[place:], width), 1)
        if count == 1:
            yield from record_lines(table.columns, rows[place], width)
        else:
            block = rows[place : place + count]
            widths = [max(map(len, column)) for column in (table.columns, *block)]
            for texts in zip(table.columns, *block, strict=True):
                padded = (p.ljust(w) for p, w in zip(texts, widths, strict=True))
                yield "  " + "  ".join(padded).rstrip()
        place += count


def _abreast(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> int:
    """How many rows fit beside each other as columns, without breaking a value."""
    taken, count = 2 + max(map(len, columns)), 0
    for row in rows:
        taken += 2 + max(map(len, row))
        if taken > width:
            break
        count += 1
    return count


def columns_for(
    cells: Sequence[Sequence[str]], width: int, gap: int, most: Sequence[int] = ()
) -> list[int] | None:
    """Choose widths of columns: their own if they fit, else the widest give way first.

    Args:
        cells: Texts, row by row, headings among them.
        width: Of the terminal.
        gap: Characters between columns.
        most: Largest width of each column, 0 for any; empty for any everywhere.

    Returns:
        The widths, or None if words would have to be cut.
    """
    room = width - gap * (len(cells[0]) - 1)
    columns = list(zip(*cells, strict=True))
    natural = [max(map(len, column)) for column in columns]
    natural = [
        min(n, limit) if limit else n for n, limit in zip(natural, most or natural, strict=True)
    ]
    for pieces in (str.split, _pieces):
        least = [max(len(p) for text in c for p in (pieces(text) or [""])) for c in columns]
        if sum(least) > room:
            continue
        # The largest cap on the columns under which all fit.
        fits = [max(a, min(n, 1)) for a, n in zip(least, natural, strict=True)]
        for cap in range(2, max(*natural, 2) + 1):
            wider = [max(a, min(n, cap)) for a, n in zip(least, natural, strict=True)]
            if sum(wider) > room:
                break
            fits = wider
        # What is left completes the columns that lack least.
        for place in sorted(range(len(fits)), key=lambda i: natural[i] - fits[i]):
            lacks = max(natural[place] - fits[place], 0)
            if sum(fits) + lacks <= room:
                fits[place] += lacks
        return fits
    return None


def wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines, between words; words that are too long after ``-/._,``.

    Args:
        text: Without line breaks.
        width: Largest length of a line.

    Returns:
        At least one line.
    """
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
            continue
        lines.append(word)
        while len(lines[-1]) > width:
            pieces = _SEAM.split(lines.pop())
            line = pieces.pop(0)
            while pieces and len(line) + len(pieces[0]) <= width:
                line += pieces.pop(0)
            rest = "".join(pieces)
            if len(line) > width:
                line, rest = line[:width], line[width:] + rest
            lines += [line, rest] if rest else [line]
            if not rest:
                break
    return lines[1:] or [""]


def record_lines(
    columns: Sequence[str], row: Sequence[str], width: int | None = None
) -> Iterator[str]:
    """Write one row of a table as a block, a value a line.

    Args:
        columns: Names.
        row: Texts.
        width: Where to break long values; None for nowhere.

    Yields:
        The lines; what goes on is indented as far as the values.
    """
    margin = max(map(len, columns)) + 4
    for name, text in zip(columns, row, strict=True):
        lines = [text] if width is None else wrapped(text, max(width - margin, 20))
        yield f"  {name:{margin - 4}}  {lines[0]}".rstrip()
        yield from (" " * margin + line for line in lines[1:])


def _pieces(text: str) -> list[str]:
    pieces = [piece for word in text.split() for piece in _SEAM.split(word)]
    return [piece if len(piece) <= _LONG else piece[: _LONG // 2] for piece in pieces]

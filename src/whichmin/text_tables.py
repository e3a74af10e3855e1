"""Read tables of numbers from text: commas, semicolons, tabs or spaces, with or without names.

Lines and fields are counted from 1, as editors count them; rows of data from 0, as everywhere.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["TextTable", "read_table"]

# What separates fields, in the order in which it is looked for, and how a note calls it.
_SEPARATORS = {";": "semicolons", "\t": "tabs", ",": "commas", " ": "spaces"}
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_SHOWN = 40  # characters of a field that is no number


@dataclass(frozen=True)
class TextTable:
    """Numbers from a text file.

    Attributes:
        numbers: Shape ``(rows, columns)``, float64.
        layout: What was assumed to read them, for a note; empty for plain CSV.
    """

    numbers: NDArray[np.float64]
    layout: str = ""


@dataclass
class _Lines:
    """The lines that are not blank, with their numbers in the file, and how to split them."""

    numbers: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    separator: str = ","
    decimal_comma: bool = False

    def fields(self, place: int) -> list[str]:
        """The fields of a line, without blanks and quotation marks around them."""
        separator = None if self.separator == " " else self.separator
        text = self.texts[place]
        if '"' in text and separator is not None:  # it may stand between quotation marks
            parts = next(csv.reader([text], delimiter=separator, skipinitialspace=True))
        else:
            parts = text.split(separator)
        return [part.strip().strip('"').strip() for part in parts]

    def number(self, text: str) -> float | None:
        """The number that a field holds, or None."""
        if self.decimal_comma and "," in text:
            if not _DECIMAL_COMMA.fullmatch(text):
                return None
            text = text.replace(",", ".")
        try:
            # Python takes 1_000 for a number
            return None if "_" in text else float(text)
        except ValueError:
            return None

    def drop_first(self) -> None:
        """Forget the first line."""
        del self.numbers[0], self.texts[0]


def read_table(file: Path) -> TextTable:
    """Read a table of numbers; its first line may hold the columns' names.

    Fields are separated by semicolons, tabs, commas or spaces: the first of these that the last
    line has. Beside another separator than commas a comma is a decimal one.

    Args:
        file: The file: UTF-8, UTF-16 with its mark, or Latin-1.

    Returns:
        The numbers.

    Raises:
        ValueError: No rows, rows of unequal length, or a field that is no number; says where.
    """
    import numpy as np

    lines = _split(_decoded(file.read_bytes()))
    if not lines.texts:
        raise ValueError("no rows of numbers")
    names = lines.fields(0)
    if all(lines.number(name) is None for name in names):
        lines.drop_first()
        if not lines.texts:
            raise ValueError("no rows of numbers")
        if not names[0] and _counts([lines.fields(i)[0] for i in range(len(lines.texts))]):
            raise ValueError(
                "the first column numbers the rows; write the file without it (pandas: index=False)"
            )
    elif len(lines.texts) > 1 and _counts_columns(lines):
        raise ValueError("the first line numbers the columns; remove it, or name the columns")
    texts = [t.replace(",", ".") for t in lines.texts] if lines.decimal_comma else lines.texts
    try:
        numbers = np.loadtxt(
            texts, delimiter=None if lines.separator == " " else lines.separator, ndmin=2,
            dtype=np.float64, comments=None, quotechar='"',
        )  # fmt: skip
    except ValueError as error:
        raise _fault(lines) or error from error
    if lines.decimal_comma and (fault := _fault(lines)):  # 1,2,3 would be read as 1.2.3
        raise fault
    layout = "" if lines.separator == "," else f"separated by {_SEPARATORS[lines.separator]}"
    return TextTable(numbers, layout + (", decimal commas" if lines.decimal_comma else ""))


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    if b"\0" in content:
        raise ValueError("it is not text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _split(text: str) -> _Lines:
    lines = _Lines()
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            lines.numbers.append(number)
            lines.texts.append(line.strip(" "))
    if lines.texts:
        last = lines.texts[-1]
        lines.separator = next((s for s in _SEPARATORS if s in last), ",")
        lines.decimal_comma = lines.separator != "," and "," in last
    return lines


def _counts(fields: list[str]) -> bool:
    return fields == [str(i) for i in range(len(fields))]


def _counts_columns(lines: _Lines) -> bool:
    """Whether the first line is 0,1,2,... as pandas writes it for columns without names.

    Two numbers, 0,1, may be a data point; they are not if the other lines are written as floats.

    Returns:
        Whether to refuse the line.
    """
    fields = lines.fields(0)
    if not fields[0] and len(fields) > 2:  # pandas, with the rows' numbers too
        return _counts(fields[1:])
    if not _counts(fields) or len(fields) < 2:
        return False
    return len(fields) > 2 or all("." in text or "e" in text for text in lines.texts[1:])


def _column(lines: _Lines, column: int) -> list[str]:
    rows = (lines.fields(place) for place in range(len(lines.texts)))
    return [fields[column - 1] for fields in rows if len(fields) >= column]


def _fault(lines: _Lines) -> ValueError | None:
    """The first line that cannot be read."""
    columns = len(lines.fields(0))
    for place, number in enumerate(lines.numbers):
        fields = lines.fields(place)
        for column, text in enumerate(fields, 1):
            if lines.number(text) is None:
                shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
                what = f"{shown!r} is no number" if text else "it is empty"
                if _DECIMAL_COMMA.fullmatch(text):
                    what += "; write decimal points, or separate the fields by semicolons"
                elif text and all(lines.number(f) is None for f in _column(lines, column)):
                    what += f"; leave out column {column}, which holds none"
                return ValueError(f"line {number}, field {column}: {what}")
        if len(fields) != columns:
            told = f"line {number} has {len(fields)} fields, line {lines.numbers[0]} has {columns}"
            return ValueError(told)
    return None

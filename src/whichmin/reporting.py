"""Format tables, for all commands: terminal, plain text, Markdown, LaTeX, CSV and JSON.

Tabulate and rich draw them; Markdown needs neither. pandas would not: its cells have no LaTeX of
their own, its tables no notes, and loading it takes longer than most commands.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from whichmin.errors import InputError, MissingDependency
from whichmin.files import write_bytes, write_text

__all__ = [
    "FORMATS", "ROUNDING", "ROUNDING_TEXT", "Cell", "Document", "Table", "data_frame",
    "margin_cell", "margin_text", "plain_json", "residual_cell", "residual_text", "write_bytes",
    "write_text",
]  # fmt: skip

#: Output formats of a document.
FORMATS = ("table", "markdown", "latex", "csv", "json")

#: Relative size up to which a residual is taken for rounding, 64 units in the last place: what a
#: sum of some sixty products leaves.
ROUNDING = 2.0**-46
#: What stands for such a residual in a text.
ROUNDING_TEXT = "rounding"

_GREEK = [  # from alpha on; TeX has no omicron
    "alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "mathrm{o}", "pi", "rho", "varsigma", "sigma", "tau", "upsilon",
    "varphi", "chi", "psi", "omega",
]  # fmt: skip
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "½": r"$\frac{1}{2}$", "×": r"$\times$", "≤": r"$\leq$", "≥": r"$\geq$", "−": r"$-$",
    "²": r"$^2$", "³": r"$^3$", "±": r"$\pm$", "∞": r"$\infty$", "→": r"$\to$", "Σ": r"$\Sigma$",
    "|": "$|$", "<": "$<$", ">": "$>$",  # in TeX's own fonts a dash and Spanish marks
    **{chr(0x3B1 + place): rf"$\{name}$" for place, name in enumerate(_GREEK)},
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """A value of a table, with its text and its LaTeX.

    Attributes:
        value: Plain Python value, for CSV, JSON and pandas.
        text: For people; by default made from the value.
        latex: For LaTeX, ready to use; by default the escaped text.
    """

    value: Any
    text: str = ""
    latex: str = ""

    def __post_init__(self) -> None:
        """Fill in the defaults."""
        text = self.text or _human(self.value)
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "latex", self.latex or _escape(text))


def residual_text(residual: float, allowed: float = ROUNDING) -> str:
    """Write the difference of two numbers that are equal but for rounding.

    Such a difference depends on the processor and on the libraries' versions; its digits are for
    CSV and JSON only.

    Args:
        residual: The difference, relative or in units near 1.
        allowed: Largest difference that rounding explains.

    Returns:
        ``rounding``, or the number with two digits if it is larger or not a number.
    """
    return ROUNDING_TEXT if abs(residual) <= allowed else f"{residual:.2g}"


def margin_text(margin: float, *, exact: bool = True) -> str:
    """Write a margin, a deviation in units of what rounding or chance explains.

    Args:
        margin: The margin; at most 1 holds.
        exact: Whether 0 means that nothing was rounded; if not, 0 is written like 1e-9.

    Returns:
        ``< 0.1`` for what is far below 1: more digits would depend on the processor. Otherwise two
        digits.
    """
    if margin < 0.1 and (margin > 0 or not exact):
        return "< 0.1"
    return f"{margin:.2g}"


def residual_cell(residual: float) -> Cell:
    """Return a cell of a residual, written by :func:`residual_text`."""
    return Cell(residual, residual_text(residual))


def margin_cell(margin: float) -> Cell:
    """Return a cell of a margin where 0 need not be exact, written by :func:`margin_text`."""
    return Cell(margin, margin_text(margin, exact=False))


def data_frame(records: list[dict[str, Any]]) -> Any:
    """Turn records into a ``pandas.DataFrame``.

    Args:
        records: One dictionary per row.

    Returns:
        The data frame.

    Raises:
        MissingDependency: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingDependency(
            "pandas", "to_pandas() builds a DataFrame", "pip install 'whichmin[pandas]'"
        ) from error
    return pd.DataFrame.from_records(records)


def _human(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (tuple, list)):
        return ", ".join(map(_human, value)) or "none"
    return "" if value is None else str(value)


def _escape(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)


def _plain(value: Any) -> Any:
    """Make a value valid JSON: NaN and infinities have no spelling there and become null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    return value


def plain_json(content: Any) -> str:
    """Write plain data as JSON, with null for NaN and infinities, which JSON cannot hold.

    Args:
        content: Nested mappings and sequences of plain values.

    Returns:
        Several lines.
    """
    return json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True)
class Table:
    """A table with named columns.

    Attributes:
        title: Heading.
        columns: Column names; they are the keys in JSON, CSV and pandas.
        rows: Cells, row by row.
        notes: Footnotes.
        wrap: Largest width of each column in plain text and on the terminal; 0 for any. Empty if
            nothing is to be wrapped.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    wrap: tuple[int, ...] = ()

    @classmethod
    def build(
        cls,
        title: str,
        columns: Sequence[str],
        rows: Iterable[Iterable[Any]],
        notes: Iterable[str] = (),
        wrap: Iterable[int] = (),
    ) -> Table:
        """Build a table from plain values or cells.

        Returns:
            The table.
        """
        cells = tuple(tuple(v if isinstance(v, Cell) else Cell(v) for v in row) for row in rows)
        return cls(title, tuple(columns), cells, tuple(notes), tuple(wrap))

    def transposed(self, corner: str = "") -> Table:
        """Exchange rows and columns; the first column becomes the heading.

        Returns:
            A new table.
        """
        heads = (corner, *(row[0].text for row in self.rows))
        body = [
            (Cell(name), *(row[place] for row in self.rows))
            for place, name in enumerate(self.columns)
            if place
        ]
        return Table(self.title, heads, tuple(body), self.notes)

    def records(self) -> list[dict[str, Any]]:
        """Return one dictionary of plain values per row."""
        return [dict(zip(self.columns, (c.value for c in row), strict=True)) for row in self.rows]

    def to_pandas(self) -> Any:
        """Convert to pandas.

        Returns:
            A ``pandas.DataFrame``.

        Raises:
            MissingDependency: pandas is not installed.
        """
        return data_frame(self.records())

    def _texts(self) -> list[list[str]]:
        return [[c.text for c in row] for row in self.rows]

    def plain(self) -> str:
        """Write the table as plain text.

        Returns:
            Several lines.
        """
        from tabulate import tabulate

        widths = [width or None for width in self.wrap] or None
        body = tabulate(
            self._texts(), self.columns, tablefmt="simple", disable_numparse=True,
            maxcolwidths=widths,
        )  # fmt: skip
        return "\n".join([self.title, "", body, *_footnotes(self.notes)])

    def expanded(self) -> str:
        """Write the table as plain text, one value a line, for narrow terminals.

        Returns:
            Several lines.
        """
        from whichmin.terminal import record_lines

        blocks = ["\n".join(record_lines(self.columns, row)) for row in self._texts()]
        return "\n\n".join([self.title, *blocks])

    def markdown(self) -> str:
        """Write the table as GitHub-flavoured Markdown.

        Returns:
            Several lines.
        """
        rows = [self.columns, *self._texts()]
        # A cell has one line; two blanks more than a head needs, as tabulate lays tables out.
        cells = [[" ".join(t.split("\n")).strip().replace("|", r"\|") for t in row] for row in rows]
        heads = [f"{text}  " for text in cells[0]]
        widths = [max(map(len, column)) for column in zip(heads, *cells[1:], strict=True)]
        lines = [
            f"| {' | '.join(t.ljust(w) for t, w in zip(row, widths, strict=True))} |"
            for row in cells
        ]
        lines.insert(1, f"|{'|'.join('-' * (w + 2) for w in widths)}|")
        return "\n".join([f"**{self.title}**", "", *lines, *_footnotes(self.notes)])

    def latex(self) -> str:
        """Write the table as a LaTeX ``tabular`` for the package booktabs.

        Returns:
            Several lines.
        """
        lines = [f"% {self.title}", rf"\begin{{tabular}}{{{'l' * len(self.columns)}}}", r"\toprule"]
        lines.append(" & ".join(_escape(c) for c in self.columns) + r" \\")
        lines.append(r"\midrule")
        lines.extend(" & ".join(c.latex for c in row) + r" \\" for row in self.rows)
        lines.extend([r"\bottomrule", r"\end{tabular}"])
        lines.extend(f"% {note}" for note in self.notes)
        return "\n".join(lines)

    def csv(self) -> str:
        """Write the table as comma-separated values with a header line.

        Returns:
            Several lines.
        """
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.rows:
            writer.writerow(
                " ".join(map(str, c.value)) if isinstance(c.value, (tuple, list)) else c.value
                for c in row
            )
        return buffer.getvalue().rstrip("\n")

    def print_rich(self) -> None:
        """Print the table to the terminal with colours, in its width."""
        from whichmin.terminal import print_table

        print_table(self)


def _footnotes(notes: tuple[str, ...]) -> list[str]:
    return ["", *notes] if notes else []


@dataclass(frozen=True)
class Document:
    """The output of a command: tables, and what is needed to compute them again.

    Attributes:
        schema: Name and version of the JSON layout.
        tables: The tables.
        provenance: What is needed to compute them again.
        primary: Index of the table that CSV and pandas get; they hold one table only.
        extra: More JSON members.
    """

    schema: str
    tables: tuple[Table, ...]
    provenance: Mapping[str, Any]
    primary: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_pandas(self) -> Any:
        """Convert the primary table to a ``pandas.DataFrame`` (see :meth:`Table.to_pandas`)."""
        return self.tables[self.primary].to_pandas()

    def render(self, form: str = "table") -> str:
        """Write the document.

        Args:
            form: One of ``FORMATS``; ``table`` is plain text.

        Returns:
            The text, without a trailing newline.

        Raises:
            InputError: Unknown format.
        """
        if form == "json":
            content = {
                "schema": self.schema,
                "provenance": dict(self.provenance),
                **self.extra,
                "tables": [
                    {
                        "title": t.title,
                        "columns": list(t.columns),
                        "rows": t.records(),
                        "notes": list(t.notes),
                    }
                    for t in self.tables
                ],
            }
            return plain_json(content)
        if form == "csv":
            return self.tables[self.primary].csv()
        writers = {"table": Table.plain, "markdown": Table.markdown, "latex": Table.latex}
        if form not in writers:
            raise InputError("format", form, f"must be one of: {', '.join(FORMATS)}")
        return "\n\n".join(writers[form](t) for t in self.tables)

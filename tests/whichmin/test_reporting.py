import csv
import io
import json
import math
import sys

import pandas as pd
import pytest

from whichmin.errors import InputError, MissingDependency
from whichmin.reporting import (
    FORMATS,
    ROUNDING,
    Cell,
    Document,
    Table,
    data_frame,
    margin_text,
    residual_text,
)

NAN, INF = float("nan"), float("inf")


def table():
    return Table.build(
        "A title",
        ("name", "value", "list_1"),
        [
            ("a|b", Cell(1 / 3, "a third", r"$\frac13$"), [1, 2]),
            ("50% & more_{x}", Cell(NAN, "unknown"), ()),
            ("κ≤½", -INF, (0.5, "x")),
        ],
        ["First note | with a pipe.", "Second."],
    )


def document(**options):
    second = Table.build("Other", ("x",), [(1,)])
    return Document("test.schema/1", (table(), second), {"seed": 3, "gap": NAN}, **options)


def test_plain_text():
    assert table().plain().splitlines() == [
        "A title",
        "",
        "name            value    list_1",
        "--------------  -------  --------",
        "a|b             a third  1, 2",
        "50% & more_{x}  unknown  none",
        "κ≤½             -inf     0.5, x",
        "",
        "First note | with a pipe.",
        "Second.",
    ]


def test_numbers_written_as_text_are_not_reformatted():
    plain = Table.build("t", ("x",), [(Cell(1.0, "1.00e+00"),), (Cell(2, "0002"),)]).plain()
    assert "1.00e+00" in plain
    assert "0002" in plain


def test_markdown_escapes_pipes():
    lines = table().markdown().splitlines()
    assert lines[:2] == ["**A title**", ""]
    assert [cell.strip() for cell in lines[2].strip("|").split("|")] == ["name", "value", "list_1"]
    assert set(lines[3]) == {"|", "-"}
    assert lines[4].startswith(r"| a\|b ")
    assert all(line.replace(r"\|", "").count("|") == 4 for line in lines[2:7])
    assert lines[-2:] == ["First note | with a pipe.", "Second."]
    assert r"x\|y" in Table.build("t", ("x|y",), []).markdown()


def test_latex():
    assert table().latex().splitlines() == [
        "% A title",
        r"\begin{tabular}{lll}",
        r"\toprule",
        r"name & value & list\_1 \\",
        r"\midrule",
        r"a$|$b & $\frac13$ & 1, 2 \\",
        r"50\% \& more\_\{x\} & unknown & none \\",
        r"$\kappa$$\leq$$\frac{1}{2}$ & -inf & 0.5, x \\",
        r"\bottomrule",
        r"\end{tabular}",
        "% First note | with a pipe.",
        "% Second.",
    ]


def test_csv_holds_full_precision_values():
    text = table().csv()
    assert not text.endswith("\n")
    assert list(csv.reader(io.StringIO(text))) == [
        ["name", "value", "list_1"],
        ["a|b", repr(1 / 3), "1 2"],
        ["50% & more_{x}", "nan", ""],
        ["κ≤½", "-inf", "0.5 x"],
    ]


def test_csv_quotes_what_needs_it():
    awkward = ["a,b", 'say "x"', "two\nlines", ""]
    text = Table.build("t", ("c", "d"), [(value, None) for value in awkward]).csv()
    assert list(csv.reader(io.StringIO(text))) == [["c", "d"], *([v, ""] for v in awkward)]


def test_json_is_strict_and_turns_nan_and_infinities_into_null():
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    text = document(extra={"holds": True, "worst": INF}).render("json")
    content = json.loads(text, parse_constant=refuse)
    assert list(content) == ["schema", "provenance", "holds", "worst", "tables"]
    assert content["schema"] == "test.schema/1"
    assert content["provenance"] == {"seed": 3, "gap": None}
    assert (content["holds"], content["worst"]) == (True, None)
    first, second = content["tables"]
    assert first == {
        "title": "A title",
        "columns": ["name", "value", "list_1"],
        "rows": [
            {"name": "a|b", "value": 1 / 3, "list_1": [1, 2]},
            {"name": "50% & more_{x}", "value": None, "list_1": []},
            {"name": "κ≤½", "value": None, "list_1": [0.5, "x"]},
        ],
        "notes": ["First note | with a pipe.", "Second."],
    }
    assert second["rows"] == [{"x": 1}]
    assert "κ" in text, "readable, not escaped"


def test_a_document_renders_every_table_and_csv_the_primary_one():
    doc = document()
    assert doc.render() == doc.render("table")
    assert doc.render("table") == table().plain() + "\n\n" + doc.tables[1].plain()
    assert doc.render("markdown").startswith("**A title**")
    assert doc.render("markdown").endswith(doc.tables[1].markdown())
    assert doc.render("latex").count(r"\begin{tabular}") == 2
    assert doc.render("csv") == table().csv()
    assert document(primary=1).render("csv") == "x\n1"


@pytest.mark.parametrize("form", ["html", "", "JSON", "plain"])
def test_unknown_format(form):
    with pytest.raises(InputError) as caught:
        document().render(form)
    assert str(caught.value) == (
        f"format = {form!r}, but must be one of: table, markdown, latex, csv, json"
    )


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_colours_or_ends_in_a_newline(form):
    text = document().render(form)
    assert "\x1b" not in text
    assert text == text.rstrip("\n") != ""


def test_transposed():
    turned = table().transposed("property")
    assert turned.columns == ("property", "a|b", "50% & more_{x}", "κ≤½")
    assert [[cell.text for cell in row] for row in turned.rows] == [
        ["value", "a third", "unknown", "-inf"],
        ["list_1", "1, 2", "none", "0.5, x"],
    ]
    assert turned.rows[0][1].value == 1 / 3
    assert (turned.title, turned.notes) == (table().title, table().notes)
    assert table().transposed().columns[0] == ""


def test_to_pandas():
    frame = table().to_pandas()
    assert list(frame.columns) == ["name", "value", "list_1"]
    assert frame["value"].isna().tolist() == [False, True, False]
    assert frame["value"][0] == 1 / 3
    assert frame["list_1"][0] == [1, 2]
    pd.testing.assert_frame_equal(document().to_pandas(), frame)
    assert document(primary=1).to_pandas().to_dict("records") == [{"x": 1}]


def test_without_pandas_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependency, match=r"pandas is missing: .*pip install 'whichmin\["):
        data_frame([{"x": 1}])


def test_on_a_terminal_brackets_in_a_table_are_text_and_not_markup(capsys):
    odd = Table.build("t[1]", ("x[m]",), [("a[/b]",), ("holds",), ("FAILS",)], ["note [red]"])
    odd.print_rich()
    printed = capsys.readouterr().out
    for text in ("t[1]", "x[m]", "a[/b]", "holds", "FAILS", "note [red]"):
        assert text in printed


@pytest.mark.parametrize(
    ("residual", "allowed", "text"),
    [
        (0.0, ROUNDING, "rounding"),
        (9.2e-16, ROUNDING, "rounding"),
        (-1.2e-15, ROUNDING, "rounding"),
        (2e-14, ROUNDING, "2e-14"),
        (-0.02, ROUNDING, "-0.02"),
        (2e-14, 1e-13, "rounding"),
        (math.nan, ROUNDING, "nan"),
        (math.inf, ROUNDING, "inf"),
    ],
)
def test_residuals(residual, allowed, text):
    assert residual_text(residual, allowed) == text


@pytest.mark.parametrize(
    ("margin", "exact", "text"),
    [
        (0.0, True, "0"),
        (0.0, False, "< 0.1"),
        (3.6e-7, True, "< 0.1"),
        (0.0999, False, "< 0.1"),
        (0.1, True, "0.1"),
        (0.84, False, "0.84"),
        (1.04, True, "1"),
        (4.1e11, True, "4.1e+11"),
        (math.inf, False, "inf"),
        (math.nan, False, "nan"),
    ],
)
def test_margins(margin, exact, text):
    assert margin_text(margin, exact=exact) == text

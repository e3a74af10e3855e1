"""Tables at the width of a terminal: words stay whole, and nothing is wider than the terminal."""

import re

import pytest

from whichmin.bench.report import _COLUMNS
from whichmin.claim_pages import kernel_statements, page
from whichmin.ledger import entries, one_claim
from whichmin.reporting import Table
from whichmin.terminal import columns_for, print_table, record_lines, wrapped

PROSE = Table.build(
    "Title",
    ("name", "because", "ns per replica-step"),
    [
        ("batch size full", "the projection of the start on the points that are positive", 1.5),
        ("batch size 1", "noise decides", 322000.0),
    ],
    ["A note that is longer than a narrow terminal is wide, and has to go on in a second line."],
)


def printed(monkeypatch, capsys, table, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    print_table(table)
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()


def words(lines):
    return {word for line in lines for word in re.split(r"[\s─]+", line) if word}


@pytest.mark.parametrize("columns", [50, 60, 80, 200])
def test_no_word_is_cut_and_no_line_too_long(monkeypatch, capsys, columns):
    lines = printed(monkeypatch, capsys, PROSE, columns)
    assert max(map(len, lines)) <= columns
    assert {"projection", "positive", "replica-step", "322000"} <= words(lines)
    assert any("───" in line for line in lines), "a table, not blocks"


def test_a_table_of_prose_stays_one_at_80_columns(monkeypatch, capsys):
    """Twice as wide as the terminal: it was written as a block a row."""
    wide = Table.build(
        "t", ("property", "a", "b"), [("because", "some words " * 7, "more of it " * 7)]
    )
    lines = printed(monkeypatch, capsys, wide, 80)
    assert lines[2].split() == ["property", "a", "b"]
    assert sum("some words" in line for line in lines) >= 2


def test_notes_go_on_indented(monkeypatch, capsys):
    lines = printed(monkeypatch, capsys, PROSE, 60)
    first = next(i for i, line in enumerate(lines) if line.startswith("A note"))
    assert lines[first + 1].startswith("  ")
    assert lines[first + 1].strip()


def test_what_does_not_fit_is_written_row_by_row_and_goes_on_under_its_value(monkeypatch, capsys):
    formulas = Table.build("t", ("name", "formula"), [("x", "a + b * " * 40 + "c"), ("y", "1")])
    lines = printed(monkeypatch, capsys, formulas, 40)
    assert not any("───" in line for line in lines)
    at = next(i for i, line in enumerate(lines) if "formula" in line)
    assert lines[at].startswith("  formula  a + b")
    assert lines[at + 1].startswith(" " * 11)
    assert not lines[at + 1].startswith(" " * 12)
    assert max(map(len, lines)) <= 40


def test_rows_of_numbers_that_do_not_fit_stand_beside_each_other(monkeypatch, capsys):
    """A block a row made 900 lines of the table of gradient noise."""
    names = ("step", *(f"a-long-name-{i}" for i in range(9)))
    rows = [(step, *([step + 0.12345] * 9)) for step in range(7)]
    lines = printed(monkeypatch, capsys, Table.build("t", names, rows), 60)
    assert max(map(len, lines)) <= 60
    steps = [line.split()[1:] for line in lines if line.startswith("  step")]
    assert steps == [["0", "1", "2", "3", "4"], ["5", "6"]], "as many as fit, in order"
    assert len([line for line in lines if line.startswith("  a-long-name-8")]) == 2


def test_colours_are_those_of_verdicts_only(monkeypatch, capsys):
    table = Table.build("t", ("what", "verdict"), [("it holds water", "holds"), ("b", "FAILS")])
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    print_table(table)
    out = capsys.readouterr().out
    assert len(re.findall(r"\x1b\[32mholds", out)) == 1
    assert len(re.findall(r"\x1b\[1;31mFAILS", out)) == 1


def test_the_widest_give_way_first():
    cells = [["ab", "word " * 10], ["cd", "x"]]
    assert columns_for(cells, 30, 2) == [2, 26]
    assert columns_for(cells, 200, 2) == [2, 50]
    assert columns_for([["a" * 20, "b" * 20]], 30, 2) is None


def test_a_limit_of_a_column_is_kept():
    assert columns_for([["id", "word " * 10]], 80, 2, (0, 20)) == [2, 20]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 5, [""]),
        ("one two", 7, ["one two"]),
        ("one two", 6, ["one", "two"]),
        ("kernel.every_point", 8, ["kernel.", "every_", "point"]),
        ("torch-vmap", 9, ["torch-", "vmap"]),
        ("0123456789", 4, ["0123", "4567", "89"]),
        ("1.5e-06", 7, ["1.5e-06"]),
    ],
)
def test_wrapped(text, width, lines):
    assert wrapped(text, width) == lines


def test_long_hashes_do_not_force_blocks():
    assert columns_for([["commit", "0123456789abcdef" * 3]], 40, 2) == [6, 32]


def test_record_lines_without_a_width_are_not_broken():
    assert list(record_lines(("a", "bcd"), ("x " * 60, ""))) == [
        "  a    " + ("x " * 60).rstrip(), "  bcd",
    ]  # fmt: skip


def test_the_page_of_a_claim_keeps_to_the_terminal():
    """Lines of 96 characters went on at the left margin; code stays as it is."""
    for name in ("gd.limit", "walk.transience", "measures.keskar_invariant"):
        entry = entries([one_claim(name)])[0]
        example = entry.claim.counterexample
        verbatim = [k.text for k in kernel_statements(entry)]
        verbatim += [] if example is None else [example.code, example.prints]
        kept = {line.strip() for text in verbatim for line in text.splitlines()}
        for width in (60, 80):
            lines = page(entry, width).splitlines()
            assert max(len(line) for line in lines if line.strip() not in kept) <= width, name


def test_contenders_of_the_benchmark_stay_a_table_at_80_columns(monkeypatch, capsys):
    """They were blocks, or their words were cut."""
    row = ("torch-vmap", 16, 16384, "96028.4", "51234", "135804", "460271", "3.3e-16", "agrees")
    absent = ("jax-autodiff", 2, *"-" * 6, "not measured")
    table = Table.build("whichmin bench", _COLUMNS, [row, absent])
    lines = printed(monkeypatch, capsys, table, 80)
    assert max(map(len, lines)) <= 80
    assert sum("───" in line for line in lines) == 1
    assert {"torch-", "vmap", "autodiff", "measured", "135804", "460271"} <= words(lines)

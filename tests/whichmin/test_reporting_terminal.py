import re

import pytest

from whichmin.reporting import Table

TABLE = Table.build("Title", ("name", "a rather long column"), [("x", "v" * 60), ("y", "short")])


def printed(monkeypatch, capsys, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    TABLE.print_rich()
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)


def test_a_wide_terminal_shows_a_table(monkeypatch, capsys):
    out = printed(monkeypatch, capsys, 120)
    assert re.search(r"x +" + "v" * 60, out)
    assert "────" in out


def test_a_narrow_terminal_shows_rows_one_by_one(monkeypatch, capsys):
    out = printed(monkeypatch, capsys, 14)
    assert "────" not in out
    assert re.search(r"name +x\n", out)
    assert re.search(r"a rather long column +short\n", out)


@pytest.mark.parametrize("columns", [55, 70])
def test_folding_a_little_is_fine(monkeypatch, capsys, columns):
    out = printed(monkeypatch, capsys, columns)
    assert "────" in out
    assert out.count("v") == 60

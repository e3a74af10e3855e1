"""Parts of pages that the program says of itself."""

import re

import program
import pytest

from whichmin.verification.oracle.checks import all_checks as oracle_checks
from whichmin.verification.oracle.protocol import FUNCTIONS
from whichmin.words import Status


@pytest.mark.parametrize("name", program.PARTS)
def test_every_part_is_a_table_and_stands_on_a_page(name):
    rows = [line for line in program.PARTS[name]().splitlines() if line.startswith("|")]
    widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert len(rows) > 3
    assert len(widths) <= 2
    docs = program.__file__.rpartition("/extensions")[0]
    import pathlib

    pages = [p.read_text(encoding="utf-8") for p in pathlib.Path(docs).glob("*.md")]
    assert any(f"```{{generated}} {name}\n" in page for page in pages)


def test_nothing_is_left_out():
    assert all(s.label in program.statuses() for s in Status)
    assert all(f"`{f.signature}`" in program.protocol() for f in FUNCTIONS.values())
    assert all(f"`{c.id}`" in program.oracle_checks() for c in oracle_checks())


def test_formulas_are_typeset():
    assert "$\\displaystyle" in program.selection()
    assert r"\frac{n + 4 - m}{m}" in program.sharpness()

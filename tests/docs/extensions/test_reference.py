"""Pages of the reference: one a front, with all that it offers."""

import re

import pytest
import reference

REFERENCE = reference.REFERENCE


@pytest.mark.parametrize("front", REFERENCE.fronts)
def test_a_page_shows_every_name_and_describes_its_own(front):
    text = reference.page(front)
    assert text.startswith(f"{front}\n===")
    assert text.count(f"\n.. automodule:: {front}\n") == 1
    shown = {line.rpartition(".")[2].strip(" ~") for line in text.splitlines() if line[:3] == "   "}
    assert set(REFERENCE.names(front)) <= shown
    described = re.findall(
        r"^\.\. auto(?:class|data|exception|function):: (.*)$", text, re.MULTILINE
    )
    assert described == [f"{front}.{name}" for name in REFERENCE.own(front)]


def test_pages_are_written_and_old_ones_removed(tmp_path):
    folder = tmp_path / "api"
    folder.mkdir()
    (folder / "whichmin.gone.rst").write_text("old")
    reference.write_pages(folder)
    written = {path.stem: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert set(written) == set(REFERENCE.fronts)
    reference.write_pages(folder)
    assert {path.stem: path.stat().st_mtime_ns for path in folder.iterdir()} == written

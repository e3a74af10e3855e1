import os
import sys

import pytest

from whichmin.cli.options import emit, refuse_same_file
from whichmin.errors import InputError
from whichmin.progress import progress_bar
from whichmin.reporting import Document, Table


def test_different_files_and_absent_ones_are_fine(tmp_path):
    refuse_same_file({"FILE": "a.npy", "--start": None}, {"--output": "b.npy", "--record": None})
    refuse_same_file({"FILE": "a.npy", "--start": "a.npy"}, {"--output": None})


@pytest.mark.parametrize("spelling", ["a.npy", "./a.npy", "link.npy", "{tmp}/a.npy"])
def test_a_file_that_is_read_is_not_written(tmp_path, monkeypatch, spelling):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.npy").touch()
    os.symlink("a.npy", "link.npy")
    with pytest.raises(InputError, match="must be another file than that of FILE") as caught:
        refuse_same_file({"FILE": "a.npy"}, {"--output": spelling.format(tmp=tmp_path)})
    assert caught.value.argument == "--output"


def test_two_outputs_in_one_file_are_refused():
    with pytest.raises(InputError, match="must be another file than that of --checkpoint"):
        refuse_same_file({}, {"--checkpoint": "c.npz", "--output": "c.npz"})


def test_streams_that_the_caller_closed_are_no_terminals(monkeypatch):
    document = Document("s/1", (Table.build("t", ("a",), [(1,)]),), {})
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    emit(document, "table", None)
    with progress_bar(1, "label", lines=True) as update:
        update(1, "label")

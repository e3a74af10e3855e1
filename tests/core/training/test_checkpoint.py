"""Where checkpoints go: new files only, atomically, with the old one kept when a write fails."""

import subprocess
import sys

import numpy as np
import pytest

import whichmin
from whichmin.core.training import checkpoint
from whichmin.core.training.settings import TrainingSettings
from whichmin.core.training.trainer import prepare
from whichmin.errors import InputError


def test_an_existing_file_is_never_overwritten(tmp_path):
    file = tmp_path / "c.npz"
    file.write_text("precious")
    with pytest.raises(InputError, match=r"checkpoint = .*must be a new file"):
        whichmin.train(np.eye(3), checkpoint=file)
    assert file.read_text() == "precious"


def test_a_place_that_cannot_be_written_is_one_error_before_training(tmp_path):
    told = []
    with pytest.raises(InputError, match=r"checkpoint = .*there is no folder"):
        whichmin.train(
            np.eye(3), checkpoint=tmp_path / "no" / "c.npz", progress=lambda *now: told.append(now)
        )
    assert told == []


FULL_DISK = """
import resource, signal, sys
import numpy as np, whichmin
from whichmin.core.training import checkpoint
from whichmin.core.training.settings import TrainingSettings
from whichmin.core.training.trainer import prepare
run = prepare(np.eye(40), None, TrainingSettings(activation="linear"))
keeper = checkpoint.Keeper(sys.argv[1], 30, {}, new=True)
keeper.runs = [run]
keeper.save()
# A file size limit stands for the full disk: the write fails half-way.
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
run.steps = 17
try:
    keeper.save()
except whichmin.InputError as error:
    print(error)
"""


def test_a_full_disk_is_one_error_and_keeps_the_checkpoint_before(tmp_path):
    file = tmp_path / "c.npz"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(file)], capture_output=True, text=True, check=True
    )
    assert "checkpoint = " in done.stdout
    assert "must be a writable file (File too large)" in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["c.npz"]
    assert checkpoint.load(file, "file").runs[0][0]["steps"] == 0


def test_checkpoints_come_when_they_are_due(tmp_path, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: clock[0])
    keeper = checkpoint.Keeper(tmp_path / "c.npz", 30.0, {"labels": ["x"]}, new=True)
    keeper.runs = [prepare(np.eye(3), None, TrainingSettings())]
    written = []
    monkeypatch.setattr(checkpoint, "write_bytes", lambda *_: written.append(clock[0]))
    for now in (100, 110, 129.9, 130, 131, 200):
        clock[0] = now
        keeper.at_boundary()
    assert written == [100, 130, 200]


def test_notes_come_back(tmp_path):
    keeper = checkpoint.Keeper(tmp_path / "c.npz", 30.0, {"labels": ["ü", 1]}, new=True)
    keeper.runs = [prepare(np.eye(3), None, TrainingSettings())]
    keeper.save()
    assert checkpoint.load(tmp_path / "c.npz", "file").notes == {"labels": ["ü", 1]}

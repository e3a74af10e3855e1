"""``whichmin ensemble``: the same as from Python; what interrupts and full disks leave."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import whichmin
from whichmin.cli import run

LINE = ["ensemble", "--m", "3", "--n", "5", "--seed", "2", "--engine", "reduced"]
FAST = [*LINE, "-b", "1", "--step-size", "0.3", "--replicas", "8"]


def test_the_same_as_from_python(capsys, tmp_path):
    assert run([*FAST, "-f", "json", "-o", str(tmp_path / "e.json")]) == 0
    assert capsys.readouterr().out == ""
    written = json.loads((tmp_path / "e.json").read_text())
    found = whichmin.ensemble(
        whichmin.random_frame(3, 5, 2), replicas=8, seed=2, step_size=0.3, engine="reduced"
    )
    assert written["cells"] == json.loads(found.json())["cells"]
    assert run([*FAST, "-f", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == written


def test_replica_numbers_run_on_from_cell_to_cell(capsys):
    sizes = ["-b", "1", "-b", "2", "-f", "json"]
    assert run([*LINE, "--step-size", "0.3", "--replicas", "4", *sizes]) == 0
    cells = json.loads(capsys.readouterr().out)["cells"]
    found = whichmin.ensemble(
        whichmin.random_frame(3, 5, 2), replicas=8, seed=2, step_size=0.3, engine="reduced",
        batch_size=np.repeat([1, 2], 4),
    )  # fmt: skip
    assert cells == json.loads(found.json())["cells"]


REFUSED = [
    (["--replicas", "0"], "--replicas = 0"),
    (["--step-size", "0.1", "--step-size", "0.1"], "--step-size = .*must differ"),
    (["-b", "1", "-b", "1"], "--batch-size = .*must differ"),
    (["-b", "4"], "--batch-size = 4"),
    (["--step-size", "-1"], "--step-size = -1"),
    (["--block", "0"], "--block = 0"),
    (["--check-every", "0"], "--check-every = 0"),
    (["--observable", "steps", "--observable", "steps"], "--observable = .*must differ"),
    (["--common-start", "--start", "w.npy"], "--common-start = True, but cannot be combined"),
    (["--start", "w.npy", "-o", "w.npy"], "--output = 'w.npy', but must be another file"),
    (
        ["--start", "many.npy"],
        "--start = '3 rows', but must be one row, or one for each of the 2000",
    ),
    (["-o", "no/such.json"], "--output = 'no/such.json', but must be a writable file"),
    (["-o", "/dev/full"], "--output = '/dev/full', but must be a writable file"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_refused_before_any_work(options, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("w.npy", np.full(5, 0.2))
    np.save("many.npy", np.full((3, 5), 0.2))
    assert run([*LINE, *options]) == 2
    said = capsys.readouterr()
    assert re.search(message, said.err)
    assert said.out == ""
    assert sorted(p.name for p in tmp_path.iterdir()) == ["many.npy", "w.npy"]


TELLING = """
import pathlib, sys
from whichmin.cli import run
from whichmin.core.training import ensemble as module
folded, blocks = module.Tally.of, []
def of(*arguments):
    blocks.append(0)
    if len(blocks) == 3:  # the first is done
        pathlib.Path("begun").touch()
    return folded(*arguments)
module.Tally.of = of
sys.exit(run(sys.argv[1:]))
"""


def start(folder, *options, program=("-m", "whichmin")):
    """A run of many small blocks that would take minutes."""
    return subprocess.Popen(
        [sys.executable, *program, *LINE, "-b", "1", "--replicas", "1000000", "--block", "50",
         *options],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # In the background of a shell SIGINT is ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def interrupted(process, number, ready):
    began = time.monotonic()
    while not ready() and process.poll() is None and time.monotonic() < began + 600:
        time.sleep(0.05)
    assert ready()
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 128 + number, err
    assert err.splitlines()[-1] == "whichmin: interrupted"
    assert "Traceback" not in err
    return out


def some_are_done(file):
    def ready():
        return file.exists() and json.loads(file.read_text())["done"] > 0

    return ready


def test_an_interrupt_leaves_the_file_marked_partial(tmp_path):
    file = tmp_path / "e.json"
    process = start(tmp_path, "-f", "json", "-o", "e.json")
    assert interrupted(process, signal.SIGTERM, some_are_done(file)) == ""
    content = json.loads(file.read_text())
    assert content["partial"] is True
    assert content["done"] % 50 == 0
    assert content["total"]["replicas"] == content["done"] < content["replicas"] == 10**6
    assert content["tables"][0]["title"].startswith("Partial ensemble")
    assert [p.name for p in tmp_path.iterdir()] == ["e.json"]


def test_an_interrupt_without_a_file_prints_what_was_done(tmp_path):
    process = start(tmp_path, program=("-c", TELLING))
    out = interrupted(process, signal.SIGINT, (tmp_path / "begun").exists)
    assert out.startswith("Partial ensemble: relu")
    assert "of 1,000,000 replicas are done" in out


FULL_DISK = """
import resource, signal, sys
from whichmin.cli import run
from whichmin.core.training import ensemble as module
module._SAVE_EVERY = 0.0
folded = module.Tally.of
def of(*arguments):
    # A file size limit stands for the full disk: the write fails half-way.
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    return folded(*arguments)
module.Tally.of = of
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.exit(run(sys.argv[1:]))
"""


def test_a_disk_that_fills_keeps_the_file_and_prints_what_was_done(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, *FAST, "--block", "3", "-f", "json", "-o", "e.json"],
        cwd=tmp_path, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 2
    assert (
        "--output = 'e.json', but must be a writable file (File too large); 3 of 8" in done.stderr
    )
    assert "Traceback" not in done.stderr
    printed = json.loads(done.stdout)
    assert (printed["partial"], printed["done"]) == (True, 3)
    kept = json.loads((tmp_path / "e.json").read_text())
    assert (kept["partial"], kept["done"]) == (True, 0)
    assert [p.name for p in tmp_path.iterdir()] == ["e.json"]


def test_the_observables_are_those_of_core():
    from whichmin.cli.ensemble import _OBSERVABLES
    from whichmin.core.training.summary import OBSERVABLES

    assert tuple(OBSERVABLES) == _OBSERVABLES

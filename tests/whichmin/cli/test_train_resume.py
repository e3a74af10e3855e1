"""Interrupted runs: kill -9, Ctrl-C and SIGTERM leave a file that continues to the
same bits on this machine."""

import json
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import warm

import whichmin
from whichmin.cli import run

CASES = {
    "two batch sizes, mini-batches without replacement": [
        "--m", "6", "--n", "9", "--step-size", "0.02", "-b", "full", "-b", "2", "--replicas", "3",
        "--max-steps", "400", "--seed", "4", "--activation", "linear",
    ],
    "correlated data": [
        "raw.npy", "--as-is", "--step-size", "0.01", "-b", "2", "--max-steps", "3000",
        "--sampling", "reshuffled",
    ],
    "plain autograd": [
        "--m", "4", "--n", "5", "--engine", "autograd", "-b", "1", "--step-size", "0.01",
        "--max-steps", "200", "--sampling", "with-replacement",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    np.save(folder / "raw.npy", np.random.default_rng(0).normal(size=(5, 4)) / 2)
    return folder


def arguments(case, name):
    return [
        "train", *CASES[case], "--record", f"{name}.path.npy", "--record-every", "7",
        "--checkpoint", f"{name}.npz", "--checkpoint-every", "0.02",
        "--format", "json", "--output", f"{name}.json",
    ]  # fmt: skip


def contents(folder, name):
    """Everything that a run leaves; recorded file names differ from run to run."""
    with np.load(folder / f"{name}.npz") as file:
        arrays = {k: file[k].tobytes() for k in file.files if k != "checkpoint"}
    paths = sorted(folder.glob(f"{name}.path*.npy"))
    assert paths
    return (
        (folder / f"{name}.json").read_text(),
        arrays,
        [p.name.removeprefix(name) for p in paths],
        [p.read_bytes() for p in paths],
    )


@pytest.fixture(scope="module", params=CASES)
def uninterrupted(folder, request):
    name = f"whole{list(CASES).index(request.param)}"
    began = time.monotonic()
    assert warm.command(arguments(request.param, name), folder).returncode in {0, 1}
    return request.param, contents(folder, name), time.monotonic() - began


def test_killed_at_random_and_resumed_to_the_same_bits(folder, uninterrupted):
    """7 kills in each of 3 settings: 21 in all."""
    case, whole, seconds = uninterrupted
    chance = random.Random(case)
    killed = 0
    for attempt in range(200):
        name = f"{list(CASES).index(case)}-{attempt}"
        began = time.monotonic()
        delay = chance.uniform(0.05, 1) * seconds
        code = warm.command(arguments(case, name), folder, kill_after=delay).returncode
        if code >= 0:
            # Done before: the first run was slow, or the machine was busy then.
            seconds = min(seconds, time.monotonic() - began)
            continue
        if not (folder / f"{name}.npz").exists():
            continue  # killed before it began
        assert code == -signal.SIGKILL
        written = folder / f"{name}.json"
        if written.exists():  # killed between its last word and its end: nothing to continue
            assert written.read_text() == whole[0]
            continue
        for path in folder.glob(f"{name}.path*.npy"):
            np.load(path)
        resume = ["train", "--resume", f"{name}.npz", "-f", "json", "-o", f"{name}.json"]
        assert warm.command(resume, folder).returncode in {0, 1}
        assert contents(folder, name) == whole
        killed += 1
        if killed == 7:
            return
    pytest.fail(f"only {killed} of 200 runs could be killed")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_a_signal_saves_the_run_and_says_how_to_continue(tmp_path, number, code):
    process = subprocess.Popen(
        [sys.executable, "-m", "whichmin", "train", "--step-size", "0.001", "--max-steps",
         "100000000", "--checkpoint", "run.npz", "-b", "1"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (tmp_path / "run.npz").exists():
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(number)
    out, err = process.communicate(timeout=600)
    assert process.returncode == code
    assert out == ""
    assert "continue with: whichmin train --resume run.npz" in err
    with np.load(tmp_path / "run.npz") as file:
        state = json.loads(str(file["checkpoint"]))
    assert state["runs"][0]["steps"] > 0
    assert not state["runs"][0]["done"]


def call(*words):
    return run(["train", *map(str, words)])


@pytest.fixture
def finished(tmp_path, capsys):
    file = tmp_path / "run.npz"
    assert (
        call("--m", 3, "--n", 4, "-b", "full", "--checkpoint", file, "--activation", "linear") == 0
    )
    return file, capsys.readouterr().out


def test_a_finished_run_prints_its_result_again(finished, capsys):
    file, before = finished
    assert call("--resume", file) == 0
    assert capsys.readouterr().out == before


@pytest.mark.parametrize(
    "words", [("--seed", 1), ("data.npy",), ("-b", 2), ("--checkpoint", "x.npz"), ("--as-is",)]
)
def test_the_file_knows_the_run(finished, capsys, words):
    assert call("--resume", finished[0], *words) == 2
    said = capsys.readouterr().err
    assert "cannot be combined with --resume" in said
    assert words[0].upper() in said.upper()


def test_a_checkpoint_is_never_overwritten_by_another_run(finished, capsys):
    before = finished[0].read_bytes()
    assert call("--checkpoint", finished[0]) == 2
    assert "must be a new file; to continue the run in it, resume it" in capsys.readouterr().err
    assert finished[0].read_bytes() == before


def test_what_is_no_checkpoint_is_refused(tmp_path, finished, capsys):
    whole = finished[0].read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    np.savez(tmp_path / "other.npz", x=np.eye(2))
    for name, content in (
        ("half.npz", whole[: len(whole) // 2]),
        ("empty.npz", b""),
        ("text.npz", b"some text"),
        ("other.npz", (tmp_path / "other.npz").read_bytes()),
        ("damaged.npz", bytes(damaged)),
    ):
        (tmp_path / name).write_bytes(content)
        assert call("--resume", tmp_path / name) == 2, name
        assert "must be an intact checkpoint that train wrote" in capsys.readouterr().err
    assert call("--resume", tmp_path / "missing.npz") == 2
    assert "No such file" in capsys.readouterr().err


def test_a_version_that_is_not_ours_is_refused(tmp_path, finished, capsys):
    with np.load(finished[0]) as file:
        arrays = dict(file)
    arrays["checkpoint"] = np.array(str(arrays["checkpoint"]).replace("point/1", "point/9"))
    np.savez(tmp_path / "new.npz", **arrays)
    assert call("--resume", tmp_path / "new.npz") == 2
    assert "must be whichmin.checkpoint/1, this is whichmin.checkpoint/9" in capsys.readouterr().err


def test_recording_several_batch_sizes_makes_a_file_each(tmp_path, capsys):
    words = (
        "--m",
        3,
        "--n",
        3,
        "-b",
        "full",
        "-b",
        2,
        "--activation",
        "linear",
        "--record",
        tmp_path / "p.npy",
    )
    assert call(*words, "--record-every", 10) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p.2.npy", "p.full.npy"]
    assert np.load(tmp_path / "p.2.npy")["correlations"].shape[1:] == (1, 3)
    assert call(*words) == 2
    assert "--record = " in capsys.readouterr().err
    assert call("--record-every", 10) == 2
    assert "--record-every = 10, but needs --record FILE" in capsys.readouterr().err
    assert call(*words, "--record-every", 0) == 2
    assert "--record-every = 0, but must be a positive integer" in capsys.readouterr().err


def test_a_checkpoint_from_python_is_resumed(tmp_path, capsys):
    for name, size in (("a", 2), ("b", None)):
        whichmin.train(
            whichmin.random_frame(3, 4, 1), batch_size=size, checkpoint=tmp_path / f"{name}.npz"
        )
        assert call("--resume", tmp_path / f"{name}.npz") == 0
        assert f"batch size {size or 'full'}" in capsys.readouterr().out


def test_the_trajectory_of_a_resumed_run_is_no_output(tmp_path, capsys):
    file, path = tmp_path / "run.npz", tmp_path / "path.npy"
    assert call("--checkpoint", file, "--record", path, "--record-every", 9, "-b", 1) == 0
    before = path.read_bytes()
    assert call("--resume", file, "-o", path) == 2
    assert "must be another file than that of --record" in capsys.readouterr().err
    assert path.read_bytes() == before

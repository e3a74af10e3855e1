"""Recorded trajectories: what is in them, when, and what a broken-off run leaves."""

import json
import resource
import subprocess
import sys

import numpy as np
import pytest
import torch

import whichmin
from whichmin.core.training import trajectory
from whichmin.core.training.trajectory import RowFile, Schedule, load_trajectory, row_type
from whichmin.errors import InputError

FRAME = whichmin.random_frame(4, 6, seed=3)
START = whichmin.random_start(6, 3, seed=3)
SETTINGS = {"step_size": 0.2, "seed": 5, "activation": "linear"}


def test_every_recorded_state_is_that_of_a_run_of_so_many_steps():
    seen = whichmin.train(FRAME, START, max_steps=40, record_at=[0, 1, 7, 40], **SETTINGS)
    assert seen.trajectory.steps.tolist() == [0, 1, 7, 40]
    for row, steps in enumerate((0, 1, 7, 40)):
        alone = whichmin.train(FRAME, START, max_steps=steps, **SETTINGS)
        np.testing.assert_array_equal(seen.trajectory.correlations[row], alone.correlations)
        np.testing.assert_allclose(seen.trajectory.squared_norm[row], alone.norm**2, rtol=1e-14)
        rest = alone.norm**2 - alone.correlations.square().sum(-1)
        np.testing.assert_allclose(seen.trajectory.off_span_energy[row], rest, atol=1e-14)


@pytest.mark.parametrize("engine", ["reduced", "dense", "autograd"])
def test_recording_changes_no_bits(engine):
    plain = whichmin.train(FRAME, START, engine=engine, max_steps=60, **SETTINGS)
    seen = whichmin.train(FRAME, START, engine=engine, max_steps=60, record_at=7, **SETTINGS)
    assert torch.equal(plain.weights, seen.weights)
    assert seen.trajectory.steps.tolist() == [0, 7, 14, 21, 28, 35, 42, 49, 56, 60]


def test_a_replica_that_has_ended_stays_where_it_ended():
    seen = whichmin.train(FRAME, START, record_at=10, **SETTINGS)
    assert len(set(seen.steps.tolist())) == 3  # so that two end before the last
    path = seen.trajectory
    assert path.steps[-1] == int(seen.steps.max())
    for r, end in enumerate(seen.steps.tolist()):
        after = path.correlations[path.steps >= end, r]
        assert (after == seen.correlations[r].numpy()).all()
        before = path.correlations[path.steps < end, r]
        assert (before[-1] != seen.correlations[r].numpy()).any()


def test_on_disk_and_in_memory_are_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(trajectory, "_BUFFER", 400)  # a few rows, so that several writes happen
    memory = whichmin.train(FRAME, START, record_at=3, max_steps=200, **SETTINGS)
    file = tmp_path / "path.npy"
    disk = whichmin.train(FRAME, START, record_at=3, record_to=file, max_steps=200, **SETTINGS)
    assert isinstance(disk.trajectory.rows, np.memmap)
    np.testing.assert_array_equal(disk.trajectory.rows, memory.trajectory.rows)
    plain = np.load(file)
    assert plain.dtype.names == ("step", "squared_norm", "off_span_energy", "correlations")
    np.testing.assert_array_equal(plain["correlations"], memory.trajectory.correlations)


def test_a_float32_run_records_float32(tmp_path):
    seen = whichmin.train(
        np.eye(3), record_at=5, max_steps=10, dtype="float32", record_to=tmp_path / "x.npy"
    )
    assert seen.trajectory.correlations.dtype == np.float32


def test_rows_count_only_when_they_are_complete(tmp_path):
    kind = row_type(1, 2, torch.float64)
    path = tmp_path / "rows.npy"
    file = RowFile(str(path), kind)
    assert len(load_trajectory(path)) == 0
    rows = np.zeros(5, kind)
    rows["step"] = range(5)
    file.append(rows)
    size = path.stat().st_size
    with path.open("ab") as tail:
        tail.write(b"half a row")  # as a killed process leaves it
    assert load_trajectory(path).steps.tolist() == [0, 1, 2, 3, 4]
    file.close()
    again = RowFile(str(path), kind, keep=3)
    again.append(rows[:1])
    again.close()
    assert load_trajectory(path).steps.tolist() == [0, 1, 2, 0]
    assert path.stat().st_size == size - kind.itemsize


@pytest.mark.parametrize("count", [0, 9, 10, 10**9, 2**63 - 1])
def test_the_header_has_room_for_any_count(tmp_path, count):
    kind = row_type(3, 1000, torch.float64)
    with (tmp_path / "x").open("w+b") as file:
        start = trajectory._write_header(file, kind, count)
        assert file.tell() == start
        assert start % 64 == 0
        file.seek(0)
        np.lib.format.read_magic(file)
        assert np.lib.format.read_array_header_1_0(file) == ((count,), False, kind)
        assert file.tell() == start


@pytest.mark.parametrize(
    ("schedule", "upto", "steps"),
    [
        (Schedule.parse(5), 12, [0, 5, 10]),
        (Schedule.parse([9, 2, 2]), 12, [2, 9]),
        (Schedule.parse(np.array([0, 30])), 12, [0]),
    ],
)
def test_schedules(schedule, upto, steps):
    found, step = [], schedule.due(0)
    while step is not None and step <= upto:
        found.append(step)
        step = schedule.due(step + 1)
    assert found == steps
    assert schedule.count(upto) == len(steps) + 1


@pytest.mark.parametrize("bad", [0, -3, True, 2.5, "log", [], [1, -1], [[1, 2]], [0.5], None])
def test_bad_schedules_are_refused(bad):
    with pytest.raises(InputError, match=r"record_at = .* must be a positive integer or a list"):
        Schedule.parse(bad)


def test_an_existing_file_is_never_overwritten(tmp_path):
    file = tmp_path / "mine.npy"
    file.write_text("precious")
    with pytest.raises(InputError, match=r"record_to = .*must be a new file"):
        whichmin.train(np.eye(3), record_at=5, record_to=file)
    assert file.read_text() == "precious"


def test_a_place_that_cannot_be_written_is_one_error(tmp_path):
    with pytest.raises(InputError, match=r"record_to = .*there is no folder"):
        whichmin.train(np.eye(3), record_at=5, record_to=tmp_path / "no" / "x.npy")
    with pytest.raises(InputError, match=r"record_to = .*needs record_at"):
        whichmin.train(np.eye(3), record_to=tmp_path / "x.npy")


def test_a_recording_too_large_for_memory_is_refused_before_it_starts():
    with pytest.raises(InputError, match=r"record_at = 1, but would take up to 1\.\d+ GiB"):
        whichmin.train(whichmin.standard_basis(20, 20), record_at=1, max_steps=8_000_000)


@pytest.mark.parametrize("content", [b"", b"text", b"\x93NUMPY\x01\x00"])
def test_what_is_no_trajectory_is_refused(tmp_path, content):
    file = tmp_path / "x.npy"
    file.write_bytes(content)
    with pytest.raises(InputError, match="must be a recorded trajectory"):
        load_trajectory(file)
    np.save(file, np.eye(2))
    with pytest.raises(InputError, match="must be a recorded trajectory"):
        load_trajectory(file)
    with pytest.raises(InputError, match="must be a readable file"):
        load_trajectory(tmp_path / "missing.npy")


FULL_DISK = """
import resource, signal, sys
import numpy as np, whichmin
# A file size limit stands for the full disk: the write fails in the middle of a row.
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from whichmin.core.training import trajectory
trajectory._BUFFER = 3000
try:
    whichmin.train(np.eye(4), record_at=1, record_to=sys.argv[1], max_steps=10_000, seed=1,
                   activation="linear", tolerance=1e-300)
except whichmin.InputError as error:
    print(error)
"""


def test_a_full_disk_is_one_error_and_keeps_the_rows_before_it(tmp_path):
    file = tmp_path / "x.npy"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(file)], capture_output=True, text=True, check=True
    )
    kept = load_trajectory(file)
    assert len(kept) > 100
    assert f"File too large); the {len(kept)} rows there are kept" in done.stdout
    whole = whichmin.train(
        np.eye(4), record_at=1, max_steps=len(kept), seed=1, activation="linear", tolerance=1e-300
    )
    np.testing.assert_array_equal(kept.rows, whole.trajectory.rows[: len(kept)])


BOUNDED = """
import json, resource, sys
import numpy as np, whichmin
def train(steps, file):
    whichmin.train(whichmin.standard_basis(1000, 1000), activation="linear", record_at=1,
                   record_to=file, max_steps=steps, check_every=steps, batch_size=1)
train(50, sys.argv[1] + ".warm.npy")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
train(12_000, sys.argv[1])
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([before, after]))
"""


def test_memory_does_not_grow_with_the_number_of_recorded_steps(tmp_path):
    """12,000 rows of 8 kB are 96 MB; batches drawn ahead and buffers are 8 and 4 MiB."""
    file = tmp_path / "x.npy"
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, str(file)], capture_output=True, text=True, check=True
    )
    before, after = json.loads(done.stdout)
    unit = 1 if sys.platform == "darwin" else 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
    assert (after - before) * unit < 48 << 20
    assert file.stat().st_size > 90 << 20

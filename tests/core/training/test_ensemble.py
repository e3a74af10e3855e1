"""Ensembles: replica by replica those of ``train``, in bounded memory, whole or marked partial."""

import json
import os
import pickle
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch

import whichmin
from whichmin.core.data import make_data
from whichmin.core.frames import random_frame, random_start
from whichmin.core.starts import replica_starts
from whichmin.core.training import ensemble as module
from whichmin.core.training.cells import grid
from whichmin.core.training.ensemble import (
    EnsembleFailed,
    EnsembleStopped,
    carry_out,
    ensemble,
    plan,
)
from whichmin.core.training.settings import TrainingSettings
from whichmin.core.training.summary import OBSERVABLES, Tally
from whichmin.core.training.trainer import prepare, train
from whichmin.errors import InputError

FRAME = random_frame(4, 7, seed=3)
DATA = make_data(FRAME)
LOOSE = TrainingSettings(tolerance=1e-4)
START = random_start(7, seed=4)[0]
EDGES = {name: o.edges for name, o in OBSERVABLES.items()}
FAST = {"step_size": 0.4, "tolerance": 1e-4, "engine": "reduced"}


def text(thing):
    return json.dumps(thing.plain())


def tally_of(result):
    return text(Tally.of(result, EDGES))


def is_that_of_train(found, w0, replicas, **options):
    return text(found.total) == tally_of(train(FRAME, w0, **{**FAST, **options}))


STARTS = {
    "common": (START, np.repeat(START[None], 20, axis=0)),
    "own": (random_start(7, 20, seed=9),) * 2,
    "random": (None, replica_starts(7, np.arange(20), 11).numpy()),
}


@pytest.mark.parametrize("engine", ["reduced", "compiled"])
@pytest.mark.parametrize("kind", STARTS)
@pytest.mark.parametrize("block", [1, 7, 20, 65536])
def test_an_ensemble_is_train_replica_by_replica(kind, block, engine):
    w0, rows = STARTS[kind]
    options = {"seed": 11, "engine": engine, "activation": "linear"}
    found = ensemble(FRAME, w0, replicas=20, block=block, **{**FAST, **options})
    assert is_that_of_train(found, rows, 20, **options)
    assert not found.partial
    assert found.done == found.replicas == 20


def double_counting(lanes, size):
    """A wrong ``blocks``: each block begins with the last number of the one before."""
    for first in range(0, len(lanes), size):
        yield np.asarray(lanes[max(0, first - 1) : first + size])


def forgetting(lanes, size):
    """Another one: the last, shorter block is left out."""
    for first in range(0, len(lanes) - size + 1, size):
        yield np.asarray(lanes[first : first + size])


def shifting(lanes, size):
    """Another one: the right number of replicas, but every block has the first one's numbers."""
    for first in range(0, len(lanes), size):
        yield np.asarray(lanes[: min(size, len(lanes) - first)])


@pytest.mark.parametrize("wrong", [double_counting, forgetting, shifting])
def test_wrong_blocks_are_noticed(monkeypatch, wrong):
    rows = np.repeat(START[None], 20, axis=0)
    assert is_that_of_train(ensemble(FRAME, START, replicas=20, block=7, **FAST), rows, 20)
    monkeypatch.setattr(module, "blocks", wrong)
    found = ensemble(FRAME, START, replicas=20, block=7, **FAST)
    assert not is_that_of_train(found, rows, 20)


def test_step_and_batch_sizes_per_replica():
    rng = np.random.default_rng(0)
    rows = random_start(7, 24, seed=9)
    sizes, steps = rng.integers(1, 4, 24), rng.choice([0.3, 0.4], 24)
    found = ensemble(
        FRAME,
        rows,
        replicas=24,
        batch_size=sizes,
        step_size=steps,
        tolerance=1e-4,
        block=5,
        engine="reduced",
    )
    assert len(found.cells) == len({*zip(sizes, steps, strict=True)}) == 6
    for cell in found.cells:
        b, eta = cell.recipe.batch_size, cell.recipe.step_size
        whole = train(FRAME, rows, batch_size=b, step_size=eta, tolerance=1e-4, engine="reduced")
        mine = np.flatnonzero((sizes == b) & (steps == eta))
        assert cell.replicas == cell.tally.replicas == len(mine)
        values = np.sort(whole.steps.numpy()[mine])
        bins = cell.tally.observables["steps"].histogram.bins()
        assert [(low, k) for low, _, k in bins] == [
            (v, (values == v).sum()) for v in np.unique(values)
        ]
        norms = whole.norm.numpy()[mine]
        moments = cell.tally.observables["norm"].moments
        assert (moments.minimum, moments.maximum) == (norms.min(), norms.max())
    assert found.total.replicas == 24


def test_a_cell_does_not_depend_on_the_others():
    alone = plan(DATA, START, grid([1], [0.4], 9), LOOSE)
    beside = plan(DATA, START, grid([1, 2], [0.4, 0.2], 9), LOOSE)
    first, *others = carry_out(beside).cells
    assert text(carry_out(alone).cells[0].tally) == text(first.tally)
    assert len({text(cell.tally) for cell in (first, *others)}) == 4


def test_threads_change_nothing():
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(text(ensemble(FRAME, replicas=40, **FAST)))
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1]


def test_only_what_is_asked_for():
    found = ensemble(
        FRAME, START, replicas=9, observables=["norm", "steps"], edges={"steps": [0, 5, 10]},
        max_steps=10, check_every=10,
    )  # fmt: skip
    assert list(found.total.observables) == ["norm", "steps"]
    assert found.total.observables["steps"].histogram.bins() == [(5, 10, 9)]
    assert found.plain()["settings"]["max_steps"] == 10


def test_auto_is_the_same_engine_for_any_number_of_replicas():
    raw = np.array([[1.0, 0.2], [0.1, 1.0]])
    for replicas in (1, 300):
        found = ensemble(FRAME, START, replicas=replicas, max_steps=3)
        assert found.cells[0].recipe.engine == "compiled"
        few = ensemble(FRAME, START, replicas=replicas, max_steps=3, dtype="float32")
        assert few.cells[0].recipe.engine == "reduced"
        few = ensemble(raw, [0.1, 0.2], replicas=replicas, max_steps=3, handling="as-is")
        assert few.cells[0].recipe.engine == "gram"


def test_full_batches_end_in_mixtures():
    found = ensemble(FRAME, START, replicas=5, batch_size=None, activation="linear", **FAST)
    assert found.total.mixtures == 5
    assert found.cells[0].recipe.full_batch


MEMORY = """
import resource, sys
import whichmin
frame = whichmin.random_frame(m=8, n=32, seed=2)
start = whichmin.random_start(32, seed=2)[0]
before = {}
for replicas in (20_000, int(sys.argv[1])):
    found = whichmin.ensemble(
        frame, start, replicas=replicas, max_steps=10, check_every=10, block=10_000
    )
    before[replicas] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(before[replicas] - before[20_000], found.done)
"""


def test_memory_does_not_grow_with_the_number_of_replicas():
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, "400000"], capture_output=True, text=True, check=True
    )
    growth, replicas = map(int, done.stdout.split())
    assert replicas == 400_000
    # KiB. One more number per replica would be 3 MiB, their weights and correlations 122 MiB; the
    # allocator's rest after 38 more blocks is far below a block's 30 MiB.
    assert growth < 16 * 1024


def test_large_rows_come_in_smaller_blocks():
    planned = plan(DATA, START, grid([1], [0.1], 10**6), TrainingSettings())
    assert planned.rows(1) == 65536
    once = TrainingSettings(max_steps=1)
    wide = plan(make_data(np.eye(2, 50_000)), None, grid([1], [0.1], 10**6), once)
    assert 1 <= wide.rows(1) < 65536
    assert wide.rows(1) * 50_000 * 8 < module._BLOCK_BYTES


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_the_blocks_that_were_done(tmp_path, number):
    file = tmp_path / "e.json"
    before, sent = signal.getsignal(number), []

    def send(done, _replicas):
        if done >= 15 and not sent:
            sent.append(done)
            os.kill(os.getpid(), number)

    with pytest.raises(EnsembleStopped, match="interrupted after 14 of 40 replicas") as stopped:
        ensemble(FRAME, START, replicas=40, block=7, progress=send, output=file, **FAST)
    assert isinstance(stopped.value, KeyboardInterrupt)
    assert stopped.value.exit_code == 128 + number
    assert signal.getsignal(number) is before
    part = stopped.value.result
    assert part.partial
    assert text(part.total) == text(ensemble(FRAME, START, replicas=14, **FAST).total)
    content = json.loads(file.read_text())
    assert (content["partial"], content["done"], content["replicas"]) == (True, 14, 40)
    assert content["total"]["replicas"] == 14


def test_an_interrupt_after_the_last_block_is_heeded():
    def send(done, replicas):
        if done == replicas:
            raise KeyboardInterrupt

    with pytest.raises(EnsembleStopped) as stopped:
        ensemble(FRAME, START, replicas=8, block=7, progress=send, **FAST)
    assert stopped.value.exit_code == 130


def test_the_file_is_marked_partial_until_the_end(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_SAVE_EVERY", 0.0)
    file, seen = tmp_path / "e.json", []

    def look(_done, _replicas):
        content = json.loads(file.read_text())
        seen.append((content["partial"], content["done"]))

    found = ensemble(FRAME, START, replicas=20, block=7, progress=look, output=file, **FAST)
    assert seen[0] == (True, 0)
    assert {(True, 0), (True, 7), (True, 14)} <= set(seen)
    content = json.loads(file.read_text())
    assert content["schema"] == "whichmin.ensemble/1"
    assert content["partial"] is False
    assert content["provenance"]["seed"] == 0
    assert content["total"] == json.loads(text(found.total))
    assert [p.name for p in tmp_path.iterdir()] == ["e.json"]


def test_between_two_writes_some_seconds_pass(monkeypatch):
    now = iter(range(0, 1000, 2))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(now)))
    saved = []
    planned = plan(DATA, START, grid([1], [0.4], 20), LOOSE, block=1)
    carry_out(planned, lambda result: saved.append(result.done))
    # The clock goes on by 2 whenever it is read: once a block, and once more after a write.
    assert saved == [0, 3, 6, 9, 12, 15, 18, 20]


def test_a_file_that_cannot_be_written_is_one_error_before_any_work(tmp_path):
    told = []
    with pytest.raises(InputError, match=r"output = .*there is no folder") as error:
        ensemble(
            FRAME, START, replicas=9, output=tmp_path / "no" / "e.json",
            progress=lambda *now: told.append(now),
        )  # fmt: skip
    assert not isinstance(error.value, EnsembleFailed)
    assert told == []


FULL_DISK = """
import json, resource, signal, sys
import numpy as np, whichmin
from whichmin.core.training import ensemble as module
module._SAVE_EVERY = 0.0
def fill(done, replicas):
    if done >= 20:
        # A file size limit stands for the full disk: the write fails half-way.
        resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    whichmin.ensemble(
        np.eye(3), [0.3, 0.2, 0.1], replicas=40, block=10, step_size=0.4, tolerance=1e-4,
        output=sys.argv[1], progress=fill,
    )
except module.EnsembleFailed as error:
    print(error)
    print(error.result.partial, error.result.done, error.result.total.replicas)
"""


def test_a_disk_that_fills_leaves_the_file_before_and_the_partial_result(tmp_path):
    file = tmp_path / "e.json"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(file)], capture_output=True, text=True, check=True
    )
    message, state = done.stdout.splitlines()
    assert "must be a writable file (File too large); " in message
    content = json.loads(file.read_text())
    assert content["partial"] is True
    partial, done_replicas, counted = state.split()
    assert partial == "True"
    assert done_replicas == counted
    assert int(counted) == content["done"] + 10
    assert [p.name for p in tmp_path.iterdir()] == ["e.json"]


def test_an_error_on_the_way_carries_the_partial_result(monkeypatch):
    def late(data, w0, settings, *, lanes):
        # As a start of 1e-140 would: its growth takes too many steps for a default limit.
        if 15 in lanes:
            raise InputError("max_steps", None, "must be given here")
        return prepare(data, w0, settings, lanes=lanes)

    monkeypatch.setattr(module, "prepare", late)
    with pytest.raises(EnsembleFailed, match=r"max_steps = None.*; 14 of 20 replicas") as failed:
        ensemble(FRAME, START, replicas=20, block=7, **FAST)
    assert failed.value.result.done == 14


REFUSED = [
    ({"replicas": 0}, "replicas = 0"),
    ({"replicas": 2**32 + 1}, "replicas = "),
    ({"replicas": 1.5}, "replicas = 1.5"),
    ({"block": 0}, "block = 0"),
    ({"sampling": "custom"}, "sampling = 'custom', but must be drawn batches"),
    ({"sampling": "any"}, "sampling = 'any'"),
    ({"batch_size": 5}, "batch_size = 5"),
    ({"batch_size": [1] * 8 + [5]}, "batch_size = 5"),
    ({"batch_size": [1, 2]}, "batch_size = .*one per replica"),
    ({"step_size": [0.1] * 8 + [-0.1]}, "step_size = -0.1"),
    ({"step_size": [0.1] * 8 + [3.0]}, "max_steps = None, but must be given here"),
    ({"observables": ["speed"]}, "observables = 'speed'"),
    ({"edges": {"norm": [1]}}, r"edges\['norm'\]"),
    ({"w0": np.ones((3, 7))}, "w0 = '3 rows', but must be one row, or one for each of the 9"),
    ({"seed": -1}, "seed = -1"),
    ({"engine": "fast"}, "engine = 'fast'"),
    ({"max_steps": -1}, "max_steps = -1"),
    ({"data": np.ones((2, 7))}, "data = "),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_refused_before_any_work(options, message, tmp_path):
    options = {"data": FRAME, "replicas": 9, **options}
    with pytest.raises(InputError, match=message) as error:
        ensemble(options.pop("data"), output=tmp_path / "e.json", **options)
    assert not isinstance(error.value, EnsembleFailed)
    assert list(tmp_path.iterdir()) == []


def test_errors_survive_pickling():
    result = ensemble(FRAME, START, replicas=2, max_steps=1)
    error = EnsembleFailed(InputError("output", "x", "must be"), result)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_public_name():
    assert whichmin.ensemble is ensemble

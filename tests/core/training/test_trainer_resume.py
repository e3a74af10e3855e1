"""A run taken up again anywhere ends in the same bits, for every engine and kind of batch."""

import json
import os
import signal

import numpy as np
import pytest
import torch

import whichmin
from whichmin.core.engines import DenseEngine
from whichmin.core.training import checkpoint, run
from whichmin.core.training.settings import TrainingSettings
from whichmin.core.training.trainer import finish, prepare
from whichmin.errors import InputError

FRAME = whichmin.random_frame(6, 9, seed=1)
RAW = np.random.default_rng(2).normal(size=(5, 4)) / 2
STARTS = whichmin.random_start(9, 4, seed=1)
CASES = [
    pytest.param((FRAME, STARTS, {"batch_size": 2, "activation": "linear"}), id="reduced"),
    pytest.param((FRAME, STARTS, {"batch_size": None}), id="full batch"),
    pytest.param((FRAME, STARTS, {"engine": "dense", "sampling": "cyclic"}), id="dense"),
    pytest.param((FRAME, STARTS, {"engine": "autograd", "max_steps": 500}), id="autograd"),
    pytest.param((FRAME, STARTS, {"sampling": "with-replacement", "batch_size": 9}), id="repeats"),
    pytest.param((FRAME, STARTS, {"dtype": "float32", "handling": "as-is"}), id="float32"),
    pytest.param(
        (FRAME, STARTS, {"sampling": "custom", "batches": np.arange(3000).reshape(-1, 1) % 6}),
        id="own batches",
    ),
    pytest.param(
        (RAW, STARTS[:, :4],
         {"handling": "as-is", "max_steps": 2000, "sampling": "reshuffled", "batch_size": 2}),
        id="correlated",
    ),
]  # fmt: skip


class Stop(Exception):
    pass


def broken_off(monkeypatch, after, *arguments, **settings):
    """Train until so many boundaries have passed, each with a checkpoint, and stop there."""
    seen = 0

    def at_boundary(self):
        nonlocal seen
        self.save()
        seen += 1
        if seen > after:
            raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint.Keeper, "at_boundary", at_boundary)
        patch.setattr(run, "_FIRST_PACE", 64)
        patch.setattr(run, "_BETWEEN_BOUNDARIES", 1e-9)  # the pace halves until it is 1
        whichmin.train(*arguments, **settings)


@pytest.fixture(scope="module", params=CASES)
def uninterrupted(request, tmp_path_factory):
    """A run's arguments, and how it ends when nothing breaks it off."""
    data, start, settings = request.param
    settings = {"step_size": 0.2, "seed": 3, "check_every": 50, "record_at": 9, **settings}
    path = tmp_path_factory.mktemp("whole") / "whole.npy"
    return data, start, settings, whichmin.train(data, start, record_to=path, **settings)


@pytest.mark.parametrize("after", [0, 1, 40])
def test_taken_up_again_after_so_many_boundaries(monkeypatch, tmp_path, uninterrupted, after):
    data, start, settings, whole = uninterrupted
    file = tmp_path / "run.npz"
    with pytest.raises(Stop):
        broken_off(monkeypatch, after, data, start, record_to=tmp_path / "path.npy",
                   checkpoint=file, **settings)  # fmt: skip
    (again,) = whichmin.resume(file)
    for name, value in whole.to_numpy().items():
        np.testing.assert_array_equal(value, again.to_numpy()[name], err_msg=name)
    assert whole.status == again.status
    assert whole.recipe == again.recipe
    np.testing.assert_array_equal(whole.trajectory.rows, again.trajectory.rows)
    (finished,) = whichmin.resume(file)
    assert torch.equal(finished.weights, whole.weights)


def test_a_relative_recording_is_found_from_elsewhere(monkeypatch, tmp_path):
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    settings = {"step_size": 0.2, "record_at": 9, "record_to": "path.npy", "checkpoint": "c.npz"}
    with pytest.raises(Stop):
        broken_off(monkeypatch, 2, FRAME, STARTS, **settings)
    monkeypatch.chdir(tmp_path / "there")
    (again,) = whichmin.resume(tmp_path / "c.npz")
    assert again.trajectory.steps[-1] == int(again.steps.max())
    assert list((tmp_path / "there").iterdir()) == []


def test_several_runs_share_a_file(tmp_path):
    runs = [
        prepare(FRAME, STARTS, TrainingSettings(batch_size=b, step_size=0.2, seed=3))
        for b in (None, 2)
    ]
    told = []
    first = finish(runs, tmp_path / "c.npz", progress=lambda *now: told.append(now))
    again = whichmin.resume(tmp_path / "c.npz")
    assert [r.recipe.batch_size for r in again] == [6, 2]
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one.weights, other.weights)
    assert {place for place, _, _ in told} == {0, 1}
    assert all(0 <= done <= limit for _, done, limit in told)


def test_a_changed_state_changes_the_end(monkeypatch, tmp_path):
    """The comparison above can fail: a checkpoint whose weights were touched ends elsewhere."""
    file = tmp_path / "run.npz"
    settings = {"step_size": 0.2, "seed": 3, "check_every": 50, "activation": "linear"}
    with pytest.raises(Stop):
        broken_off(monkeypatch, 3, FRAME, STARTS, checkpoint=file, **settings)
    with np.load(file) as content:
        arrays = dict(content)
    arrays["0/engine.c"][0] *= 1 + 1e-12
    np.savez(file, **arrays)
    (again,) = whichmin.resume(file)
    whole = whichmin.train(FRAME, STARTS, **settings)
    assert not torch.equal(again.correlations, whole.correlations)


def test_the_file_is_plain_arrays_and_one_text(tmp_path):
    whichmin.train(FRAME, STARTS, checkpoint=tmp_path / "c.npz")
    with np.load(tmp_path / "c.npz", allow_pickle=False) as content:
        plain = json.loads(str(content["checkpoint"]))
        np.testing.assert_array_equal(content["points"], FRAME)
        np.testing.assert_array_equal(content["start"], STARTS)
    assert plain["schema"] == "whichmin.checkpoint/1"
    assert plain["runs"][0]["settings"]["sampling"] == "without-replacement"


def test_a_signal_ends_the_run_between_two_steps(monkeypatch, tmp_path):
    file = tmp_path / "c.npz"
    before = signal.getsignal(signal.SIGINT)
    sent = []

    def send(done, _limit):
        if done and not sent:
            sent.append(done)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(checkpoint.Interrupted, match="the runs so far are in") as error:
        whichmin.train(FRAME, STARTS, step_size=0.2, checkpoint=file, progress=send)
    assert error.value.exit_code == 130
    assert isinstance(error.value, KeyboardInterrupt)
    assert signal.getsignal(signal.SIGINT) is before
    (again,) = whichmin.resume(file)
    assert torch.equal(again.weights, whichmin.train(FRAME, STARTS, step_size=0.2).weights)


def test_a_second_signal_does_not_wait(tmp_path):
    # In the background of a shell SIGINT is ignored, and stays so.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def send(done, _limit):
        if done:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    try:
        with pytest.raises(KeyboardInterrupt) as error:
            whichmin.train(FRAME, STARTS, checkpoint=tmp_path / "c.npz", progress=send)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not isinstance(error.value, checkpoint.Interrupted)
    whichmin.resume(tmp_path / "c.npz")


def test_what_cannot_be_taken_up_again_is_refused_before_it_begins(tmp_path):
    file = tmp_path / "c.npz"
    with pytest.raises(InputError, match="engine = 'DenseEngine', but must be an engine by name"):
        whichmin.train(FRAME, engine=DenseEngine, checkpoint=file)
    with pytest.raises(InputError, match="record_to = None, but must name a file"):
        whichmin.train(FRAME, record_at=5, checkpoint=file)
    with pytest.raises(InputError, match=r"checkpoint_every = 0, but must be a positive"):
        whichmin.train(FRAME, checkpoint=file, checkpoint_every=0)
    assert not file.exists()


def test_a_lost_trajectory_is_said(monkeypatch, tmp_path):
    path, file = tmp_path / "path.npy", tmp_path / "c.npz"
    with pytest.raises(Stop):
        broken_off(monkeypatch, 9, FRAME, STARTS, record_at=1, record_to=path, checkpoint=file)
    whole = path.read_bytes()
    path.unlink()
    with pytest.raises(InputError, match=r"record_to = .*must be there with the \d+ rows so far"):
        whichmin.resume(file)
    whichmin.train(FRAME, STARTS, record_at=1, record_to=path, max_steps=1)
    with pytest.raises(InputError, match=r"record_to = .*must hold the \d+ rows recorded so far"):
        whichmin.resume(file)
    path.write_bytes(whole)
    assert len(whichmin.resume(file)[0].trajectory) > 9


@pytest.mark.parametrize("engine", ["compiled", "reduced", "dense"])
def test_a_run_stopped_right_after_its_start_was_judged(engine, tmp_path):
    """One replica is dead and gone at step 0; the others are judged as themselves later."""
    starts = [[-0.3, -0.2, -0.1], [0.3, 0.2, 0.1], [0.1, 0.2, 0.3]]
    whole = whichmin.train(np.eye(3), starts, engine=engine)
    run = prepare(np.eye(3), starts, TrainingSettings(engine=engine, checkpointed=True))

    class Stop(Exception):
        pass

    def stop(*_):
        raise Stop

    with pytest.raises(Stop):
        finish([run], tmp_path / "run.npz", 1e-9, stop)
    again = checkpoint.restore(checkpoint.load(tmp_path / "run.npz", "file"))
    assert again[0].steps == 0
    result = finish(again, None, 60.0, None)[0]
    assert result.status == whole.status
    assert len(set(result.status)) == 2
    assert torch.equal(result.weights, whole.weights)

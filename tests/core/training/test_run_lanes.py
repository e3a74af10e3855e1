"""Rows and index streams are separate: a run of some replicas is that part of the whole."""

import numpy as np
import pytest

from whichmin.core.frames import random_frame, random_start
from whichmin.core.training import checkpoint
from whichmin.core.training.checkpoint import restore
from whichmin.core.training.settings import TrainingSettings
from whichmin.core.training.trainer import finish, prepare, train
from whichmin.errors import InputError

FRAME = random_frame(5, 9, seed=3)
STARTS = random_start(9, 7, seed=4)
SOME = np.array([6, 1, 4])
OPTIONS = {"step_size": 0.3, "batch_size": 2, "max_steps": 4000, "check_every": 50}


def same(part, whole, rows):
    part, whole = part.to_numpy(), whole.to_numpy()
    return all(np.array_equal(v, whole[name][rows]) for name, v in part.items())


@pytest.mark.parametrize("engine", ["reduced", "compiled"])
@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement", "reshuffled"])
def test_some_replicas_are_that_part_of_all(sampling, engine):
    options = {**OPTIONS, "sampling": sampling, "engine": engine}
    whole = train(FRAME, STARTS, **options)
    settings = TrainingSettings(**options)
    (part,) = finish([prepare(FRAME, STARTS[SOME], settings, lanes=SOME)])
    assert len(set(part.steps.tolist())) > 1, "some leave before others"
    assert same(part, whole, SOME)
    (mixed,) = finish([prepare(FRAME, STARTS[SOME], settings, lanes=SOME[::-1])])
    assert not same(mixed, whole, SOME), "the comparison sees another stream"


class Stop(Exception):
    pass


def broken_off(file, w0, lanes=None):
    def stop(_place, done, _limit):
        if done >= 200:
            raise Stop

    settings = TrainingSettings(checkpointed=True, **OPTIONS)
    run = prepare(FRAME, w0, settings, lanes=lanes)
    with pytest.raises(Stop):
        finish([run], file, 1e-9, stop)
    return checkpoint.load(file, "file")


def test_streams_survive_a_checkpoint(tmp_path):
    whole = train(FRAME, STARTS, **OPTIONS)
    (restored,) = restore(broken_off(tmp_path / "c.npz", w0=STARTS[SOME], lanes=SOME))
    assert 0 < restored.steps < whole.steps.max()
    assert same(finish([restored])[0], whole, SOME)


def test_a_checkpoint_of_an_earlier_version_names_no_streams(tmp_path):
    whole = train(FRAME, STARTS, **OPTIONS)
    content = broken_off(tmp_path / "c.npz", w0=STARTS)
    ((_, arrays),) = content.runs
    assert arrays.pop("lanes").tolist() == list(range(7))
    assert same(finish(restore(content))[0], whole, slice(None))


@pytest.mark.parametrize("lanes", [[0, 1], [0.0, 1.0, 2.0], [-1, 0, 1], [0, 1, 2**32], [[0, 1, 2]]])
def test_refused(lanes):
    with pytest.raises(InputError, match="lanes = "):
        prepare(FRAME, STARTS[SOME], TrainingSettings(), lanes=lanes)

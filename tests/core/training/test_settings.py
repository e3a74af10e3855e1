"""Settings are validated when they are made, whoever makes them."""

import dataclasses
import inspect
import os
from pathlib import Path

import numpy as np
import pytest

from whichmin.core.data import make_data
from whichmin.core.engines import DenseEngine
from whichmin.core.training.ensemble import ensemble
from whichmin.core.training.settings import TrainingSettings
from whichmin.core.training.trainer import train
from whichmin.core.training.trajectory import Schedule
from whichmin.errors import InputError
from whichmin.words import Activation, EngineName, Sampling

DEFAULTS = {f.name: f.default for f in dataclasses.fields(TrainingSettings)}


def test_names_and_numbers_become_what_they_mean():
    given = TrainingSettings(
        activation="linear", sampling="cyclic", engine="dense", step_size=1, record_at=5,
        record_to="states.npy", max_steps=10, check_every=2,
    )  # fmt: skip
    assert given.activation is Activation.LINEAR
    assert given.sampling is Sampling.CYCLIC
    assert given.engine is EngineName.DENSE
    assert isinstance(given.step_size, float)
    assert given.record_at == Schedule(every=5)
    assert given.record_to == os.path.abspath("states.npy")
    with pytest.raises(dataclasses.FrozenInstanceError):
        given.seed = 1


def test_a_copy_is_validated_again_and_keeps_the_rest(tmp_path, monkeypatch):
    first = TrainingSettings(engine=DenseEngine, record_at=[1, 4], record_to="states.npy")
    monkeypatch.chdir(tmp_path)
    second = dataclasses.replace(first, step_size=0.2)
    assert (second.record_at, second.engine) == (Schedule(listed=(1, 4)), DenseEngine)
    assert second.record_to == first.record_to, "the path does not follow the working folder"
    assert Path(second.record_to).parent != tmp_path
    with pytest.raises(InputError, match="step_size = 0, but must be a positive finite number"):
        dataclasses.replace(first, step_size=0)


@pytest.mark.parametrize(
    ("wrong", "argument"),
    [
        ({"activation": "tanh"}, "activation"),
        ({"sampling": "any"}, "sampling"),
        ({"engine": "warp"}, "engine"),
        ({"engine": None}, "engine"),
        ({"step_size": float("nan")}, "step_size"),
        ({"seed": -1}, "seed"),
        ({"tolerance": 0.01}, "tolerance"),
        ({"max_steps": -1}, "max_steps"),
        ({"check_every": 0}, "check_every"),
        ({"record_at": "all"}, "record_at"),
        ({"record_to": "states.npy"}, "record_to"),
        ({"record_at": 1, "checkpointed": True}, "record_to"),
        ({"engine": DenseEngine, "checkpointed": True}, "engine"),
    ],
)
def test_what_is_refused(wrong, argument):
    with pytest.raises(InputError) as caught:
        TrainingSettings(**wrong)
    assert caught.value.argument == argument


def test_settings_fit_the_data_or_say_what_does_not():
    data = make_data(np.eye(4))
    problem, stream = TrainingSettings(batch_size=None, step_size=0.2).fit(data)
    assert (problem.data, problem.step_size) == (data, 0.2)
    assert stream.is_full_batch
    own = {"sampling": "custom", "batches": [[0, 1], [2, 3]]}
    assert TrainingSettings(**own).fit(data)[1].batch_size == 2
    with pytest.raises(InputError, match="batch_size = 5"):
        TrainingSettings(batch_size=5).fit(data)
    with pytest.raises(InputError, match="batch_size = 3, but batches has 2 indices a step"):
        TrainingSettings(batch_size=3, **own).fit(data)
    with pytest.raises(InputError, match="max_steps = 3, but batches holds 2 steps only"):
        TrainingSettings(max_steps=3, **own).fit(data)


def test_the_defaults_are_those_of_the_public_functions():
    for function in (train, ensemble):
        signature = inspect.signature(function).parameters
        shared = [name for name in DEFAULTS if name in signature and name != "engine"]
        assert len(shared) >= 8
        assert {n: signature[n].default for n in shared} == {n: DEFAULTS[n] for n in shared}

"""Files that are no checkpoints, and damaged ones, are refused with one clear error."""

import json
import random

import numpy as np
import pytest

from whichmin.core import random_frame, train
from whichmin.core.training.checkpoint import SCHEMA, load, restore
from whichmin.errors import InputError


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    file = tmp_path_factory.mktemp("run") / "run.npz"
    train(random_frame(3, 4), batch_size=None, checkpoint=file)
    return file.read_bytes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("not json", "Expecting value"),
        ("[]", "it holds other data"),
        ("null", "it holds other data"),
        (json.dumps({"schema": SCHEMA}), "runs is missing"),
        (json.dumps({"schema": SCHEMA, "runs": []}), "points is missing"),
        (np.zeros(3), "Expecting"),
    ],
)
def test_an_archive_with_other_content(tmp_path, content, reason):
    np.savez(tmp_path / "f.npz", checkpoint=np.array(content))
    with pytest.raises(InputError, match=reason) as caught:
        load(tmp_path / "f.npz", "--resume")
    assert caught.value.argument == "--resume"


@pytest.mark.parametrize("plain", [{"schema": "whichmin.checkpoint/0"}, {}])
def test_another_version_names_both(tmp_path, plain):
    np.savez(tmp_path / "f.npz", checkpoint=np.array(json.dumps(plain)))
    with pytest.raises(InputError, match=f"must be {SCHEMA}, this is {plain.get('schema')}"):
        load(tmp_path / "f.npz", "--resume")


def test_damage_anywhere_is_refused_or_harmless(tmp_path, intact):
    rnd = random.Random(0)
    messages = []
    for _ in range(400):
        damaged = bytearray(intact)
        for _ in range(rnd.choice([1, 1, 3, 20])):
            damaged[rnd.randrange(len(damaged))] = rnd.randrange(256)
        if rnd.random() < 0.3:
            damaged = damaged[: rnd.randrange(len(damaged))]
        (tmp_path / "f.npz").write_bytes(damaged)
        try:
            restore(load(tmp_path / "f.npz", "--resume"))
        except InputError as error:
            messages.append(str(error))
    assert len(messages) > 300
    assert [m for m in messages if "must be an intact checkpoint" not in m] == []


def test_a_method_of_compression_that_python_lacks(tmp_path, intact):
    # Bytes 8 and 10 of the two kinds of headers name the method; every entry of it is changed.
    damaged = bytearray(intact)
    place = intact.find(b"PK\x01\x02")
    while place >= 0:
        damaged[place + 10] = 99
        place = intact.find(b"PK\x01\x02", place + 1)
    (tmp_path / "f.npz").write_bytes(damaged)
    with pytest.raises(InputError, match="compression method is not supported"):
        load(tmp_path / "f.npz", "--resume")

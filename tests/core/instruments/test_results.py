"""Results as text, dictionaries, JSON and CSV."""

import csv
import io
import json
import math
from dataclasses import dataclass, fields, is_dataclass

import numpy as np
import pytest
import torch

from whichmin.core import instruments
from whichmin.core.instruments import (
    closure_objective,
    estimate_trace,
    extreme_eigenvalues,
    gradient_noise,
    keskar_sharpness,
    spectral_density,
    worst_sharpness,
)
from whichmin.core.instruments.results import Result
from whichmin.errors import InputError

POINT = np.linspace(0.5, 1.5, 40)


@dataclass(frozen=True, repr=False)
class Small(Result):
    value: float
    pair: tuple[float, float]
    matrix: np.ndarray
    move: torch.Tensor
    word: str
    none: float | None

    @property
    def double(self) -> float:
        """Twice the value."""
        return 2 * self.value


SMALL = Small(1 / 3, (1.0, math.nan), np.eye(2), torch.arange(5.0), "sure", None)


def test_a_short_text():
    assert repr(SMALL) == (
        "Small(value=0.333333, pair=[1, nan], matrix=<2 x 2 numbers>, move=<5 numbers>, "
        "word='sure', none=None)"
    )


def test_a_dictionary():
    found = SMALL.to_dict()
    assert found["value"] == 1 / 3
    assert found["double"] == 2 / 3
    assert found["matrix"] == [[1, 0], [0, 1]]
    assert found["move"] == [0, 1, 2, 3, 4]
    assert found["none"] is None


def test_json(tmp_path):
    text = SMALL.to_json(tmp_path / "result.json")
    assert (tmp_path / "result.json").read_text(encoding="utf-8") == text + "\n"
    known = json.loads(text)
    assert known["pair"] == [1, None]
    assert known["value"] == 1 / 3


def test_csv(tmp_path):
    text = SMALL.to_csv(tmp_path / "result.csv")
    assert (tmp_path / "result.csv").read_text(encoding="utf-8") == text + "\n"
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["name", "index", "value"]
    assert ["value", "", repr(1 / 3)] in rows
    assert ["matrix", "1 0", "0.0"] in rows
    assert ["none", "", ""] in rows
    assert len(rows) == 1 + 1 + 2 + 4 + 5 + 1 + 1 + 1


def test_a_place_that_cannot_be_written(tmp_path):
    for write in (SMALL.to_json, SMALL.to_csv):
        with pytest.raises(InputError, match="path = "):
            write(tmp_path / "absent" / "result")


def test_every_result_has_them():
    results = [
        part for part in vars(instruments).values()
        if is_dataclass(part) and isinstance(part, type)
    ]  # fmt: skip
    assert len(results) >= 9
    assert all(issubclass(part, Result) for part in results)


@pytest.mark.parametrize("instrument", [
    lambda o: estimate_trace(o, target=0.5, sketch=2), lambda o: extreme_eigenvalues(o, 2),
    lambda o: spectral_density(o, steps=5), keskar_sharpness, worst_sharpness, gradient_noise,
])  # fmt: skip
def test_results_of_instruments(instrument):
    objective = closure_objective(lambda w: w**4 / 4, POINT)
    found = instrument(objective)
    assert len(repr(found)) < 500
    assert {f.name for f in fields(found)} <= set(json.loads(found.to_json()))
    assert found.to_csv().startswith("name,index,value\n")

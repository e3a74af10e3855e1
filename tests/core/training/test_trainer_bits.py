"""What may not change a bit: company, threads, and how often one looks."""

import numpy as np
import pytest
import torch

from whichmin.core.frames import orthonormalise, random_frame, random_start
from whichmin.core.training import run
from whichmin.core.training.trainer import train

ENGINES = ("autograd", "dense", "reduced")
FRAME = random_frame(5, 9, seed=3)
STARTS = random_start(9, 7, seed=4)


def differing(left, right, row=slice(None)):
    """Names of the reported quantities whose bits differ."""
    left, right = left.to_numpy(), right.to_numpy()
    return [
        name
        for name, value in left.items()
        if not np.array_equal(value, right[name][row], equal_nan=value.dtype.kind == "f")
    ]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize(("sampling", "b"), [("cyclic", 2), ("without-replacement", None)])
def test_every_replica_alone_and_in_company(sampling, b, activation, dtype):
    options = {"batch_size": b, "sampling": sampling, "activation": activation, "dtype": dtype,
               "step_size": 0.4, "max_steps": 600, "check_every": 7, "tolerance": 1e-4}  # fmt: skip
    together = train(FRAME, STARTS, **options)
    assert len(set(together.steps.tolist())) > 1
    for r in range(len(STARTS)):
        alone = train(FRAME, STARTS[r : r + 1], **options)
        assert differing(alone, together, slice(r, r + 1)) == []


@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement", "reshuffled"])
@pytest.mark.parametrize("b", [1, 2, 4])
def test_the_first_replica_outlives_some_of_its_company(sampling, b):
    options = {"batch_size": b, "sampling": sampling, "step_size": 0.3, "max_steps": 10_000,
               "check_every": 50}  # fmt: skip
    together = train(FRAME, STARTS, **options)
    assert together.steps.min() < together.steps[0]
    assert differing(train(FRAME, STARTS[:1], **options), together, slice(0, 1)) == []


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement", "reshuffled"])
def test_batches_stay_with_their_replica_when_others_leave(engine, sampling):
    dead = -(FRAME[0] + FRAME[1]) / 4
    w = np.full(5, 0.2) @ FRAME  # every point is active: every batch matters
    options = {"sampling": sampling, "batch_size": 2, "max_steps": 40, "check_every": 5,
               "engine": engine, "tolerance": 1e-20}  # fmt: skip
    some, none = (train(FRAME, [first, w, w], **options) for first in (dead, w))
    assert some.steps.tolist() == [0, 40, 40]
    assert none.steps.tolist() == [40, 40, 40]
    assert (none.weights[1] - none.weights[0]).abs().max() > 0.01
    # roundings of 40 steps for products of another shape; another batch changes a first digit
    assert (some.weights[1:] - none.weights[1:]).abs().max() < 1e-13


@pytest.mark.parametrize("width", [1, 2, 3, 8, 9, 64, 257])
def test_any_number_of_replicas(width):
    starts = random_start(9, 257, seed=5)
    options = {"batch_size": None, "max_steps": 30, "check_every": 30, "activation": "linear"}
    assert differing(
        train(FRAME, starts[:width], **options),
        train(FRAME, starts, **options),
        slice(0, width),
    ) == []  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement", "reshuffled"])
def test_looking_more_often_changes_nothing(engine, sampling):
    options = {"engine": engine, "sampling": sampling, "batch_size": 2, "max_steps": 60, "seed": 8,
               "tolerance": 1e-30, "activation": "linear"}  # fmt: skip
    rarely, often = (train(FRAME, STARTS, check_every=k, **options) for k in (60, 7))
    assert rarely.steps.tolist() == often.steps.tolist() == [60] * 7
    assert differing(rarely, often) == []


@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement", "reshuffled",
                                      "cyclic"])  # fmt: skip
def test_batches_drawn_ahead_in_small_chunks_are_the_same(monkeypatch, sampling):
    options = {"sampling": sampling, "batch_size": 2, "max_steps": 50, "seed": 8}
    whole = train(FRAME, STARTS, **options)
    monkeypatch.setattr(run, "_INDICES_AHEAD", 3 * 2 * len(STARTS))
    assert differing(train(FRAME, STARTS, **options), whole) == []


def at_threads(*numbers, data, w0, **options):
    before, results = torch.get_num_threads(), []
    try:
        for number in numbers:
            torch.set_num_threads(number)
            results.append(train(data, w0, **options))
            assert torch.get_num_threads() == number
    finally:
        torch.set_num_threads(before)
    return results


def wide(handling, m=64, n=1024, replicas=64):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(m, n)) / n**0.5
    rows = rows if handling == "as-is" else orthonormalise(rows)
    return {"data": rows, "w0": 0.3 * rng.normal(size=(replicas, n)) / n**0.5, "batch_size": 2,
            "handling": handling, "max_steps": 4, "check_every": 2,
            "activation": "linear"}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("handling", ["require", "as-is"])
@pytest.mark.parametrize(("m", "n", "replicas"), [(64, 1024, 64), (5, 20_000, 1)])
def test_thread_count_changes_no_weight(engine, handling, m, n, replicas):
    left, right = at_threads(1, 2, engine=engine, **wide(handling, m, n, replicas))
    assert torch.equal(left.weights, right.weights)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("handling", ["require", "as-is"])
def test_thread_count_changes_no_reported_bit(engine, handling):
    if (engine, handling) == ("reduced", "require"):
        sizes = {"m": 3, "n": 50_000, "replicas": 1}
    else:
        sizes = {}
    left, right = at_threads(1, 2, engine=engine, **wide(handling, **sizes))
    assert differing(left, right) == []

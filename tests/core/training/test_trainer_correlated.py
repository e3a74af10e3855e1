"""Runs on data as they are, mixed endings, and other modes of the one loop."""

import numpy as np
import pytest
import torch

from whichmin.core.frames import random_frame, random_start
from whichmin.core.landscape import gradient, loss
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.rounding import TRAJECTORY
from whichmin.words import Status

ENGINES = ("autograd", "dense", "reduced")
ROWS = np.random.default_rng(0).normal(size=(4, 6)) / 2
MANY = np.random.default_rng(1).normal(size=(7, 3)) / 2  # more points than dimensions
FRAME = random_frame(5, 9, seed=1)


@pytest.mark.parametrize("rows", [ROWS, MANY], ids=["few", "more points than dimensions"])
@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize(("sampling", "b"), [("with-replacement", 3), ("reshuffled", 2),
                                             ("without-replacement", None)])  # fmt: skip
def test_engines_agree_as_is(rows, activation, sampling, b):
    starts = random_start(rows.shape[1], 3, seed=2)
    first, *others = (
        train(rows, starts, engine=e, batch_size=b, sampling=sampling, handling="as-is",
              activation=activation, max_steps=150, tolerance=1e-20)
        for e in ENGINES
    )  # fmt: skip
    for other in others:
        assert other.steps.tolist() == first.steps.tolist()
        for name in ("weights", "correlations", "loss", "norm"):
            # 150 steps of some ten roundings each
            assert (getattr(other, name) - getattr(first, name)).abs().max() < TRAJECTORY
    assert first.loss.numpy() == pytest.approx(
        loss(first.weights, rows, activation=activation).numpy(), rel=1e-13
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_stationary_means_that_the_gradient_is_small(engine):
    result = train(ROWS, random_start(6, 4, seed=3), engine=engine, batch_size=None,
                   handling="as-is", tolerance=1e-14, max_steps=3000, check_every=10)  # fmt: skip
    assert set(result.status) == {Status.STATIONARY}
    force = gradient(result.weights, ROWS).square().sum(-1)
    assert force.max() <= 1.01e-14  # the tolerance, and the roundings of two ways to compute it
    assert not result.converged
    assert result.loss_gap.isnan().all()


@pytest.mark.parametrize("engine", ENGINES)
def test_correlated_linear_runs_converge(engine):
    result = train(ROWS, random_start(6, 2, seed=3), engine=engine, batch_size=None,
                   handling="as-is", activation="linear")  # fmt: skip
    assert result.converged
    top = np.linalg.eigh(ROWS.T @ ROWS)[1][:, -1]
    aligned = np.abs(result.weights.numpy() @ top)
    assert np.abs(aligned - 1).max() < 1e-5  # a gap of 1e-12 is an angle of some 1e-6


@pytest.mark.parametrize("engine", ENGINES)
def test_every_replica_has_its_own_ending(engine):
    starts = [
        [0.5, 0.4, 0.3, 0.1],
        [-0.5, -0.4, 0.0, 0.5],
        [0.2, 0.1, 0.1, 2.0],
        [9.0, -9.0, 9.0, 9.0],
        [1e-9, 0.0, 0.0, 0.5],
    ]
    calls = []
    result = train(np.eye(3, 4), starts, batch_size=None, step_size=0.5, max_steps=120,
                   engine=engine, check_every=1,
                   progress=lambda *call: calls.append(call))  # fmt: skip
    assert result.status == (
        Status.CONVERGED,
        Status.DEAD_NEURON,
        Status.NON_MINIMAL_CRITICAL_POINT,
        Status.DIVERGED,
        Status.STEP_LIMIT,
    )
    steps = result.steps.tolist()
    assert steps[1] == 0
    assert steps[4] == 120
    assert all(0 < s < 120 for s in (steps[0], steps[2], steps[3]))
    assert result.weights[1].tolist() == starts[1]
    assert np.isfinite(result.norm[3].item())  # noticed before it overflows
    done = [d for d, _ in calls]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 120)
    assert {limit for _, limit in calls} == {120}
    assert [r["status"] for r in result.records()] == [str(s) for s in result.status]


def test_progress_stops_with_the_last_replica():
    calls = []
    result = train(np.eye(3), [0.5, 0.4, 0.3], batch_size=None,
                   progress=lambda *call: calls.append(call))  # fmt: skip
    assert calls[-1] == (result.steps.item(), result.recipe.step_limit)
    assert calls[-1][0] < calls[-1][1]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("handling", ["require", "as-is"])
def test_float32_stays_float32(engine, handling):
    data = FRAME if handling == "require" else ROWS
    result = train(data, replicas=2, dtype="float32", engine=engine, handling=handling,
                   max_steps=30)  # fmt: skip
    for name, value in result.to_numpy().items():
        if value.dtype.kind == "f":
            assert value.dtype == np.float32, name
    assert result.start.dtype == result.data.gram.dtype == torch.float32
    assert result.recipe.dtype == "float32"


def test_records_arrays_and_frames_agree():
    result = train(FRAME, replicas=4, step_size=0.2, seed=3)
    arrays, table = result.to_numpy(), result.to_pandas()
    assert list(table["replica"]) == [0, 1, 2, 3]
    for row in result.records():
        r = row["replica"]
        for name in ("steps", "loss", "loss_gap", "winner", "cosine", "norm", "off_winner_mass"):
            assert row[name] == arrays[name][r] == table[name][r]
            assert type(row[name]) in {int, float}
        assert row["status"] == arrays["status"][r] == table["status"][r]
        assert row["active"] == tuple(np.flatnonzero(arrays["active"][r]).tolist())


def test_autograd_under_no_grad():
    with torch.no_grad():
        result = train(FRAME, replicas=1, engine="autograd", max_steps=3)
    assert result.steps.tolist() == [3]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no CUDA device here")
@pytest.mark.parametrize("engine", ENGINES)
def test_cuda_on_correlated_data(engine):
    options = {"engine": engine, "batch_size": 2, "handling": "as-is", "max_steps": 100,
               "w0": random_start(6, 3)}  # fmt: skip
    here, there = (train(ROWS, device=d, **options) for d in ("cpu", "cuda"))
    assert there.weights.device.type == "cuda"
    assert here.status == there.status
    assert (here.weights - there.weights.cpu()).abs().max() < TRAJECTORY

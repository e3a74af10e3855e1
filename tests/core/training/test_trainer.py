import numpy as np
import pytest
import torch

from whichmin.core.data import make_data
from whichmin.core.engines import DenseEngine
from whichmin.core.frames import random_frame, random_start
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.rounding import TRAJECTORY
from whichmin.words import Status

FRAME = random_frame(5, 9, seed=1)
STARTS = random_start(9, 6, seed=2)
ENGINES = ("autograd", "dense", "reduced")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_gd_ends_at_the_normalised_projection(engine, activation):
    result = train(FRAME, STARTS, batch_size=None, engine=engine, activation=activation,
                   tolerance=1e-16)  # fmt: skip
    assert result.converged
    c = STARTS @ FRAME.T
    c = c if activation == "linear" else np.maximum(c, 0)
    limit = c @ FRAME / np.linalg.norm(c, axis=1, keepdims=True)
    # a gap of 1e-16 is a distance of sqrt(2 m gap), 3e-8
    assert np.abs(result.weights.numpy() - limit).max() < 1e-7


@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement", "reshuffled",
                                      "cyclic"])  # fmt: skip
def test_mini_batches_end_at_one_point(sampling):
    result = train(FRAME, STARTS, step_size=0.2, sampling=sampling, seed=3)
    assert set(result.status) <= {Status.CONVERGED, Status.DEAD_NEURON}
    for r, status in enumerate(result.status):
        if status is Status.CONVERGED:
            assert result.active[r].sum() == 1
            assert result.active[r, result.winner[r]]
            assert (STARTS @ FRAME.T)[r, result.winner[r]] > 0
            assert result.cosine[r].item() == pytest.approx(1, abs=1e-10)


def test_blocks_of_a_cycle_end_together():
    # b = 2 divides m = 4: two blocks, each of which moves as one, as the reference says.
    frame = random_frame(4, 4)
    result = train(frame, np.ones(4) @ frame / 4, batch_size=2, sampling="cyclic", step_size=0.2)
    assert result.status == (Status.CONVERGED,)
    assert result.active[0].sum() >= 2


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_agree(engine):
    runs = [
        train(FRAME, STARTS, engine=e, batch_size=2, step_size=0.3, max_steps=400, seed=4,
              tolerance=1e-15)
        for e in (engine, "reduced")
    ]  # fmt: skip
    assert runs[0].steps.tolist() == runs[1].steps.tolist()
    assert runs[0].status == runs[1].status
    assert (runs[0].weights - runs[1].weights).abs().max() < TRAJECTORY


@pytest.mark.parametrize("batch_size", [2, None])
def test_engines_agree_on_correlated_data(batch_size):
    rows = np.random.default_rng(0).normal(size=(4, 6)) / 2
    ends = [
        train(rows, STARTS[:, :6], engine=e, batch_size=batch_size, handling="as-is",
              activation="linear", max_steps=200, step_size=0.1).weights
        for e in ENGINES
    ]  # fmt: skip
    assert (ends[0] - ends[1]).abs().max() < 1e-12
    assert (ends[0] - ends[2]).abs().max() < 1e-12


def test_a_users_own_engine():
    class Mine(DenseEngine):
        pass

    mine = train(FRAME, STARTS, engine=Mine, max_steps=20)
    assert mine.recipe.engine == "Mine"
    assert torch.equal(mine.weights, train(FRAME, STARTS, engine="dense", max_steps=20).weights)


def test_own_batches():
    rows = [[0], [1], [0], [2]]
    result = train(np.eye(3), [0.5, 0.4, 0.3], sampling="custom", batches=rows)
    assert result.steps.tolist() == [4]
    again = train(np.eye(3), [0.5, 0.4, 0.3], sampling="custom", batches=rows, engine="autograd")
    assert (result.weights - again.weights).abs().max() < 1e-15


def test_same_seed_same_bits_and_another_seed_others():
    first, again, other = (train(FRAME, replicas=3, seed=s, max_steps=50) for s in (5, 5, 6))
    assert torch.equal(first.weights, again.weights)
    assert not torch.equal(first.weights, other.weights)


def test_a_replica_does_not_notice_the_others():
    """The first replica again, alone: some of its company finished earlier."""
    options = {"step_size": 0.2, "seed": 7, "max_steps": 30_000, "check_every": 40}
    together = train(FRAME, STARTS, **options)
    alone = train(FRAME, STARTS[:1], **options)
    assert len(set(together.steps.tolist())) > 1
    assert together.steps[0] == alone.steps[0]
    assert torch.equal(together.weights[0], alone.weights[0])


@pytest.mark.parametrize("engine", ENGINES)
def test_thread_count_changes_no_bit(engine):
    before, ends = torch.get_num_threads(), []
    frame = random_frame(60, 200)
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            ends.append(train(frame, replicas=50, engine=engine, max_steps=10).weights)
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert torch.equal(ends[0], ends[1])


def test_float32():
    result = train(FRAME, STARTS, dtype="float32", batch_size=None)
    assert result.weights.dtype == torch.float32
    assert result.converged
    reference = train(FRAME, STARTS, batch_size=None)
    # A float32 rounding is 1.2e-7, made and partly forgotten in each of some hundred steps.
    assert (result.weights.double() - reference.weights).abs().max() < 1e-5


def test_validated_data_is_taken_as_it_is():
    data = make_data(FRAME)
    assert train(data, STARTS, max_steps=1).data is data
    assert train(data, STARTS, max_steps=1, dtype="float32").data.points.dtype == torch.float32


def test_progress_and_limits():
    calls = []
    result = train(FRAME, STARTS, max_steps=25, check_every=10,
                   progress=lambda done, limit: calls.append((done, limit)))  # fmt: skip
    assert calls == [(0, 25), (10, 25), (20, 25), (25, 25)]
    assert result.steps.tolist() == [25] * 6
    assert train(FRAME, STARTS, max_steps=0).steps.tolist() == [0] * 6


@pytest.mark.parametrize(("limit", "every"), [(100, 1), (50_000, 100), (10**15, 100_000)])
def test_a_limit_out_of_reach_does_not_put_off_the_first_test(limit, every):
    dead = train(FRAME, -0.1 * FRAME.sum(0, keepdims=True), activation="relu", max_steps=limit)
    assert dead.recipe.check_every == every


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("engine", ENGINES)
def test_cuda_agrees_with_cpu(engine):
    options = {"engine": engine, "batch_size": 2, "max_steps": 300, "step_size": 0.2, "seed": 1}
    here = train(FRAME, STARTS, **options)
    there = train(FRAME, STARTS, device="cuda", **options)
    assert there.weights.device.type == "cuda"
    assert (here.weights - there.weights.cpu()).abs().max() < TRAJECTORY

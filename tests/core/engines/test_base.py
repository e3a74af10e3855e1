"""What every engine must do, by hand-computed numbers."""

import numpy as np
import pytest
import torch

from whichmin.core.data import make_data
from whichmin.core.engines import (
    ENGINES,
    AutogradEngine,
    CompiledEngine,
    DenseEngine,
    GramEngine,
    Problem,
    ReducedEngine,
    reduced_engine,
)
from whichmin.core.frames import random_frame
from whichmin.words import Activation

ALL = (AutogradEngine, CompiledEngine, DenseEngine, ReducedEngine, GramEngine)
E2 = make_data(np.eye(2, 3))


def start(engine, *rows, activation=Activation.RELU, step_size=0.5):
    weights = torch.tensor(rows, dtype=torch.float64)
    return engine(Problem(E2, activation, step_size), weights)


@pytest.mark.parametrize("engine", ALL)
def test_one_step_by_hand(engine):
    # w = (1/2, -1/4, 1/2): N = 9/16. Batch {0}: S = 1/4, alpha = 1/2, s = 7/8, g = 23/32.
    mover = start(engine, [0.5, -0.25, 0.5])
    mover.step(torch.tensor([[0]]))
    s, g = 7 / 8, 23 / 32
    # All numbers are exact in binary; the compiled engine multiplies by roots of alpha on top.
    rel = 4e-16 if engine is CompiledEngine else 0.0
    exact = pytest.approx([(s + g) / 2, -s / 4, s / 2], rel=rel, abs=0.0)
    assert mover.weights()[0].tolist() == exact
    assert mover.correlations()[0].tolist() == pytest.approx(
        [(s + g) / 2, -s / 4], rel=rel, abs=0.0
    )
    assert mover.squared_norm().item() == pytest.approx(
        ((s + g) / 2) ** 2 + (s / 4) ** 2 + (s / 2) ** 2, rel=1e-15
    )
    assert mover.off_span_energy().item() == pytest.approx((s / 2) ** 2, rel=1e-14)


@pytest.mark.parametrize("engine", ALL)
def test_inactive_points_do_nothing(engine):
    mover = start(engine, [0.5, -0.25, 0.5])
    mover.step(torch.tensor([[1]]))
    assert mover.weights()[0].tolist() == [0.5, -0.25, 0.5]
    mover = start(engine, [0.5, -0.25, 0.5], activation=Activation.LINEAR)
    mover.step(torch.tensor([[1]]))
    assert mover.weights()[0, 1].item() != -0.25


@pytest.mark.parametrize("engine", ALL)
def test_a_repeated_index_counts_as_often_as_it_occurs(engine):
    # Batch {0, 0, 1, 1}: as the full batch {0, 1}.
    twice, full, none = (start(engine, [0.5, 0.25, 0.5]) for _ in range(3))
    twice.step(torch.tensor([[0, 0, 1, 1]]))
    full.step(torch.tensor([[0, 1]]))
    none.step(None)
    assert (twice.weights() - full.weights()).abs().max() < 1e-15
    assert (none.weights() - full.weights()).abs().max() < 1e-15
    # Batch {0, 0, 1}: alpha = 1/6, S = 2/4 + 1/16, factor of c_0 is 1 - alpha S + 2 alpha (2 - N).
    uneven = start(engine, [0.5, 0.25, 0.5])
    uneven.step(torch.tensor([[0, 0, 1]]))
    s, g = 1 - (9 / 16) / 6, (2 - 9 / 16) / 6
    assert uneven.correlations()[0].tolist() == pytest.approx(
        [(s + 2 * g) / 2, (s + g) / 4], rel=1e-15
    )


@pytest.mark.parametrize("engine", ALL)
def test_keep_drops_the_other_rows(engine):
    rows = [[0.5, 0.1, 0.2], [0.4, 0.3, 0.1], [-0.2, 0.6, 0.3]]
    some, all_rows = start(engine, *rows), start(engine, *rows)
    some.step(None)
    all_rows.step(None)
    chosen = torch.tensor([True, False, True])
    some.keep(chosen)
    assert some.weights().shape == (2, 3)
    for mover in (some, all_rows):
        mover.step(None)
    assert (some.weights() - all_rows.weights()[chosen]).abs().max() < 1e-15
    assert some.correlations().shape == (2, 2)
    assert some.off_span_energy().shape == (2,)


@pytest.mark.parametrize("engine", ALL)
def test_replicas_at_their_limit_are_judged_in_any_case(engine):
    rows = [0.5, -0.25, 0.5], [1.0, 0.0, 0.0], [0.25, 0.25, 0.25]
    mover = start(engine, *rows)
    mover.step(None)
    judged, some = mover.to_judge(1e-12, True, np.array([False, False, True]))
    # The second is at a minimum; only an engine that knows better leaves out the first.
    assert judged.tolist() in ([0, 1, 2], [1, 2])
    assert torch.equal(some.weights(), mover.weights()[torch.from_numpy(judged)])
    assert torch.equal(some.correlations(), mover.correlations()[torch.from_numpy(judged)])


@pytest.mark.parametrize("engine", ALL)
def test_start_is_kept_and_not_shared(engine):
    frame = make_data(random_frame(3, 7))
    rows = torch.from_numpy(np.random.default_rng(0).normal(size=(4, 7)))
    before = rows.clone()
    mover = engine(Problem(frame, Activation.LINEAR, 0.01), rows)
    assert (mover.weights() - rows).abs().max() < 1e-15
    mover.step(None)
    assert torch.equal(rows, before)


def test_the_reduced_engine_suits_the_data():
    orthonormal = Problem(E2, Activation.RELU, 0.1)
    other = Problem(make_data([[1.0, 0.5, 0.0]], handling="as-is"), Activation.RELU, 0.1)
    rows = torch.ones(1, 3, dtype=torch.float64)
    assert isinstance(reduced_engine(orthonormal, rows), ReducedEngine)
    assert isinstance(reduced_engine(other, rows), GramEngine)
    assert {name.value for name in ENGINES} == {"auto", "autograd", "compiled", "dense", "reduced"}

"""One step of each engine against the same step in exact rational numbers."""

from fractions import Fraction

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
)
from whichmin.core.frames import random_frame
from whichmin.words import Activation, EngineName

ALL = (AutogradEngine, DenseEngine, GramEngine, ReducedEngine, CompiledEngine)
ANY_DATA = ALL[:3]
W = [Fraction(1, 2), Fraction(-1, 4), Fraction(3, 8), Fraction(1, 8)]
BASIS = [[Fraction(i == j) for j in range(4)] for i in range(3)]
# correlated rows of different lengths
ROWS = [[Fraction(v, 2) for v in row] for row in ([2, 1, 0, 0], [0, 1, 1, 0], [1, 0, 0, 1])]
BATCHES = [[0], [1], [2, 0], [0, 0], [0, 0, 2], [2, 1, 2, 2], [0, 1, 2]]


def exact_step(w, rows, batch, step, activation):
    """Return ``w - step * (1/b) sum [(N - 2) phi(c) a + phi(c)^2 w]``."""
    total, norm = [Fraction(0)] * len(w), sum(v * v for v in w)
    for i in batch:
        c = sum(x * y for x, y in zip(w, rows[i], strict=True))
        c = max(c, Fraction(0)) if activation is Activation.RELU else c
        total = [
            t + (norm - 2) * c * a + c * c * v for t, a, v in zip(total, rows[i], w, strict=True)
        ]
    return [v - step * t / len(batch) for v, t in zip(w, total, strict=True)]


def floats(rows):
    return torch.tensor([[float(v) for v in row] for row in rows], dtype=torch.float64)


def built(engine, rows, activation, step=Fraction(1, 4), starts=(W,)):
    data = make_data(floats(rows), handling="as-is")
    return engine(Problem(data, activation, float(step)), floats(starts))


@pytest.mark.parametrize("engine", ALL)
@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("batch", BATCHES)
def test_a_step_on_orthonormal_data(engine, activation, batch):
    check(engine, BASIS, activation, batch)


@pytest.mark.parametrize("engine", ANY_DATA)
@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("batch", BATCHES)
def test_a_step_on_correlated_data(engine, activation, batch):
    check(engine, ROWS, activation, batch)


def check(engine, rows, activation, batch):
    mover = built(engine, rows, activation)
    w = W
    for _ in range(2):
        mover.step(torch.tensor([batch]))
        w = exact_step(w, rows, batch, Fraction(1, 4), activation)
    c = [sum(x * y for x, y in zip(w, row, strict=True)) for row in rows]
    # numbers below 1, some twenty roundings a step
    exact = {"weights": w, "correlations": c, "squared_norm": [sum(v * v for v in w)]}
    for name, values in exact.items():
        found = getattr(mover, name)().flatten().tolist()
        assert found == pytest.approx([float(v) for v in values], abs=1e-14), name


@pytest.mark.parametrize("engine", ALL)
def test_no_batch_is_the_full_batch(engine):
    for activation in Activation:
        mover = built(engine, BASIS, activation)
        mover.step(None)
        exact = exact_step(W, BASIS, [0, 1, 2], Fraction(1, 4), activation)
        # numbers below 1, some twenty roundings
        assert mover.weights()[0].tolist() == pytest.approx([float(v) for v in exact], abs=1e-14)


@pytest.mark.parametrize("engine", ALL)
def test_a_repeated_index_counts_twice_and_not_once(engine):
    once, twice = (built(engine, BASIS, Activation.LINEAR) for _ in range(2))
    once.step(torch.tensor([[0, 1]]))
    twice.step(torch.tensor([[0, 0, 1]]))
    # c_0 = 1/2, N = 15/32, alpha = 1/12: shrink 1 - (9/16)/12, gain (49/32)/12, twice
    c = (1 - Fraction(9, 16) / 12 + 2 * Fraction(49, 32) / 12) / 2
    assert twice.correlations()[0, 0].item() == pytest.approx(float(c), rel=1e-15)
    assert abs(once.correlations()[0, 0].item() - float(c)) > 0.01


@pytest.mark.parametrize("engine", ALL)
def test_each_replica_has_its_own_batch(engine):
    starts = [W, W, [v / 2 for v in W]]
    mover = built(engine, BASIS, Activation.LINEAR, starts=starts)
    batches = [[0, 1], [2, 2], [1, 0]]
    mover.step(torch.tensor(batches))
    for row, w, batch in zip(mover.weights().tolist(), starts, batches, strict=True):
        exact = exact_step(w, BASIS, batch, Fraction(1, 4), Activation.LINEAR)
        # numbers below 1, some twenty roundings
        assert row == pytest.approx([float(v) for v in exact], abs=1e-14)


@pytest.mark.parametrize("engine", ALL)
@pytest.mark.parametrize(
    "chosen", [[True, False, False], [False, True, True], [False, False, True]]
)
def test_keep_drops_exactly_the_others(engine, chosen):
    starts = [W, [v / 2 for v in W], [-v for v in W]]
    mover, mask = built(engine, BASIS, Activation.LINEAR, starts=starts), torch.tensor(chosen)
    mover.step(torch.tensor([[0, 1], [2, 1], [0, 2]]))
    names = ("weights", "correlations", "off_span_energy", "squared_norm")
    before = {name: getattr(mover, name)()[mask] for name in names}
    mover.keep(mask)
    for name, rows in before.items():
        # a matrix product may round otherwise for another number of rows
        assert (getattr(mover, name)() - rows).abs().max() < 1e-15
        assert getattr(mover, name)().shape == rows.shape


@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("engine", ALL)
def test_what_was_returned_stays_as_it_was(engine, replicas):
    mover = built(engine, BASIS, Activation.RELU, starts=[W] * replicas)
    names = ("weights", "correlations", "squared_norm", "off_span_energy")
    before = {name: getattr(mover, name)() for name in names}
    kept = {name: value.clone() for name, value in before.items()}
    mover.step(None)
    for name in names:
        assert torch.equal(before[name], kept[name]), name
        assert not torch.equal(getattr(mover, name)(), kept[name]), name


@pytest.mark.parametrize("engine", ALL)
def test_off_span_energy_keeps_tiny_remainders(engine):
    # Off-span part 1e-9: its square is lost in |w|^2 - |Pw|^2.
    frame = make_data(np.eye(2, 3))
    start = torch.tensor([[0.6, 0.3, 1e-9]], dtype=torch.float64)
    mover = engine(Problem(frame, Activation.RELU, 0.1), start)
    assert mover.off_span_energy().item() == pytest.approx(1e-18, rel=1e-12)


def test_names():
    assert set(ENGINES) == set(EngineName)
    assert {ENGINES[EngineName.AUTOGRAD], ENGINES[EngineName.DENSE]} == {
        AutogradEngine,
        DenseEngine,
    }
    frame = Problem(make_data(random_frame(2, 3)), Activation.RELU, 0.1)
    start = torch.ones(1, 3, dtype=torch.float64)
    for name, factory in ENGINES.items():
        expected = "reduced" if name is EngineName.AUTO else name.value
        assert factory(frame, start).name == expected

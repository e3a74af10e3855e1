"""Correlation coordinates: nothing is lost by leaving R^n, and nothing is carried along wrongly."""

import numpy as np
import pytest
import torch

from whichmin.core.data import make_data
from whichmin.core.engines import DenseEngine, GramEngine, Problem, ReducedEngine
from whichmin.core.frames import random_frame
from whichmin.words import Activation

BOTH = (ReducedEngine, GramEngine)


def problem(m=4, n=9, activation=Activation.RELU, step_size=0.2):
    return Problem(make_data(random_frame(m, n, seed=m)), activation, step_size)


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape)) / 2


@pytest.mark.parametrize("engine", BOTH)
@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 5), (4, 4), (4, 9)])
def test_the_start_comes_back(engine, m, n):
    start, case = normal(3, n), problem(m, n)
    mover = engine(case, start)
    # roundings of a split and its sum, of numbers below 2
    assert (mover.weights() - start).abs().max() < 1e-14
    assert (mover.correlations() - start @ case.data.points.T).abs().max() < 1e-14
    assert (mover.squared_norm() - start.square().sum(-1)).abs().max() < 1e-14
    inside = start @ case.data.points.T @ case.data.points
    assert (mover.off_span_energy() - (start - inside).square().sum(-1)).abs().max() < 1e-14


def test_gram_takes_any_data():
    rows = normal(6, 4, seed=1)  # six points in four dimensions: nothing is outside the span
    case = Problem(make_data(rows, handling="as-is"), Activation.LINEAR, 0.05)
    mover, dense = GramEngine(case, normal(2, 4)), DenseEngine(case, normal(2, 4))
    assert mover.off_span_energy().max() < 1e-25  # the square of a rounding
    for k in range(50):
        batch = torch.tensor([[k % 6, 5], [1, k % 5]])
        mover.step(batch)
        dense.step(batch)
    # 50 steps of some twenty roundings of numbers near 1
    assert (mover.weights() - dense.weights()).abs().max() < 1e-12
    assert (mover.correlations() - dense.correlations()).abs().max() < 1e-12


@pytest.mark.parametrize("engine", BOTH)
def test_the_norm_stays_that_of_the_weights(engine):
    mover = engine(problem(), normal(5, 9))
    for k in range(200):
        mover.step(torch.full((5, 2), k % 4) if k % 3 else None)
    # 200 steps of some ten roundings of a norm near 1
    assert (mover.squared_norm() - mover.weights().square().sum(-1)).abs().max() < 1e-12


@pytest.mark.parametrize("engine", BOTH)
def test_the_part_outside_the_span_only_shrinks(engine):
    case, start = problem(step_size=0.5, activation=Activation.LINEAR), normal(1, 9)
    mover = engine(case, start)
    points = case.data.points
    outside = start - start @ points.T @ points
    factor = 1.0
    for _ in range(5):
        factor *= 1 - 0.5 / 4 * mover.correlations().square().sum().item()
        mover.step(None)
    w = mover.weights()
    # five steps of some ten roundings of numbers below 2
    assert (w - w @ points.T @ points - factor * outside).abs().max() < 1e-14
    energy = factor**2 * outside.square().sum().item()
    assert mover.off_span_energy().item() == pytest.approx(energy, rel=1e-13)


def test_ratios_survive_full_batches():
    # Gradient descent scales all active correlations alike, and all others too.
    case = Problem(make_data(np.eye(4)), Activation.RELU, 0.4)
    start = torch.tensor([[0.5, 0.25, -0.125, -0.5]], dtype=torch.float64)
    mover = ReducedEngine(case, start)
    for _ in range(20):
        mover.step(None)
    a, b, c, d = mover.correlations()[0].tolist()
    assert a / b == pytest.approx(2.0, rel=1e-14)  # two roundings a step
    assert d / c == pytest.approx(4.0, rel=1e-14)
    assert a > 0.5
    assert -0.5 < d < 0


def test_a_start_inside_the_span_stays_there():
    frame = problem()
    mover = ReducedEngine(frame, frame.data.points[:2].clone() * 0.5)
    for _ in range(10):
        mover.step(torch.tensor([[0, 1], [2, 3]]))
    assert mover.off_span_energy().max() < 1e-30  # the square of a rounding

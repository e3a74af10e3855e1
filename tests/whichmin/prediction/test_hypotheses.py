import numpy as np
import pytest
import torch

import whichmin
from whichmin.core.batches import make_stream
from whichmin.core.engines import Problem
from whichmin.prediction.hypotheses import StartFacts, hypotheses, is_trapped
from whichmin.words import Activation


def problem(step_size=0.1, activation=Activation.RELU, data=None):
    points = np.eye(3, 5) if data is None else data
    return Problem(whichmin.make_data(points, handling="as-is"), activation, step_size)


def decided(weights, batch_size=1, sampling="without-replacement", **settings):
    what = problem(**settings)
    stream = make_stream(what.data.m, batch_size, sampling=sampling)
    return {
        h.statement: h
        for h in hypotheses(what, stream, StartFacts.of(what, np.array(weights, float)))
    }


GOOD = [0.4, -0.3, 0.2, 0.1, 0.0]


def test_all_hold_for_an_ordinary_input_and_nothing_is_added():
    found = decided(GOOD)
    assert all(h.holds and not h.otherwise for h in found.values())
    assert len(found) == 6
    assert len(decided(GOOD, 3)) == 5  # how batches are drawn does not matter for the full batch


@pytest.mark.parametrize(
    ("statement", "weights", "settings", "here", "otherwise"),
    [
        ("|w0| < 1", [1.05, 0.1, 0, 0, 0], {}, "|w0| = 1.055", "so the limits are the same"),
        ("|w0| < 1", [1.3, 0.1, 0.1, 0, 0], {}, "|w0| = 1.308", "a sign may turn"),
        ("|w0| < 1", [1.3, 0.1, 0.1, 0, 0], {"batch_size": 3}, "1.308", "followed exactly"),
        ("step size <= 1/5", GOOD, {"step_size": 0.4}, "step size 0.4", "at most 1/2"),
        ("step size <= 1/5", GOOD, {"step_size": 0.6}, "step size 0.6", "a sign may turn"),
        ("some correlation is positive", [-1, -0.1, -0.1, 1, 0], {}, "0 of 3", "dead neuron"),
        ("some correlation is not 0", [0, 0, 0, 1, 0], {"activation": Activation.LINEAR},
         "0 of 3", "critical point with loss 1/2"),
        ("no correlation is 0", [0.5, 0.0, 0.1, 0, 0], {}, "1 of 3", "stays at 0"),
        ("batches are drawn uniformly without replacement", GOOD, {"sampling": "cyclic"}, "cyclic",
         "Theorem 4"),
        ("batches are drawn uniformly without replacement", GOOD, {"sampling": "reshuffled"},
         "reshuffled", "leaves out"),
        ("batches are drawn uniformly without replacement", GOOD,
         {"sampling": "with-replacement"}, "with-replacement", "same selection law"),
        ("the data are orthonormal", GOOD, {"data": np.eye(3, 5) * 1.01}, "deviation 0.02",
         "need not settle"),
        ("the data are orthonormal", GOOD, {"data": np.eye(3, 5) * 1.01, "batch_size": 3},
         "deviation 0.02", "no closed form"),
        ("the data are orthonormal", GOOD,
         {"data": np.eye(3, 5) * 1.01, "batch_size": 3, "activation": Activation.LINEAR},
         "deviation 0.02", "top eigenvectors"),
    ],
)  # fmt: skip
def test_each_is_seen_to_fail_with_its_value_and_consequence(
    statement, weights, settings, here, otherwise
):
    found = decided(weights, **settings)[statement]
    assert not found.holds
    assert here in found.here
    assert otherwise in found.otherwise


@pytest.mark.parametrize(("cap", "alpha"), [(1.05, 0.2), (1.2, 0.5)])
def test_the_trap_region_keeps_norm_and_signs_under_every_batch(cap, alpha):
    """On a grid; N' is a polynomial in alpha, N and S, largest at the corners or inside."""
    grid = np.linspace(0, 1, 101)
    a, N, part = np.meshgrid(alpha * grid[1:], cap * grid, grid, indexing="ij")
    S = part * N
    s, g = 1 - a * S, a * (2 - N)
    after = s**2 * (N - S) + (s + g) ** 2 * S
    assert after.max() <= cap * (1 + 1e-15)
    assert min(s.min(), (s + g).min()) > 0


@pytest.mark.parametrize(
    ("squared_norm", "step_size", "batch_size", "sampling", "inside"),
    [
        (1.05, 0.2, 1, "without-replacement", True),
        (1.2, 0.5, 1, "without-replacement", True),
        (1.21, 0.1, 1, "without-replacement", False),
        (0.5, 0.51, 1, "without-replacement", False),
        (0.5, 1.0, 2, "without-replacement", True),
        (0.5, 1.0, 2, "with-replacement", False),  # one point may fill the batch
        (0.5, 0.5, 2, "with-replacement", True),
        (0.5, 1.0, 2, "cyclic", True),
    ],
)
def test_where_the_trap_region_ends(squared_norm, step_size, batch_size, sampling, inside):
    stream = make_stream(3, batch_size, sampling=sampling)
    assert is_trapped(problem(step_size), stream, squared_norm) is inside


def test_correlated_data_are_never_in_it():
    stream = make_stream(3, 1)
    assert not is_trapped(problem(data=np.eye(3, 5) * 1.01), stream, 0.1)


def test_float32_data_are_looked_at_in_double_precision():
    data = whichmin.make_data(np.eye(3, 5), dtype=torch.float32)
    start = StartFacts.of(Problem(data, Activation.RELU, 0.1), np.array(GOOD))
    assert start.correlations.dtype == np.float64
    assert start.active.tolist() == [True, False, True]
    assert start.off_span == pytest.approx(0.01)
    assert start.squared_norm == pytest.approx(0.3)

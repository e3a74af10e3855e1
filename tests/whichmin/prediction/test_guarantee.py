"""What is guaranteed: the hypotheses, the numbers, and a run that settles long before."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

import whichmin
from whichmin.core.sgd import StepConstants, settling_numbers
from whichmin.prediction.guarantee import MISSED, written
from whichmin.prediction.prediction import predict

FRAME = whichmin.random_frame(3, 5, seed=1)
START = np.array([0.5, 0.3, 0.2]) @ FRAME


def sure(start=START, data=FRAME, batch_size=1, step_size=0.2, **settings):
    told = predict(start, data, batch_size, step_size, **{"simulate": False, **settings})
    return told.guarantee


def test_the_numbers_are_those_of_the_decimals_that_were_typed():
    """0.2 is above 1/5 in binary; 1/5 is what is meant, and what the theorem allows."""
    found = sure(tolerance=1e-4)
    assert found.holds
    assert (found.distance, found.chance) == (0.01, 0.99)
    assert written(0.2) == Fraction(1, 5) < Fraction(0.2)
    constants = StepConstants(3, 1, Fraction(1, 5))
    energy = Fraction(38, 100)
    expected = settling_numbers(constants, energy, Fraction(1, 10**4), MISSED)
    # The energy is a little less than 0.38, which matters for the wake alone.
    assert 0 <= found.numbers.wake - expected.wake <= 1
    assert {**vars(found.numbers), "wake": 0} == {**vars(expected), "wake": 0}
    assert found.steps == found.numbers.steps
    assert found.rate == pytest.approx(float(constants.settle_rate), rel=1e-15)
    assert Fraction(found.rate) <= constants.settle_rate


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize(("batch_size", "step_size"), [(1, 0.2), (2, 0.4), (2, 0.1)])
def test_all_hypotheses_hold_where_the_theorem_applies(activation, batch_size, step_size):
    found = sure(batch_size=batch_size, step_size=step_size, activation=activation)
    assert found.holds
    assert len(found.hypotheses) == 5
    assert not any(h.otherwise for h in found.hypotheses)
    assert found.steps > 0
    assert 0 < found.rate < found.expected_rate


@pytest.mark.parametrize(
    ("statement", "here", "settings"),
    [
        ("the data are orthonormal", "deviation 0.02", {"data": np.eye(3, 5) * 1.01}),
        ("batches are drawn uniformly without replacement", "with-replacement",
         {"sampling": "with-replacement"}),
        ("batches are drawn uniformly without replacement", "reshuffled",
         {"sampling": "reshuffled"}),
        ("batches are drawn uniformly without replacement", "cyclic", {"sampling": "cyclic"}),
        ("batches are drawn uniformly without replacement", "custom",
         {"sampling": "custom", "batches": np.array([[0], [1], [2]])}),
        ("step size / batch size <= 1/5", "0.2001 / 1", {"step_size": 0.2001}),
        ("step size / batch size <= 1/5", "0.41 / 2", {"step_size": 0.41, "batch_size": 2}),
        ("step size / batch size <= 1/5", "1e+160 / 1", {"step_size": 1e160}),
        ("|w0|^2 <= 21/20", "|w0|^2 = 1.051", {"start": math.sqrt(1.051 / 0.38) * START}),
        ("some correlation is positive", "0 of 3", {"start": -START}),
        ("some correlation is not 0", "0 of 3",
         {"start": 0 * START, "activation": "linear"}),
    ],
)  # fmt: skip
def test_a_hypothesis_that_fails_is_named_and_nothing_is_guaranteed(statement, here, settings):
    found = sure(handling="as-is", **settings)
    failing = [h for h in found.hypotheses if not h.holds]
    assert [h.statement for h in failing] == [statement]
    assert here in failing[0].here
    assert failing[0].otherwise == "no settling time is guaranteed"
    assert not found.holds
    assert found.numbers is found.steps is found.rate is None


def test_the_full_batch_has_none():
    assert sure(batch_size=None) is None
    assert sure(batch_size=3) is None


def test_a_start_at_the_edge_counts_only_if_rounding_cannot_have_moved_it_in():
    edge = np.array([math.sqrt(1.05), 0, 0])
    near = np.array([math.sqrt(1.05 * (1 - 1e-14)), 0, 0])
    assert [sure(w, np.eye(3)).holds for w in (edge, near)] == [False, True]


def test_more_precision_takes_longer():
    steps = [sure(tolerance=t).steps for t in (1e-4, 1e-6, 1e-12)]
    assert steps == sorted(set(steps))


def test_the_energy_is_a_lower_bound_of_that_of_exact_inner_products():
    """Energy in fractions: no correlation that rounding may have made counts."""
    rng = np.random.default_rng(3)
    for activation, size in itertools.product(("linear", "relu"), (2, 40)):
        frame = whichmin.random_frame(size, size + 3, seed=size)
        w = rng.normal(size=size + 3)
        w *= 0.7 / np.linalg.norm(w)
        problem = whichmin.core.engines.Problem(
            whichmin.make_data(frame), whichmin.words.Activation(activation), 0.1
        )
        least = whichmin.prediction.hypotheses.StartFacts.of(problem, w).least_energy
        exact = Fraction(0)
        for row in problem.data.points.numpy():
            inner = sum(Fraction(x) * Fraction(y) for x, y in zip(row, w, strict=True))
            exact += max(inner, 0) ** 2 if activation == "relu" else inner**2
        assert Fraction(least) <= exact
        assert least == pytest.approx(float(exact), rel=1e-12)


def test_runs_settle_before_the_bound():
    """All 400 runs are within e of one point long before it, and stay there."""
    start, frame = np.array([0.6, 0.4]), np.eye(2)
    told = predict(start, frame, 1, 0.2, activation="linear", tolerance=1e-4)
    found = told.guarantee
    assert found.distance == 0.01
    steps = 3000
    assert told.steps < steps < found.steps
    rng = np.random.default_rng(7)
    w = np.tile(start, (400, 1))
    inside = np.zeros((steps, 400), dtype=int)  # 0 for none, else 1 + the point
    for step in range(steps):
        drawn = rng.integers(0, 2, 400)
        c = w[np.arange(400), drawn]
        # -gradient of (1/2)|x - c w|^2 at w for x = a_drawn, with <w, x> = c
        factor = 1 - 0.2 * c**2
        push = 0.2 * c * (2 - (w**2).sum(1))
        w *= factor[:, None]
        w[np.arange(400), drawn] += push
        distances = np.linalg.norm(w[:, None] - frame[None], axis=2)
        near = distances <= found.distance
        inside[step] = np.where(near.any(1), 1 + near.argmax(1), 0)
    late = inside[2000:]
    stay = (late == late[-1]).all(0) & (late[-1] > 0)
    # Missed with a chance of at most 1 % each, after many more steps than these.
    assert stay.mean() > 0.99
    assert {1, 2} == set(late[-1][stay].tolist())


def test_the_rate_is_kept_by_a_long_run():
    """Squared distances of a run that training makes fall faster than guaranteed."""
    found = sure(np.array([0.6, 0.4]), np.eye(2))
    result = whichmin.train(
        np.eye(2), [0.6, 0.4], batch_size=1, step_size=0.2, tolerance=1e-18, check_every=1, seed=3
    )
    limit = np.eye(2)[int(result.winner[0])]
    squared = float(((result.weights[0].numpy() - limit) ** 2).sum())
    assert squared < (1 - found.rate) ** int(result.steps[0])

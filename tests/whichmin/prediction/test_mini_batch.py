"""Candidates, favourites and times, each against what training does."""

import math

import numpy as np
import pytest

import whichmin
from whichmin.core.batches import make_stream
from whichmin.core.engines import Problem
from whichmin.prediction.full_batch import follow_full_batch
from whichmin.prediction.hypotheses import StartFacts
from whichmin.prediction.mini_batch import _growth, choose, describe
from whichmin.words import Activation


def choice(weights, batch_size=1, step_size=0.1, activation="linear", tolerance=1e-8, **stream):
    w = np.array(weights, dtype=float)
    m = stream.pop("m", len(w))
    problem = Problem(whichmin.make_data(np.eye(m, len(w))), Activation(activation), step_size)
    batches = make_stream(m, batch_size, **stream)
    return choose(problem, batches, StartFacts.of(problem, w), tolerance, 1)


def test_candidates_are_the_positive_points_or_all_that_are_not_zero():
    weights = [0.3, -0.4, 0.2, 0.0]
    assert choice(weights, activation="relu").candidates == ((0,), (2,))
    assert choice(weights).candidates == ((0,), (1,), (2,))


def test_one_candidate_is_certain_and_the_rest_fades():
    found = choice([0.3, -0.4, -0.2], activation="relu")
    assert found.candidates == ((0,),)
    assert found.chances.tolist() == [1]
    result = whichmin.train(
        np.eye(3), np.tile([0.3, -0.4, -0.2], (200, 1)), step_size=0.1, tolerance=1e-8,
        check_every=1,
    )  # fmt: skip
    # The fading is the mean of 200 random times: 5 standard errors.
    taken = result.steps.double()
    assert abs(float(taken.mean()) - found.steps) < 5 * float(taken.std()) / math.sqrt(200) + 5


def test_the_chances_add_up_and_stay_below_their_bounds():
    for weights in ([0.4, 0.3], [0.4, 0.3, 0.2], [0.1] * 6):
        found = choice(weights)
        assert found.chances.sum() == pytest.approx(1)
        assert (found.chances <= found.bounds + 6 * found.errors).all()


def test_other_batch_sizes_change_the_clock_and_not_the_law():
    slow, fast = (choice([0.5, 0.4, 0.3, 0.2], b, 0.1 * b) for b in (1, 2))
    assert abs(slow.chances - fast.chances).max() < 6 * slow.errors.max()
    assert slow.steps / fast.steps == pytest.approx((2 * 2) / (1 * 3), rel=0.1)  # b (m - b)


def test_cyclic_blocks_stay_together_and_the_most_correlated_leads():
    found = choice([0.5, 0.1, 0.2, 0.3], 2, sampling="cyclic")
    assert found.candidates == ((0, 1), (2, 3))
    assert found.favourite == 0
    assert found.chances is None
    result = whichmin.train(
        np.eye(4), [0.5, 0.1, 0.2, 0.3], activation="linear", batch_size=2, step_size=0.1,
        sampling="cyclic",
    )  # fmt: skip
    limit = np.array([0.5, 0.1, 0, 0]) / math.hypot(0.5, 0.1)
    np.testing.assert_allclose(result.weights[0], limit, atol=1e-5)


def test_a_small_lead_has_no_favourite_under_a_fixed_order():
    assert choice([0.51, 0.50], sampling="cyclic").favourite is None
    assert choice([0.60, 0.40], sampling="cyclic").favourite == 0
    assert choice([0.60, 0.40], sampling="reshuffled").favourite == 0


def test_reshuffled_epochs_that_leave_points_out_get_chances():
    assert choice([0.5, 0.4, 0.3], 2, sampling="reshuffled").chances is not None
    assert choice([0.5, 0.4, 0.3], 1, sampling="reshuffled").chances is None


def test_own_batches_outgrow_what_they_hold_less_often():
    often = np.array([[0], [0], [1], [2]] * 50)
    found = choice([0.1, 0.5, 0.4], sampling="custom", batches=often)
    assert found.candidates == ((0,),)
    result = whichmin.train(
        np.eye(3), [0.1, 0.5, 0.4], activation="linear", sampling="custom",
        batches=np.tile(often, (40, 1)), step_size=0.1, tolerance=1e-8,
    )  # fmt: skip
    assert int(result.winner[0]) == 0


def test_points_that_no_batch_holds_cannot_win():
    never = np.array([[0], [1]] * 20)
    assert choice([0.3, 0.2, 0.9], sampling="custom", batches=never).candidates == ((0,), (1,))


def test_outside_the_trap_region_nothing_is_said():
    for found in (choice([1.5, 0.1]), choice([0.5, 0.1], step_size=0.6)):
        assert found.candidates == ()
        assert "outside the trap region" in found.reason


def test_without_simulation_the_candidates_remain():
    w = np.array([0.5, 0.4, 0.3])
    problem = Problem(whichmin.make_data(np.eye(3)), Activation.LINEAR, 0.1)
    found = choose(problem, make_stream(3, 1), StartFacts.of(problem, w), 1e-8, 1, simulate=False)
    assert found.chances is found.bounds is None
    assert found.candidates == ((0,), (1,), (2,))


def test_bounds_on_the_sphere_are_the_closed_form():
    w = np.array([0.8, 0.5, 0.3]) / np.linalg.norm([0.8, 0.5, 0.3])
    own = whichmin.closed_form("selection.arcsine_bound")(cosine=w)
    assert choice(w).bounds == pytest.approx(own, abs=1e-12)  # no growth: nothing is averaged
    # From small weights the noise lifts the bound of the least correlated point.
    assert choice(0.1 * w).bounds[2] > own[2] + 0.01


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        (((2,),), "data point 2"),
        (((1,),), "data point -1"),
        (((2,), (1,)), "one of data points 2, -1"),
        (((0, 1),), "a mixture of 0, 1"),
        (((0, 1), (2,)), "one of the mixtures of 0, 1; 2"),
        (tuple((i,) for i in range(9)), "one of 9 candidates"),
        ((tuple(range(9)),), "a mixture of 9 points"),
    ],
)
def test_names(groups, text):
    assert describe(groups, np.array([1.0, -1.0, 1.0])) == text or len(groups) > 8
    assert describe(groups, np.where(np.arange(9) == 1, -1.0, 1.0)) == text


def test_tiny_steps_are_followed_several_at_once():
    problem = Problem(whichmin.make_data(np.eye(3, 4)), Activation.RELU, 2e-5)
    w = np.array([0.2, 0.1, -0.1, 0.3])
    start = StartFacts.of(problem, w)
    found = _growth(problem, start, 1e-8)
    exact = follow_full_batch(w[:3], 0.09, Activation.RELU, 2e-5, 1e-8, growth_only=True)
    # A step of alpha = 1e-4 is off by a part of about alpha; ten of them allow for constants.
    assert found.growth_steps == pytest.approx(exact.growth_steps, rel=1e-3)
    assert found.rest_after_growth == pytest.approx(exact.rest_after_growth, rel=1e-3)
    sums = [path.growth[:, 0] @ path.growth[:, 1:] for path in (found, exact)]
    np.testing.assert_allclose(*sums, rtol=1e-3)


@pytest.mark.parametrize("step_size", [1e-7, 1e-150, 1e-300])
def test_the_smallest_steps_have_an_answer(step_size):
    found = choice([0.3, 0.4, 0.2], step_size=step_size)
    assert found.candidates == ((0,), (1,), (2,))
    assert found.steps is None or found.steps > 1e9

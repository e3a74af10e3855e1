"""Three numbers follow gradient descent as training does, for any start and step size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import whichmin
from whichmin.prediction.full_batch import follow_full_batch
from whichmin.words import Activation, Status

LIMIT = 3000


@settings(max_examples=60)
@given(
    m=st.integers(1, 6),
    more=st.integers(0, 3),
    activation=st.sampled_from(list(Activation)),
    norm=st.sampled_from([0.1, 0.5, 0.99, 1.2, 1.5, 2.5]),
    step_size=st.sampled_from([0.05, 0.2, 0.7, 2.0, 8.0]),
    seed=st.integers(0, 10**6),
)
def test_same_end_after_the_same_number_of_steps(m, more, activation, norm, step_size, seed):
    frame = whichmin.random_frame(m, m + more, seed)
    w = whichmin.random_start(m + more, norm=norm, seed=seed)[0]
    result = whichmin.train(
        frame, w, activation=activation, batch_size=None, step_size=step_size, max_steps=LIMIT,
        check_every=1,
    )  # fmt: skip
    c = frame @ w
    off = w - c @ frame
    path = follow_full_batch(c, float(off @ off), activation, step_size, 1e-12, LIMIT)
    if step_size / m >= 0.5:
        # The minima repel: bounded runs are chaotic and rounding decides where they are.
        settled = {Status.CONVERGED, Status.STEP_LIMIT}
        assert path.status is result.status[0] or {path.status, result.status[0]} <= settled
        return
    assert path.status is result.status[0]
    assert path.steps == int(result.steps[0])
    if path.status is not Status.DIVERGED:
        first, second, third = path.factors
        end = (np.where(c > 0, first, second) * c) @ frame + third * off
        # 4 roundings a step, amplified by the growth from |Pw0|; at most 20 starts below 1/20.
        growth = 1 / max(np.linalg.norm(np.maximum(c, 0)), 1e-3)
        np.testing.assert_allclose(
            end, result.weights[0], atol=4 * (path.steps + 20) * 2.3e-16 * growth
        )


def test_signs_that_turn_are_noticed():
    c = np.array([0.5, 0.3])
    assert not follow_full_batch(c, 0.1, Activation.LINEAR, 0.1, 1e-12).turned
    # factor 1 + eta/m (2 - N - C) with N = C = 4 and eta/m = 1/4
    assert follow_full_batch(np.array([2.0, 0.0]), 0.0, Activation.LINEAR, 0.5, 1e-12).turned


def test_growth_is_recorded_until_the_sphere():
    path = follow_full_batch(np.array([0.02, 0.01]), 0.2, Activation.LINEAR, 0.1, 1e-12)
    assert len(path.growth) == 64
    assert path.growth[:, 0].sum() == path.growth_steps < path.steps
    assert path.growth[0, 1] == pytest.approx((2 - 0.2) ** 2, rel=0.05)  # N near 0.2 at first
    assert 0 < path.rest_after_growth < 1
    assert len(follow_full_batch(np.array([1.0]), 0.0, Activation.LINEAR, 0.1, 1e-12).growth) == 0


@settings(max_examples=60)
@given(
    c=st.lists(st.floats(-0.9, 0.9), min_size=1, max_size=4),
    off=st.sampled_from([0.0, 1e-6, 0.3]),
    activation=st.sampled_from(list(Activation)),
    step_size=st.sampled_from([1e-3, 0.01, 0.05, 0.2]),
    tolerance=st.sampled_from([1e-12, 1e-4, 9e-3]),
)
def test_what_is_not_followed_takes_too_long(c, off, activation, step_size, tolerance):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("whichmin.prediction.full_batch._too_long", lambda *_: False)
        followed = follow_full_batch(np.array(c), off, activation, step_size, tolerance, 5000)
    for limit in (0, 1, 10, 100, 1000):
        path = follow_full_batch(np.array(c), off, activation, step_size, tolerance, limit)
        over = followed.steps > limit
        assert path.status is (Status.STEP_LIMIT if over else followed.status)
        assert path.steps == (limit if over else followed.steps)


def test_a_hopeless_run_is_not_followed(monkeypatch):
    monkeypatch.setattr("whichmin.prediction.full_batch._ended", None)  # a step would call it
    path = follow_full_batch(np.array([0.2, 0.1]), 0.1, Activation.RELU, 1e-9, 1e-12)
    assert path.status is Status.STEP_LIMIT


@pytest.mark.parametrize("c", [[0.2, -0.1], [1e150, 0.1]])
@pytest.mark.parametrize("step_size", [1e160, 1e300])
def test_the_largest_numbers_end_the_run(c, step_size):
    path = follow_full_batch(np.array(c), 0.1, Activation.RELU, step_size, 1e-12)
    assert path.status is not Status.CONVERGED
    assert path.steps < 100


def test_growth_alone_is_that_of_the_whole_run():
    start = np.array([0.02, 0.01]), 0.2, Activation.LINEAR, 0.1, 1e-12
    whole, part = follow_full_batch(*start), follow_full_batch(*start, growth_only=True)
    np.testing.assert_array_equal(part.growth, whole.growth)
    assert part.growth_steps == whole.growth_steps
    assert part.rest_after_growth == whole.rest_after_growth

import math

import numpy as np
import pytest

import whichmin
from whichmin.errors import InputError
from whichmin.prediction.prediction import predict
from whichmin.words import Status

FRAME = whichmin.random_frame(4, 9, seed=3)
START = whichmin.random_start(9, seed=3)[0]


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("batch_size", [None, 1, 3])
def test_sharpness_is_that_of_the_minimum_that_training_finds(activation, batch_size):
    told = predict(START, FRAME, batch_size, 0.2, activation=activation)
    result = whichmin.train(
        FRAME, START, activation=activation, batch_size=batch_size, step_size=0.2, tolerance=1e-18
    )
    assert told.status is result.status[0] is Status.CONVERGED
    for name, kink in (("0", "left"), ("½", "mean"), ("1", "right")):
        measured = whichmin.hessian_trace(
            result.weights[0], FRAME, activation=activation, kink=kink,
            kink_width=result.kink_width,
        )  # fmt: skip
        # The run stops sqrt(1e-18 m) from its limit, and the trace has slope below n + 4.
        assert told.sharpness[f"trace κ={name}"] == pytest.approx(measured, abs=1e-7)
    plain = np.trace(
        whichmin.plain_autograd_hessian(result.weights[0], FRAME, activation=activation)
    )
    assert told.sharpness["plain autograd at the iterate"] == pytest.approx(plain, abs=1e-7)
    top = whichmin.top_eigenvalue(result.weights[0], FRAME, activation=activation)
    assert told.sharpness["top eigenvalue"] == pytest.approx(top, abs=1e-7)
    assert told.loss == pytest.approx(float(result.loss[0]), abs=1e-15)


def test_gradient_descent_ends_where_predicted_after_as_many_steps():
    told = predict(START, FRAME, None, 0.2)
    result = whichmin.train(FRAME, START, batch_size=None, step_size=0.2)
    # 2 m gap is at least the squared distance's half: sqrt(4 m tolerance)
    np.testing.assert_allclose(result.weights[0], told.limits[0], atol=4e-6)
    assert told.steps == int(result.steps[0])


def test_a_dead_start():
    told = predict(-FRAME.sum(0) / 4, FRAME)
    assert told.status is Status.DEAD_NEURON
    assert (told.steps, told.limits) == (0, None)
    # Half the mean squared length of the data, which have length 1 to a few roundings.
    assert told.loss == pytest.approx(0.5, abs=1e-15)
    assert not told.covered
    assert predict(np.eye(9)[0] * 0, FRAME, activation="linear").status is (
        Status.NON_MINIMAL_CRITICAL_POINT
    )


def test_what_gradient_descent_does_outside_the_hypotheses():
    large = predict(6 * START, FRAME, None, 2.0, activation="linear")
    assert large.status is whichmin.train(
        FRAME, 6 * START, activation="linear", batch_size=None, step_size=2.0, max_steps=5000
    ).status[0]  # fmt: skip
    assert large.status is Status.DIVERGED
    trapped = np.append(0.12 * np.ones(4), np.full(5, 0.9))
    fallen = predict(trapped, np.eye(4, 9), None, 0.2)
    assert fallen.status is Status.NON_MINIMAL_CRITICAL_POINT
    assert fallen.loss == pytest.approx(0.5, abs=1e-12)
    chaotic = predict(START, FRAME, None, 3.0)
    assert chaotic.status is None
    assert "minima repel" in chaotic.reason


def test_the_correction_for_growth_brings_the_chance_near_to_training():
    """From small weights the bare law 1 - 2 theta/pi is off by 0.04, the corrected one by less."""
    start, replicas = np.array([0.01, 0.005]), 10_000
    told = predict(start, np.eye(2), 1, 0.1, tolerance=1e-4)
    result = whichmin.train(
        np.eye(2), np.tile(start, (replicas, 1)), step_size=0.1, tolerance=1e-4, seed=4
    )
    often = float((result.winner == 0).double().mean())
    bare = 1 - 2 / math.pi * math.atan2(*start[::-1])
    error = math.sqrt(0.25 / replicas)
    assert abs(often - bare) > 5 * error
    assert abs(often - told.chances[0]) < 4 * error + 0.1**2


def test_correlated_linear_data_end_at_the_top_eigenvector():
    raw = np.random.default_rng(1).normal(size=(5, 4)) / 2
    told = predict(START[:4], raw, None, 0.1, activation="linear", handling="as-is")
    result = whichmin.train(
        raw, START[:4], activation="linear", batch_size=None, step_size=0.1, handling="as-is"
    )
    assert told.status is result.status[0]
    assert np.linalg.norm(result.weights[0].numpy() - told.limits[0]) < told.precision < 1e-3
    assert told.loss == pytest.approx(float(result.loss[0]), abs=1e-10)
    data = whichmin.make_data(raw, handling="as-is")
    measured = whichmin.hessian_trace(result.weights[0], data, activation="linear")
    assert told.sharpness["Hessian trace"] == pytest.approx(measured, abs=50 * told.precision)


def test_equal_eigenvalues_share_their_space():
    """Orthogonal rows of one length: the projection of the start, as for orthonormal ones."""
    told = predict(START, 1.5 * FRAME, None, 0.05, activation="linear", handling="as-is")
    within = predict(START, FRAME, None, 0.05, activation="linear")
    np.testing.assert_allclose(told.limits, within.limits, atol=1e-14)
    assert told.statement == "in the span of 4 eigenvectors"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"batch_size": 1, "activation": "linear"}, "need not settle"),
        ({"batch_size": None, "activation": "relu"}, "no closed form"),
        ({"batch_size": None, "activation": "linear", "step_size": 0.5}, "outside what is known"),
    ],
)
def test_where_correlated_data_have_no_prediction(settings, reason):
    told = predict(START, 1.1 * FRAME, handling="as-is", **settings)
    assert told.status is None
    assert reason in told.reason
    assert not told.covered


def test_the_same_seed_gives_the_same_chances():
    first, again, other = (predict(START, FRAME, seed=s, activation="linear") for s in (1, 1, 2))
    assert (first.chances == again.chances).all()
    assert (first.chances != other.chances).any()


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (([[0.1] * 9] * 2, FRAME), {}, "w0 = '2 rows', but must be one start"),
        (([0.1] * 8, FRAME), {}, "w0 = .* must have shape"),
        (([np.nan] * 9, FRAME), {}, "w0 = .* must be finite"),
        ((START, FRAME * 2), {}, "data = .* must be orthonormal"),
        ((START, FRAME, 5), {}, "batch_size = 5"),
        ((START, FRAME, 1, 0), {}, "step_size = 0"),
        ((START, FRAME), {"activation": "tanh"}, "activation = 'tanh'"),
        ((START, FRAME), {"sampling": "custom"}, "batches = None"),
        ((START, FRAME), {"tolerance": 1}, "tolerance = 1"),
        ((START, FRAME), {"check_every": 0}, "check_every = 0"),
        ((START, FRAME), {"seed": -1}, "seed = -1"),
    ],
)
def test_bad_arguments(arguments, settings, message):
    with pytest.raises(InputError, match=message):
        predict(*arguments, **settings)

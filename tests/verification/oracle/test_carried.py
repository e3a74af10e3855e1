"""The bound of long runs holds, is small, and grows where a run forgets nothing."""

from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle.arithmetic import DECIMALS, FLOATS
from whichmin.verification.oracle.carried import carried, reason
from whichmin.verification.oracle.optimisers import PLAIN, Optimiser
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.references import floats, rounded

SERVED = problem("correlated")
BATCHES = [(t % 4, (t * t + 1) % 4) for t in range(80)]
HALF = [Fraction(1, 2)] * len(BATCHES)
W, DATA = rounded(SERVED.w), rounded(SERVED.data)
ROWS = [tuple(DATA[i] for i in batch) for batch in BATCHES]
OPTIMISERS = {
    "plain": PLAIN,
    "momentum": Optimiser.make(momentum=0.9, nesterov=True, weight_decay=1e-2),
    "adam": Optimiser.make("adam"),
    "lamb": Optimiser.make("lamb", weight_decay=1e-2),
    "clipped": Optimiser.make(clip_norm=0.1, clip_value=0.5, ema=0.9),
    "scheduled": Optimiser.make(schedule={"name": "cosine", "steps": 40}),
}


def bounded(optimiser, activation, dtype="float64", step_size=Fraction(1, 16)):
    states = optimiser.states(W, DATA, BATCHES, step_size, activation, HALF, DECIMALS)
    exact = [floats(tuple(optimiser.result(s))) for s in states]
    return exact, carried(optimiser, states, ROWS, step_size, activation, HALF, dtype)


def single(optimiser, activation):
    """Train with weights, points and gradients in float32."""
    w = floats(W).astype(np.float32)
    state, data = optimiser.start(w), floats(DATA).astype(np.float32)
    for t, batch in enumerate(BATCHES):
        rows, w = data[list(batch)], state["w"]
        c = rows @ w
        phi = np.maximum(c, 0) if activation == "relu" else c
        g = ((w @ w - 2) * (phi @ rows) + (phi @ phi) * w) / 2
        rate = np.float32(optimiser.schedule.factor(t) / 16)
        state = optimiser.advance(state, g, t, rate, FLOATS)
        assert state["w"].dtype == np.float32
    return optimiser.result(state)


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_float64_stays_within_a_bound_that_is_tiny(name, activation):
    exact, bound = bounded(OPTIMISERS[name], activation)
    found = OPTIMISERS[name].path(W, DATA, BATCHES, Fraction(1, 16), activation, HALF)
    for step, (p, q) in enumerate(zip(found, exact, strict=True)):
        assert (np.abs(p - q) <= bound[step]).all()
    assert bound[-1].max() < 1e-9
    assert (bound[1:] > 0).all()


@pytest.mark.parametrize("name", ["plain", "momentum", "clipped", "scheduled"])
def test_float32_stays_within_its_bound(name):
    # The points are rounded too, by half a unit of float32 each: the bound allows many.
    exact, bound = bounded(OPTIMISERS[name], "linear", "float32")
    error = np.abs(single(OPTIMISERS[name], "linear") - exact[-1])
    assert (error <= bound[-1]).all()
    assert error.max() > 1e-9  # float32 is seen
    assert bound[-1].max() < 1e-2


def test_products_of_norms_would_say_nothing():
    """With |I - eta H| at most 1 + eta |H|, the 80 steps would amplify by more than 100."""
    _, bound = bounded(PLAIN, "linear", step_size=Fraction(1, 8))
    assert bound[-1].max() < 5 * bound[20].max()


def test_where_rounding_may_make_anything_the_bound_is_infinite():
    """The gradient at 0 is 0 up to rounding; without eps Adam divides it by its size."""
    optimiser, rows = Optimiser.make("adam", eps=0), [((Fraction(0), Fraction(1)),)] * 2
    states = [optimiser.start(np.zeros(2))] * 3
    found = carried(optimiser, states, rows, Fraction(1), "linear", [Fraction(1)] * 2, "float64")
    assert np.array_equal(found[0], [0, 0])
    assert np.isinf(found[1:]).all()


def test_the_reason_counts():
    assert "50 steps, each with 72 roundings of at most 2^-53" in reason(PLAIN, 50, 4, 4, "float64")

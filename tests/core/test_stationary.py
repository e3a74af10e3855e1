import math

import numpy as np
import pytest

from whichmin.core.stationary import law, simulate
from whichmin.errors import InputError

GRID = np.linspace(-6, 6, 481)


def spring(x):
    return 1.5 * x


def even(x):
    return np.full_like(x, 0.4)


def gaussian(mean, variance):
    return np.exp(-((GRID - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)


@pytest.mark.parametrize("steps", [1, 2, 7, 64])
def test_a_linear_force_keeps_the_law_gaussian(steps):
    """x <- (1 - eta h) x + noise of variance 2 eta D: mean and variance by a geometric series."""
    eta, h, D = 0.1, 1.5, 0.4
    found = law(spring, even, step_size=eta, steps=steps, start=2.0, grid=GRID)
    keep = 1 - eta * h
    variance = 2 * eta * D * (1 - keep ** (2 * steps)) / (1 - keep**2)
    expected = gaussian(2.0 * keep**steps, variance)
    # Each of 64 steps adds 481 terms: 64 * 481 * EPS = 7e-12 at worst.
    assert np.abs(found.density - expected).max() < 7e-12
    assert abs(found.cumulative[-1] - 1) < 7e-12


def test_runs_are_those_of_the_law():
    eta, h, D = 0.1, 1.5, 0.4
    ends = simulate(spring, even, step_size=eta, steps=30, start=2.0, replicas=20_000, seed=3)
    keep = 1 - eta * h
    variance = 2 * eta * D * (1 - keep**60) / (1 - keep**2)
    assert ends.shape == (20_000,)
    # Normal mean: 5.6 standard errors are 2e-8.
    assert abs(ends.mean() - 2 * keep**30) < 5.6 * math.sqrt(variance / 20_000)


def test_the_seed_decides():
    kw = {"step_size": 0.1, "steps": 5, "start": 0.0, "replicas": 4}
    one, two, three = (simulate(spring, even, seed=s, **kw) for s in (1, 1, 2))
    assert (one == two).all()
    assert (one != three).all()


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("step_size", {"step_size": 0.0}),
        ("step_size", {"step_size": "0.1"}),
        ("step_size", {"step_size": True}),
        ("start", {"start": math.nan}),
        ("start", {"start": "left"}),
        ("steps", {"steps": 0}),
        ("grid", {"grid": [0.0, 1.0]}),
        ("grid", {"grid": [0.0, 1.0, 3.0]}),
        ("grid", {"grid": GRID[::-1]}),
        ("grid", {"grid": np.ones(5)}),
        ("grid", {"grid": [0.0, 1.0, math.inf]}),
    ],
)
def test_refused(argument, wrong):
    good = {"step_size": 0.1, "steps": 2, "start": 0.0, "grid": GRID}
    with pytest.raises(InputError) as caught:
        law(spring, even, **(good | wrong))
    assert caught.value.argument == argument


def negative_to_the_left(x):
    return x + 1.0


def not_vectorised(x):
    return np.ones(3)


@pytest.mark.parametrize(
    ("argument", "slope", "noise"),
    [
        ("noise", spring, negative_to_the_left),
        ("noise", spring, not_vectorised),
        ("noise", spring, lambda x: np.where(x > 0.5, np.nan, 1.0)),
        ("slope", lambda x: np.where(np.abs(x) > 1e-3, np.inf, 0.0), even),
    ],
)
def test_functions_that_give_no_noise_or_no_number_are_refused(argument, slope, noise):
    with pytest.raises(InputError, match=f"{argument} = "):
        law(slope, noise, step_size=0.1, steps=2, start=0.0, grid=GRID)
    with pytest.raises(InputError, match=f"{argument} = "):
        simulate(slope, noise, step_size=1.0, steps=50, start=0.0, replicas=50)


def test_numbers_of_numpy_are_numbers():
    options = {"start": np.float32(0.5), "replicas": 2, "steps": np.int64(3)}
    one = simulate(spring, even, step_size=np.float32(0.25), **options)
    assert (one == simulate(spring, even, step_size=0.25, **options)).all()


@pytest.mark.parametrize(("argument", "value"), [("replicas", 0), ("seed", -1), ("steps", 1.5)])
def test_simulate_refuses(argument, value):
    good = {"step_size": 0.1, "steps": 2, "start": 0.0, "replicas": 2, "seed": 0}
    with pytest.raises(InputError) as caught:
        simulate(spring, even, **(good | {argument: value}))
    assert caught.value.argument == argument

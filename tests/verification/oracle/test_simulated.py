"""The simulated estimators are unbiased, and their bounds hold."""

import numpy as np
import pytest

from whichmin.verification.oracle import simulated

RNG = np.random.default_rng(3)
LOW = RNG.standard_normal((30, 3))
MATRIX = LOW @ LOW.T / 5 + np.eye(30)
TRACE = float(np.trace(MATRIX))


@pytest.mark.parametrize("gaussian", [False, True])
def test_both_are_unbiased(gaussian):
    rng = np.random.default_rng(0)
    for made in (
        simulated.hutch_plus_plus(MATRIX, 12, 4000, rng, gaussian=gaussian),
        simulated.x_trace(MATRIX, 12, 4000, rng, gaussian=gaussian),
        simulated.x_trace(MATRIX, 12, 4000, rng, gaussian=gaussian, scaled=gaussian),
    ):
        assert abs(made.mean() - TRACE) < 5 * made.std() / 4000**0.5


@pytest.mark.parametrize("fault", simulated.FAULTS)
def test_each_fault_moves_the_mean(fault):
    rng = np.random.default_rng(1)
    made = simulated.hutch_plus_plus(MATRIX, 12, 1000, rng, fault=fault)
    assert abs(made.mean() - TRACE) > 5 * made.std() / 1000**0.5


@pytest.mark.parametrize("method", ["hutch++", "xtrace"])
def test_the_bounds_hold_and_narrow(method):
    law = simulated.simulated_law(MATRIX, TRACE, method, 12, 1000, np.random.default_rng(2))
    assert law.mean_radius(200) < law.mean_radius(50) / 1.5
    draw = simulated.hutch_plus_plus if method == "hutch++" else simulated.x_trace
    for seed in range(20):
        made = draw(MATRIX, 12, 100, np.random.default_rng(seed), gaussian=True)
        assert abs(made.mean() - TRACE) < law.mean_radius(100)
        assert made.var() < law.variance + law.variance_radius(100)

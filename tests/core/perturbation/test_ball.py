import numpy as np
import pytest

from whichmin.core.frames import random_frame
from whichmin.core.perturbation import mean_rise, worst_rise
from whichmin.errors import InputError


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_worst_case_at_a_minimum_is_along_the_weights(activation):
    points = random_frame(3, 5, 1)
    w = np.asarray([0.6, 0.8, 0.0]) @ np.asarray(points)
    found = worst_rise(w, points, 0.3, activation=activation)
    assert found == pytest.approx((2 * 0.3 + 0.09) ** 2 / 6, abs=1e-14)


@pytest.mark.parametrize("radius", [0.1, 1e-5, 1e-8, 1e-12, 1e-100])
def test_worst_case_and_mean_at_any_radius(radius):
    exact = (2 * radius + radius**2) ** 2 / 4
    # At most the maximum, to a few roundings.
    assert worst_rise([1.0, 0.0], np.eye(2), radius) == pytest.approx(exact, rel=1e-14)
    ordinary = mean_rise([1.0, 0.0], np.eye(2), 0.01, activation="linear", samples=500)
    found = mean_rise([1.0, 0.0], np.eye(2), radius, activation="linear", samples=500)
    # The same moves: of the same size in units of r^2, up to terms of order r^2.
    for name in ("mean", "error"):
        ratio = getattr(found, name) / radius**2 / (getattr(ordinary, name) / 1e-4)
        assert ratio == pytest.approx(1, abs=2 * radius**2 + 2e-4)


def test_worst_case_away_from_minima_is_at_least_the_slope():
    # At (1/2, 0), m = n = 1..2: the loss falls along w, so the worst move shortens it.
    assert worst_rise([0.5, 0.0], np.eye(1, 2), 0.5, activation="linear") == pytest.approx(
        0.5 - 0.5 * (1 - 0.25) ** 2, abs=1e-12
    )


def test_mean_rise_under_gaussian_noise_of_the_linear_neuron():
    # By moments: [d^2 (n - m + 4) + d^4 m (n + 2)]/(2m), d = r/sqrt n.
    m, n, r = 2, 4, 1.0
    d = r / 2
    expected = (d**2 * (n - m + 4) + d**4 * m * (n + 2)) / (2 * m)
    found = mean_rise(
        np.eye(n)[0], np.eye(m, n), r, activation="linear", law="gaussian", samples=20000
    )
    assert abs(found.mean - expected) < 6 * found.error
    assert found.error < 0.02 * expected


def test_chunks_do_not_change_the_result(monkeypatch):
    w, data = np.eye(3)[0], np.eye(2, 3)
    whole = mean_rise(w, data, 0.1, samples=500)
    monkeypatch.setattr("whichmin.core.perturbation.ball._CHUNK", 6 * 100)
    parts = mean_rise(w, data, 0.1, samples=500)
    assert parts.mean == pytest.approx(whole.mean, rel=1e-13)
    assert parts.samples == 500


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (worst_rise, {"radius": 0}, "radius = 0"),
        (worst_rise, {"radius": 1e-200}, "radius = 1e-200"),
        (worst_rise, {"radius": 1e200}, "radius = 1e[+]200"),
        (mean_rise, {"radius": 1e200}, "radius = 1e[+]200"),
        (worst_rise, {"starts": 0}, "starts = 0"),
        (mean_rise, {"law": "cube"}, "law = 'cube'"),
        (mean_rise, {"samples": 1}, "samples = 1"),
        (mean_rise, {"seed": -1}, "seed = -1"),
    ],
)
def test_bad_input(function, options, message):
    with pytest.raises(InputError, match=message):
        function([1.0, 0.0], np.eye(2), **options)

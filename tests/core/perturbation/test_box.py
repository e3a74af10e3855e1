import itertools
from fractions import Fraction

import numpy as np
import pytest

from whichmin.core.data import make_data
from whichmin.core.frames import random_frame, standard_basis
from whichmin.core.landscape import loss
from whichmin.core.perturbation import (
    box_rises,
    half_widths,
    keskar_exact,
    keskar_search,
    keskar_upper_bound,
    subspace_metric,
)
from whichmin.errors import InputError
from whichmin.words import Activation


def brute_force(w, m, eps, activation):
    """Largest loss over corners and zeros, in the plain definition of the loss."""
    reach = eps * (np.abs(w) + 1)
    ends = [{x - r, x + r, *([0.0] if abs(x) < r else [])} for x, r in zip(w, reach, strict=True)]
    places = np.array(list(itertools.product(*map(sorted, ends))))
    return float(np.asarray(loss(places, np.eye(m, len(w)), activation=activation)).max())


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("seed", range(20))
def test_maximum_is_that_of_all_corners_anywhere(seed, activation):
    rng = np.random.default_rng(seed)
    m, n = 4, 6
    w = rng.normal(size=n) * rng.choice([0.05, 0.3, 1.0])
    for eps in (1e-3, 0.1, 0.7, 2.0):
        found = keskar_exact(w, m, eps, activation=activation)
        own = float(loss(w, np.eye(m, n), activation=activation))
        most = brute_force(w, m, eps, activation)
        # A few roundings of numbers of the size of the loss.
        assert found.rise == pytest.approx(most - own, abs=1e-13 * (1 + most))
        assert found.percent == pytest.approx(100 * found.rise / (1 + own), rel=1e-12)
        assert found.loss == pytest.approx(own, abs=1e-14 * (1 + own))
        assert np.all(np.abs(found.point - w) <= eps * (np.abs(w) + 1) + 1e-15 * (1 + np.abs(w)))
        there = float(loss(found.point, np.eye(m, n), activation=activation))
        assert there - own == pytest.approx(found.rise, abs=1e-13 * (1 + most))


def exactly(w, m, eps, activation):
    """The metric over all corners and zeros, in fractions."""
    centre, width = [Fraction(float(x)) for x in w], Fraction(eps)
    reach = [width * (abs(x) + 1) for x in centre]
    ends = [
        {x - r, x + r, *([Fraction(0)] if abs(x) < r else [])}
        for x, r in zip(centre, reach, strict=True)
    ]

    def value(x):
        q = sum(c * c for c in x[:m] if activation == "linear" or c > 0)
        return Fraction(1, 2) + q * (sum(c * c for c in x) - 2) / (2 * m)

    own = value(centre)
    return 100 * (max(map(value, itertools.product(*ends))) - own) / (1 + own)


PLACES = {
    "mixture": [0.6, 0.8, 0.0, 0.0],
    "rounded": np.append(np.full(3, 3**-0.5), 0.0),
    "single": np.eye(4)[0],
    "run's end": [0.6, 0.8, -1e-10, 2e-11],
    "at norm 2": [1.0, 1.0, 1e-9, 0.0],
    "anywhere": [0.3, -1.1, 0.4, 0.2],
}


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("eps", [0.1, 1e-7, 1e-9, 1e-15, 1e-100])
def test_no_digits_are_lost_in_a_small_box(place, eps, activation):
    found = keskar_exact(PLACES[place], 3, eps, activation=activation)
    # Some ten roundings of terms that add up.
    assert abs(Fraction(found.percent) / exactly(PLACES[place], 3, eps, activation) - 1) < 1e-14
    assert found.move == pytest.approx(found.point - PLACES[place], abs=1e-15)
    rises = box_rises(PLACES[place], found.move[None], 3, Activation(activation))
    assert rises[0] == pytest.approx(found.rise, rel=1e-14)


def test_conflicts_above_norm_two_are_resolved_exactly():
    # Negative weights within reach of the kink: more norm on one side, more energy on the other.
    w = np.array([1.2, -0.4, -0.3, -0.2, -0.1, 0.9])
    for eps in (0.3, 0.5, 0.9):
        found = keskar_exact(w, 5, eps)
        own = float(loss(w, np.eye(5, 6)))
        assert found.rise == pytest.approx(brute_force(w, 5, eps, "relu") - own, abs=1e-13)


def test_sides_of_inactive_points_in_a_small_and_a_large_box():
    w = np.eye(4)[0]
    assert np.sign(keskar_exact(w, 3, 0.01).point[1:3]).tolist() == [-1, -1]
    assert np.sign(keskar_exact(w, 3, 0.5).point[1:3]).tolist() == [1, 1]


def test_upper_bound():
    # Linear, m = n: N alone counts, so the bound's corner is the maximum up to Z - T^2.
    w = np.full(4, 0.5)
    exact = keskar_exact(w, 4, 1e-3, activation="linear").percent
    assert exact <= keskar_upper_bound(w, 4, 1e-3) * (1 + 1e-9)
    assert keskar_upper_bound(w, 4, 1e-3) == pytest.approx(exact, rel=1e-3)
    # A large box: (2T + Z)^2 with T = eps (1 + 2), Z = 4 (eps 3/2)^2.
    assert keskar_upper_bound(w, 4, 1.0) == pytest.approx(100 * (2 * 3 + 9) ** 2 / 11)


@pytest.mark.parametrize("eps", [1e-3, 1e-5, 1e-7])
def test_the_upper_bound_holds_beside_a_minimum(eps):
    # Off the minimum the loss has a slope, which counts for more the smaller the box is.
    for factor in (1 + 1e-6, 1 - 1e-6, 1 + 9e-6):
        w = np.array([factor, 0.0])
        exact = keskar_exact(w, 2, eps, activation="linear").percent
        assert exact <= keskar_upper_bound(w, 2, eps)
    rng = np.random.default_rng(5)
    for _ in range(20):
        away = 1e-6 * rng.normal(size=5)
        w = np.array([0.6, 0.8, 0.0, 0.0, 0.0]) + away
        exact = keskar_exact(w, 4, eps).percent
        bound = keskar_upper_bound(w, 4, eps, distance=np.linalg.norm(away))
        assert exact <= bound
    # Without the distance it would fail here.
    assert keskar_exact([1 + 1e-6, 0.0], 2, eps).percent > keskar_upper_bound([1.0, 0.0], 2, eps)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 0.0], 3), "m = 3"),
        (([1.0, 0.0], 2, 0), "epsilon = 0"),
        (([[1.0], [0.0]], 1), "w = .*array of shape"),
        (([1.0, 0.0], 2, 1e200), "epsilon = 1e[+]200"),
        (([1.0, 0.0], 2, 1e-200), "epsilon = 1e-200"),
        (([1e100, 0.0], 2), "w = .*finite"),
        (([1.0, float("nan")], 2), "w = "),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InputError, match=message):
        keskar_exact(*arguments)
    with pytest.raises(InputError, match="length 1"):
        keskar_upper_bound([0.5, 0.0], 2)
    with pytest.raises(InputError, match="length 1 to 1e-07"):
        keskar_upper_bound([1 + 1e-6, 0.0], 2, distance=1e-7)
    with pytest.raises(InputError, match="distance = -1"):
        keskar_upper_bound([1.0, 0.0], 2, distance=-1)


def test_too_many_open_combinations_are_refused(monkeypatch):
    monkeypatch.setattr("whichmin.core.perturbation.box._FRONT", 8)
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="combinations"):
        keskar_exact(np.r_[2.0, -rng.uniform(0.1, 0.3, 12)], 13, 0.4)


@pytest.mark.parametrize("activation", list(Activation))
def test_on_the_standard_basis_the_search_finds_the_exact_maximum(activation):
    w = np.array([0.6, 0.8, 0.0, 0.0, 0.0])
    data = make_data(standard_basis(3, 5))
    exact = keskar_exact(w, 3, 1e-2, activation=activation).percent
    found = keskar_search(w, data, 1e-2, activation)
    # Differences of losses: 1e-16 of 1e-4.
    assert found == pytest.approx(exact, rel=1e-9)


def test_in_another_frame_it_stays_below_the_bound():
    data = make_data(random_frame(3, 5, 0))
    w = data.points[0].numpy()
    found = keskar_search(w, data, 1e-2, Activation.RELU, starts=2)
    assert 0.5 * keskar_upper_bound(w, 3, 1e-2) < found <= keskar_upper_bound(w, 3, 1e-2)


def test_boxes():
    w = np.array([1.0, -2.0])
    assert half_widths(w, 0.1).tolist() == pytest.approx([0.2, 0.3])
    # A = (1, 1): its pseudo-inverse takes w to -1/2.
    assert half_widths(w, 0.1, np.ones((2, 1))).tolist() == pytest.approx([0.15])


def test_subspaces_of_all_dimensions_are_the_whole_space():
    w = np.array([0.6, 0.8, 0.0])
    whole = np.eye(3)[None]
    found = subspace_metric(w, 2, whole, 1e-3, Activation.RELU)
    assert found[0] == pytest.approx(keskar_exact(w, 2, 1e-3).percent, rel=1e-8)
    directions = np.random.default_rng(0).normal(size=(3, 3, 2))
    data = make_data(standard_basis(2, 3))
    for one, value in zip(directions, subspace_metric(w, 2, directions, 1e-3, Activation.LINEAR),
                          strict=True):  # fmt: skip
        searched = keskar_search(w, data, 1e-3, Activation.LINEAR, directions=one, starts=2)
        assert searched == pytest.approx(value, rel=1e-6)

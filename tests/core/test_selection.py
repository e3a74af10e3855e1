import math

import numpy as np
import pytest

from whichmin.core.selection import MONITORING, simulate_selection, two_point_chance
from whichmin.errors import InputError


def test_three_points_have_the_known_chances():
    """Harmonic function of the generator at u = (0.5, 0, -0.7), known to 1e-5."""
    found = simulate_selection(np.exp([0.5, 0, -0.7]), paths=50_000, tolerance=1e-3)
    # 4 standard errors, false alarm 2e-4 for a fixed seed, and the scheme's bias at steps of 1/20
    known = [0.57236, 0.30032, 0.12732]
    assert (abs(found.frequencies - known) < 4 * found.errors + 0.002).all()
    assert found.frequencies.sum() == pytest.approx(1)


def test_equal_points_win_alike():
    found = simulate_selection(np.full(4, -0.3), paths=20_000, tolerance=0.01)
    assert (abs(found.frequencies - 0.25) < 4 * found.errors).all()


def test_the_same_seed_gives_the_same_paths():
    first, again, other = (
        simulate_selection(np.array([0.5, 0.4, 0.2]), paths=100, seed=s) for s in (1, 1, 2)
    )
    assert (first.frequencies == again.frequencies).all()
    assert first.time == again.time
    assert first.time != other.time


def test_growth_makes_the_choice_more_even():
    """Noise before the sphere is larger than the drift that favours the leader."""
    growth = np.array([[0.3, 4.0, 0.0]])
    plain = simulate_selection(np.array([0.6, 0.2]), paths=20_000, tolerance=1e-3)
    grown = simulate_selection(np.array([0.6, 0.2]), paths=20_000, tolerance=1e-3, growth=growth)
    assert plain.frequencies[0] - grown.frequencies[0] > 6 * plain.errors[0]


def test_less_noise_makes_the_leader_win():
    # In time t the difference of u drifts apart as log tan theta does under u' = p.
    found = simulate_selection(np.array([0.6, 0.4]), noise=1e-4, paths=500)
    assert found.frequencies[0] == 1
    level, lead = 0.5 * math.log(1e12), math.log(1.5)
    flow = math.log(math.sinh(level) / math.sinh(lead))  # v' = tanh v
    assert found.time == pytest.approx(flow, abs=0.1)  # two steps


def test_testing_less_often_takes_longer_by_the_known_amount():
    start, late = np.array([0.5, 0.4]), 2.0
    often, seldom = (simulate_selection(start, paths=20_000, interval=t).time for t in (0.0, late))
    assert seldom - often == pytest.approx(MONITORING * math.sqrt(2 * late), abs=0.25)


def test_one_point_wins_at_once():
    assert simulate_selection(np.array([0.3])).time == 0


def test_errors_are_never_zero():
    found = simulate_selection(np.array([1.0, 1e-9]), paths=100)
    assert found.frequencies[0] == 1
    assert (found.errors > 0).all()


@pytest.mark.parametrize(
    ("start", "options", "message"),
    [
        ([0.5, 0.0], {}, "correlations = .* must be non-zero"),
        ([[0.5]], {}, "correlations = .* must be non-zero"),
        ([], {}, "correlations = .* must be non-zero"),
        ([np.nan], {}, "correlations = .* must be non-zero"),
        ([0.5], {"tolerance": 0}, "tolerance = 0"),
        ([0.5], {"paths": 0}, "paths = 0"),
        ([0.5], {"noise": 0}, "noise = 0"),
        ([0.5], {"seed": -1}, "seed = -1"),
    ],
)
def test_bad_arguments(start, options, message):
    with pytest.raises(InputError, match=message):
        simulate_selection(np.array(start), **options)


def test_two_points_without_growth_have_the_closed_form():
    for theta in (0.1, 0.8, 1.4):
        lead = -math.log(math.tan(theta))
        # linear interpolation on a grid of 1/20: h_vv / 8 is at most 1/(16 pi)
        assert two_point_chance(lead, np.zeros((0, 3))) == pytest.approx(
            1 - 2 * theta / math.pi, abs=0.05**2 / 50
        )


def test_growth_carried_back_agrees_with_simulated_paths():
    growth = np.array([[0.02, 4.0, 0.1]] * 10 + [[0.02, 2.0, 0.8]] * 10)
    found = simulate_selection(np.array([0.6, 0.3]), growth=growth, paths=50_000, tolerance=1e-3)
    chance = two_point_chance(math.log(2), growth)
    assert abs(found.frequencies[0] - chance) < 4 * found.errors[0] + 0.002  # bias, see above
    assert chance < 1 - 2 / math.pi * math.atan(0.5) - 0.03

"""Words of claims on stationary laws: what is true, what is not, and second routes."""

import math
from fractions import Fraction

import pytest

from whichmin.verification.evidence.statement import Undecided
from whichmin.verification.topics.stationary import words
from whichmin.verification.topics.stationary.wells import collocated
from whichmin.verification.topics.vocabulary import start


@pytest.mark.parametrize(
    ("density", "noise", "stationary"),
    [
        ("gibbs", "constant", True),
        ("gibbs", "bent", False),
        ("determinant", "constant", False),
        ("score", "constant", True),
        ("score", "bent", True),
        ("power", "loss", True),
        ("power", "bent", False),
    ],
)
def test_which_densities_are_stationary(density, noise, stationary):
    # Rounding of 400 terms, and the rule's own error below e^-50 of them.
    defect = words.stationarity_defect(
        density, noise, 1, Fraction(1, 2), 1, Fraction(1, 2), Fraction(1, 5)
    )
    assert (defect < 1e-11) is stationary
    assert words.plane_defect(1, Fraction(1, 2), 1, Fraction(1, 2), Fraction(1, 10)) < 1e-11


def test_a_bump_that_is_too_wide_decides_nothing():
    # At the edge of the grid the density is e^100 times that in the middle.
    with pytest.raises(Undecided):
        words.stationarity_defect("gibbs", "constant", 1, 0, 1, 5, Fraction(1, 2))
    with pytest.raises(Undecided):
        words.plane_defect(1, 0, 1, 5, Fraction(1, 2))


def test_masses_of_wells():
    assert words.well_share(4, 1, 1, 20) == pytest.approx(1 / 3, rel=1e-12)
    # Deep wells: Gaussian masses, sqrt(2 pi D/h) e^(depth/D)/D.
    told = 30 * (1 - 1 / 2) + math.log(2) - math.log(2 / 2) / 2
    assert words.well_log_odds(1, 2, 30, 1, 2) == pytest.approx(told, abs=1e-7)
    mass = words.basin_mass(2, 0, Fraction(1, 2), Fraction(1, 3), 1, 9)
    assert mass == pytest.approx(2 * math.pi / 2 / 3, rel=1e-12)
    assert words.basin_mass(1, 0, 2, 0, 8, 1) == pytest.approx(math.sqrt(math.pi / 2), rel=1e-12)


def test_the_exit_time_solves_its_equation():
    solved, error = collocated(2.0, 1.0, 0.5)
    assert words.exit_time(2, 1, Fraction(1, 2)) == pytest.approx(solved, abs=error + 1e-10)
    with pytest.raises(Undecided):
        words.exit_time(1, 10**6, 1)


def test_the_covariance_does_not_depend_on_the_basis_it_is_solved_in():
    told = words.linear_covariance(
        Fraction(1), Fraction(3), Fraction(0), Fraction(1), Fraction(1), Fraction(2)
    )
    assert told == (1, Fraction(1, 2), Fraction(2, 3))
    assert (
        words.linear_covariance(
            Fraction(1), Fraction(3), Fraction(1, 2), Fraction(1), Fraction(1), Fraction(2)
        )
        == told
    )


def test_the_mean_square_over_all_batches():
    hs = words.curvature_list(1, 3)
    assert words.mean_curvature(hs) == 2
    assert words.batch_curvature_variance(hs, 2) == Fraction(1, 2)
    assert words.square_factor(hs, 1, Fraction(1, 2)) == Fraction(1, 4)


def test_the_diffusion_ends_at_a_data_point():
    assert sorted(
        words.diffusion_end(start(2, Fraction(1, 4), Fraction(1, 5)), Fraction(1, 2), 0).w
    ) == [0, 1]
    assert words.power_mass(1, Fraction(1, 2), 1) > words.power_mass(1, 1, 2)

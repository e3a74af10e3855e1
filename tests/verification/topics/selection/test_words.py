"""The words of claims on which point wins: cases that hold, and cases that fail."""

import math
from fractions import Fraction

import pytest

from whichmin.verification.evidence.statement import Undecided
from whichmin.verification.topics.selection import races, words
from whichmin.verification.topics.vocabulary import N, near, start

TWO = start(2, Fraction(4, 5), Fraction(3, 5))
THREE = start(3, Fraction(2, 3), Fraction(2, 3), Fraction(1, 3))
PLAIN = "without replacement"


def test_moments_of_a_step_by_hand():
    # m = 2, b = 1: D = 1/2 in units of alpha^2.
    assert near(words.mean_move(TWO, 1, 0, 1), Fraction(1, 2) * Fraction(7, 25))
    assert near(words.mean_product(TWO, 1, 0, 0, 1), 1)
    assert near(words.mean_line_move(TWO, 1, 0, 1), 0)
    assert near(words.mean_arcsine_move(TWO, 1, 0), 0)
    assert words.mean_arcsine_move(THREE, 1, 0) < -1e-3
    # Off the sphere the line is no longer harmonic.
    assert not near(words.mean_line_move(start(2, 1, 3), 1, 0, 1), 0)


def test_ratios_to_a_correlation_of_zero_are_undecided():
    with pytest.raises(Undecided):
        words.mean_move(start(2, 1, 0), 1, 0, 1)


def test_the_rate_next_to_a_point_is_that_of_both_batches():
    alpha = Fraction(1, 5)
    told = math.log(1 - 0.04) / 2
    found = words.mean_log_change(words.next_to_point(2, 1), 1, 0, 1, alpha, PLAIN)
    assert float(found) == pytest.approx(told)
    # An inactive correlation shrinks at the point's turn only.
    relu = words.mean_log_change(words.next_to_point(2, -1), 1, 0, 1, alpha, PLAIN, "relu")
    assert float(relu) == pytest.approx(math.log(0.8) / 2)


def test_differences_of_multiplicities_have_a_law():
    for m, b in ((2, 1), (2, 4), (3, 3), (5, 4)):
        law = [races.multiplicity_difference(m, b, d) for d in range(b + 1)]
        assert law[0] + 2 * sum(law[1:]) == 1
    assert races.multiplicity_difference(2, 1, 1) == Fraction(1, 2)


def test_epochs_have_no_noise_unless_points_are_left_out():
    assert near(words.epoch_first(THREE, 1, 0, 2, 5), 0)
    assert near(words.epoch_variance(THREE, 1, 0, 2), 0)
    assert words.epoch_variance(THREE, 2, 0, 2) > 0.1
    assert near(words.epoch_mean(THREE, 1, 0, 2) / 3, Fraction(1, 3) * Fraction(1, 3))
    assert words.left_out(5, 3) == 2


def test_the_weight_of_three_points_by_differences():
    assert near(words.ground_potential(THREE), Fraction(5, 3) - Fraction(33, 81))
    assert near(words.flux_drift(THREE), Fraction(1, 3))


def test_races_follow_the_law_and_not_another_one():
    share = races.wins(TWO, 1, Fraction(3, 10), PLAIN, 1)
    assert sum(share) == 1
    assert races.explained(share[0], words.line(TWO, 0, 1), 0)
    assert not races.explained(share[0], Fraction(9, 10), 0)
    favourite = races.wins(TWO, 1, Fraction(1, 5), "reshuffled", 1)
    assert favourite[0] >= Fraction(99, 100)
    never = races.wins(
        start(2, Fraction(4, 5), Fraction(-3, 5)), 1, Fraction(3, 10), PLAIN, 1, "relu"
    )
    assert never == (1, 0)
    lost = races.wins(start(2, 9, 9), 1, Fraction(2, 5), PLAIN, 1)
    assert not races.explained(lost[0], 1, 1)
    with pytest.raises(Undecided):
        races.wins(start(1, 1, 1), 1, Fraction(3, 10), PLAIN, 1)


def test_leads_are_those_of_active_points():
    w = start(3, Fraction(1, 4), Fraction(-1, 2), Fraction(1, 8))
    assert words.most_correlated(w) == 1
    assert words.most_correlated(w, "relu") == 0
    assert words.lead_in_log(w, "relu") == pytest.approx(math.log(2))
    assert words.lead_in_log(start(2, 1, -1), "relu") == 100
    assert not words.active_at(w, 1, "relu")


def test_starts_on_the_sphere_are_exactly_there():
    drawn = [words._spherical(words.random.Random(seed), 2, 4, 0) for seed in range(200)]
    assert sum(N(w) == 1 for w in drawn) > 120
    assert any(N(w) != 1 for w in drawn)
    w = words.log_start(3, Fraction(1, 2), 0)
    assert float(N(w)) == pytest.approx(1)
    assert float(w.w[0] / w.w[1]) == pytest.approx(math.exp(0.5))
    assert w.w[2] == 0

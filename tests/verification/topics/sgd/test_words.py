"""Words of the claims on SGD, each in a case that holds and in one that fails."""

import math
from fractions import Fraction

import pytest

from whichmin.verification.evidence.statement import Undecided
from whichmin.verification.topics.sgd import data_words, walk_words, words
from whichmin.verification.topics.sgd.rational_sgd import PLANE, exact_step
from whichmin.verification.topics.vocabulary import start
from whichmin.words import Activation

W = start(3, Fraction(1, 2), Fraction(-1, 4), Fraction(1, 5), Fraction(1, 10))


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("batch", [(0,), (1,), (0, 1), (1, 1, 0)])
def test_a_step_is_that_of_the_gradient(batch, relu):
    w = (Fraction(1, 2), Fraction(-1, 4))
    activation = Activation.RELU if relu else Activation.LINEAR
    wanted = exact_step(w, [PLANE[i] for i in batch], Fraction(1, 5), activation)
    assert words.advance(w, batch, Fraction(1, 5) / len(batch), relu) == pytest.approx(list(wanted))
    assert tuple(words.advance(w, batch, Fraction(1, 5) / len(batch), relu)) == wanted


def test_what_is_next_to_a_data_point():
    assert words.attracted([0.001, -0.9999, 0.003], 2, False) == (0, -1)
    assert words.attracted([0.001, -0.9999, 0.003], 2, True) is None
    assert words.attracted([0.1, -0.99], 2, False) is None
    assert words.attracted([0.0, 0.5], 2, False) is None


def test_ends_of_runs():
    end = words.sgd_end(W, Fraction(1, 5), 1, 0)
    assert sorted(map(abs, end)) == [0, 0, 1]
    assert words.sgd_end(W, Fraction(1, 5), 2, 3, "relu")[1] == 0
    assert words.steered_end(W, 1, Fraction(1, 5), 2) == (0, -1, 0)
    assert math.isnan(words.sgd_end(start(1, 3), Fraction(1), 1, 0)[0])  # it diverges
    assert words.sgd_end(start(1, -1), Fraction(1, 5), 1, 0, "relu") == (-1,)  # dead from the start
    stays = words.sgd_end(start(2, Fraction(3, 10), Fraction(2, 5)), Fraction(1, 5), 2, 0)
    assert stays == pytest.approx((0.6, 0.8))


def test_leads_and_their_changes():
    assert walk_words.lead(W) == Fraction(1, 2) / Fraction(9, 20)
    assert walk_words.lead(W, "relu") == Fraction(5, 2)
    with pytest.raises(Undecided):
        walk_words.lead(start(2, Fraction(1, 2), -1), "relu")
    assert walk_words.active_points(W) == 3
    assert walk_words.active_points(W, "relu") == 2
    assert walk_words.other_share(W, 2) == Fraction(1, 4) / Fraction(9, 20)
    assert (
        walk_words.mean_change_of_R(start(2, Fraction(1, 2), Fraction(1, 4)), Fraction(1, 5), 2)
        == 0
    )
    pair = walk_words.mean_pair_change(
        start(2, Fraction(1, 2), Fraction(1, 4)), 0, 1, Fraction(1, 5), 1
    )
    assert pair > 0
    assert pair == pytest.approx(
        -walk_words.mean_pair_change(
            start(2, Fraction(1, 2), Fraction(1, 4)), 1, 0, Fraction(1, 5), 1
        )
    )


def test_chances_of_walks():
    assert walk_words.stuck_chance(Fraction(2, 3), 0, 1) == Fraction(1, 3)
    assert walk_words.stuck_chance(Fraction(2, 3), Fraction(1, 10), 20) == 0
    assert walk_words.return_chance(1, 1, Fraction(1), Fraction(1), 0) == 0
    assert walk_words.return_chance(1, 1, Fraction(1, 2), Fraction(1, 2), 0) > 0.8
    assert sum(words.difference_chance(3, 2, d) for d in range(-2, 3)) == 1


def test_planes_and_spheres():
    a, b = data_words.plane_point(Fraction(0)), data_words.plane_point(Fraction(1, 2))
    assert (a, b) == ((1, 0), (Fraction(3, 5), Fraction(4, 5)))
    assert data_words.plane_gradient(a, b) == (0, Fraction(-12, 25))
    assert data_words.plane_gradient(a, (Fraction(-3, 5), Fraction(4, 5)), "relu") == (0, 0)
    assert data_words.squared_gradient(start(2, Fraction(3, 5), Fraction(4, 5)), 0) == Fraction(
        9, 25
    ) * Fraction(16, 25)


def test_a_mean_square_that_stays():
    assert data_words.mean_square_reached(5, 0, 2, Fraction(1, 2)) == pytest.approx(1 / 3)
    assert not walk_words.no_less(0.1, 0.2)
    assert walk_words.no_less(0.2, 0.2)

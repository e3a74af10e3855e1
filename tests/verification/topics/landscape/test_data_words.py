"""The words of claims on other data: small cases by hand."""

from fractions import Fraction

import pytest

from whichmin.verification.evidence.statement import Undecided
from whichmin.verification.topics.landscape import data_words as words
from whichmin.verification.topics.vocabulary import Start, loss, start, step

F = Fraction

TURN = words.point_frame(2, F(3, 5), F(4, 5), F(-4, 5), F(3, 5))


def test_a_frame_is_shown_as_the_term_that_makes_it():
    assert str(TURN) == "point_frame(2, 3/5, 4/5, -4/5, 3/5)"
    assert TURN.rows == ((F(3, 5), F(4, 5)), (F(-4, 5), F(3, 5)))


def test_loss_and_step_on_unit_vectors_are_those_of_the_vocabulary():
    w = start(2, F(1, 2), F(-1, 4), F(1, 3))
    unit = words.stretched_points(w, 1)
    for activation in ("linear", "relu"):
        assert words.loss_on(unit, w, activation) == loss(w, activation)
        left = words.step_on(unit, w, (0, 1, 1), F(1, 5), activation)
        assert left == step(w, (0, 1, 1), F(1, 5), activation)


def test_turned_data_give_another_relu_step():
    w = start(2, F(1, 2), F(1, 4))
    assert words.gd_on(TURN, w, F(1, 5)) == step(w, (0, 1), F(1, 5))
    assert words.gd_on(TURN, w, F(1, 5), "relu") != step(w, (0, 1), F(1, 5), "relu")


def test_the_longer_of_two_orthogonal_points_wins():
    data = words.point_frame(2, 2, 0, 0, 1)
    end = words.gd_end_on(data, start(2, F(1, 4), F(1, 4)), F(1, 5))
    assert words.largest_difference(end, start(2, 1, 0)) < 1e-9


def test_least_squares_end_at_the_nearest_solution():
    rows = words.point_frame(2, 1, 0, 0, 1, 1, 0)
    x, w = Start((F(1), F(2), F(3)), 2), Start((F(0), F(0), F(5)), 2)
    nearest = words.nearest_solution(rows, x, w)
    assert nearest.w == (1, 2, 5)
    for b in (1, 2):
        end = words.least_squares_end(rows, x, w, b, 0)
        assert words.largest_difference(end, nearest) < 1e-9


def test_dependent_equations_have_a_nearest_solution_too():
    rows = words.point_frame(2, 1, 1, 2, 2)
    x, w = Start((F(1), F(1)), 2), Start((F(0), F(0)), 2)
    assert words.nearest_solution(rows, x, w).w == (1, 1)


def test_slow_least_squares_are_undecided():
    rows = words.point_frame(2, 1, 0, 1, F(1, 1000))
    x, w = Start((F(1), F(1)), 2), Start((F(0), F(0)), 2)
    with pytest.raises(Undecided):
        words.least_squares_end(rows, x, w, 1, 0)

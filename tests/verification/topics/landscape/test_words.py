"""The words of claims on the loss: each holds where it should, and not next to it."""

from fractions import Fraction

import pytest

from whichmin.verification.evidence.statement import Undecided
from whichmin.verification.topics.landscape import words
from whichmin.verification.topics.vocabulary import Start, gradient, loss, start, step

F = Fraction

TURN = words.point_frame(2, F(3, 5), F(4, 5), F(-4, 5), F(3, 5))


def test_a_frame_is_shown_as_the_term_that_makes_it():
    assert str(TURN) == "point_frame(2, 3/5, 4/5, -4/5, 3/5)"
    assert TURN.rows == ((F(3, 5), F(4, 5)), (F(-4, 5), F(3, 5)))


@pytest.mark.parametrize(
    ("w", "linear", "relu"),
    [
        (start(2, F(3, 5), F(4, 5)), True, True),
        (start(2, F(3, 5), F(-4, 5)), True, False),
        (start(1, F(3, 5), F(4, 5)), False, False),  # off the span
        (start(2, F(1, 2), F(1, 2)), False, False),
    ],
)
def test_mixtures(w, linear, relu):
    assert words.is_mixture(w) == linear
    assert words.is_mixture(w, "relu") == relu


@pytest.mark.parametrize(
    ("w", "linear", "relu"),
    [
        (start(2, 0, 1), True, True),
        (start(2, 0, -1), True, False),
        (start(1, 0, 1), False, False),
        (start(2, F(1, 2), F(1, 2)), False, False),
    ],
)
def test_data_points(w, linear, relu):
    assert words.is_data_point(w) == linear
    assert words.is_data_point(w, "relu") == relu


def test_batches():
    assert words.repeated_draw(1, 3) == (1, 1, 1)
    assert words.all_distinct((0, 2))
    assert not words.all_distinct((0, 0))
    w = start(3, F(-1, 2), 0, F(1, 2))
    assert words.represented(w, (0,))
    assert not words.represented(w, (0,), "relu")
    assert not words.represented(w, (1,))


def test_the_sphere_of_a_batch():
    w = start(3, F(3, 5), F(-4, 5), 0)
    assert words.on_sphere(w, (0, 1))
    assert not words.on_sphere(w, (0, 1), "relu")
    assert not words.on_sphere(w, (0, 2))


def test_only_some_batches_move_a_mixture():
    w = start(2, F(3, 5), F(4, 5))
    assert words.never_moves(w, 2, F(1, 5))
    assert not words.never_moves(w, 1, F(1, 5))


@pytest.mark.parametrize("t", [F(1, 10), F(1, 3), 1])
def test_the_edge_has_the_squared_norm_that_it_says(t):
    w = words.at_edge(2, t)
    assert w.m == 3
    assert sum(v * v for v in w.w) == F(21, 20)
    assert w.w[0] == F(t) / (5 + 5 * F(t) ** 2)
    assert not any(w.w[1:3])


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


def test_full_gradient_is_the_mean():
    w = start(2, F(1, 2), F(1, 4))
    each = [gradient(w, i) for i in range(2)]
    assert words.full_gradient(w) == tuple((p + q) / 2 for p, q in zip(*each, strict=True))


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

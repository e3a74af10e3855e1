"""The words of claims on the loss: each holds where it should, and not next to it."""

from fractions import Fraction

import pytest

from whichmin.verification.topics.landscape import words
from whichmin.verification.topics.vocabulary import gradient, start

F = Fraction


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


def test_full_gradient_is_the_mean():
    w = start(2, F(1, 2), F(1, 4))
    each = [gradient(w, i) for i in range(2)]
    assert words.full_gradient(w) == tuple((p + q) / 2 for p, q in zip(*each, strict=True))

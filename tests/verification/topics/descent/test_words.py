"""The words of claims on gradient descent: each holds where it should, and not next to it."""

import math
from fractions import Fraction

import pytest

from whichmin.verification.topics.descent import words
from whichmin.verification.topics.vocabulary import gd_step, start

F = Fraction

W = start(3, F(1, 2), F(-1, 4), 0, F(1, 3))


def test_parts_and_indices():
    assert words.active_part(W) == start(3, F(1, 2), F(-1, 4), 0, 0)
    assert words.active_part(W, "relu") == start(3, F(1, 2), 0, 0, 0)
    assert words.active_indices(W) == (0, 1)
    assert words.active_indices(W, "relu") == (0,)
    assert words.idle_entries(W) == (3,)
    assert words.idle_entries(W, "relu") == (2, 3)


def test_changed_weights():
    assert words.scaled_by(W, 2).w == (1, F(-1, 2), 0, F(2, 3))
    assert words.moved_at(W, 2, F(1, 5)).w == (F(1, 2), F(-1, 4), F(1, 5), F(1, 3))
    assert words.weights_of(W) == W.w


def test_lengths_are_exact_where_they_can_be():
    assert words.norm_of(start(2, F(3, 5), F(4, 5))) == 1
    assert words.distance_between(start(1, 3, 0), start(1, 0, 4)) == 5
    assert words.normalised(start(1, 0, 2)).w == (0, 1)
    assert all(map(math.isnan, words.normalised(start(1, 0)).w))


def test_a_path_is_step_by_step():
    path = words.gd_path(W, F(1, 5), 2, "relu")
    assert path[0] == W
    assert path[2] == gd_step(gd_step(W, F(1, 5), "relu"), F(1, 5), "relu")


def test_the_orbit_of_period_two_by_hand():
    p = F(49, 40)
    assert words.orbit_square(p, 1) == F(64, 49)
    assert words.orbit_square(p, -1) == F(25, 49)
    at = words.orbit_start(start(2, F(3, 5), F(4, 5)), p, -1)
    assert at == start(2, F(3, 7), F(4, 7))
    assert words.radial_multiplier(at, p) == pytest.approx(9 - 2 * (1 + p) ** 2, abs=1e-6)
    assert words.off_span_multiplier(at, p) == pytest.approx((3 - 2 * p) / 4, abs=1e-6)


def test_one_pattern_of_signs_is_dead():
    assert words.dead_patterns(3, F(1, 5)) == 1


def test_the_trace_at_two_minima():
    assert words.trace_of_hessian(start(2, F(3, 5), F(4, 5)), "relu") == 2
    assert words.trace_of_hessian(start(2, 1, 0), "relu") == F(5, 2)

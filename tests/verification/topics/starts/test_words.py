"""The words of claims on Gaussian starts: cases that hold, and cases that fail."""

from fractions import Fraction

import mpmath
import pytest

from whichmin.verification.evidence.statement import Undecided, surely
from whichmin.verification.topics.starts import words
from whichmin.verification.topics.vocabulary import Start, gd_limit, near, start

HALF, FIFTH = Fraction(1, 2), Fraction(1, 5)


def test_the_cosine_has_a_sign_and_is_zero_without_a_direction():
    w = start(2, 3, 4)
    assert words.cosine(w, w) == pytest.approx(1)
    assert words.cosine(w, start(2, -3, -4)) == pytest.approx(-1)
    assert words.cosine(w, start(2, 0, 0)) == 0
    assert words.point_cosines(w) == pytest.approx((0.6, 0.8))


@pytest.mark.parametrize(("s", "n"), [(1, 2), (1, 40), (5, 9), (30, 60), (3, 3)])
def test_the_share_by_quadrature_is_the_beta_law_and_no_other_one(s, n):
    x = Fraction(1, 3)
    share = words.share_below(s, n, x)
    assert near(share, words.beta_below(Fraction(s, 2), Fraction(n - s, 2), x))
    if s < n:
        assert not near(share, words.beta_below(Fraction(s + 1, 2), Fraction(n - s, 2), x))
    with surely():
        precise = words.share_below(s, n, x)
        assert isinstance(precise, (mpmath.mpf, float))
        assert near(precise, share)


def test_shares_above_and_below_add_up():
    a, d, x = Fraction(1, 2), Fraction(7, 2), Fraction(2, 5)
    assert words.beta_below(a, d, x) + words.beta_above(a, d, x) == pytest.approx(1)
    below, above = words.relu_share_below(8, 32, x), words.relu_share_above(8, 32, x)
    assert below + above == pytest.approx(1)
    # Beta(a, 0) is the number 1.
    assert words.beta_below(a, 0, x) == 0
    assert words.beta_above(a, 0, x) == 1


def test_fair_signs_are_counted():
    assert words.fair_signs(3) == tuple(Fraction(k, 8) for k in (1, 3, 3, 1))
    assert sum(words.fair_signs(50)) == 1


def test_moments_and_chances_of_weights():
    assert words.mean_square_sum(1) == pytest.approx(1)
    assert words.mean_square_sum(8) == pytest.approx(0.3)
    # Two weights: both are at most u exactly if one of them is from 1 - u to u.
    u = Fraction(3, 5)
    middle = words.beta_below(HALF, HALF, u) - words.beta_below(HALF, HALF, 1 - u)
    assert words.all_weights_below(2, u) == pytest.approx(middle)
    assert words.all_weights_below(8, Fraction(1, 8)) == 0
    with pytest.raises(Undecided):
        words.all_weights_below(8, HALF)
    # Two normal numbers: the angle is from arctan(1/2) to arctan(2).
    assert words.all_within(2, 2) == pytest.approx(
        float(2 / mpmath.pi * (mpmath.atan(2) - mpmath.atan(0.5)))
    )


def test_the_chance_of_a_large_weight_is_that_of_the_only_one():
    # A single point has weight 1; of two points the larger weight exceeds 3/4 in 2 of 3 cases.
    assert words.weights_above(1, Fraction(3, 4)) == 1
    assert words.weights_above(2, Fraction(3, 4)) == pytest.approx(2 / 3)
    assert words.relu_weights_above(2, Fraction(3, 4)) == pytest.approx((2 + 2 / 3) / 3)


def test_the_trace_counts_kinks_by_their_slope():
    w = start(2, 1, 0)
    # (n + 4 - 1) of the active point, -kappa of the other one.
    assert words.relu_trace(w, HALF) == pytest.approx((5 - 0.5) / 2)
    assert words.relu_trace(start(2, 1, -1), HALF) == pytest.approx((6 + 2 - 2) / 2)
    assert words.at_point(start(2, 3, 4, 5), 1) == start(2, 0, 1, 0)


def test_a_run_of_sgd_ends_at_a_point_diverges_or_stays():
    end = words.random_order_end(start(2, HALF, FIFTH), 1, FIFTH, 3)
    assert max(map(abs, words.point_cosines(end))) == pytest.approx(1)
    far = words.random_order_end(start(2, HALF, FIFTH), 1, 3, 3)
    assert all(v != v for v in far.w)
    full = words.random_order_end(start(2, HALF, HALF), 2, FIFTH, 3)
    assert words.point_cosines(full) == pytest.approx((0.5**0.5, 0.5**0.5))
    with pytest.raises(Undecided):
        words.random_order_end(start(2, HALF, FIFTH), 1, Fraction(1, 1000), 3)


def test_points_in_a_limit_are_those_of_the_start_that_are_positive():
    w = start(3, HALF, -HALF, FIFTH)
    assert words.positive(w) == 2
    assert words.positive_points(w) == words.points_in(gd_limit(w, FIFTH, "relu")) == (0, 2)
    assert words.points_in(gd_limit(w, FIFTH)) == (0, 1, 2)
    assert words.dimension(Start((1, 2, 3), 2)) == 3


def test_lines_are_accepted_in_ascii():
    assert not any(map(words.accepted, words.LINES))
    assert all(words.accepted(words.in_ascii(line)) for line in words.LINES)
    # Only where Python reads code: a comment may hold anything.
    assert words.accepted("# " + words.LINES[0])

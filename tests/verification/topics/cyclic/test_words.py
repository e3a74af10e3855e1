"""Words of the claims on cyclic orders, each in a case that holds and in one that fails."""

import math
from fractions import Fraction

import pytest

from whichmin.verification.evidence.statement import Undecided
from whichmin.verification.topics.cyclic import words
from whichmin.verification.topics.vocabulary import start


def test_leaders():
    w = start(2, Fraction(3, 10), Fraction(-1, 2))
    assert words.leader(w) == 1
    assert words.leader(w, "relu") == 0
    assert words.first_leader(w, Fraction(1, 5)) == 1
    assert words.first_leader(w, Fraction(1, 5), "relu") == 0
    assert not words.leads(start(2, 0, 0), 0)
    with pytest.raises(Undecided):
        words.leader(start(2, Fraction(-1, 2), 0), "relu")


def test_ends():
    assert words.cyclic_end(start(2, Fraction(1, 2), Fraction(13, 25)), Fraction(1, 5)) == (1, 0)
    assert words.cyclic_end(start(2, Fraction(1, 2), Fraction(-1)), Fraction(1, 5)) == (0, -1)
    mixture = words.cyclic_end(
        start(4, Fraction(3, 10), Fraction(2, 5), Fraction(1, 10), Fraction(1, 10)),
        Fraction(1, 5),
        "linear",
        2,
    )
    assert mixture == pytest.approx((0.6, 0.8, 0, 0), abs=1e-6)
    orbit = words.cyclic_end(start(2, Fraction(47, 67), Fraction(48, 67)), Fraction(4489, 106032))
    assert all(map(math.isnan, orbit))


def test_blocks():
    w = start(4, Fraction(3, 5), Fraction(4, 5), Fraction(-5, 13), Fraction(12, 13), Fraction(1))
    assert words.merged(w, 2).w == (1, 1, 1)
    assert words.merged(w, 2, "relu").w[1] == Fraction(12, 13)
    assert words.block_part(w, 2, 0) == (Fraction(3, 5), Fraction(4, 5), 0, 0)
    assert words.together(4, 2, 0, 1)
    assert not words.together(4, 2, 1, 2)
    assert not words.together(3, 2, 0, 1)
    assert words.neighbours(6, 4) == 2


def test_between_the_basins():
    ratio = words.tipping_ratio(Fraction(9, 10), Fraction(1, 5))
    assert 1 < ratio < 1.4
    first = Fraction(9, 10) / Fraction(math.hypot(1, ratio))
    below, above = (start(2, first, first * Fraction(ratio * s)) for s in (0.99, 1.01))
    assert words.cyclic_end(below, Fraction(1, 5)) == (1, 0)
    assert words.cyclic_end(above, Fraction(1, 5)) == (0, 1)


def test_partitions():
    w = start(2, Fraction(24, 25), Fraction(1, 4))
    assert words.shuffled_end(w, Fraction(1, 5), 1, 0, "linear") == (1, 0)
    after = words.shuffled(w, 3, Fraction(1, 5), 1, 0, "linear")
    assert abs(after.w[1] / after.w[0]) < 0.26
    assert words.visit(w, 1, Fraction(1, 5)).w[0] == Fraction(24, 25) * (1 - Fraction(1, 5) / 16)

"""Sums and means of parts of the data."""

from fractions import Fraction

import pytest

from whichmin.verification.oracle import shares

F = Fraction
ROWS = ((F(1), F(2)), (F(3), F(5)), (F(-1), F(0)))


def test_sums_and_means():
    assert shares.added(ROWS) == (3, 7)
    assert shares.mean(ROWS) == (1, F(7, 3))
    assert shares.scaled(ROWS[0], F(1, 2)) == (F(1, 2), 1)


def test_consecutive_parts():
    assert shares.cut("abcdef", (1, 3, 2)) == ["a", "bcd", "ef"]
    assert shares.cut("ab", (2,)) == ["ab"]


@pytest.mark.parametrize("count", [1, 3, 7])
def test_rows_in_turn(count):
    assert shares.cycled(ROWS, count) == tuple(ROWS[i % 3] for i in range(count))

"""The same gradient in every kind of number, and the operations that operators do not say."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle import references
from whichmin.verification.oracle.arithmetic import (
    DECIMALS,
    DIGITS,
    FLOATS,
    FRACTIONS,
    as_fractions,
    slope,
)
from whichmin.verification.oracle.problems import problem

SERVED = problem("generic")


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize(
    ("numbers", "error"), [(FRACTIONS, 0), (DECIMALS, Fraction(1, 10**58)), (FLOATS, 1e-15)]
)
def test_the_gradient_is_that_of_the_references(activation, numbers, error):
    with localcontext(prec=DIGITS):
        w, data = numbers.array(SERVED.w), numbers.array(SERVED.data)
        found = as_fractions(slope(w, data, activation, Fraction(1, 3), numbers))
    exact = references.gradient(SERVED.w, SERVED.data, activation)
    assert all(abs(p - q / 3) <= error for p, q in zip(found, exact, strict=True))


def test_roots_and_the_larger_of_two():
    with localcontext(prec=DIGITS):
        two = DECIMALS.array((Fraction(2), Fraction(9, 4)))
        root = DECIMALS.sqrt(two)
    assert abs(root[0] ** 2 - 2) < Decimal("1e-27")  # squared at the usual 28 digits
    assert root[1] == Decimal("1.5")
    assert DECIMALS.sqrt(DECIMALS.number(4)) == 2
    for numbers in (FRACTIONS, DECIMALS, FLOATS):
        larger = numbers.larger(numbers.array((Fraction(-1), Fraction(2))), numbers.number(0))
        assert np.array_equal(larger, [0, 2])
    with pytest.raises(ArithmeticError, match="no fraction"):
        FRACTIONS.sqrt(Fraction(2))


def test_a_number_does_not_depend_on_the_context():
    with localcontext(prec=3):
        assert len(str(DECIMALS.number(Fraction(1, 3)))) == 2 + DIGITS

from fractions import Fraction

import numpy as np
import pytest

from whichmin.core.perturbation.exact_sums import exact_dot, exact_sum, two_product

RNG = np.random.default_rng(4)


def test_products_and_their_errors_are_exact():
    a, b = (RNG.normal(size=200) * 10.0 ** RNG.integers(-60, 60, 200) for _ in range(2))
    product, error = two_product(a, b)
    assert (product == a * b).all()
    for x, y, p, e in zip(a, b, product, error, strict=True):
        assert Fraction(x) * Fraction(y) == Fraction(p) + Fraction(e)


@pytest.mark.parametrize("n", [1, 2, 50])
def test_inner_products_are_rounded_once(n):
    a, b = RNG.normal(size=(2, n))
    # all but cancels
    a, b = np.append(a, 1.0), np.append(b, -float(a @ b))
    exact = sum(Fraction(x) * Fraction(y) for x, y in zip(a, b, strict=True))
    value, rest = exact_dot(a, b)
    assert value == float(exact)
    assert rest == float(exact - Fraction(value))


def test_sums_of_several_parts():
    assert exact_sum([1e16, 1.0], [-1e16]) == (1.0, 0.0)
    assert exact_sum([1e16, 1.0], np.ones(2)) == (1e16 + 4, -1.0)
    assert exact_sum() == (0.0, 0.0)

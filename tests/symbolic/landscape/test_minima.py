import random
from fractions import Fraction

import pytest
import sympy as sp

from whichmin.symbolic.landscape.minima import (
    SignFact,
    critical_points,
    critical_solutions,
    squares,
)


def test_critical_solutions():
    found = {tuple(sorted((str(s), v) for s, v in one.items())) for one in critical_solutions()}
    assert (("C", 0),) in found
    assert (("C", 1), ("R", 0)) in found
    assert all(dict(one)["C"] in (0, 1) for one in found)


@pytest.mark.parametrize("critical", critical_points(), ids=lambda c: c.name)
def test_signs_decide_the_kind(critical):
    assert critical.facts
    assert all(fact.holds() for fact in critical.facts)


def test_a_wrong_or_undecided_sign_does_not_hold():
    d, free = sp.Symbol("d", positive=True), sp.Symbol("x", real=True)
    assert not SignFact("wrong", -d, "positive").holds()
    assert not SignFact("undecided", free, "nonnegative").holds()


@pytest.mark.parametrize(("k", "rest"), [(1, 0), (1, 3), (3, 2), (4, 0)])
def test_certificate(k, rest):
    polynomial, terms, variables = squares(k, rest)
    assert len(terms) == 1 + k * rest
    assert sp.expand(polynomial - sum(t**2 for t in terms)) == 0
    generator = random.Random(k + 10 * rest)
    for _ in range(5):
        point = {v: sp.Rational(generator.randint(-9, 9), 4) for v in variables}
        value = polynomial.subs(point)
        assert value == sum(t.subs(point) ** 2 for t in terms)
        assert value >= 0


def test_certificate_from_the_definition_in_plain_fractions():
    # 2m (L - L*) by hand at c = (1/2, 1/3), off-span 1/5: m = 2, n = 3, both active.
    c, off, m = (Fraction(1, 2), Fraction(1, 3)), Fraction(1, 5), 2
    w = (*c, off)
    total = Fraction(0)
    for p in range(m):
        code = c[p]
        total += sum((Fraction(int(p == q)) - code * w[q]) ** 2 for q in range(3)) / 2
    gap = total / m - (Fraction(1, 2) - Fraction(1, 2 * m))
    polynomial, _, variables = squares(2, 1)
    values = dict(zip(variables, (sp.Rational(v.numerator, v.denominator) for v in w), strict=True))
    assert polynomial.subs(values) == sp.Rational(
        (2 * m * gap).numerator, (2 * m * gap).denominator
    )

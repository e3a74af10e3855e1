import dataclasses
import random
from fractions import Fraction

import pytest
import sympy as sp

from whichmin.symbolic.landscape.minima import (
    SignFact,
    X,
    critical_points,
    critical_solutions,
    derivative,
    gap,
    gradient_energy,
    landscape_forms,
    loss,
    minimum,
    squares,
)
from whichmin.symbolic.landscape.neuron import Y
from whichmin.symbolic.symbols import C, N, R, m


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


HALF = sp.Rational(1, 2)
W = sp.Matrix(sp.symbols("w1:5", real=True))
SPAN = sp.diag(1, 1, 0, 0)  # m = 2 points in R^4
AT = {m: 2, N: W.dot(W), C: (SPAN * W).dot(W)}
KINDS = {
    "global minima": "global minimum",
    "silent, N < 2": "non-strict local maximum",
    "silent, N = 2": "degenerate saddle",
    "silent, N > 2": "non-strict local minimum, not global",
    "dead neuron": "flat: loss 1/2 in a neighbourhood",
}


def full_loss(w, active):
    points = [SPAN.col(p) for p in range(2)]
    parts = [a - w * (w.dot(a) if on else 0) for a, on in zip(points, active, strict=True)]
    return sum(part.dot(part) for part in parts) / 4


def test_ids():
    assert [form.id.removeprefix("landscape.") for form in landscape_forms()] == [
        "loss", "minimum", "gap", "derivative", "gradient_energy",
    ]  # fmt: skip


def test_loss_in_coordinates():
    assert sp.expand(loss().expression.subs(AT) - full_loss(W, (1, 1))) == 0


@pytest.mark.parametrize("active", [(1, 1), (1, 0), (0, 0)])
def test_gradient_in_coordinates(active):
    # grad L = [(N-2) P w + C w]/m, P over the active points
    P = sp.diag(*active, 0, 0)
    energy = (P * W).dot(W)
    expected = ((AT[N] - 2) * P * W + energy * W) / 2
    brute = full_loss(W, active)
    for p in range(4):
        form = derivative().expression.subs({X: (P * W)[p], Y: W[p]}).subs({**AT, C: energy})
        assert sp.expand(form - expected[p]) == 0
        assert sp.expand(form - sp.diff(brute, W[p])) == 0
    squared = gradient_energy().expression.subs({**AT, C: energy})
    assert sp.expand(squared - expected.dot(expected)) == 0


def test_gap_in_terms_of_the_loss():
    difference = (loss().expression - minimum().expression).subs(N, C + R)
    assert sp.simplify(gap().expression - difference) == 0
    assert gap().exact(C=1, R=0) == 0


def test_solutions_are_exactly_those_of_the_theory():
    energy = gradient_energy().expression.subs(N, C + R)
    for one in critical_solutions():
        assert sp.simplify(energy.subs(one)) == 0
    zero_energy = [one for one in critical_solutions() if one[C] == 0]
    assert any(R not in one for one in zero_energy)  # R is free there
    assert {one.get(R) for one in critical_solutions() if one[C] != 0} == {0}


def test_kinds():
    assert {one.name: one.kind for one in critical_points()} == KINDS
    assert len(critical_points()) == len(KINDS)
    assert all(one.where for one in critical_points())


def test_facts_speak_of_the_loss_near_the_set():
    facts = {fact.reason: fact for one in critical_points() for fact in one.facts}
    d, t = sp.symbols("d t", positive=True)
    excess = (N - 2) * C / (2 * m)  # L - 1/2 of the theory
    expected = {
        "the gap is nowhere negative": ((1 - C) ** 2 + C * R) / (2 * m),
        "nearby losses are <= 1/2": excess.subs(N, 2 - d),
        "higher where N grows": excess.subs({N: 2 + d, C: t}),
        "lower where N shrinks": excess.subs({N: 2 - d, C: t}),
        "nearby losses are >= 1/2": excess.subs(N, 2 + d),
        "1/2 is above the global minimum": 1 / (2 * m),
        "C = 0 nearby, so the loss is constant": sp.Integer(0),
    }
    assert facts.keys() == expected.keys()
    for reason, value in expected.items():
        assert sp.simplify(facts[reason].expression - value) == 0


@pytest.mark.parametrize("critical", critical_points(), ids=lambda one: one.name)
def test_the_opposite_sign_is_never_certain(critical):
    opposite = {
        "positive": "nonpositive",
        "negative": "nonnegative",
        "nonnegative": "negative",
        "nonpositive": "positive",
        "zero": "positive",
    }
    for fact in critical.facts:
        assert fact.holds()
        assert not dataclasses.replace(fact, sign=opposite[fact.sign]).holds()


def test_a_sign_is_found_after_factoring():
    t = sp.Symbol("t", real=True)
    square = t**2 - 2 * t + 1
    assert square.is_nonnegative is None
    assert SignFact("a square", square, "nonnegative").holds()
    assert not SignFact("a square may vanish", square, "positive").holds()


@pytest.mark.parametrize(("k", "rest"), [(1, 1), (2, 3), (3, 0)])
def test_certificate_is_that_of_the_theory_and_vanishes_at_minima_only(k, rest):
    polynomial, terms, variables = squares(k, rest)
    c, r = variables[:k], variables[k:]
    assert (len(c), len(r)) == (k, rest)
    energy, other = sum(v**2 for v in c), sum(v**2 for v in r)
    assert sp.expand(polynomial - (1 - energy) ** 2 - energy * other) == 0
    assert terms[0] == 1 - energy
    vertex = dict.fromkeys(variables, 0) | {c[0]: 1}
    assert polynomial.subs(vertex) == 0
    for moved in r:
        assert polynomial.subs(vertex | {moved: HALF}) == HALF**2

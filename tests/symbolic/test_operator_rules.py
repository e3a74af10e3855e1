"""Rules on means, roots, recursions, integrals and sums are seen to pass and to fail."""

import sympy as sp
from chains import a, b, c, chain, h, holds, i, k, m, n, q, refused, t, tau, total, x, y, z

from whichmin.symbolic.certificates import Antiderivative, Substituted, Telescoped
from whichmin.symbolic.operator_rules import (
    Expectation,
    Follows,
    Induction,
    Law,
    Solved,
    given,
    shown,
)
from whichmin.symbolic.operators import Flow, Iterate, Mean, Root, at, carry_out, linear, vanishes
from whichmin.symbolic.rules import define, where

# Means

NOISE = Law("noise", {a: given(0, "mean 0"), a**2: given(h, "variance h")})


def test_means_are_linear_on_polynomials():
    assert holds(Mean((x + a) ** 2), x**2 + h, Expectation(NOISE))
    refused("leaves", Mean((x + a) ** 2), x**2 - h, Expectation(NOISE))
    refused("no moment of a**3", Mean((x + a) ** 3), x**3, Expectation(NOISE))
    refused("is no polynomial", Mean(sp.exp(a)), sp.Integer(1), Expectation(NOISE))
    refused("are left after means", Mean(a + x) + a, x + a, Expectation(NOISE))


def test_independent_groups_multiply():
    other = Law("other", {b: given(y, "mean y")})
    assert holds(Mean(a**2 * b + b), h * y + y, Expectation(NOISE, other))
    refused("two laws", Mean(a), sp.Integer(0), Expectation(NOISE, NOISE))


def test_a_moment_needs_grounds():
    refused("has no grounds", Mean(a), sp.Integer(0), Expectation(Law("", {a: given(0, "")})))
    wrong = shown(chain(x + x, 3 * x))
    refused("moment of a", Mean(a), 3 * x, Expectation(Law("", {a: wrong})))
    supposed = shown(chain(b * x, x, where({b: 1})))
    used = chain(Mean(a), x, Expectation(Law("", {a: supposed})))
    assert (used.failures(), used.conditions) == ([], (sp.Eq(b, 1),))


def test_what_stands_for_a_random_symbol_is_random():
    refused("q is a, which is random", Mean(q + a), q, define({q: a}), Expectation(NOISE))
    refused("y is a, which is random", Mean(y + a), y, where({y: a}), Expectation(NOISE))


def test_a_mean_is_taken_before_a_derivative():
    for waiting in (sp.Derivative(Mean(a * x), x), sp.Limit(Mean(a * x), x, 0)):
        refused("is of an operator", waiting, sp.Integer(0), Expectation(NOISE))


# Roots


def test_roots():
    assert holds(Root(a, 2 * a - x), x / 2, Solved({a: x / 2}))
    assert holds(Root(y, y**2 - x), sp.sqrt(x), Solved({y: sp.sqrt(x)}))
    refused("does not solve", Root(a, 2 * a - x), x, Solved({a: x}))
    refused("other solutions", Root(a, a**2 - 4), sp.Integer(2), Solved({a: sp.Integer(2)}))
    refused(
        "other solutions", Root(y, (y - 1) * (y - 2)), sp.Integer(1), Solved({y: sp.Integer(1)})
    )
    refused("does not determine", Root(a, 0 * a), x, Solved({a: x}))
    refused("no rational function", Root(a, sp.exp(a) - x), sp.log(x), Solved({a: sp.log(x)}))
    refused("does not solve", Root(a, a / a**2 * (a - b)), b, Solved({a: sp.Integer(0)}))


def test_an_unknown_is_bound():
    assert Root(a, a - x).free_symbols == {x}
    assert Root(a, a - x).subs(a, 3) == Root(a, a - x)


# Recursions and differential equations


def test_induction_checks_the_start_and_the_step():
    value = b * 2**t
    assert holds(Iterate(2 * a, a, b, t), value, Induction(value, t))
    for wrong, words in ((b * 3**t, "a step does not take"), (b * 2**t + 1, "after no step"),
                         (-value, "after no step")):  # fmt: skip
        refused(words, Iterate(2 * a, a, b, t), wrong, Induction(wrong, t))
    refused("depends on t", Iterate(a + t, a, b, t), b, Induction(b, t))
    refused("a number of steps", Iterate(2 * a, a, b, tau), b * 2**tau, Induction(b * 2**tau, tau))


def test_a_flow_obeys_its_equation():
    value = b * sp.exp(-h * tau)
    assert holds(Flow(-h * a, a, b, tau), value, Follows(value, tau))
    for wrong, words in ((b * sp.exp(h * tau), "does not obey"), (2 * value, "at time 0")):
        refused(words, Flow(-h * a, a, b, tau), wrong, Follows(wrong, tau))
    refused("is not linear", Flow(a**2, a, b, tau), b, Follows(b, tau))


# Integrals


def test_an_integral_is_not_its_value_by_decree():
    integral = sp.Integral(x, (x, 0, 1))
    assert not holds(integral, sp.Rational(1, 2))
    refused("changes nothing", integral, sp.Rational(1, 2), define({a: sp.Rational(1, 2)}))
    assert not vanishes(integral - sp.Rational(1, 2))
    assert not vanishes(sp.exp(integral) - sp.exp(sp.Rational(1, 2)))


def test_antiderivatives():
    bell = sp.Integral(sp.exp(-h * z**2), (z, -sp.oo, sp.oo))
    error = sp.sqrt(sp.pi / h) / 2 * sp.erf(sp.sqrt(h) * z)
    assert holds(bell, sp.sqrt(sp.pi / h), Antiderivative(error, z))
    refused("changes nothing", bell, sp.sqrt(sp.pi / h), Antiderivative(error * 2, z))
    refused("changes nothing", bell, sp.sqrt(sp.pi / h), Antiderivative(-error, z))
    refused("leaves", bell, -sp.sqrt(sp.pi / h), Antiderivative(error, z))


def test_an_antiderivative_has_no_pole_and_finite_ends():
    across = sp.Integral(1 / z**2, (z, -1, 1))
    refused("pole or a jump", across, sp.Integer(-2), Antiderivative(-1 / z, z))
    assert holds(sp.Integral(1 / x**2, (x, 1, sp.oo)), sp.Integer(1), Antiderivative(-1 / x, x))
    refused("no finite limit", sp.Integral(1 / x, (x, 1, sp.oo)), y, Antiderivative(sp.log(x), x))
    below = sp.Integral(1 / x**2, (x, -1, 1))
    refused("what it is not from -1", below, sp.Integer(-2), Antiderivative(-1 / x, x))
    L = sp.Function("L")
    inverse = sp.Integral(sp.diff(L(1 / z), z), (z, -1, 1))
    refused("pole or a jump", inverse, L(1) - L(-1), Antiderivative(L(1 / z), z))
    assert holds(sp.Integral(sp.diff(L(z), z), (z, a, b)), L(b) - L(a), Antiderivative(L(z), z))


def test_a_change_of_the_variable():
    old, new = sp.Integral(x**2, (x, 0, 4)), sp.Integral(8 * y**2, (y, 0, 2))
    assert holds(old, new, Substituted(x, 2 * y, y, (sp.Integer(0), sp.Integer(2))))
    refused("is not where", old, new, Substituted(x, 2 * y, y, (sp.Integer(0), sp.Integer(4))))
    assert not holds(old, 2 * new, Substituted(x, 2 * y, y, (sp.Integer(0), sp.Integer(2))))
    refused(
        "not known to grow", old, new, Substituted(x, 1 - y, y, (sp.Integer(1), sp.Integer(-3)))
    )


# Sums


def test_certificates_of_finite_sums():
    squares = sp.Sum(k**2, (k, 1, n))
    right = (k - 1) * k * (2 * k - 1) / 6
    assert holds(squares, n * (n + 1) * (2 * n + 1) / 6, Telescoped(right, k))
    refused("does not telescope", squares, n**3 / 3, Telescoped(k**3 / 3, k))
    refused("does not telescope", squares, -n * (n + 1) * (2 * n + 1) / 6, Telescoped(-right, k))
    assert not holds(squares, n * (n + 1) * (2 * n + 1) / 6)
    refused("no sum runs over i", squares, n, Telescoped(right, i))


def test_certificates_of_infinite_sums():
    series = sp.Sum(1 / (k * (k + 1)), (k, 1, sp.oo))
    assert holds(series, sp.Integer(1), Telescoped(-1 / k, k))
    refused("leaves", series, sp.Integer(2), Telescoped(-1 / k, k))
    refused("no finite limit", sp.Sum(k, (k, 1, sp.oo)), n, Telescoped(k * (k - 1) / 2, k))


def test_a_certificate_has_no_pole_on_the_way():
    shifted = sp.Symbol("k", integer=True)
    term = 1 / (shifted * (shifted + 1))
    across = sp.Sum(term, (shifted, -3, 3))
    refused("may have a pole", across, sp.Rational(-7, 12), Telescoped(-1 / shifted, shifted))
    refused("what it is not from -3", sp.Sum(k, (k, -3, 3)), n, Telescoped(k * (k - 1) / 2, k))
    rising = sp.gamma(shifted + 1)
    gammas = sp.Sum(sp.gamma(shifted + 2) - rising, (shifted, -3, 3))
    refused("poles of", gammas, sp.Integer(24), Telescoped(rising, shifted))


def test_certificates_of_binomial_sums():
    term = (-1) ** k * sp.binomial(n, k)
    F = -k / n * term
    small = sp.Sum(term, (k, 1, 3))
    assert holds(small, F.subs(k, 4) - F.subs(k, 1), Telescoped(F, k))
    refused("does not telescope", small, n, Telescoped(-F, k))


def test_sums_are_in_one_form_and_not_worked_out():
    j = sp.Symbol("j", integer=True, positive=True)
    assert vanishes(total(3 * c[i] + 2) - 3 * sp.Sum(c[j], (j, 1, m)) - 2 * m)
    assert not vanishes(total(c[i]) - total(c[i], m - 1))
    double = sp.Sum(sp.Sum(c[i] * c[j] * x, (j, 1, m)), (i, 1, m))
    assert vanishes(double - x * total(c[i]) ** 2) is False  # a product of sums is none of them
    assert vanishes(double - x * sp.Sum(sp.Sum(c[i] * c[j], (i, 1, m)), (j, 1, m)))
    assert linear(sp.Sum(k, (k, 1, n))).has(sp.Sum)


def test_a_sum_to_infinity_is_not_split():
    halves = sp.Sum(1 / k - 1 / (k + 1), (k, 1, sp.oo))
    parts = sp.Sum(1 / k, (k, 1, sp.oo)) - sp.Sum(1 / (k + 1), (k, 1, sp.oo))
    assert not vanishes(halves - parts)
    assert vanishes(sp.Sum(a / k**2, (k, 1, sp.oo)) - a * sp.Sum(1 / k**2, (k, 1, sp.oo)))


# Evaluations


def test_values_at_a_point_are_put_in_at_once():
    assert carry_out(at(x + 2 * y, {x: y, y: x})) == y + 2 * x
    assert carry_out(at(sp.Derivative(x**2 * y, x), {x: y, y: x})) == 2 * x * y
    assert at(x * a, {x: 2}).free_symbols == {a}
    assert carry_out(at(x * a, {x: 2}).subs(x, 5)) == 2 * a
    refused("which Sum", at(total(q * c[i]), {q: c[i]}), total(c[i] ** 2))


def test_limits_of_rational_functions():
    ratio = (x**2 * a + x**3) / (2 * x**2 + x**4)
    assert carry_out(sp.Limit(ratio, x, 0)) == a / 2
    assert carry_out(sp.Limit(1 / (a + 1 / x), x, sp.oo)) == 1 / a
    assert carry_out(sp.Limit(x * ratio, x, 0)) == 0

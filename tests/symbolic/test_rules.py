"""Every rule is seen to pass and to fail."""

import pytest
import sympy as sp

from whichmin.symbolic import Derivation, Step, closed_form, closed_forms
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
from whichmin.symbolic.rules import Assumed, Proved, define, of_model, where

a, b, q, z = sp.symbols("a b q z", real=True)
x, y, h, T = sp.symbols("x y h T", positive=True)
i, k, m, n = sp.symbols("i k m n", integer=True, positive=True)
t = sp.Symbol("t", integer=True, nonnegative=True)
tau = sp.Symbol("tau", nonnegative=True)
c = sp.IndexedBase("c")


def chain(before, after, *rules, **more):
    return Derivation.begin("step", before, after, *rules, **more)


def holds(before, after, *rules):
    return chain(before, after, *rules).failures() == []


def refused(words, before, after, *rules, **more):
    lines = chain(before, after, *rules, **more).failures()
    assert any(words in line for line in lines), lines


def total(term, count=m):
    return sp.Sum(term, (i, 1, count))


# Definitions


def test_a_fresh_symbol_may_stand_for_an_expression():
    assert holds(
        total((c[i] + 1) ** 2), q + 2 * z + m, define({q: total(c[i] ** 2), z: total(c[i])})
    )
    refused("leaves", total((c[i] + 1) ** 2), q + m, define({q: total(c[i] ** 2)}))


def test_a_symbol_that_occurs_already_is_not_defined():
    refused("a occurs before it is defined", a + 1, sp.Integer(7), define({a: 6}))


def test_a_symbol_of_an_earlier_step_is_not_fresh():
    later = chain(x * a - x * a + b * (1 + b), b + b**2).then("name", a + b, define({a: b**2}))
    assert later.failures() == []
    later = chain((a + b) * b - a * b, b**2).then("name", a, define({a: b**2}))
    (line,) = later.failures()
    assert line == "step 2 (name): a occurs before it is defined"


def test_one_symbol_has_one_definition():
    twice = chain(b**2 + b, q + b, define({q: b**2}))
    assert twice.then("again", b * (b + 1), define({q: b**2})).failures() == []
    (line,) = twice.then("else", 2 * b, define({q: b})).failures()[:1]
    assert "q is b**2 already, it cannot be b" in line


def test_a_symbol_is_not_defined_by_itself():
    refused("defined by itself", b + 1, a, define({a: a + b + 1 - a + sp.Symbol("a", real=True)}))


def test_a_definition_keeps_the_assumptions_on_its_symbol():
    refused("x is positive, -1 is not", b - 1, x + b, define({x: -1}))


def test_an_index_is_not_caught_by_a_sum():
    refused("is bound where it occurs", total(c[i] ** 2), total(a * c[i]), define({a: c[i]}))
    refused("i is bound by a sum", total(c[i] + 1), total(c[i]) + m, define({i: sp.Integer(1)}))


def test_a_product_over_an_index_catches_nothing_either():
    product = sp.Product(c[i], (i, 1, m))
    refused("is bound where it occurs", product, sp.Product(a, (i, 1, m)), define({a: c[i]}))


# Conditions


def test_a_condition_is_carried_by_what_results():
    special = chain(a + 1, sp.Integer(7), where({a: 6}))
    assert special.failures() == []
    assert special.conditions == (sp.Eq(a, 6),)
    assert special.then("more", sp.Integer(3) + 4 * x / x).conditions == (sp.Eq(a, 6),)
    assert chain(special.result + b, b + 5 + 2, uses=(special,)).conditions == (sp.Eq(a, 6),)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("supposes nothing", {sp.Integer(1): 2}),
        ("does not set a", {a: a + 1}),
        ("x is positive, -1 is not", {x: -1}),
        ("m is integer, 1/2 is not", {m: sp.Rational(1, 2)}),
        ("changes nothing", {z: 3}),
    ],
)
def test_what_cannot_be_supposed(words, values):
    refused(words, a + x + m, a + x + m + 1 - 1 + 0 * z, where(values))


def test_a_symbol_has_one_value():
    two = chain(a * b, 2 * b, where({a: 2})).then("other", 3 * b, where({a: 3}))
    assert any("a = 2 was supposed" in line for line in two.failures())


def test_equations_of_polynomials_and_sums():
    assert holds(a**5 + a**2, 2 * a, where({a**2: a}))
    assert not holds(a**5 + a**2, 3 * a, where({a**2: a}))
    assert holds((x * y + x + y) ** 2, (1 + x + y) ** 2, where({x * y: 1}))
    assert holds(b * total(c[i]), b, where({total(c[i]): 1}))
    assert not holds(b * total(c[i] ** 2), b, where({total(c[i]): 1}))


def test_equations_of_the_model_are_told_apart():
    step = chain(a**3, a, of_model({a**2: a}))
    assert step.failures() == []
    assert (step.conditions, step.hypotheses) == ((), (sp.Eq(a**2, a, evaluate=False),))


# Lemmas


def test_a_lemma_with_values_for_its_symbols():
    lemma = chain((x + y) ** 2, x**2 + 2 * x * y + y**2)
    square = sp.Pow(x + 3, 2)
    assert holds(a * square, a * (x**2 + 6 * x + 9), Proved(lemma, {y: sp.Integer(3)}))
    refused("needs positive y", (x + a) ** 2, x**2, Proved(lemma, {y: a}))
    refused("no free symbol", (x + y) ** 2, x**2, Proved(lemma, {b: a}))
    refused("changes nothing", a + 1, a + 2, Proved(lemma))


def test_values_do_not_slip_into_what_the_lemma_binds_or_names():
    lemma = chain(total(q * (c[i] + 1)), q * total(c[i]) + q * m)
    caught = Proved(lemma, {q: i})
    refused("which the lemma binds", sp.Sum(i * (c[i] + 1), (i, 1, m)), a, caught)
    named = chain(b * (b + 1), q + b, define({q: b**2}))
    assert named.failures() == []
    refused(
        "q stands for b**2 in the lemma", at(b, {b: 6}), q + 2, Proved(named, {b: sp.Integer(2)})
    )


def test_a_lemma_that_fails_proves_nothing():
    refused("the lemma fails", x + y, x, Proved(chain(x + y, x)))


def test_a_lemma_hands_on_its_conditions_and_what_it_argues():
    lemma = chain(a * x, 2 * x, where({a: 2}))
    used = chain(a * y, 2 * y, Proved(lemma, {x: y}))
    assert used.failures() == []
    assert used.conditions == (sp.Eq(a, 2),)
    defined = chain(b * b + b, q + b, define({q: b**2}))
    refused("q is defined in the lemma", b, b, Proved(defined, {q: sp.Integer(1)}))
    worded = chain(a, b, Assumed("so they say", a, b))
    assert chain(a + 1, b + 1, Proved(worded)).argued == (
        "step 1 (step): step 1 (step): so they say",
    )


def test_what_is_used_is_checked_too():
    refused("what is used fails", a + a, at(2 * b, {b: a}), uses=(chain(a, b),))


def test_what_is_assumed_is_argued_and_needs_words():
    worded = chain(a, b, Assumed("a is b, by Theorem 1", a, b))
    assert worded.failures() == []
    assert worded.argued == ("step 1 (step): a is b, by Theorem 1",)
    refused("needs its reason", a, b, Assumed(" ", a, b))


# Steps


@pytest.mark.parametrize("side", [c[1] / a, sp.Integer(0), (x + 1) ** 2])
def test_a_step_that_says_nothing_is_refused(side):
    refused("says nothing", side, side)


def test_rules_are_no_free_substitutions():
    with pytest.raises(TypeError, match="is no rule"):
        Step("free", a + 1, sp.Integer(7), ({a: 6},))
    with pytest.raises(TypeError):
        Derivation.begin("free", a + 1, sp.Integer(7), rules={a: 6})


def test_a_flipped_sign_is_noticed():
    assert holds((x - y) ** 2, x**2 - 2 * x * y + y**2)
    refused("leaves", (x - y) ** 2, x**2 + 2 * x * y + y**2)


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


# Closed forms


def test_conditions_are_inherited_and_shown():
    at_minimum = closed_form("sharpness.trace_at_minimum")
    assert {sp.Eq(*e.args) for e in at_minimum.conditions} >= {
        sp.Eq(s, 1) for s in closed_form("landscape.loss").expression.free_symbols if s.name in "NC"
    }
    inherited = closed_form("sharpness.linear_trace_at_minimum")
    assert set(inherited.conditions) > set(at_minimum.conditions)
    assert inherited.under.endswith("k = m")
    assert not closed_form("landscape.gap").conditions  # the least value is one at a point


def test_what_is_argued_is_inherited_under_the_id_that_argues():
    (line,) = closed_form("selection.arcsine_drift").argued
    assert line.startswith("selection.two_point_probability, step 1 (")
    assert not closed_form("sharpness.trace").argued


def test_conditions_do_not_depend_on_what_was_derived_before():
    """Forms that helpers ask for are recorded each time."""
    for name in ("sharpness.eigenvalue_rest", "sharpness.eigenvalue_active"):
        assert "sharpness.second_derivative" in {
            form.id for form in closed_form(name).derivation.uses
        }


def test_the_model_has_two_equations():
    """No condition hides among the hypotheses of the model: unit length, slopes 0 or 1."""
    found = {e for form in closed_forms().values() for e in form.hypotheses}
    length, slope = sorted(found, key=lambda e: e.lhs.is_Pow)
    assert str(length) == "Eq(Sum(a[l]**2, (l, 1, n)), 1)"
    assert str(slope) == "Eq(sigma**2, sigma)"


def test_every_rule_of_every_form_is_typed_and_no_step_is_trivial():
    for form in closed_forms().values():
        for step in form.derivation.steps:
            assert step.before != step.after, form.id
            assert all(
                type(rule).__module__.startswith("whichmin.symbolic.") for rule in step.rules
            )

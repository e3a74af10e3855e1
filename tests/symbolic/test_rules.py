"""Every rule is seen to pass and to fail."""

import dataclasses

import pytest
import sympy as sp
from chains import a, b, c, chain, holds, i, m, q, refused, total, x, y, z

from whichmin.symbolic import Derivation, Step, closed_form, closed_forms
from whichmin.symbolic.operators import at
from whichmin.symbolic.rules import Assumed, Proved, define, of_model, where

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


@pytest.mark.parametrize("name", closed_forms())
def test_no_rule_can_be_left_out(name):
    """Each rule carries its step: without it the step does not hold."""
    chain_ = closed_form(name).derivation
    for place, step in enumerate(chain_.steps):
        for left_out in range(len(step.rules)):
            rules = (*step.rules[:left_out], *step.rules[left_out + 1 :])
            short = dataclasses.replace(step, rules=rules)
            steps = (*chain_.steps[:place], short, *chain_.steps[place + 1 :])
            assert dataclasses.replace(chain_, steps=steps).failures(), step.rules[left_out]

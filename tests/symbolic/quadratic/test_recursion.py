"""The closed forms of the noisy quadratic are those of the theory brief."""

import pytest
import sympy as sp

from whichmin.symbolic import Derivation
from whichmin.symbolic.operator_rules import Follows, Induction
from whichmin.symbolic.operators import Flow, Iterate
from whichmin.symbolic.quadratic.recursion import quadratic_forms

FORMS = {form.id: form for form in quadratic_forms()}
B, eta, g, h, s, tau, v, x = (
    {str(a): a for f in FORMS.values() for a in f.expression.free_symbols}[name]
    for name in ("B", "eta", "g", "h", "s", "tau", "v", "x")
)


def same(name, expected):
    return sp.simplify(FORMS[f"quadratic.{name}"].expression - expected) == 0


def test_they_are_those_of_the_theory():
    assert same("stationary_variance", eta * s / (B * h * (2 - eta * h)))
    assert same("sde_variance", eta * s / (2 * B * h))
    assert same("ratio", 1 / (1 - eta * h / 2))
    assert same("critical_step", 2 / h)
    assert same("stationary_covariance", eta * s / (B * (h + g - eta * h * g)))
    assert same("sde_mean", x * sp.exp(-h * tau))


def test_the_fixed_point_attracts_from_any_variance():
    form = FORMS["quadratic.variance"]
    numbers = {"eta": sp.Rational(1, 2), "h": 1, "rest": sp.Rational(1, 3)}
    for start in (0, 1, 7):
        assert abs(form.exact(**numbers, v=start, t=60) - sp.Rational(1, 3)) < 1e-30


def test_a_recursion_of_another_start_is_refused():
    form = FORMS["quadratic.variance"]
    wrong = form.expression.subs(v, v + 1)
    start, t = sp.Symbol("start", real=True), sp.Symbol("t", integer=True, nonnegative=True)
    for value, holds in ((form.expression, True), (wrong, False)):
        value = value.subs({rest: 0 for rest in value.free_symbols if rest.name == "rest"})
        recursion = Iterate((1 - eta * h) ** 2 * v, v, start, t)
        value = value.subs(v, start)
        assert Derivation.begin("", recursion, value, Induction(value, t)).steps[0].holds() is holds


def test_an_equation_with_several_solutions_is_refused():
    # v' = v (1 - v) has two fixed points; v' = sqrt(v) two solutions from 0.
    state = sp.Symbol("state", nonnegative=True)
    for rate in (state * (1 - state), sp.sqrt(state)):
        chain = Derivation.begin("0", Flow(rate, state, 0, tau), 0, Follows(sp.Integer(0), tau))
        (line,) = chain.failures()
        assert "is not linear in state" in line


@pytest.mark.parametrize("name", ["sde_mean", "sde_variance_at"])
def test_a_wrong_exponent_or_start_is_noticed(name):
    chain = FORMS[f"quadratic.{name}"].derivation
    for wrong in (chain.result.subs(tau, 2 * tau), chain.result + sp.exp(-h * tau)):
        last = chain.steps[-1]
        assert not type(last)(last.reason, last.before, wrong, last.rules).holds()


@pytest.mark.parametrize("name", ["stationary_covariance", "sde_covariance"])
def test_the_fixed_point_is_the_only_root(name):
    reasons = [step.reason for step in FORMS[f"quadratic.{name}"].derivation.steps]
    assert "the only root" in reasons[0]
    # No step that only repeats the result under a new name.
    assert not {"and it is the only one", "and nowhere else"} & set(reasons)

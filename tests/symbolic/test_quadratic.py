"""The closed forms of the noisy quadratic are those of the theory brief."""

import pytest
import sympy as sp

from whichmin.symbolic import closed_form
from whichmin.symbolic.quadratic import quadratic_forms

FORMS = {form.id: form for form in quadratic_forms()}
B, eta, g, h, s, tau, v, x = (
    {str(a): a for f in FORMS.values() for a in f.expression.free_symbols}[name]
    for name in ("B", "eta", "g", "h", "s", "tau", "v", "x")
)


def same(name, expected):
    return sp.simplify(FORMS[f"quadratic.{name}"].expression - expected) == 0


@pytest.mark.parametrize("name", FORMS)
def test_every_derivation_holds(name):
    assert FORMS[name].failures() == []
    assert closed_form(name) is FORMS[name]


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
    start = type(form.derivation).begin("start", v, wrong, {sp.Symbol("t"): 0})
    assert not start.steps[0].holds()

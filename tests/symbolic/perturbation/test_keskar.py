import math

import pytest
import sympy as sp

from whichmin.symbolic.perturbation.keskar import (
    active_energy,
    eps,
    largest_norm,
    metric,
    percent,
    s,
    small,
    small_difference,
    threshold,
)  # fmt: skip
from whichmin.symbolic.symbols import k, m, n


def test_energies_are_those_of_the_theory():
    # Linear vertex: q = (1 + 2 eps)^2 + (m - 1) eps^2; dense: m (1/sqrt m + eps (1/sqrt m + 1))^2.
    linear = active_energy().expression.subs(k, m)
    assert sp.expand(linear.subs(s, 1) - (1 + 2 * eps) ** 2 - (m - 1) * eps**2) == 0
    dense = m * (1 / sp.sqrt(m) + eps * (1 / sp.sqrt(m) + 1)) ** 2
    assert sp.simplify(sp.expand(linear.subs(s, sp.sqrt(m)) - dense)) == 0
    relu = active_energy().expression.subs({k: 1, s: 1})
    assert sp.expand(relu - (1 + 2 * eps) ** 2) == 0


def test_small_box_ratios_are_those_of_the_theory():
    form = small().expression
    vertex = form.subs({k: 1, s: 1})
    dense = form.subs(s, sp.sqrt(k))
    expected = (4 * (sp.sqrt(k) + 1) ** 2 + n - k) / (16 + n - 1)
    assert sp.simplify(dense / vertex - expected) == 0
    linear = form.subs(k, m)
    ratio = linear / linear.subs(s, 1)
    assert sp.simplify(ratio - (4 * (s + 1) ** 2 + n - m) / (16 + n - m)) == 0


def test_the_written_out_metric_is_the_composed_one():
    q, norm = sp.Symbol("q_max", positive=True), sp.Symbol("N", nonnegative=True)
    composed = percent().expression.subs({
        q: active_energy().expression, norm: largest_norm().expression
    })  # fmt: skip
    assert sp.expand(composed - metric(k, s)) == 0


def test_metric_by_hand():
    # m = n = 2, eps = 1/10, linear, w = (1, 0): q = 1.44 + 0.01, 100 * 0.45^2 / 5.
    value = metric(m, sp.Integer(1)).subs({m: 2, n: 2, eps: sp.Rational(1, 10)})
    assert float(value) == pytest.approx(4.05)


def test_the_ranking_turns_where_the_difference_vanishes():
    edge = float(sp.nsolve(small_difference().expression.subs({k: 2, m: 2}), s, 1.05))
    assert edge == pytest.approx(math.sqrt(4.25) - 1)
    assert float(threshold()(n=1, s=1.0)) == pytest.approx((math.sqrt(2) - 1) / 2)

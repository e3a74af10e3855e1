import random

import pytest
import sympy as sp

from whichmin.symbolic.landscape.neuron import (
    U,
    Y,
    over_data,
    per_sample,
    sample_derivative,
    sample_loss,
    sample_second_derivative,
    sum_over_data,
    x,
)
from whichmin.symbolic.symbols import N, c, i, m, sigma

HALF = sp.Rational(1, 2)


def rationals(seed, count):
    generator = random.Random(seed)
    return [sp.Rational(generator.randint(-9, 9), 5) for _ in range(count)]


def unit_point(seed):
    # (3, 4, 0)/5 up to order and signs: exactly of unit length.
    generator = random.Random(seed)
    entries = [sp.Rational(3, 5), sp.Rational(4, 5), sp.Integer(0)]
    generator.shuffle(entries)
    return sp.Matrix([generator.choice((1, -1)) * e for e in entries])


def test_ids_in_order():
    ids = [form.id for form in per_sample()]
    assert ids == [f"model.{n}" for n in ("sample_loss", "sample_derivative",
                                          "sample_second_derivative")]  # fmt: skip


def test_loss_of_the_theory():
    assert sp.simplify(sample_loss().expression - HALF - (N - 2) * sigma * c**2 / 2) == 0
    assert sample_loss().exact(sigma=0) == HALF


def test_gradient_of_the_theory():
    # grad l_i = (N - 2) c a + c^2 w, active; nothing when inactive
    expected = (N - 2) * c * x + c**2 * Y
    assert sp.simplify(sample_derivative().expression - sigma * expected) == 0


def test_squared_gradient_norm_of_the_theory():
    # |p a + q w|^2 with |a| = 1, <a, w> = c, |w|^2 = N
    form = sp.expand(sample_derivative().expression.subs(sigma, 1))
    p, q = form.coeff(x), form.coeff(Y)
    assert p != 0
    assert q != 0
    norm = p**2 + 2 * p * q * c + q**2 * N
    assert sp.simplify(norm - c**2 * ((N - 2) ** 2 + (3 * N - 4) * c**2)) == 0


@pytest.mark.parametrize("slope", [0, 1])
@pytest.mark.parametrize("seed", range(3))
def test_loss_and_derivatives_along_a_line_in_exact_numbers(seed, slope):
    a, t = unit_point(seed), sp.Symbol("t")
    w, u = (sp.Matrix(rationals(seed + offset, 3)) for offset in (10, 20))
    moved = w + t * u
    residual = a - moved * slope * moved.dot(a)
    along = sp.expand(residual.dot(residual) / 2)
    values = {"c": w.dot(a), "N": w.dot(w), "sigma": slope}
    assert sample_loss().exact(**values) == along.subs(t, 0)
    values |= {"x": a.dot(u), "Y": w.dot(u)}
    first = {name: values[name] for name in sample_derivative().arguments}
    assert sample_derivative().exact(**first) == along.diff(t).subs(t, 0)
    values["U"] = u.dot(u)
    second = {name: values[name] for name in sample_second_derivative().arguments}
    assert sample_second_derivative().exact(**second) == along.diff(t, 2).subs(t, 0)


def test_second_derivative_is_the_hessian_of_the_theory_for_one_point():
    # <u, H u> with H = (N-2) a a' + 2 (w c a' + c a w') + c^2 I
    expected = (N - 2) * x**2 + 4 * c * x * Y + c**2 * U
    assert sp.simplify(sample_second_derivative().expression - sigma * expected) == 0


def test_over_data_indexes_what_belongs_to_a_point_and_nothing_else():
    indexed = over_data(sigma * c * x + N * Y)
    bases = {str(e.base) for e in indexed.atoms(sp.Indexed)}
    assert bases == {"sigma", "c", "x"}
    assert {N, Y} <= indexed.free_symbols
    assert not {c, sigma, x} & indexed.free_symbols


def test_sum_over_data_has_m_terms():
    total = sum_over_data(sigma * c**2)
    assert total.limits == ((i, 1, m),)
    three = total.subs(m, 3).doit()
    assert len(three.args) == 3
    squares, slopes = sp.IndexedBase("c"), sp.IndexedBase("sigma")
    assert three == sum(slopes[p] * squares[p] ** 2 for p in (1, 2, 3))

"""The laws on a network written out by hand, one entry at a time."""

import sympy as sp

from whichmin.symbolic.rescaling.layers import (
    gradient_scale,
    keskar_neuron,
    least_trace,
    log_determinant,
    relative_flatness,
    trace,
    untied_least_trace,
    untied_trace,
)

r = sp.Symbol("r", positive=True)


def network():
    """Two hidden units on active pieces, one input, one output, loss of order 4 in the weights."""
    a, b, c, d = sp.symbols("a b c d", positive=True)
    loss = (a * c + b * d - 1) ** 2 / 2 + (2 * a * c - b * d) ** 4 / 24
    return (a, b, c, d), loss


def test_trace_gradient_and_determinant_of_a_network_written_out():
    (a, b, c, d), loss = network()
    point = {a: 2, b: sp.Rational(1, 3), c: -1, d: 5}
    moved = {a: 2 * r, b: r / 3, c: -1 / r, d: 5 / r}
    H = sp.hessian(loss, (a, b, c, d))
    here, there = H.subs(point), H.subs(moved)
    T1, T2 = here[0, 0] + here[1, 1], here[2, 2] + here[3, 3]
    assert sp.simplify(there.trace() - trace().exact(T1=T1, T2=T2, r=r)) == 0
    slope = sp.diff(loss, a)
    told = gradient_scale().exact(slope=slope.subs(point), r=r)
    assert sp.simplify(slope.subs(moved) - told) == 0
    # Two parameters in each layer: the determinant stays.
    assert sp.simplify(there.det() - here.det()) == 0
    assert log_determinant().exact(n1=2, n2=2, logdet=7, r=3) == 7
    assert log_determinant().exact(n1=2, n2=3, logdet=7, r=3) == 7 + 2 * sp.log(3)


def test_relative_flatness_does_not_see_the_scale():
    assert r not in relative_flatness().expression.free_symbols


def test_least_trace_is_where_the_blocks_agree():
    along = trace().exact(T1=16, T2=1, r=r)
    assert along.subs(r, 2) == least_trace().exact(T1=16, T2=1) == 8
    assert sp.diff(along, r).subs(r, 2) == 0


def test_untied_neuron():
    assert untied_trace().exact(n=8, m=4, k=4, kappa=0, r=1) == 3
    assert untied_trace().exact(n=8, m=4, k=1, kappa=1, r=1) == 3
    # SGD's minimum, k = 1, is the flatter one here at r = 1 and kappa = 0.
    assert untied_trace().exact(n=8, m=4, k=1, kappa=0, r=1) < 3
    assert untied_least_trace().exact(n=16, m=4, k=1) == 2


def test_keskars_metric_is_least_at_the_balanced_neuron():
    eps = sp.Rational(1, 10)
    form = keskar_neuron()
    # The corner itself, and the least sum of u and v = 1/u.
    corner = (1 + 2 * eps) ** 2
    assert form.exact(epsilon=eps, total=2) == 50 * (corner - 1) ** 2
    assert form.exact(epsilon=eps, total=2) < form.exact(epsilon=eps, total=r + 1 / r).subs(r, 2)

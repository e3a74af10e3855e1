import numpy as np
import pytest
import sympy as sp

from whichmin.symbolic.hessian.trace import (
    autograd_trace_at_iterate,
    linear_trace_at_minimum,
    second_derivative,
    trace,
    trace_at_minimum,
    trace_difference,
)


def test_published_table_under_the_mean_convention():
    # Theorem 13: (2n + 8 - m - |S+|) / 2m at GD's minimum, (2n + 7 - m) / 2m at SGD's.
    n, m, k = (s for name in "nmk" for s in trace_at_minimum().expression.free_symbols
               if str(s) == name)  # fmt: skip
    mean = trace_at_minimum().exact(kappa=sp.Rational(1, 2))
    assert sp.simplify(mean - (2 * n + 8 - m - k) / (2 * m)) == 0
    assert sp.simplify(mean.subs(k, 1) - (2 * n + 7 - m) / (2 * m)) == 0


def test_special_cases_agree():
    at = {"n": 9, "m": 4}
    assert trace_at_minimum()(**at, k=4, kappa=0.3) == linear_trace_at_minimum()(**at)
    difference = trace_at_minimum()(**at, k=1, kappa=0) - trace_at_minimum()(**at, k=3, kappa=0)
    assert trace_difference()(m=4, k=3, kappa=0) == difference
    # the iterate is what kappa = 0 says of the k points that started positive
    assert autograd_trace_at_iterate()(**at, k=3) == trace_at_minimum()(**at, k=3, kappa=0)


@pytest.mark.parametrize("seed", range(3))
def test_trace_is_the_sum_of_the_quadratic_form_over_a_basis(seed):
    m, n = 3, 5
    w = np.random.default_rng(seed).normal(size=n)
    N, C = w @ w, w[:m] @ w[:m]
    total = 0.0
    for u in np.eye(n):
        total += second_derivative()(
            N=N, C=C, P=u[:m] @ u[:m], X=w[:m] @ u[:m], Y=w @ u, U=1.0, m=m
        )
    # a dozen roundings of numbers below 100
    assert total == pytest.approx(trace()(N=N, C=C, k=m, z=0, kappa=0, n=n, m=m), abs=1e-12)

import numpy as np
import pytest
import sympy as sp

from whichmin.symbolic.hessian.trace import (
    AT_MINIMUM,
    P,
    autograd_trace_at_iterate,
    linear_trace_at_minimum,
    second_derivative,
    sharpness_forms,
    trace_at_minimum,
    trace_at_point,
    trace_difference,
)
from whichmin.symbolic.symbols import C, N, k, kappa, m, n, z


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
    assert total == pytest.approx(
        trace_at_point()(N=N, C=C, k=m, z=0, kappa=0, n=n, m=m), abs=1e-12
    )


W = sp.Matrix(sp.symbols("w1:5", real=True))


@pytest.mark.parametrize("points", [1, 2, 4])
def test_hessian_of_the_theory_entry_by_entry(points):
    # H = [(N-2) P + 2 (w (Pw)' + (Pw) w') + C I]/m
    span = sp.diag(*[1] * points, *[0] * (4 - points))
    projected = span * W
    norm, energy = W.dot(W), projected.dot(W)
    H = ((norm - 2) * span + 2 * (W * projected.T + projected * W.T) + energy * sp.eye(4)) / points
    u = sp.Matrix(sp.symbols("u1:5", real=True))
    names = {str(s): s for s in second_derivative().expression.free_symbols}
    form = second_derivative().expression.subs({
        P: (span * u).dot(u),
        names["X"]: projected.dot(u),
        names["Y"]: W.dot(u),
        names["U"]: u.dot(u),
        N: norm,
        C: energy,
        m: points,
    })
    assert sp.expand(form - (u.T * H * u)[0]) == 0
    predicted = trace_at_point().expression.subs({
        N: norm,
        C: energy,
        k: points,
        z: 0,
        n: 4,
        m: points,
    })
    assert sp.expand(predicted - H.trace()) == 0
    # the linear loss has this Hessian
    loss = sp.Rational(1, 2) + (norm - 2) * energy / (2 * points)
    assert sp.expand(sp.hessian(loss, list(W)) - H) == sp.zeros(4, 4)


def test_traces_of_the_theory():
    general = ((N - 2) * (k + kappa * z) + (n + 4) * C) / m
    assert sp.simplify(trace_at_point().expression - general) == 0
    at_minimum = (n + 4 - k - kappa * (m - k)) / m
    assert sp.simplify(trace_at_minimum().expression - at_minimum) == 0
    assert sp.simplify(linear_trace_at_minimum().expression - (n + 4 - m) / m) == 0
    assert sp.simplify(autograd_trace_at_iterate().expression - (n + 4 - k) / m) == 0


def test_trace_gap_from_the_two_minima():
    at_minimum = (n + 4 - k - kappa * (m - k)) / m
    gap = at_minimum.subs(k, 1) - at_minimum
    assert sp.simplify(trace_difference().expression - gap) == 0
    assert trace_difference().exact(kappa=1) == 0
    assert trace_difference().exact(k=1) == 0


def test_trace_is_the_sum_of_the_spectrum_of_the_theory():
    families = [(4 / m, 1), (0, k - 1), ((1 - kappa) / m, m - k), (1 / m, n - m)]
    total = sum(value * count for value, count in families)
    assert sp.simplify(trace_at_minimum().expression - total) == 0


def test_autograd_sees_no_gap():
    # the same k = |S+| for GD and SGD: what it returns does not know which minimum it is at
    assert autograd_trace_at_iterate().arguments == ("k", "m", "n")
    assert autograd_trace_at_iterate().exact(n=32, m=8, k=5) == sp.Rational(31, 8)


def test_at_minimum_is_what_the_theory_says_of_a_minimum():
    assert AT_MINIMUM[N] == AT_MINIMUM[C] == 1
    assert sp.expand(AT_MINIMUM[z] - (m - k)) == 0
    assert sp.simplify(
        trace_at_point().expression.subs(AT_MINIMUM) - trace_at_minimum().expression
    ) == 0  # fmt: skip


def test_ids():
    ids = [form.id for form in sharpness_forms()]
    assert len(ids) == len(set(ids)) == 6
    assert all(name.startswith("sharpness.") for name in ids)

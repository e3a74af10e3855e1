import sympy as sp

from whichmin.symbolic.hessian.trace import trace_at_minimum
from whichmin.symbolic.perturbation.sam import (
    antiderivatives,
    c,
    d,
    gaussian_coordinate,
    gaussian_difference,
    r,
    sphere,
    sphere_difference,
    t,
    worst,
)  # fmt: skip
from whichmin.symbolic.symbols import k, kappa, m, n


def test_worst_case_is_that_of_the_theory():
    assert sp.expand(worst().expression - (2 * r + r**2) ** 2 / (2 * m)) == 0


def test_for_small_radii_the_mean_rise_is_the_trace_at_kappa_one_half():
    leading = sp.diff(sphere().expression, r, 2).subs(r, 0) / 2
    trace = trace_at_minimum().expression.subs(kappa, sp.Rational(1, 2))
    assert sp.simplify(leading - trace / (2 * n)) == 0


def test_antiderivatives_are_antiderivatives():
    density = sp.exp(-(t**2) / 2) / sp.sqrt(2 * sp.pi)
    for power, form in antiderivatives().items():
        assert sp.simplify(sp.diff(form, t) - (c + d * t) ** power * density) == 0


def test_where_the_sign_of_the_difference_turns():
    assert sphere_difference().expression.subs(r, 1) == 0
    assert gaussian_difference().expression.subs(d, 1 / sp.sqrt(n + 2)).simplify() == 0
    assert sphere_difference()(k=3, m=4, n=6, r=0.5) > 0
    assert sphere_difference()(k=1, m=4, n=6, r=0.5) == 0


def test_linear_is_the_case_of_all_points_active():
    linear = sphere().expression.subs(k, m)
    assert sp.simplify(linear - r**2 * (n - m + 4 + m * r**2) / (2 * m * n)) == 0
    # Without kinks, F = 1 and G = 0, a coordinate adds the moments of a normal variable.
    plain = gaussian_coordinate().expression.subs({"F": 1, "G": 0})
    moments = (c**4 + 6 * c**2 * d**2 + 3 * d**4) + (c**2 + d**2) * (n * d**2 - d**2 - c**2 - 1)
    names = {str(x): x for x in gaussian_coordinate().expression.free_symbols}
    plain = gaussian_coordinate().expression.subs({names["F"]: 1, names["G"]: 0})
    assert sp.expand(plain - moments) == 0

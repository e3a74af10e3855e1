import sympy as sp

from whichmin.symbolic import closed_forms

FORMS = closed_forms()
SYMBOLS = {str(s): s for f in FORMS.values() for s in f.expression.free_symbols}
n, m, k, kappa, N, C, R, S, b, eta, alpha, mu, z = (
    SYMBOLS[x] for x in ("n", "m", "k", "kappa", "N", "C", "R", "S", "b", "eta", "alpha", "mu", "z")
)


def same(name, expected):
    return sp.simplify(FORMS[name].expression - expected) == 0


def test_ids_are_topic_and_quantity():
    for name, form in FORMS.items():
        assert form.id == name
        assert name.count(".") == 1
        assert name.split(".")[0] in {
            "model", "landscape", "sharpness", "keskar", "sam", "flatness", "noise", "dynamics",
            "selection", "quadratic", "scaling", "critical", "stationary", "reparameterisation",
            "layerwise", "posterior",
        }  # fmt: skip


def test_landscape_is_that_of_the_theory():
    assert same("landscape.loss", sp.Rational(1, 2) + (N - 2) * C / (2 * m))
    assert same("landscape.minimum", sp.Rational(1, 2) - 1 / (2 * m))
    assert same("landscape.gap", ((1 - C) ** 2 + C * R) / (2 * m))
    # M = m^2 |grad|^2 / C = 4 (1 - C)^2 + R (R + 5 C - 4)
    energy = FORMS["landscape.gradient_energy"].expression.subs(N, C + R) * m**2 / C
    assert sp.simplify(energy - (4 * (1 - C) ** 2 + R * (R + 5 * C - 4))) == 0


def test_sharpness_is_that_of_the_theory():
    assert same("sharpness.trace_at_minimum", (n + 4 - k - kappa * (m - k)) / m)
    assert same("sharpness.linear_trace_at_minimum", (n - m + 4) / m)
    assert same("sharpness.trace_difference", (1 - kappa) * (k - 1) / m)
    assert same("sharpness.autograd_trace_at_iterate", (n + 4 - k) / m)
    expected = {
        "top": (4 / m, 1),
        "flat": (0, k - 1),
        "kink": ((1 - kappa) / m, m - k),
        "off_span": (1 / m, n - m),
    }
    for family, (value, count) in expected.items():
        assert same(f"sharpness.minimum_{family}", value)
        assert same(f"sharpness.minimum_count_{family}", count)


def test_dynamics_is_that_of_the_theory():
    s, g = 1 - alpha * S, alpha * (2 - N)
    assert same("dynamics.active_factor", s + mu * g)
    assert same("dynamics.inactive_factor", s)
    assert same("dynamics.gd_radial_rate", 1 - 4 * eta / m)
    assert same("dynamics.gd_off_span_rate", 1 - eta / m)
    rate = FORMS["dynamics.separation_rate"].expression
    expected = b * (m - b) / (m * (m - 1)) * sp.log(1 - alpha**2)
    for numbers in ({m: 8, b: 3, alpha: sp.Rational(1, 7)}, {m: 2, b: 1, alpha: sp.Rational(1, 5)}):
        assert sp.simplify(sp.logcombine((rate - expected).subs(numbers), force=True)) == 0
    assert same("dynamics.sgd_off_span_rate", b / m * sp.log(1 - alpha))
    assert same("dynamics.sgd_radial_rate", b / m * sp.log(sp.Abs(1 - 4 * alpha)))

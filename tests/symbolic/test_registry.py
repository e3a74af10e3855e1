import pathlib
import re
import subprocess
import sys

import pytest
import sympy as sp

from whichmin import symbolic
from whichmin.errors import InputError
from whichmin.symbolic import closed_form, closed_forms, landscape
from whichmin.symbolic.hessian import flatness_forms, sharpness_forms, spectrum_forms
from whichmin.symbolic.landscape import per_sample
from whichmin.symbolic.registry import derives

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


def test_unknown_name_lists_every_known_one():
    with pytest.raises(InputError) as caught:
        closed_form("landscape.los")
    assert caught.value.argument == "name"
    assert caught.value.value == "'landscape.los'"
    listed = caught.value.allowed.removeprefix("must be one of: ").split(", ")
    assert listed == list(closed_forms())


def test_every_form_is_found_by_its_topic():
    topics = {form.topic for form in closed_forms().values()}
    found = [name for topic in sorted(topics) for name in closed_forms(topic)]
    assert found == list(closed_forms())
    assert set(closed_forms("hessian")) == {
        form.id for form in (*sharpness_forms(), *spectrum_forms(), *flatness_forms())
    }
    assert closed_forms("landscape")["model.sample_loss"] is per_sample()[0]


@pytest.mark.parametrize("topic", ["curvature", "", "registry"])
def test_an_unknown_topic_lists_every_known_one(topic):
    with pytest.raises(InputError, match=r"topic = .* must be None or one of: descent, hessian,"):
        closed_forms(topic)


def test_the_modules_of_a_topic_are_discovered_whatever_was_imported():
    folder = pathlib.Path(symbolic.__file__).parent
    written = sum(p.read_text("utf-8").count("\n@derives(") for p in folder.rglob("*.py"))
    assert len(closed_forms()) == written


def test_one_form_is_derived_without_the_others():
    code = (
        "from whichmin.symbolic import closed_form, registry\n"
        "closed_form('sharpness.linear_trace_at_minimum')\n"
        "print(sum(form.cache_info().currsize for form in registry._FORMS.values()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # With the second derivative, the trace and the trace at a minimum, and those of one sample.
    assert int(done.stdout) <= 6


def test_an_id_is_given_once():
    with pytest.raises(InputError, match=r"name = 'landscape.loss'.*must be new"):
        derives("landscape.loss", "nowhere")(landscape.gap.__wrapped__)


def test_names_of_the_former_modules_can_be_imported():
    for package, name in (
        (symbolic.landscape, "landscape_forms"),
        (symbolic.noise, "noise_forms"),
        (symbolic.quadratic, "stationary_variance"),
        (symbolic.selection, "selection_forms"),
    ):
        assert callable(getattr(package, name))


def test_the_registry_cannot_be_written_to():
    with pytest.raises(TypeError):
        closed_forms()["landscape.loss"] = closed_form("landscape.gap")
    assert closed_form("landscape.loss").id == "landscape.loss"


@pytest.mark.parametrize("name", closed_forms())
def test_names_are_plain_words(name):
    assert re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*", name)
    statement = closed_form(name).statement
    assert "\n" not in statement
    assert not statement.endswith(".")

"""Of every check on rescaled layers, layer-wise steps and posteriors a false version is caught."""

import pytest

from whichmin.verification.topics import all_checks
from whichmin.verification.topics.rescaling import digits, layerwise

CHECKS = {c.id: c for c in all_checks() if c.topic == "rescaling"}
DIGITS = CHECKS["reparameterisation.digits"]
# Every closed form of these checks is made wrong.
NAMES = (
    "reparameterisation.chain_rule", "reparameterisation.least_trace", "reparameterisation.untied",
    "reparameterisation.keskar", "layerwise.relative_steps", "layerwise.noise",
    "posterior.gaussian", "posterior.wider",
)  # fmt: skip
FORMS = [(name, form) for name in NAMES for form in CHECKS[name].forms]


@pytest.mark.parametrize(("check", "form"), FORMS)
def test_a_slightly_wrong_form_is_caught(check, form, caught, altered):
    # Divergences are compared with searches that stop at the root of rounding.
    factor = 1.001 if check.startswith("posterior.") else 1.000001
    caught(CHECKS[check], altered(form, lambda e: e * factor), form, examples=3)


@pytest.mark.parametrize("name", layerwise.BROKEN)
def test_a_rule_that_notices_the_scale_is_caught(name, monkeypatch, caught):
    monkeypatch.setattr(layerwise, "KEPT", {name: layerwise.BROKEN[name]})
    caught(CHECKS["layerwise.equivariant"], says=name, examples=2)


@pytest.mark.parametrize("name", layerwise.KEPT)
def test_a_rule_that_does_not_notice_is_not_refuted(name, monkeypatch, caught):
    monkeypatch.setattr(layerwise, "BROKEN", {name: layerwise.KEPT[name]})
    caught(CHECKS["layerwise.not_equivariant"], says=name)


def test_a_wrong_law_is_caught_on_digits(caught, altered):
    pytest.importorskip("sklearn")
    wrong = altered("reparameterisation.trace", lambda e: e * 1.000001)
    caught(DIGITS, wrong, "reparameterisation.digits: trace, r = ")


def test_training_on_digits_ends_near_a_minimum():
    pytest.importorskip("sklearn")
    inputs, targets, held, wanted = digits.digits()
    slopes = digits.gradients(*digits.trained(0), inputs, targets)
    assert max(float(g.norm()) for g in slopes) < 0.01
    right = digits.network(*digits.trained(0), held).argmax(1) == wanted.argmax(1)
    assert float(right.double().mean()) > 0.7


def test_other_factors_of_taylors_formula_and_of_the_mean_rise_are_caught(caught):
    caught(CHECKS["flatness.remainder"].changed(weight=2), says="rise above the tangent")
    caught(CHECKS["flatness.random_move"].changed(share="1/3"), says="1 rows")

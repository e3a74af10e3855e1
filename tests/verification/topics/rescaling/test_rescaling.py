"""Of every check on rescaled layers, layer-wise steps and posteriors a false version is caught."""

import pytest

from whichmin.verification.evidence.check import checks_of
from whichmin.verification.topics.rescaling import digits, layers, layerwise, posterior

CHECKS = {c.id: c for c in checks_of(digits, layers, layerwise, posterior)}
DIGITS = CHECKS["reparameterisation.digits"]
FORMS = [(c.id, form) for c in CHECKS.values() if c is not DIGITS for form in c.forms]


@pytest.mark.parametrize(("check", "form"), FORMS)
def test_a_slightly_wrong_form_is_caught(check, form, caught, altered):
    # Divergences are compared with searches that stop at the root of rounding.
    factor = 1.001 if check.startswith("posterior.") else 1.000001
    caught(CHECKS[check], altered(form, lambda e: e * factor), form, examples=3)


def test_no_wider_than_the_prior_is_no_counterexample(caught):
    caught(CHECKS["posterior.wider"].changed(deviation=1.0), says="claimed as low as at 1")


def test_in_one_unit_both_ratios_agree(caught):
    caught(CHECKS["layerwise.lamb_ratio"].changed(unit=1.0), says="by weights over gradient")


@pytest.mark.parametrize("name", layerwise.BROKEN)
def test_a_rule_that_notices_the_scale_is_caught(name, monkeypatch, caught):
    monkeypatch.setattr(layerwise, "KEPT", {name: layerwise.BROKEN[name]})
    caught(CHECKS["layerwise.equivariant"], says=name, examples=2)


@pytest.mark.parametrize("name", layerwise.KEPT)
def test_a_rule_that_does_not_notice_is_not_refuted(name, monkeypatch, caught):
    monkeypatch.setattr(layerwise, "BROKEN", {name: layerwise.KEPT[name]})
    caught(CHECKS["layerwise.not_equivariant"], says=name)


@pytest.mark.parametrize("name", layers.LEMMAS)
def test_a_false_lemma_is_caught(name, caught_lemmas):
    pytest.importorskip("z3")
    caught_lemmas(CHECKS[name], layers, "LEMMAS", name)


def test_layers_of_digits_scaled_by_different_powers_are_caught(caught):
    pytest.importorskip("sklearn")
    caught(DIGITS.changed(second_power=2.0), says="outputs on held-out digits")


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


def test_all_are_covered():
    named = {
        "posterior.wider", "layerwise.lamb_ratio", "layerwise.equivariant",
        "layerwise.not_equivariant", "reparameterisation.digits",
        "reparameterisation.homogeneous", "reparameterisation.least",
        "reparameterisation.tied", "reparameterisation.corner",
    }  # fmt: skip
    assert set(layers.LEMMAS) <= named
    assert {check for check, _ in FORMS} | named == set(CHECKS)

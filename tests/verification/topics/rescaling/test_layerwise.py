"""Of every check on layer-wise steps a false version is caught."""

import dataclasses

import pytest

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.rescaling import layerwise

CHECKS = {c.id: c for c in checks_of(layerwise)}
PRODUCT = Subject()


def caught(check, subject=PRODUCT, says=""):
    evidence = run_check(check, subject, Settings(examples=2))
    assert not evidence.holds
    assert evidence.message.startswith(check.id)
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"
    assert says in evidence.message


@pytest.mark.parametrize(
    ("check", "form"), [(c.id, form) for c in checks_of(layerwise) for form in c.forms]
)
def test_a_form_off_by_a_millionth_is_caught(check, form):
    right = PRODUCT.forms[form]
    wrong = dataclasses.replace(right, expression=right.expression * 1.000001)
    caught(CHECKS[check], PRODUCT.with_form(wrong), form)


def test_all_are_covered():
    by_forms = {"layerwise.relative_steps", "layerwise.noise"}
    assert {c.id for c in checks_of(layerwise) if c.forms} == by_forms
    others = {"layerwise.equivariant", "layerwise.not_equivariant", "layerwise.lamb_ratio"}
    assert set(CHECKS) == by_forms | others


def test_in_one_unit_both_ratios_agree():
    caught(CHECKS["layerwise.lamb_ratio"].changed(unit=1.0), says="by weights over gradient")


@pytest.mark.parametrize("name", layerwise.BROKEN)
def test_a_rule_that_notices_the_scale_is_caught(name, monkeypatch):
    monkeypatch.setattr(layerwise, "KEPT", {name: layerwise.BROKEN[name]})
    caught(CHECKS["layerwise.equivariant"], says=name)


@pytest.mark.parametrize("name", layerwise.KEPT)
def test_a_rule_that_does_not_notice_is_not_refuted(name, monkeypatch):
    monkeypatch.setattr(layerwise, "BROKEN", {name: layerwise.KEPT[name]})
    caught(CHECKS["layerwise.not_equivariant"], says=name)

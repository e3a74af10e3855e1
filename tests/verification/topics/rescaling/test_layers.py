"""Of every check on rescaled layers a false version is caught."""

import dataclasses

import pytest

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.rescaling import layers as reparameterisation

CHECKS = {c.id: c for c in checks_of(reparameterisation)}
PRODUCT = Subject()


def caught(check, subject=PRODUCT, says=""):
    evidence = run_check(check, subject, Settings(examples=2))
    assert not evidence.holds
    assert evidence.message.startswith(check.id)
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"
    assert says in evidence.message


@pytest.mark.parametrize(
    ("check", "form"), [(c.id, form) for c in checks_of(reparameterisation) for form in c.forms]
)
def test_a_form_off_by_a_millionth_is_caught(check, form):
    right = PRODUCT.forms[form]
    wrong = dataclasses.replace(right, expression=right.expression * 1.000001)
    caught(CHECKS[check], PRODUCT.with_form(wrong), form)


CAUGHT_BY_FORMS = {
    "reparameterisation.chain_rule",
    "reparameterisation.least_trace",
    "reparameterisation.untied",
    "reparameterisation.keskar",
}


def test_all_are_covered():
    assert set(CHECKS) == CAUGHT_BY_FORMS == {c.id for c in CHECKS.values() if c.forms}

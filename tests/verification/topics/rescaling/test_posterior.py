"""Of every check on PAC-Bayes a false version is caught."""

import dataclasses

import pytest

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.rescaling import posterior

CHECKS = {c.id: c for c in checks_of(posterior)}
PRODUCT = Subject()


def caught(check, subject, says):
    evidence = run_check(check, subject, Settings(examples=3 if check.cases else None))
    assert not evidence.holds
    assert evidence.message.startswith(check.id)
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"
    assert says in evidence.message


@pytest.mark.parametrize(
    ("check", "form"), [(c.id, form) for c in checks_of(posterior) for form in c.forms]
)
def test_a_form_off_by_a_thousandth_is_caught(check, form):
    right = PRODUCT.forms[form]
    wrong = dataclasses.replace(right, expression=right.expression * 1.001)
    caught(CHECKS[check], PRODUCT.with_form(wrong), form)


def test_no_wider_than_the_prior_is_no_counterexample():
    check = CHECKS["posterior.wider"].changed(deviation=1.0)
    caught(check, PRODUCT, "claimed as low as at 1")


def test_all_are_covered():
    assert {"posterior.gaussian", "posterior.wider"} == set(CHECKS)
    assert all(check.forms for check in CHECKS.values())

"""The checks of flatness notice wrong closed forms, determinants and instruments."""

import dataclasses

import numpy as np
import pytest

from whichmin.core.hessian import LogDeterminant
from whichmin.tables import sharpness_instruments
from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.hessian import flatness

CHECKS = {c.id: c for c in checks_of(flatness)}


PRODUCT = Subject()


def outcome(name, subject=PRODUCT, examples=10):
    return run_check(CHECKS[name], subject, Settings(examples=examples))


def seen_to_fail(evidence):
    assert not evidence.holds
    assert evidence.message.startswith(evidence.check)
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"


@pytest.mark.parametrize("name", CHECKS)
def test_holds(name):
    evidence = outcome(name)
    assert evidence.holds, evidence.message


def test_a_wrong_closed_form_is_caught():
    form = PRODUCT.forms["flatness.log_determinant_difference"]
    wrong = PRODUCT.with_form(dataclasses.replace(form, expression=form.expression * 1.001))
    seen_to_fail(outcome("measures.log_determinant", subject=wrong, examples=25))


@pytest.mark.parametrize("change", [{"value": 0.1}, {"directions": 1}])
def test_a_wrong_determinant_is_caught(monkeypatch, change):
    right = flatness.log_determinant

    def wrong(*args, **options):
        found = right(*args, **options)
        moved = {name: getattr(found, name) + by for name, by in change.items()}
        return dataclasses.replace(found, **moved)

    assert isinstance(right(np.eye(2)[0], np.eye(2)), LogDeterminant)
    monkeypatch.setattr(flatness, "log_determinant", wrong)
    seen_to_fail(outcome("measures.log_determinant"))


def scaled(function, attribute, factor):
    def wrong(*args, **options):
        right = function(*args, **options)
        return dataclasses.replace(right, **{attribute: getattr(right, attribute) * factor})

    return wrong


# A search is caught if it reports what does not occur; that it finds less is shown, not judged.
@pytest.mark.parametrize(("tool", "attribute", "says"), [
    ("estimate_trace", "value", "trace"),
    ("extreme_eigenvalues", "values", "top eigenvalue"),
    ("keskar_sharpness", "value", "Keskar"),
    ("worst_sharpness", "value", "SAM"),
])  # fmt: skip
def test_a_wrong_instrument_is_caught(monkeypatch, tool, attribute, says):
    right = getattr(sharpness_instruments, tool)
    monkeypatch.setattr(sharpness_instruments, tool, scaled(right, attribute, 1.2))
    evidence = outcome("instruments.sharpness")
    assert not evidence.holds
    assert says in evidence.message


@pytest.mark.parametrize("tool", ["keskar_sharpness", "worst_sharpness"])
@pytest.mark.parametrize("factor", [0.0, 0.9])
def test_a_search_that_finds_nothing_or_reports_less_is_caught(monkeypatch, tool, factor):
    right = getattr(sharpness_instruments, tool)
    monkeypatch.setattr(sharpness_instruments, tool, scaled(right, "value", factor))
    assert not outcome("instruments.sharpness").holds


def test_wrong_eigenvalues_are_caught(monkeypatch):
    right = sharpness_instruments.full_spectrum
    monkeypatch.setattr(sharpness_instruments, "full_spectrum", lambda o: right(o) * 1.001)
    evidence = outcome("instruments.sharpness")
    assert not evidence.holds
    # In one dimension the top eigenvalue is read off the whole spectrum too.
    assert "log-determinant" in evidence.message or "top eigenvalue" in evidence.message

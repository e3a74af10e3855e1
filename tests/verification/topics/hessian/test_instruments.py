"""The checks of the general instruments notice instruments that are wrong."""

import dataclasses

import pytest

from whichmin.tables import sharpness_instruments
from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.hessian import instruments

CHECKS = {c.id: c for c in checks_of(instruments)}


def outcome(name):
    return run_check(CHECKS[name], Subject(), Settings(examples=10))


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


@pytest.mark.parametrize(("tool", "attribute", "says"), [
    ("gradient_noise", "trace", "noise.trace"),
    ("curved_noise", "trace", "noise.curvature"),
    ("curved_noise", "slope", "noise.gradient_curvature"),
])  # fmt: skip
def test_wrong_noise_is_caught(monkeypatch, tool, attribute, says):
    monkeypatch.setattr(instruments, tool, scaled(getattr(instruments, tool), attribute, 1.001))
    evidence = outcome("instruments.noise")
    assert not evidence.holds
    assert says in evidence.message

"""The check of the general instruments for noise notices instruments that are wrong."""

import dataclasses

import pytest

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.noise import moved_hessian as instruments

(CHECK,) = checks_of(instruments)


def scaled(function, attribute, factor):
    def wrong(*args, **options):
        right = function(*args, **options)
        return dataclasses.replace(right, **{attribute: getattr(right, attribute) * factor})

    return wrong


@pytest.mark.parametrize(("tool", "attribute", "says"), [
    ("gradient_noise", "trace", "noise.trace"),
    ("curved_noise", "trace", "noise.curvature"),
    ("curved_noise", "slope", "noise.gradient_curvature"),
])  # fmt: skip
def test_wrong_noise_is_caught(monkeypatch, tool, attribute, says):
    monkeypatch.setattr(instruments, tool, scaled(getattr(instruments, tool), attribute, 1.001))
    evidence = run_check(CHECK, Subject(), Settings(examples=10))
    assert evidence.check == "instruments.noise"
    assert not evidence.holds
    assert says in evidence.message

"""A rescaling that is no symmetry, and a wrong law, are caught on the real network."""

import dataclasses

import pytest

pytest.importorskip("sklearn")

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.rescaling import digits

CHECK = {c.id: c for c in checks_of(digits)}["reparameterisation.digits"]


def test_layers_scaled_by_different_powers_are_caught():
    wrong = CHECK.changed(second_power=2.0)
    evidence = run_check(wrong, Subject(), Settings())
    assert evidence.message.startswith("reparameterisation.digits: outputs on held-out digits")


def test_a_wrong_law_is_caught():
    form = Subject().forms["reparameterisation.trace"]
    wrong = dataclasses.replace(form, expression=form.expression * 1.000001)
    evidence = run_check(CHECK, Subject().with_form(wrong), Settings())
    assert evidence.message.startswith("reparameterisation.digits: trace, r = ")


def test_training_ends_near_a_minimum():
    inputs, targets, held, wanted = digits.digits()
    slopes = digits.gradients(*digits.trained(0), inputs, targets)
    assert max(float(g.norm()) for g in slopes) < 0.01
    right = digits.network(*digits.trained(0), held).argmax(1) == wanted.argmax(1)
    assert float(right.double().mean()) > 0.7

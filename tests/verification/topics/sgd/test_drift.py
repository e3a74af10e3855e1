import dataclasses
import math

import pytest

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.sgd import drift, logarithms

CHECKS = {c.id: c for c in checks_of(drift, logarithms)}


def outcome(name, subject=None):
    return run_check(CHECKS[name], subject or Subject(), Settings())


@pytest.mark.parametrize(("name", "factor"), [("pair_bound", 2.0), ("drift_bound", 1.1)])
def test_a_larger_bound_fails(name, factor, monkeypatch):
    right = getattr(drift, name)
    monkeypatch.setattr(drift, name, lambda *a: factor * right(*a))
    assert "below its bound" in outcome("sgd_drift.all_batches").message


@pytest.mark.parametrize("name", ["dynamics.separation_rate", "dynamics.active_factor"])
def test_another_closed_form_fails(name):
    form = Subject().forms[name]
    wrong = Subject().with_form(dataclasses.replace(form, expression=form.expression * 1.001))
    assert not outcome("sgd_drift.closed_forms", wrong).holds


def test_the_bound_at_b_1_is_the_one_of_the_paper_and_more():
    paper = (-math.log(0.8) - 0.2) / 7
    assert paper < drift.drift_bound(0.2, 1, 7) < 1.2 * paper

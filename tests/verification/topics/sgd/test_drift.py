import dataclasses
import math

import pytest
import sympy as sp

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.sgd import drift

CHECKS = {c.id: c for c in checks_of(drift)}


def outcome(name, subject=None):
    return run_check(CHECKS[name], subject or Subject(), Settings())


@pytest.mark.parametrize(("name", "factor"), [("pair_bound", 2.0), ("drift_bound", 1.1)])
def test_a_larger_bound_fails(name, factor, monkeypatch):
    right = getattr(drift, name)
    monkeypatch.setattr(drift, name, lambda *a: factor * right(*a))
    assert "below its bound" in outcome("sgd_drift.all_batches").message


@pytest.mark.parametrize("place", range(len(drift.INEQUALITIES)))
def test_a_wrong_inequality_fails(place, monkeypatch):
    what, f, slope = drift.INEQUALITIES[place]
    for wrong in ((what, f + drift.x**2 / 10, slope), (what, f + 1, slope)):
        table = (*drift.INEQUALITIES[:place], wrong, *drift.INEQUALITIES[place + 1 :])
        monkeypatch.setattr(drift, "INEQUALITIES", table)
        assert not outcome("sgd_drift.logarithms").holds


def test_the_slopes_are_not_negative():
    for _, _, slope in drift.INEQUALITIES:
        for value in (sp.Rational(1, 1000), sp.Rational(1, 4), sp.Rational(1, 2)):
            assert slope.subs(drift.x, value) >= 0


@pytest.mark.parametrize("name", ["dynamics.separation_rate", "dynamics.active_factor"])
def test_another_closed_form_fails(name):
    form = Subject().forms[name]
    wrong = Subject().with_form(dataclasses.replace(form, expression=form.expression * 1.001))
    assert not outcome("sgd_drift.logarithms", wrong).holds


def test_the_bound_at_b_1_is_the_one_of_the_paper_and_more():
    paper = (-math.log(0.8) - 0.2) / 7
    assert paper < drift.drift_bound(0.2, 1, 7) < 1.2 * paper

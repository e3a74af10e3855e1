import dataclasses
import math

import pytest
from scipy import stats

from whichmin.symbolic.selection import first_order as symbolic
from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.selection import law as selection_law
from whichmin.verification.topics.selection.law import first_order, homogeneity
from whichmin.verification.topics.selection.winner_statistics import Race

CHECKS = {check.id: check for check in checks_of(selection_law)}


@pytest.fixture(autouse=True)
def few_runs(monkeypatch):
    monkeypatch.setattr(selection_law, "_runs", lambda settings: 20_000)
    monkeypatch.setattr(selection_law, "BOUNDED", 4000)


def wrong(name, change):
    form = Subject().forms[name]
    return Subject().with_form(dataclasses.replace(form, expression=change(form.expression)))


# The frequency that shows the term of first order needs all of its runs: they are made by the
# tests of all evidence.
@pytest.mark.parametrize("check_id", sorted(set(CHECKS) - {"selection_law.first_order_seen"}))
def test_the_product_passes(check_id):
    assert not run_check(CHECKS[check_id], Subject(), Settings(seed=1)).message


def test_another_law_is_caught():
    subject = wrong("selection.two_point_probability", lambda e: e**2)
    found = run_check(CHECKS["selection_law.two_points"], subject, Settings())
    assert "selection.two_point_probability" in found.message


def test_a_bound_that_is_too_low_is_caught():
    subject = wrong("selection.arcsine_bound", lambda e: 0.8 * e)
    found = run_check(CHECKS["selection_law.bound"], subject, Settings())
    assert "selection.arcsine_bound" in found.message


def test_a_bound_that_is_attained_is_caught():
    # P_i = 0.9 of the bound is about the truth for three points: no room is left below it.
    subject = wrong("selection.arcsine_bound", lambda e: 0.89 * e)
    found = run_check(CHECKS["selection_law.bound"], subject, Settings())
    assert found.message


def test_a_law_that_depends_on_b_is_caught(monkeypatch):
    steeper = tuple(
        dataclasses.replace(s, correlations=(math.cos(t), math.sin(t)))
        for s, t in zip(selection_law.SAME_START, (0.6, 0.6, 0.6, 0.7), strict=True)
    )
    monkeypatch.setattr(selection_law, "SAME_START", steeper)
    found = run_check(CHECKS["selection_law.every_batch_size"], Subject(), Settings())
    assert "Pearson" in found.message


def test_a_winner_that_never_varies_is_caught(monkeypatch):
    fixed = dataclasses.replace(
        selection_law.race(Subject(), Race((0.3, 0.25, 0.2), 4, 2, 0.1), 1, 10), runs=4000
    )
    fixed.wins[:] = [4000, 0, 0, 0]
    monkeypatch.setattr(selection_law, "race", lambda *a: fixed)
    found = run_check(CHECKS["selection_law.winner_varies"], Subject(), Settings())
    assert "candidates wins 0 of 4000" in found.message


def test_the_term_of_first_order_is_small_and_vanishes_on_the_diagonal():
    settings = [Race((math.cos(t), math.sin(t)), 5, 1, 0.1) for t in (0.3, math.pi / 4)]
    assert 0 < first_order(settings[0], 0.3) < 0.1 / 100
    assert abs(first_order(settings[1], math.pi / 4)) < 1e-18


def test_it_is_the_derived_term():
    term = symbolic.first_order_term()
    names = {s.name: s for s in term.free_symbols}
    at = {names["alpha"]: 0.1, names["m"]: 5, names["b"]: 2, names["theta"]: 0.3}
    setting = Race((math.cos(0.3), math.sin(0.3)), 5, 2, 0.1)
    assert first_order(setting, 0.3) == pytest.approx(float(term.subs(at)), rel=1e-14)


def test_another_term_is_caught(monkeypatch):
    wrong = 2 * symbolic.first_order_term()
    monkeypatch.setattr(
        selection_law, "first_order_lemmas", lambda: symbolic.first_order_lemmas(wrong)
    )
    found = run_check(CHECKS["selection_law.first_order"], Subject(), Settings())
    assert "minus that drift" in found.message


def test_a_term_that_is_not_there_is_caught():
    # A law that has swallowed the term leaves nothing to see.
    subject = wrong("selection.two_point_probability", lambda e: e + 0.0028)
    found = run_check(CHECKS["selection_law.first_order_seen"], subject, Settings())
    assert "without the term" in found.message or "with the term" in found.message


def test_homogeneity_is_pearsons_statistic():
    table = [[60, 40], [52, 48], [71, 29]]
    expected = stats.chi2_contingency(table, correction=False).statistic
    statistic, allowed = homogeneity([60, 52, 71], 100, 0.0)
    assert statistic == pytest.approx(expected, rel=1e-12)
    assert allowed == pytest.approx(stats.chi2.isf(1e-7, 2), rel=1e-6)

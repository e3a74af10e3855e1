"""Checks on the noisy quadratic, on linear scaling and batch size: wrong versions are caught."""

import dataclasses
from functools import partial

import pytest
import sympy as sp

pytest.importorskip("z3")

from whichmin.symbolic.quadratic import critical_batch as symbolic_critical_batch
from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.smt import lemmas
from whichmin.verification.topics.quadratic import critical_batch, scaling, scaling_refuted
from whichmin.verification.topics.quadratic import diffusion as quadratic_diffusion
from whichmin.verification.topics.quadratic import progress as critical_batch_progress
from whichmin.verification.topics.quadratic import recursion as quadratic

F = scaling.F
MODULES = (
    critical_batch, critical_batch_progress, quadratic, quadratic_diffusion, scaling,
    scaling_refuted,
)  # fmt: skip
CHECKS = {c.id: c for c in checks_of(*MODULES)}
PRODUCT = Subject()


def outcome(name, subject=PRODUCT, measure=None, **changes):
    check = CHECKS[name].changed(**changes)
    if measure is not None:
        check = dataclasses.replace(check, measure=lambda *_: measure())
    return run_check(check, subject, Settings(examples=8 if check.cases else None))


FORMS = {
    "quadratic.one_step": ("quadratic.step_mean", 1.001),
    "quadratic.recursion": ("quadratic.mean", 1.001),
    "quadratic.stationary": ("quadratic.stationary_loss", 1.001),
    "quadratic.diffusion": ("quadratic.sde_mean", 1.001),
    # At eta h = 2^-12 the next order is a thousandth.
    "quadratic.order": ("quadratic.variance_gap", 1.1),
    # 40,000 replicas: 4 percent are seen.
    "quadratic.runs": ("quadratic.variance", 1.06),
    "scaling.rule": ("scaling.mean_ratio", 1.001),
    "scaling.order": ("scaling.mean_order", 1.1),
    "scaling.batch_noise": ("scaling.halving", 1.001),
    "scaling.exercise": ("scaling.noise_per_time", 1.001),
    "critical_batch.progress": ("critical.best_step", 1.001),
    "critical_batch.trade_off": ("critical.frontier", 1.001),
    "critical_batch.finite": ("critical.finite_samples", 1.001),
    "critical_batch.optimal_run": ("critical.noise_scale_growth", 1.001),
    "critical_batch.simulated": ("critical.next_variance", 1.05),
    "critical_batch.least_samples": ("critical.samples", 1.001),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_wrong_closed_form_is_caught(name):
    form_id, factor = FORMS[name]
    form = PRODUCT.forms[form_id]
    wrong = dataclasses.replace(form, expression=form.expression * sp.nsimplify(factor))
    evidence = outcome(name, PRODUCT.with_form(wrong))
    assert not evidence.holds
    assert form_id in evidence.message
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"


WRONG = {
    "scaling.transient": {"share": 0.8},
    "scaling.variance_changes": {"factor": 1},
    "scaling.diverges": {"factor": 100},
    "scaling.per_step": {"second": 1},
    "scaling.failure_and_noise": {"eta": F(1, 9)},
    # Without a factor nothing is off.
    "scaling.transient_relative": {"factor": 1},
    "scaling.kink": {"share": F(1, 3)},
    "scaling.warm_up": {"sizes": [F(1, 5)] * 3},
    "scaling.published_arithmetic": {"told": scaling_refuted.GOYAL | {"each": 31}},
    "critical_batch.no_trade_off": {"noise": 2.0},
    # To half the loss one step suffices at B_noise: the law's two are not far enough off.
    "critical_batch.steps_law": {"target": 0.3},
    "critical_batch.constant_scale": {"power": 2},
    # With equal curvatures the two noise scales agree.
    "critical_batch.simple_scale": {"bend": 1},
    "critical_batch.exercise": {"global_batch": 4096},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_false_version_fails(name):
    evidence = outcome(name, **WRONG[name])
    assert not evidence.holds
    assert evidence.message.startswith(name)
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"


@pytest.mark.parametrize("step_sizes", [[F(1, 5)] * 3, [F(1, 50)] * 10, [F(1, 100), F(1, 5)]])
def test_a_warm_up_must_be_long_enough_and_end_at_the_step_size(step_sizes):
    assert not outcome("scaling.warm_up", sizes=step_sizes).holds


@pytest.mark.parametrize("place", range(len(quadratic.STABLE)))
def test_a_false_lemma_is_caught(place):
    lemma = quadratic.STABLE[place]
    wrong = lemma.changed(lemma.variants[0])
    evidence = outcome("quadratic.stability", measure=partial(lemmas, (wrong,)))
    assert not evidence.holds
    assert ": sat for " in evidence.message


def test_a_wrong_progress_is_caught_by_the_lemmas(monkeypatch):
    form = symbolic_critical_batch.progress()
    wrong = dataclasses.replace(form, expression=form.expression * 1.001)
    monkeypatch.setattr(symbolic_critical_batch, "progress", lambda: wrong)
    assert "n = 1" in outcome("critical_batch.lemmas").message


def test_all_are_covered():
    named = {"quadratic.stability", "critical_batch.lemmas"}
    assert set(FORMS) | set(WRONG) | named == set(CHECKS)

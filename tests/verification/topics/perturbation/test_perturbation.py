"""Every check on perturbed weights holds, and wrong versions of what it says are caught."""

import dataclasses

import pytest

pytest.importorskip("z3")

from whichmin.core.perturbation.ball import MeanRise
from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import default_subject
from whichmin.verification.topics.perturbation import ball, box, rankings

CHECKS = {c.id: c for c in checks_of(ball, box, rankings)}
PRODUCT = default_subject()


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
    assert evidence.ran


# A closed form of each, changed by a thousandth.
FORMS = {
    "measures.keskar_corners": "keskar.active_energy",
    "measures.keskar_small_box": "keskar.threshold",
    "measures.keskar_bound": "keskar.bound",
    "measures.sam_worst": "sam.worst",
    "measures.mean_rise": "sam.sphere",
    "measures.noise_across_kinks": "sam.gaussian_coordinate",
}


@pytest.mark.parametrize("name", FORMS)
def test_a_wrong_closed_form_is_caught(name):
    form = PRODUCT.forms[FORMS[name]]
    wrong = PRODUCT.with_form(dataclasses.replace(form, expression=form.expression * 1.001))
    seen_to_fail(outcome(name, subject=wrong, examples=25))


def test_a_metric_that_favours_a_minimum_is_caught(monkeypatch):
    right = rankings.subspace_metric
    monkeypatch.setattr(rankings, "subspace_metric", lambda w, *a: right(w, *a) * (1 + 0.1 * w[0]))
    seen_to_fail(outcome("measures.subspace"))


def test_a_wrong_sampler_is_caught(monkeypatch):
    right = ball.mean_rise

    def wrong(*args, **options):
        found = right(*args, **options)
        return MeanRise(2 * found.mean, found.error, found.samples)

    monkeypatch.setattr(ball, "mean_rise", wrong)
    seen_to_fail(outcome("measures.mean_rise_sampled"))


def test_an_exact_maximum_that_is_none_is_caught(monkeypatch):
    right = box.keskar_exact

    def wrong(*args, **options):
        found = right(*args, **options)
        return dataclasses.replace(found, percent=found.percent * (1 - 1e-6))

    monkeypatch.setattr(box, "keskar_exact", wrong)
    seen_to_fail(outcome("measures.keskar_corners"))

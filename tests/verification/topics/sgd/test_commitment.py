import dataclasses
import math

import pytest

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.sgd import commitment
from whichmin.verification.topics.sgd.commitment import leads, rate
from whichmin.words import Sampling

CHECKS = {check.id: check for check in checks_of(commitment)}


@pytest.fixture(autouse=True)
def few_cases(monkeypatch):
    monkeypatch.setattr(commitment, "SLOPES", commitment.SLOPES[:3])
    monkeypatch.setattr(commitment, "REPEATED", commitment.REPEATED[:2])


def wrong(name, change):
    form = Subject().forms[name]
    return Subject().with_form(dataclasses.replace(form, expression=change(form.expression)))


@pytest.mark.parametrize("check_id", ["rate.slope", "rate.slope_with_replacement"])
def test_the_product_passes_with_another_seed(check_id):
    assert not run_check(CHECKS[check_id], Subject(), Settings(seed=1)).message


@pytest.mark.parametrize("mode", [Sampling.WITH_REPLACEMENT, Sampling.WITHOUT_REPLACEMENT])
def test_leads_is_a_symmetric_law(mode):
    chances = leads(5, 3, mode)
    assert sum(chances.values()) == pytest.approx(1, abs=1e-15)
    assert all(chances[d] == pytest.approx(chances[-d], abs=1e-16) for d in chances)


def test_the_enumerated_rate_is_the_closed_form():
    form = Subject().forms["dynamics.separation_rate"]
    for m, b in ((2, 1), (5, 2), (7, 6), (4, 4)):
        found = rate(leads(m, b, Sampling.WITHOUT_REPLACEMENT), 0.3)
        assert found == pytest.approx(form(alpha=0.3, b=b, m=m), abs=1e-16)


def test_one_draw_is_the_same_with_and_without_replacement():
    both = [leads(4, 1, mode) for mode in (Sampling.WITH_REPLACEMENT, Sampling.WITHOUT_REPLACEMENT)]
    assert both[0] == pytest.approx(both[1])


def test_a_rate_off_by_three_percent_is_caught():
    subject = wrong("dynamics.separation_rate", lambda e: 1.03 * e)
    assert "log|c_j/c_*| a step" in run_check(CHECKS["rate.slope"], subject, Settings()).message


def test_the_diffusion_in_place_of_the_logarithm_is_caught():
    D = Subject().forms["selection.diffusion"].expression
    subject = wrong("dynamics.separation_rate", lambda e: -D)
    assert "alpha = 0.45" in run_check(CHECKS["rate.slope"], subject, Settings()).message


def test_the_rate_without_replacement_is_caught_with_it(monkeypatch):
    chances = leads(2, 2, Sampling.WITHOUT_REPLACEMENT)
    monkeypatch.setattr(commitment, "REPEATED", ((2, 2, 0.24),))
    monkeypatch.setattr(
        commitment, "rate", lambda law, alpha: rate(law, alpha) if max(law) == 0 else -0.05
    )
    assert rate(chances, 0.24) == 0
    found = run_check(CHECKS["rate.slope_with_replacement"], Subject(), Settings())
    assert "m = 2, b = 2" in found.message


def test_another_clock_is_caught():
    # m for m - 1: with replacement's clock where there is none.
    subject = wrong("selection.diffusion", lambda e: 1.5 * e)
    assert "mean steps, b = " in run_check(CHECKS["rate.time"], subject, Settings()).message


def test_a_full_batch_that_separates_is_caught():
    class Separates(Subject().engines["dense"]):
        def step(self, batch):
            super().step(batch)
            self.weight[:, 0] *= 1 + 1e-9

    subject = Subject().with_engine("dense", Separates, "separates")
    assert "no ratio has moved" in run_check(CHECKS["rate.full_batch"], subject, Settings()).message
    assert math.isfinite(commitment.FAR)

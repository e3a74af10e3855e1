"""Runs that have another law, and a density by another rule, are caught."""

import dataclasses
from functools import partial

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.stationary import densities as stationary
from whichmin.verification.topics.stationary import runs as stationary_runs

PRODUCT = Subject()
CHECK = {c.id: c for c in checks_of(stationary_runs)}["stationary.double_well"]


def caught(check, says, subject=PRODUCT):
    evidence = run_check(check, subject, Settings(examples=3))
    assert not evidence.holds
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"
    assert says in evidence.message


def test_stratonovich_for_ito_is_caught():
    """Under Stratonovich's rule the score has half of D', and the generator another drift."""
    form = PRODUCT.forms["stationary.score"]
    (bend,) = (s for s in form.expression.free_symbols if str(s) == "diffusion_slope")
    wrong = dataclasses.replace(form, expression=form.expression.subs(bend, bend / 2))
    subject = PRODUCT.with_form(wrong)
    (generator,) = (c for c in checks_of(stationary) if c.id == "stationary.generator")
    caught(generator, "stationary.score", subject)
    # The same density against the chain itself, which was not told of any rule.
    bent = dataclasses.replace(CHECK, measure=partial(stationary_runs.double_well, bend=0.5))
    caught(bent, "tends to it", subject)


def test_runs_with_another_noise_are_caught(monkeypatch):
    right = stationary_runs.simulate
    monkeypatch.setattr(
        stationary_runs,
        "simulate",
        lambda slope, noise, **kw: right(slope, lambda x: 1.3 * noise(x), **kw),
    )
    caught(CHECK, "ends in a double well")


def test_a_density_told_of_another_noise_is_caught():
    wrong = partial(stationary_runs.double_well, bend=0.5, told_bend=0.4)
    caught(dataclasses.replace(CHECK, measure=wrong), "tends to it")

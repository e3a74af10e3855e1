"""Of every check on stationary densities a false version is caught."""

import dataclasses

import numpy as np
import pytest

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.stationary import densities as stationary
from whichmin.verification.topics.stationary import exits as stationary_exits

CHECKS = {c.id: c for c in checks_of(stationary, stationary_exits)}
PRODUCT = Subject()


def altered(name, change):
    form = PRODUCT.forms[name]
    return PRODUCT.with_form(dataclasses.replace(form, expression=change(form.expression)))


def caught(check, subject=PRODUCT, measure=None, says=""):
    if measure is not None:
        check = dataclasses.replace(check, measure=measure)
    evidence = run_check(check, subject, Settings(examples=3))
    assert not evidence.holds
    assert evidence.message.startswith(check.id)
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"
    assert says in evidence.message


# A thousandth more: far below what a reader would notice, far above rounding.
@pytest.mark.parametrize(
    ("check", "form"),
    [
        ("stationary.generator", "stationary.score"),
        ("stationary.generator", "stationary.loss_noise"),
        ("stationary.wells", "stationary.well_odds"),
        ("stationary.wells", "stationary.hessian_noise_odds"),
        ("stationary.basin_mass", "stationary.log_basin_mass"),
        ("stationary.lyapunov", "stationary.covariance"),
        ("stationary.mean_square", "stationary.second_moment_factor"),
        ("stationary.exit_scaling", "stationary.exit_time"),
    ],
)
def test_a_form_off_by_a_thousandth_is_caught(check, form):
    # A power of the loss keeps its shape under a factor: the exponent is what counts.
    subject = altered(form, lambda e: e**1.001 if form.endswith("loss_noise") else e * 1.001)
    caught(CHECKS[check], subject, says=form)


def test_another_temperature_is_caught():
    changed = altered("stationary.gibbs", lambda e: e**1.001)
    caught(CHECKS["stationary.generator"], changed, says="stationary.gibbs, D = T")
    caught(
        CHECKS["stationary.generator"],
        changed,
        measure=lambda s, seed: stationary._in_space(s, np.random.default_rng(seed)),
        says="stationary.gibbs, two dimensions",
    )


def test_false_lemmas_are_caught(monkeypatch):
    pytest.importorskip("z3")
    for lemma in stationary.STABLE:
        for variant in lemma.variants:
            monkeypatch.setattr(stationary, "STABLE", (lemma.changed(variant),))
            caught(CHECKS["stationary.stable_steps"], says=": sat for ")


def test_a_deep_well_that_is_flat_as_well_is_no_counterexample():
    caught(
        CHECKS["stationary.escape"],
        measure=lambda *_: stationary_exits.escape(sharp=(4.0, 0.5)),
        says="the flat one is kept longer",
    )

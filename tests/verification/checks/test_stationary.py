"""Of every check on stationary densities a false version is caught."""

import dataclasses
from functools import partial

import pytest

from whichmin.verification.checks import stationary
from whichmin.verification.evidence import Settings
from whichmin.verification.runner import run_check
from whichmin.verification.subject import Subject

CHECKS = {c.id: c for c in stationary.CHECKS}
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
    ],
)
def test_a_form_off_by_a_thousandth_is_caught(check, form):
    # A power of the loss keeps its shape under a factor: the exponent is what counts.
    subject = altered(form, lambda e: e**1.001 if form.endswith("loss_noise") else e * 1.001)
    caught(CHECKS[check], subject, says=form)


def test_another_temperature_is_caught():
    caught(
        CHECKS["stationary.generator"],
        altered("stationary.gibbs", lambda e: e**1.001),
        says="stationary.gibbs",
    )


def test_stratonovich_for_ito_is_caught():
    """Under Stratonovich's rule the score has half of D', and the generator another drift."""
    form = PRODUCT.forms["stationary.score"]
    (bend,) = (s for s in form.expression.free_symbols if str(s) == "diffusion_slope")
    wrong = altered("stationary.score", lambda e: e.subs(bend, bend / 2))
    caught(CHECKS["stationary.generator"], wrong)
    # The same density against the chain itself, which was not told of any rule.
    caught(
        CHECKS["stationary.double_well"],
        wrong,
        measure=lambda subject, settings: stationary.double_well(subject, settings, 0.5),
        says="tends to it",
    )


def test_runs_with_another_noise_are_caught(monkeypatch):
    right = stationary.simulate
    monkeypatch.setattr(
        stationary,
        "simulate",
        lambda slope, noise, **kw: right(slope, lambda x: 1.3 * noise(x), **kw),
    )
    caught(CHECKS["stationary.double_well"], says="ends in a double well")


def test_a_density_told_of_another_noise_is_caught():
    caught(
        CHECKS["stationary.double_well"],
        measure=partial(stationary.double_well, bend=0.5, told_bend=0.4),
        says="tends to it",
    )


def test_false_lemmas_are_caught(monkeypatch):
    pytest.importorskip("z3")
    for lemma in stationary.STABLE:
        for variant in lemma.variants:
            monkeypatch.setattr(stationary, "STABLE", (lemma.changed(variant),))
            caught(CHECKS["stationary.stable_steps"], says=": sat for ")

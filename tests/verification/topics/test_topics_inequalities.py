"""False variants of the inequalities proved on intervals are caught, and so is a wrong prover."""

import inspect

import pytest

pytest.importorskip("flint")

from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.intervals import Answer, Inequality
from whichmin.verification.topics import all_checks

# The parameter of each check that holds its inequalities.
NAMES = {
    "sgd_drift.logarithms": "statements",
    "walk.supermartingale": "tangents",
    "gaussian.tails": "statements",
    "gaussian.gap_limit": "statements",
    "scaling.mean_falls": "tangents",
    "posterior.signs": "tangents",
    "measures.signs": "tangents",
    "stationary.signs": "tangents",
}
CHECKS = {c.id: c for c in all_checks() if c.id in NAMES}
FOUND = {
    name: inspect.signature(check.measure).parameters[NAMES[name]].default
    for name, check in CHECKS.items()
}
VARIANTS = [
    pytest.param(name, one, variant, id=f"{name}, {one.name}, {variant.what}")
    for name, statements in FOUND.items()
    for one in statements
    for variant in one.variants
]
DECIDE = "whichmin.verification.provers.intervals.decide_inequality"


def outcome(name, statements=None):
    changes = {} if statements is None else {NAMES[name]: statements}
    return run_check(CHECKS[name].changed(**changes), Subject(), Settings())


def test_every_inequality_has_a_false_variant():
    assert set(CHECKS) == set(NAMES)
    for statements in FOUND.values():
        assert all(isinstance(one, Inequality) and one.variants for one in statements)


@pytest.mark.parametrize(("name", "one", "variant"), VARIANTS)
def test_a_false_inequality_fails_the_check(name, one, variant):
    evidence = outcome(name, (one.changed(variant),))
    assert not evidence.holds
    assert evidence.message.startswith(name)
    assert ": false, at " in evidence.message


@pytest.mark.parametrize("name", NAMES)
def test_a_prover_that_gives_up_fails_the_check(name, monkeypatch):
    monkeypatch.setattr(DECIDE, lambda *_: Answer("undecided", 200, "between 0 and 1", "x > 0"))
    assert "undecided, between 0 and 1" in outcome(name).message


@pytest.mark.parametrize("name", NAMES)
def test_a_prover_that_says_yes_to_all_is_noticed(name, monkeypatch):
    monkeypatch.setattr(DECIDE, lambda *_: Answer("proved", 1))
    assert "false variant" in outcome(name).message

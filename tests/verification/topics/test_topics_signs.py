"""Signs of closed forms: false variants are caught, and so is a solver that is wrong."""

import inspect

import pytest

pytest.importorskip("z3")
pytest.importorskip("flint")

from whichmin.symbolic import closed_forms
from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.smt import SolverAnswer
from whichmin.verification.topics import all_checks

NAMES = (
    "gaussian.relative_variance",
    "gaussian.gap_limit",
    "smt.critical_kinds",
    "three_points.coercive",
    "critical_batch.signs",
)
CHECKS = {c.id: c for c in all_checks() if c.id in NAMES}
BUILDERS = {
    name: inspect.signature(check.measure).parameters["among"].default
    for name, check in CHECKS.items()
}


def built(name):
    wants = inspect.signature(BUILDERS[name]).parameters
    return BUILDERS[name](closed_forms()) if wants else BUILDERS[name]()


VARIANTS = [
    pytest.param(name, lemma, variant, id=f"{name}, {lemma.name}, {variant.what}")
    for name in CHECKS
    for lemma in built(name)
    for variant in lemma.variants
]
DECIDE = "whichmin.verification.provers.smt.decide_lemma"


def outcome(name, **changes):
    return run_check(CHECKS[name].changed(**changes), Subject(), Settings())


def test_every_sign_has_a_false_variant():
    assert set(CHECKS) == set(NAMES)
    assert all(lemma.variants for name in NAMES for lemma in built(name))


@pytest.mark.parametrize(("name", "lemma", "variant"), VARIANTS)
def test_a_false_sign_fails_the_check(name, lemma, variant):
    evidence = outcome(name, among=lambda *_: (lemma.changed(variant),))
    assert not evidence.holds
    assert evidence.message.startswith(name)
    assert ": sat for " in evidence.message


@pytest.mark.parametrize("name", NAMES)
def test_a_solver_that_gives_up_fails_the_check(name, monkeypatch):
    monkeypatch.setattr(DECIDE, lambda *_: SolverAnswer("unknown", 0.1, {}, "x > 0"))
    assert "unknown" in outcome(name).message


@pytest.mark.parametrize("name", NAMES)
def test_a_solver_that_says_yes_to_all_is_noticed(name, monkeypatch):
    monkeypatch.setattr(DECIDE, lambda *_: SolverAnswer("unsat", 0, {}))
    assert "false variant" in outcome(name).message

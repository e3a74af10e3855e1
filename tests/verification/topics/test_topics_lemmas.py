"""False variants of the lemmas that z3 decides are caught, and so is a solver that is wrong."""

import inspect

import pytest

pytest.importorskip("z3")
pytest.importorskip("flint")  # one check of lemmas has an inequality too

from whichmin.symbolic import closed_forms
from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.smt import SolverAnswer
from whichmin.verification.topics import all_checks

NAMES = (
    "smt.landscape", "smt.gd_descent", "smt.gd_growth", "smt.trap_region", "smt.signs",
    "smt.sgd_fixed_points", "smt.sgd_drift", "smt.sgd_growth", "smt.walk", "smt.walk_bounded",
    "smt.oscillation", "step_size.radial",
    "step_size.growth", "step_size.bad_region", "step_size.period_two_attracts",
    "cyclic.leader_lemma", "cyclic.margin_lemma", "cyclic.finality", "measures.location",
    "measures.keskar_ranking", "measures.ball", "measures.frames_bound", "noise.rise",
    "quadratic.stability", "stationary.stable_steps", "reparameterisation.homogeneous",
    "reparameterisation.least", "reparameterisation.tied", "reparameterisation.corner",
    "smt.shares", "scaling.mean_falls", "selection.arcsine_sign",
    "scaling.kink_lemma",
)  # fmt: skip
# Their lemmas are made by a function, of closed forms if it asks for them.
BUILT = (
    "gaussian.relative_variance", "gaussian.gap_limit", "smt.critical_kinds",
    "three_points.coercive", "critical_batch.signs", "noise.signs", "posterior.signs",
    "measures.signs", "stationary.signs",
)  # fmt: skip
CHECKS = {c.id: c for c in all_checks() if c.id in NAMES + BUILT}


def lemmas_of(name):
    parameters = inspect.signature(CHECKS[name].measure).parameters
    if name in NAMES:
        return parameters["statements"].default
    build = parameters["among"].default
    return build(closed_forms()) if inspect.signature(build).parameters else build()


LEMMAS = {name: lemmas_of(name) for name in CHECKS}
VARIANTS = [
    pytest.param(name, lemma, variant, id=f"{name}, {lemma.name}, {variant.what}")
    for name, lemmas in LEMMAS.items()
    for lemma in lemmas
    for variant in lemma.variants
]
DECIDE = "whichmin.verification.provers.smt.decide_lemma"


def outcome(name, **changes):
    return run_check(CHECKS[name].changed(**changes), Subject(), Settings())


def test_every_lemma_has_a_false_variant():
    assert set(CHECKS) == {*NAMES, *BUILT}
    assert all(lemma.variants for lemmas in LEMMAS.values() for lemma in lemmas)


@pytest.mark.parametrize(("name", "lemma", "variant"), VARIANTS)
def test_a_false_lemma_fails_the_check(name, lemma, variant):
    false = lemma.changed(variant)
    changes = {"statements": (false,)} if name in NAMES else {"among": lambda *_: (false,)}
    evidence = outcome(name, **changes)
    assert not evidence.holds
    assert evidence.message.startswith(name)
    assert ": sat for " in evidence.message


@pytest.mark.parametrize("name", NAMES + BUILT)
def test_a_solver_that_gives_up_fails_the_check(name, monkeypatch):
    monkeypatch.setattr(DECIDE, lambda *_: SolverAnswer("unknown", 0.1, {}, "x > 0"))
    assert "unknown" in outcome(name).message


@pytest.mark.parametrize("name", NAMES + BUILT)
def test_a_solver_that_says_yes_to_all_is_noticed(name, monkeypatch):
    monkeypatch.setattr(DECIDE, lambda *_: SolverAnswer("unsat", 0, {}))
    assert "false variant" in outcome(name).message

"""Of every check on step sizes a false version of what it says is caught."""

import dataclasses
from functools import partial

import pytest

pytest.importorskip("z3")

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import default_subject
from whichmin.verification.provers.smt import lemmas
from whichmin.verification.topics.descent import step_size
from whichmin.words import Activation

CHECKS = {c.id: c for c in checks_of(step_size)}
F = step_size.F


def outcome(name, measure=None, **changes):
    check = CHECKS[name].changed(**changes)
    if measure is not None:
        check = dataclasses.replace(check, measure=lambda *_: measure())
    return run_check(check, default_subject(), Settings())


LEMMAS = {
    "step_size.radial": step_size.RADIAL,
    "step_size.growth": step_size.GROWTH,
    "step_size.bad_region": step_size.BAD,
    "step_size.period_two_attracts": step_size.STABLE,
}


@pytest.mark.parametrize("name", LEMMAS)
def test_a_false_lemma_is_caught(name):
    for lemma in LEMMAS[name]:
        assert lemma.variants
        for variant in lemma.variants:
            evidence = outcome(name, partial(lemmas, (lemma.changed(variant),)))
            assert not evidence.holds
            assert ": sat for " in evidence.message


SWING = ((F(3, 7), F(4, 7)), F(49, 40), (step_size.PLANE, step_size.PLANE))
LINE = ((F(5, 7), F(0)), F(49, 80), (step_size.PLANE[:1], step_size.PLANE[:1]))
WRONG = {
    "step_size.rates": {"radial": 2},
    "step_size.period_two": {"product": 2},
    "step_size.orbit": {"measure": partial(step_size.swings, *SWING, F(4, 7))},
    "step_size.orbit_sgd": {"measure": partial(step_size.swings, *LINE, F(6, 7))},
    "step_size.ray": {"cases": [(F(3), F(1, 5), "w0/|w0|")]},
    "step_size.bad_minimum": {"off": F(3, 2)},
    "step_size.relu_dies": {"step_size": F(3, 2)},
    "step_size.dead_starts": {"activation": Activation.LINEAR},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_false_version_fails(name):
    evidence = outcome(name, **WRONG[name])
    assert not evidence.holds
    assert evidence.message.startswith(name)
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"


def test_all_are_covered():
    assert set(WRONG) | set(LEMMAS) == set(CHECKS)

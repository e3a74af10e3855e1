"""Of every check on cyclic SGD a false version of what it says is caught."""

import dataclasses
import math
from functools import partial

import pytest

pytest.importorskip("z3")
pytest.importorskip("flint")

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import default_subject
from whichmin.verification.provers.smt import lemma_margins, lemmas
from whichmin.verification.topics.cyclic import orders as cyclic

CHECKS = {c.id: c for c in checks_of(cyclic)}
F = cyclic.F


def outcome(name, measure=None, **changes):
    check = CHECKS[name].changed(**changes)
    if measure is not None:
        check = dataclasses.replace(check, measure=lambda *_: measure())
    return run_check(check, default_subject(), Settings())


LEMMAS = {
    "cyclic.leader_lemma": cyclic.LEADER,
    "cyclic.margin_lemma": cyclic.MARGIN,
    "cyclic.finality": cyclic.BASIN,
}


@pytest.mark.parametrize("name", LEMMAS)
def test_a_false_lemma_is_caught(name):
    for lemma in LEMMAS[name]:
        for variant in lemma.variants:
            evidence = outcome(name, partial(lemmas, (lemma.changed(variant),)))
            assert not evidence.holds
            assert "sat" in evidence.message
    assert list(lemma_margins(LEMMAS[name][0]))


def tied(lead):
    """The second of two is ahead by this much, and wins if that is more than a step size."""
    return ((F(1, 10), F(1, 10) * (1 + lead)), F(1, 5), 0)


WRONG = {
    "cyclic.one_step": {"slope": 3},
    "cyclic.largest_loses_by_hand": {
        "measure": partial(cyclic.losers, [((F(1, 2), F(13, 25)), F(1, 5), 1)], "exact")
    },
    "cyclic.largest_loses": {"measure": partial(cyclic.losers, [tied(F(2, 5))], "leader")},
    "cyclic.margin_sharp": {
        "measure": partial(
            cyclic.losers, [cyclic.almost_tied(16, F(1, 5), F(19, 10), F(1, 100))], "leader"
        )
    },
    "cyclic.largest_in_size": {"start": (F(3, 10), F(-1, 5))},
    "cyclic.orbit": {"step_size": F(1, 20)},
    "cyclic.blocks": {"rate": F(1, 9)},
    "cyclic.fused": {"block": lambda m, b: b, "limit": 6},
    "cyclic.intuition": {"start": (F(1, 2), F(3, 4))},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_false_version_fails(name):
    evidence = outcome(name, **WRONG[name])
    assert not evidence.holds
    assert evidence.message.startswith(name)
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"


def test_all_are_covered():
    assert set(WRONG) | set(LEMMAS) == set(CHECKS)


def test_points_that_share_a_factor_are_fused():
    margins = list(cyclic.fused(math.gcd, 4))
    assert all(m.ratio <= 1 for m in margins)

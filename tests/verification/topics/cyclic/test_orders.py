"""Of every check on cyclic SGD a false version is caught: of its statement, engine or lemma."""

import dataclasses
import math
from functools import partial

import pytest

pytest.importorskip("z3")
pytest.importorskip("flint")

from whichmin.core.engines import CompiledEngine
from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.smt import lemma_margins, lemmas
from whichmin.verification.topics.cyclic import finality
from whichmin.verification.topics.cyclic import orders as cyclic

CHECKS = {c.id: c for c in checks_of(cyclic, finality)}
F = cyclic.F


def outcome(name, measure=None, **changes):
    check = CHECKS[name].changed(**changes)
    if measure is not None:
        check = dataclasses.replace(check, measure=lambda *_: measure())
    return run_check(check, Subject(), Settings())


LEMMAS = {
    "cyclic.leader_lemma": finality.LEADER,
    "cyclic.margin_lemma": finality.MARGIN,
    "cyclic.finality": finality.BASIN,
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


class Mirrored(CompiledEngine):
    def weights(self):
        return -super().weights()


MIRRORED = Subject().with_engine("compiled", Mirrored, "ends at the negative")
FEW = Settings(examples=8)
RUNS = ("cyclic.limits", "cyclic.larger_steps", "cyclic.block_limits")


@pytest.mark.parametrize("name", RUNS)
def test_an_engine_that_ends_elsewhere_is_caught(name):
    evidence = run_check(CHECKS[name], MIRRORED, FEW)
    assert not evidence.holds
    assert evidence.message.startswith(name)
    assert "distance" in evidence.message


def test_lemmas_that_disagree_are_caught(monkeypatch):
    right = cyclic.certified_limit

    def wrong(start, step_size, **options):
        found = right(start, step_size, **options)
        if options["lemma"] == "leader":
            return dataclasses.replace(found, sign=-found.sign)
        return found

    monkeypatch.setattr(cyclic, "certified_limit", wrong)
    evidence = run_check(CHECKS["cyclic.limits"], Subject(), FEW)
    assert "leader and basin lemma" in evidence.message


def test_a_wrong_block_size_is_caught(monkeypatch):
    monkeypatch.setattr(cyclic, "fused_block", lambda m, b: 1)
    evidence = run_check(CHECKS["cyclic.block_limits"], Subject(), FEW)
    assert not evidence.holds
    assert "block of 1" in evidence.message


def test_all_are_covered():
    assert set(WRONG) | set(LEMMAS) | set(RUNS) == set(CHECKS)


def test_points_that_share_a_factor_are_fused():
    margins = list(cyclic.fused(math.gcd, 4))
    assert all(m.ratio <= 1 for m in margins)

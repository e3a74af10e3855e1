"""Of the checks of random cyclic runs wrong engines, certificates and blocks are caught."""

import dataclasses
import math

import pytest

pytest.importorskip("flint")

from whichmin.core.engines import CompiledEngine
from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.cyclic import orders as cyclic

CHECKS = {c.id: c for c in checks_of(cyclic)}


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


def test_points_that_share_a_factor_are_fused():
    margins = list(cyclic.fused(math.gcd, 4))
    assert all(m.ratio <= 1 for m in margins)

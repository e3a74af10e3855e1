import dataclasses
import math

import pytest
import sympy as sp

from whichmin.symbolic import cyclic as symbolic
from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.cyclic import reshuffled
from whichmin.verification.topics.cyclic.reshuffled import leftover_chance
from whichmin.verification.topics.selection.winner_statistics import Race, race
from whichmin.words import Sampling

CHECKS = {check.id: check for check in checks_of(reshuffled)}


@pytest.mark.parametrize("check_id", CHECKS)
def test_the_product_passes(check_id, monkeypatch):
    monkeypatch.setattr(reshuffled, "WHOLE", reshuffled.WHOLE[:3])
    assert not run_check(CHECKS[check_id], Subject(), Settings(seed=1)).message


def independent(subject, setting, seed, runs):
    without = dataclasses.replace(setting, sampling=Sampling.WITHOUT_REPLACEMENT)
    return race(subject, without, seed, runs)


@pytest.mark.parametrize(
    ("check_id", "says"),
    [("reshuffled.favourite", "the favourite loses"), ("reshuffled.leftover", "I_p(a, a)")],
)
def test_independent_batches_in_place_of_epochs_are_caught(check_id, says, monkeypatch):
    monkeypatch.setattr(reshuffled, "race", independent)
    assert says in run_check(CHECKS[check_id], Subject(), Settings()).message


def test_a_favourite_that_needs_no_lead_is_caught(monkeypatch):
    monkeypatch.setattr(reshuffled, "NEAR", ((2, 1, 2, 0.2, 1.0, 0.95),))
    found = run_check(CHECKS["reshuffled.near_ties"], Subject(), Settings())
    assert "the favourite wins, lead 1.0 alpha" in found.message


def test_another_beta_law_is_caught(monkeypatch):
    monkeypatch.setattr(
        reshuffled, "leftover_chance", lambda m, b, theta: leftover_chance(m + b, b, theta)
    )
    assert "I_p(a, a)" in run_check(CHECKS["reshuffled.leftover"], Subject(), Settings()).message


def test_a_wrong_step_is_caught(monkeypatch):
    right = symbolic.epoch_lemmas
    wrong = symbolic.active_factor().expression + symbolic.alpha * symbolic.S / 7
    monkeypatch.setattr(symbolic, "epoch_lemmas", lambda: right(wrong))
    assert "m = 2" in run_check(CHECKS["reshuffled.epochs"], Subject(), Settings()).message


def test_another_power_of_the_beta_density_is_caught(monkeypatch):
    right = symbolic.leftover_lemmas
    monkeypatch.setattr(symbolic, "leftover_lemmas", lambda: right(lambda r: 1 / r))
    message = run_check(CHECKS["reshuffled.epochs"], Subject(), Settings()).message
    assert "density of the Beta" in message


def test_the_law_is_that_of_independent_batches_where_an_epoch_is_one_batch():
    assert leftover_chance(7, 5, 0.3) == pytest.approx(1 - 2 * 0.3 / math.pi, abs=1e-14)
    assert leftover_chance(101, 10, 0.6) > 0.99


def test_races_start_on_the_sphere():
    start = reshuffled._start(0.2, 5)
    assert sum(c**2 for c in start) == pytest.approx(1, abs=1e-15)
    assert math.log(start[0] / start[1]) == pytest.approx(0.2, abs=1e-14)
    assert Race(start, 6, 2, 0.1).start[5] == 0


def test_the_lemmas_know_every_size():
    names = symbolic.epoch_lemmas()
    assert {n for n in names if n.startswith("noise")} == {
        f"noise, m = {m}, b = {b}" for m, b in ((2, 1), (3, 1), (4, 1), (4, 2))
    }
    first, second = symbolic.log_ratio_change(((0,), (1,)), 2)
    p = sp.Symbol("p1", positive=True)
    assert first == 0
    assert sp.expand(second - (2 * p - 1)) == 0

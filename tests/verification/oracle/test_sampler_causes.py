"""What is named explains all runs; whoever follows an advice gets a pass or a new true finding."""

import ast
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.judge import Judge
from whichmin.verification.oracle.mutants import build, mutants
from whichmin.verification.oracle.mutants.samplers import SAMPLERS
from whichmin.verification.oracle.sampler_causes import explain, passes


def judged(target, **settings):
    return judge(
        target, isolation="inline", **settings, only=lambda name: name.startswith("sample_batches")
    ).failures


ADVISED = {
    "replacement": "'sampling': 'with-replacement'",
    "cyclic": "'sampling': 'cyclic'",
    "reshuffled": "'sampling': 'reshuffled'",
    "poisson": "'sampling': 'poisson'",
    "short": "'leftover': 'short'",
    "carried": "'leftover': 'carried'",
    "padded": "'leftover': 'padded'",
    "not-padded": "'leftover': 'dropped'",
    "epoch-sum": "'epoch_seed': 'seed + epoch'",
    "weights-not-replaced": "'sampling': 'weighted-without-replacement'",
    "weights-replaced": "'sampling': 'weighted'",
}


@pytest.mark.parametrize("name", ADVISED)
def test_whoever_follows_the_advice_passes(name):
    (mutant,) = (m for m in mutants() if m.id == f"sample_batches.{name}")
    target = build(mutant)
    assert {r.declare for r in judged(target, quick=True)} == {ADVISED[name]}
    declared = {**target.WHICHMIN, **ast.literal_eval(f"{{{ADVISED[name]}}}")}
    functions = {"sample_batches": target.sample_batches}
    assert judged(SimpleNamespace(**functions, WHICHMIN=declared), quick=True) == ()


def stream(order):
    """Epochs of a given order, leftovers carried over."""

    def sampler(m, b, steps, seed):
        count = -(-steps * b // m)
        return np.concatenate([order(m, seed, e) for e in range(count)])[: steps * b].reshape(-1, b)

    return sampler


def descending_rest(m, seed, epoch):
    order = np.random.default_rng([seed, epoch]).permutation(m)
    return np.concatenate([order[:1], -np.sort(-order[1:])])


TWO_FAULTS = {
    "order": (descending_rest, "in descending order"),
    "relation": (lambda m, s, e: np.random.default_rng([s, e // 2]).permutation(m), "2 epochs in"),
    "once": (lambda m, s, e: np.random.default_rng([s]).permutation(m), "shuffled once"),
}


@pytest.mark.parametrize("name", TWO_FAULTS)
def test_an_end_and_a_fault_are_both_named_and_the_fault_stays(name):
    order, cause = TWO_FAULTS[name]
    target = SimpleNamespace(sample_batches=stream(order), WHICHMIN={"sampling": "reshuffled"})
    found = judged(target, quick=True)
    assert {r.declare for r in found} == {"'leftover': 'carried'"}
    assert all(cause in r.diagnosis for r in found)
    target.WHICHMIN = {"sampling": "reshuffled", "leftover": "carried"}
    found = judged(target, quick=True)
    assert found
    assert all(cause in r.diagnosis and not r.declare for r in found)


@pytest.mark.parametrize("name", ["buffer", "ranks-overlap", "epoch-late", "cut-before", "kept"])
def test_the_full_profile_names_what_the_quick_one_does(name):
    (mutant,) = (m for m in SAMPLERS if m.id == f"sample_batches.{name}")
    for quick in (True, False):
        found = judged(build(mutant), quick=quick)
        assert found
        assert all(mutant.cause in r.diagnosis for r in found)


def explained(sampler, **declared):
    target = SimpleNamespace(sample_batches=sampler, WHICHMIN=declared)
    with Judge(target, isolation="inline", quick=True) as judge_:
        return explain(judge_.session), passes(judge_.session)


def test_nothing_is_explained_of_a_right_sampler():
    def right(m, b, steps, seed):
        rng = np.random.default_rng(seed)
        return np.array([rng.permutation(m)[:b] for _ in range(steps)])

    assert explained(right) == (None, True)


def test_entries_outside_are_not_explained_by_an_order():
    def wrong(m, b, steps, seed):
        rng = np.random.default_rng(seed)
        return np.array([rng.permutation(m)[:b] for _ in range(steps)]) + 1

    assert explained(wrong) == (None, False)


def test_a_point_that_comes_twice_at_the_end_is_no_overlap_of_shards():
    def twice(m, b, steps, seed):
        rng, rows = np.random.default_rng(seed), []
        while len(rows) < steps:
            order = rng.permutation(m)
            order[-1] = order[0]
            rows += list(order[: m // b * b].reshape(-1, b))
        return np.array(rows[:steps])

    found, right = explained(twice, sampling="reshuffled")
    assert (found, right) == (None, False)

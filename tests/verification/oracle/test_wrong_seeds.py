"""How batches depend on the seed: rules are named with the numbers in them."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle.judge import Judge
from whichmin.verification.oracle.wrong_seeds import related_runs, shares, wrong_seeds


def told(key, leftover="", **declared):
    """What is said of a sampler whose epochs, or batches, are seeded by a key."""

    def sampler(m, b, steps, seed):
        rows, e = [], 0
        while len(rows) < steps:
            order = np.random.default_rng(key(seed, e)).permutation(m)
            each = m // b if leftover else 1
            rows += list(order[: each * b].reshape(-1, b))
            e += 1
        return np.array(rows[:steps])

    target = SimpleNamespace(sample_batches=sampler, WHICHMIN=declared)
    with Judge(target, isolation="inline", quick=True) as judge_:
        found = wrong_seeds(judge_.session, leftover)
        alike = shares(related_runs(judge_.session))
    return found.text if found else "", alike is not None


RULES = {
    "sum": (lambda s, e: s + e, "seed + e"),
    "difference": (lambda s, e: abs(s - e), "seed - e"),
    "product": (lambda s, e: s * (e + 1), "seed * (e + 1)"),
    "xor": (lambda s, e: s ^ e, "seed XOR e"),
    "ten": (lambda s, e: s + 10 * e, "seed + 10 e"),
    "thousand": (lambda s, e: s + 1000 * e, "seed + 1000 e"),
    "nine bits": (lambda s, e: [s % 512, e], "its last 9 bits,"),
    "five lost": (lambda s, e: [s >> 5, e], "its last 5 bits are lost"),
    "one lost": (lambda s, e: [s // 2, e], "its last bit is lost"),
    "modulo": (lambda s, e: [s % 977, e], "the seed modulo 977"),
    "ignored": (lambda s, e: e, "the seed is ignored"),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_named(name):
    key, text = RULES[name]
    found, alike = told(key, "dropped", sampling="reshuffled")
    assert text in found
    # Seeds modulo a number are found by 300 others.
    assert alike or name == "modulo"


def test_batches_seeded_by_seed_and_step():
    assert "the same sequence, shifted" in told(lambda s, t: s + t)[0]
    assert "the batch of step e is seeded with seed XOR e" in told(lambda s, t: s ^ t)[0]


def test_unrelated_seeds():
    assert told(lambda s, e: [s, e]) == ("", False)
    assert told(lambda s, e: [s, e], "dropped", sampling="reshuffled") == ("", False)
    declared = {"sampling": "reshuffled", "epoch_seed": "seed + epoch"}
    assert "unrelated" in told(lambda s, e: [s, e], "dropped", **declared)[0]
    assert told(lambda s, e: s + e, "dropped", **declared)[0] == ""

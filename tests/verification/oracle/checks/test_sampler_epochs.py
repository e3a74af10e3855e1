"""Epochs and long runs: right samplers pass with every end, wrong ones fail; snippets show it."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.mutants import build, mutants
from whichmin.verification.oracle.mutants.variants import variants

NAMES = ("order", "lags", "period")


def results(target, **settings):
    found = judge(
        target, isolation="inline", **settings,
        only=lambda name: name.removeprefix("sample_batches.") in NAMES,
    )  # fmt: skip
    return {r.check.removeprefix("sample_batches."): r for r in found.results}


@pytest.mark.parametrize("name", ["epochs", "short", "carried", "padded", "epoch-sum"])
def test_right_passes_with_every_end(name):
    (variant,) = (v for v in variants() if v.id == f"sample_batches.{name}")
    found = results(build(variant), quick=True)
    assert {n: str(r.verdict) for n, r in found.items()} == dict.fromkeys(NAMES, "passed")
    assert all(r.kind == "stochastic" and 0 < r.false_alarm <= 1e-7 for r in found.values())


@pytest.mark.parametrize("name", ["choice", "replaced", "poisson"])
def test_independent_batches_have_no_order(name):
    (variant,) = (v for v in variants() if v.id == f"sample_batches.{name}")
    found = results(build(variant), quick=True)
    assert {n: str(r.verdict) for n, r in found.items()} == {
        "order": "not applicable", "lags": "passed", "period": "passed",
    }  # fmt: skip


FAULTS = {
    "rest-descending": {"order", "lags", "period"},
    "chunks-of-10": {"order", "period"},
    "epoch-late": {"period"},
    "there-and-back": {"lags"},
    "rotated": {"lags"},
    "two-orders": {"lags", "period"},
    "twice-late": {"lags", "period"},
    "period-1000": {"period"},
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_seen_by_the_check_that_is_meant_for_it(name):
    (mutant,) = (m for m in mutants() if m.id == f"sample_batches.{name}")
    found = results(build(mutant), quick=True)
    failed = {n for n, r in found.items() if r.verdict == "failed"}
    assert failed >= FAULTS[name]
    assert all(mutant.cause in found[n].diagnosis for n in failed)


def affine(m, b, steps, seed):
    """Every epoch goes through the points in turn, up or down, from a random one."""
    rng, rows = np.random.default_rng(seed), []
    while len(rows) < steps:
        stride = int(rng.choice([k for k in (1, m - 1) if np.gcd(k, m) == 1]))
        order = (rng.integers(m) + stride * np.arange(m)) % m
        rows += list(order[: m // b * b].reshape(-1, b))
    return np.array(rows[:steps])


def _some_sorted(m, b, steps, seed, places):
    rng, rows = np.random.default_rng(seed), []
    while len(rows) < steps:
        order = rng.permutation(m)
        order[places(m)].sort()
        rows += list(order[: m // b * b].reshape(-1, b))
    return np.array(rows[:steps])


def half_sorted(m, b, steps, seed):
    """The second half of every epoch ascends."""
    return _some_sorted(m, b, steps, seed, lambda m: slice(m // 2, None))


def thirds_sorted(m, b, steps, seed):
    """Every third point of an epoch ascends."""
    return _some_sorted(m, b, steps, seed, lambda m: slice(None, None, 3))


@pytest.mark.parametrize(
    ("sampler", "cause"),
    [
        (affine, "neighbours are drawn together"),
        (half_sorted, "the last half of an epoch comes in ascending order"),
        (thirds_sorted, ""),
    ],
)
def test_an_order_fails_without_a_cause_if_none_is_known(sampler, cause):
    target = SimpleNamespace(sample_batches=sampler, WHICHMIN={"sampling": "reshuffled"})
    found = results(target, quick=True)["order"]
    assert found.verdict == "failed"
    assert found.diagnosis.startswith(cause)
    assert bool(found.diagnosis) == bool(cause)


def reversed_pairs(m, b, steps, seed):
    """Every other batch has the points that mirror the one before it."""
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(m)[:b] for _ in range(-(-steps // 2))]
    return np.array([x for row in rows for x in (row, m - 1 - row)])[:steps]


def test_dependence_of_one_pair_in_two_is_seen():
    found = results(SimpleNamespace(sample_batches=reversed_pairs), quick=True)
    assert found["lags"].verdict == "failed"


@pytest.mark.parametrize(
    ("fault", "right", "checks"),
    [
        ("rest-descending", "epochs", ("order", "lags", "period")),
        ("chunks-of-10", "epochs", ("order",)),
        ("twice", "choice", ("lags", "period")),
    ],
)
def test_a_snippet_fails_for_the_wrong_sampler_only(fault, right, checks):
    (mutant,) = (m for m in mutants() if m.id == f"sample_batches.{fault}")
    (variant,) = (v for v in variants() if v.id == f"sample_batches.{right}")
    wrong, fine = build(mutant), build(variant)
    found = results(wrong, quick=True)
    for check in checks:
        exec(found[check].snippet, {"target": fine})
        with pytest.raises(AssertionError):
            exec(found[check].snippet, {"target": wrong})


def test_a_snippet_of_unequal_batches():
    (variant,) = (v for v in variants() if v.id == "sample_batches.short")
    right = build(variant)

    def late(m, b, steps, seed):
        first = right.sample_batches(m, b, -(-m // b), seed)
        return [*first, *right.sample_batches(m, b, steps, seed)][:steps]

    wrong = SimpleNamespace(sample_batches=late, WHICHMIN=right.WHICHMIN)
    found = results(wrong, quick=True)["period"]
    assert "epochs 0 and 1" in found.diagnosis
    exec(found.snippet, {"target": right})
    with pytest.raises(AssertionError):
        exec(found.snippet, {"target": wrong})

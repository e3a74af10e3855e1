"""Stochastic traces: right estimators pass for many seeds, wrong ones fail and are named."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle import judge
from whichmin.verification.oracle.checks import hessian_trace
from whichmin.verification.oracle.judge import Judge


def matrix(w, data, activation):
    c = data @ w
    linear = activation == "linear"
    phi = c if linear else np.maximum(c, 0)
    on = np.ones(len(c)) if linear else (c > 0) * 1.0
    cross = np.outer(phi @ data, w)
    first = (w @ w - 2) * data.T @ (on[:, None] * data)
    return (first + 2 * (cross + cross.T) + phi @ phi * np.eye(len(w))) / len(c)


def signs(rng, shape):
    return rng.choice([-1.0, 1.0], shape)


def gaussian(rng, shape):
    return rng.standard_normal(shape)


def sphere(rng, shape):
    z = rng.standard_normal(shape)
    return z * shape[1] ** 0.5 / np.linalg.norm(z, axis=1, keepdims=True)


def orthogonal(rng, shape):
    k, n = shape
    blocks = [np.linalg.qr(rng.standard_normal((n, n)))[0] for _ in range(-(-k // n))]
    return n**0.5 * np.concatenate(blocks)[:k]


def hutchinson(k, probes=signs, change=lambda z, forms: forms.mean(), seeded=lambda seed: seed):
    def trace(w, data, activation, seed):
        h = matrix(w, data, activation)
        z = probes(np.random.default_rng(seeded(seed)), (k, len(w)))
        return change(z, np.einsum("ki,ij,kj->k", z, h, z))

    return trace


def judged(trace, method="hutchinson", k=20, **settings):
    declared = {"stochastic": {"hessian_trace": {"method": method, "samples": k}}}
    target = SimpleNamespace(WHICHMIN=declared, hessian_trace=trace)
    found = judge(target, isolation="inline", **settings)
    return {r.check: r for r in found.results if r.verdict != "not provided"}


RIGHT = {
    "signs": (hutchinson, {}, "hutchinson"),
    "gaussian": (hutchinson, {"probes": gaussian}, "hutchinson-gaussian"),
    "sphere": (hutchinson, {"probes": sphere}, "hutchinson-sphere"),
    "orthogonal": (hutchinson, {"probes": orthogonal}, "hutchinson-orthogonal"),
}


@pytest.mark.parametrize("k", [1, 7, 100])
@pytest.mark.parametrize("name", RIGHT)
def test_right_estimators_pass(name, k):
    made, more, method = RIGHT[name]
    for seed in range(2):
        found = judged(made(k, **more), method, k, quick=True, seed=seed)
        assert {r.verdict for r in found.values() if r.cases} == {"passed"}
    cases = {"hutchinson": 4, "hutchinson-orthogonal": 8}.get(method, 6)
    assert found["hessian_trace.estimates"].cases == cases
    assert found["hessian_trace.values"].verdict == "not applicable"


def test_the_deep_profile_judges_two_problems():
    found = judged(hutchinson(20), deep=True)
    assert found["hessian_trace.estimates"].verdict == "passed"
    assert found["hessian_trace.estimates"].cases == 8


WRONG = {
    "not divided": (hutchinson(20, change=lambda z, f: f.sum()), "not divided by the number"),
    "seed ignored": (hutchinson(20, seeded=lambda seed: 5), "the seed has no influence"),
    "stops early": (hutchinson(20, change=lambda z, f: f[:2].mean()), "rule ends too early"),
    "one probe": (hutchinson(20, change=lambda z, f: f[0]), "a probe is used again"),
    "divided by n": (hutchinson(20, change=lambda z, f: f.mean() / z.shape[1]), "factor 1/n"),
    "normalised": (
        hutchinson(20, change=lambda z, f: (f / (z * z).sum(1)).mean()), "factor 1/n"
    ),
    "biased": (hutchinson(20, change=lambda z, f: f.sum() / 19), "samples/(samples-1)"),
    "clamped": (hutchinson(20, change=lambda z, f: abs(f.mean())), "absolute value"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_estimators_fail_and_are_named(name):
    trace, text = WRONG[name]
    result = judged(trace)["hessian_trace.estimates"]
    assert result.verdict == "failed"
    assert text in result.diagnosis


def uniform(rng, shape):
    return rng.uniform(-1, 1, shape)


def scaled_uniform(rng, shape):
    return rng.uniform(-(3**0.5), 3**0.5, shape)


def zero_one(rng, shape):
    return rng.integers(0, 2, shape) * 1.0


@pytest.mark.parametrize(
    ("trace", "text"),
    [
        (hutchinson(20, uniform), "uniform from -1 to 1"),
        (hutchinson(20, scaled_uniform), "uniform with variance 1"),
        (hutchinson(20, zero_one), "the probes are 0 and 1"),
    ],
)
def test_other_probes_are_named_and_nothing_is_advised_that_fails(trace, text):
    found = judged(trace)
    assert text in found["hessian_trace.estimates"].diagnosis
    assert {r.declare for r in found.values()} == {""}


@pytest.mark.parametrize("seed", range(4))
def test_fewer_probes_than_declared_are_not_taken_for_gaussian_ones(seed):
    result = judged(hutchinson(10), k=40, seed=seed)["hessian_trace.estimates"]
    assert result.verdict == "failed"
    assert "independent probes, where 40 are declared" in result.diagnosis
    assert result.declare == ""
    # With the variance of 100 Gaussian probes, but not on a diagonal Hessian.
    found = judged(hutchinson(50), "hutchinson-gaussian", k=100, seed=seed, quick=True)
    assert found["hessian_trace.estimates"].verdict == "failed"


@pytest.mark.parametrize("method", ["hutchinson", "hutchinson-gaussian", "hutchinson-sphere"])
def test_zero_is_called_zero(method):
    found = judged(lambda w, data, activation, seed: 0.0, method)
    said = {r.diagnosis for r in found.values() if r.verdict == "failed"}
    assert said == {"always 0"}


@pytest.mark.parametrize("declared", ["hutchinson", "hutchinson-gaussian"])
def test_probes_on_the_sphere_are_named_and_pass_once_declared(declared):
    found = judged(hutchinson(20, sphere), declared)
    said = {r.declare for r in found.values() if r.verdict == "failed"}
    assert any("'hutchinson-sphere'" in text for text in said)


def test_gaussian_probes_where_signs_are_declared():
    found = judged(hutchinson(20, gaussian))
    result = found["hessian_trace.signs"]
    assert result.diagnosis.startswith("the probes are not random signs")
    assert "hutchinson-gaussian" in result.declare


def test_signs_where_gaussian_probes_are_declared():
    found = judged(hutchinson(20), "hutchinson-gaussian", deep=True)
    result = found["hessian_trace.estimates"]
    assert result.verdict == "failed"
    assert "the variance of random signs" in result.diagnosis


def test_a_seed_that_does_not_decide():
    rng = np.random.default_rng(2)
    found = judged(hutchinson(20, seeded=lambda seed: rng))
    assert found["hessian_trace.seed"].diagnosis == "the seed does not decide the estimate"
    assert found["hessian_trace.estimates"].verdict == "passed"


def test_a_declared_sum_passes_and_an_undeclared_one_is_named():
    def summed(w, data, activation, seed):
        return len(data) * hutchinson(20)(w, data, activation, seed)

    result = judged(summed)["hessian_trace.estimates"]
    assert result.verdict == "failed"


def test_the_quick_profile_sees_an_ignored_seed():
    found = judged(hutchinson(20, seeded=lambda seed: 5), quick=True)
    assert "the seed has no influence" in found["hessian_trace.estimates"].diagnosis


def looks_at(monkeypatch, clock):
    """The check, and it alone, reads another clock."""
    monkeypatch.setattr(hessian_trace, "time", SimpleNamespace(perf_counter=lambda: next(clock)))


def counted(k, **settings):
    """The result of the check of estimates, and how often a target was called for it."""
    seeds = []

    def trace(w, data, activation, seed):
        seeds.append(seed)
        return hutchinson(k)(w, data, activation, seed)

    declared = {"stochastic": {"hessian_trace": {"method": "hutchinson", "samples": k}}}
    target = SimpleNamespace(hessian_trace=trace, WHICHMIN=declared)
    with Judge(target, isolation="inline", **settings) as run:
        (check,) = [c for c in run.checks if c.id == "hessian_trace.estimates"]
        return run.result(check), seeds


@pytest.mark.parametrize(
    ("k", "settings", "each", "cases"),
    [
        (1, {"quick": True}, 60, 2),
        (40, {"quick": True}, 60, 2),
        (48, {"quick": True}, 50, 2),
        (1000, {"quick": True}, 40, 2),
        (80, {}, 100, 4),
        (3, {"deep": True}, 400, 4),
    ],
)
def test_how_many_estimates_follows_from_the_options_alone(k, settings, each, cases, monkeypatch):
    """A clock that is a second further at each look: nothing is fewer on a slow machine."""
    looks_at(monkeypatch, iter(range(10**6)))
    monkeypatch.setattr(hessian_trace, "_SECONDS", dict.fromkeys(hessian_trace._SECONDS, 1e6))
    result, seeds = counted(k, **settings)
    assert result.verdict == "passed"
    assert len(seeds) == cases * each
    assert f"of {each} estimates" in result.where
    assert seeds == counted(k, **settings)[1]


def test_estimates_that_take_too_long_are_inconclusive_not_fewer(monkeypatch):
    monkeypatch.setattr(hessian_trace, "_SECONDS", {"quick": 1e-9, "plain": 1.0, "deep": 600.0})
    result, seeds = counted(48, quick=True)
    assert result.verdict == "inconclusive"
    assert not result.good
    assert len(seeds) == 0
    assert result.message.startswith("0 of 50 estimates of 48 samples took longer than 1e-09 s")
    assert "the full one waits for 1 s a case, the deep one for 600 s" in result.message
    expected = {"hessian_trace.estimates": "known"}
    assert counted(48, quick=True, expected=expected)[0].verdict == "inconclusive"


def test_a_failure_found_before_the_time_is_over_is_one(monkeypatch):
    """The first case is wrong, the second takes too long."""
    # Once when a case begins, and before each estimate.
    looks_at(monkeypatch, iter([0.0] * 10 + [1e9] * 2))

    def trace(w, data, activation, seed):
        return 1e6 + seed % 7

    monkeypatch.setattr(hessian_trace, "_MOST", dict.fromkeys(hessian_trace._MOST, 5))
    declared = {"stochastic": {"hessian_trace": {"method": "hutchinson", "samples": 2}}}
    target = SimpleNamespace(hessian_trace=trace, WHICHMIN=declared)
    with Judge(target, isolation="inline", quick=True) as run:
        (check,) = [c for c in run.checks if c.id == "hessian_trace.estimates"]
        assert run.result(check).verdict == "failed"


def test_only_methods_whose_law_is_known_are_judged():
    with pytest.raises(InputError, match=r"must be one of: hutchinson, hutchinson-gaussian, hutch"):
        judged(hutchinson(20), "search")

"""Estimators that sketch: right ones pass, each fault fails and is named, large ones are said."""

import numpy as np
import pytest

from tests.verification.oracle.checks.test_hessian_trace import gaussian, judged, matrix, signs
from whichmin.verification.oracle import simulated


def hutch_pp(k, probes=signs, fault=""):
    def trace(w, data, activation, seed):
        h, n, part = matrix(w, data, activation), len(w), max(k // 3, 1)
        rng = np.random.default_rng(seed)
        start = probes(rng, (n, min(part, n)))
        q = np.linalg.qr(h @ start)[0]
        z = start if fault == "again" else probes(rng, (n, part))
        z = z if fault == "not projected" else z - q @ (q.T @ z)
        rest = np.sum(z * (h @ z)) / (part + (fault == "one more"))
        return np.trace(q.T @ h @ q) + rest * {"left out": 0, "sign": -1}.get(fault, 1)

    return trace


def x_trace(k, probes=gaussian, biased=False):
    def trace(w, data, activation, seed):
        h, n, half = matrix(w, data, activation), len(w), k // 2
        z = probes(np.random.default_rng(seed), (n, half))
        found = []
        for i in range(half):
            q = np.linalg.qr(h @ (z if biased else np.delete(z, i, 1)))[0]
            rest = z[:, i] - q @ (q.T @ z[:, i])
            found.append(np.trace(q.T @ h @ q) + rest @ h @ rest)
        return np.mean(found)

    return trace


@pytest.mark.parametrize("k", [3, 12, 60])
@pytest.mark.parametrize("probes", [signs, gaussian])
def test_right_sketches_pass(k, probes):
    found = judged(hutch_pp(k, probes), "hutch++", k, quick=True)
    assert {r.verdict for r in found.values() if r.cases} == {"passed"}
    assert found["hessian_trace.sketches"].cases == 4


@pytest.mark.parametrize("probes", [signs, gaussian])
def test_a_right_x_trace_passes_and_a_biased_one_fails(probes):
    found = judged(x_trace(12, probes), "xtrace", 12, quick=True)
    assert {r.verdict for r in found.values() if r.cases} == {"passed"}
    found = judged(x_trace(12, probes, biased=True), "xtrace", 12, quick=True)
    assert found["hessian_trace.sketches"].verdict == "failed"


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("left out", "is left out"),
        ("sign", "subtracted"),
        ("not projected", "not made orthogonal"),
        ("one more", "one more"),
        ("again", "uses the vectors of the sketch again"),
    ],
)
def test_faults_are_named(fault, text):
    result = judged(hutch_pp(30, fault=fault), "hutch++", 30, quick=True)["hessian_trace.sketches"]
    assert result.verdict == "failed"
    assert text in result.diagnosis


def test_an_ignored_seed_is_named():
    right = hutch_pp(30)
    found = judged(lambda w, data, activation, seed: right(w, data, activation, 3), "hutch++", 30,
                   quick=True)  # fmt: skip
    assert "the seed has no influence" in found["hessian_trace.sketches"].diagnosis


def test_nothing_is_said_where_the_sketch_spans_everything():
    result = judged(hutch_pp(600), "hutch++", 600, quick=True)["hessian_trace.sketches"]
    assert result.verdict == "inconclusive"
    assert "at most 450" in result.message


def test_the_declared_method_must_have_a_fault_for_each_name():
    assert all(text[0].islower() for text in simulated.FAULTS.values())

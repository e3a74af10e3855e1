"""Relative flatness: right passes, at kinks between the one-sided values; wrong is named."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge

_spec = importlib.util.spec_from_file_location(
    "curvature_target", Path(__file__).with_name("curvature_target.py")
)
right = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(right)


def flatness(change, kappa=0.0):
    """From the squared length of w, the Hessian, w, m and n."""

    def relative_flatness(w, data, activation):
        matrix = right.points(w, data, activation, kappa).mean(0)
        return float(change(w @ w, matrix, w, *data.shape))

    return relative_flatness


def judged(function, quick=True, **declared):
    target = SimpleNamespace(WHICHMIN=declared, relative_flatness=function)
    found = judge(target, isolation="inline", quick=quick, only=lambda i: i.startswith("relative"))
    return {r.check.partition(".")[2]: r for r in found.results}


def trace(square, matrix, w, m, n):
    return square * np.trace(matrix)


@pytest.mark.parametrize("kappa", [0.0, 0.5, 1.0])
def test_right_passes_with_any_kappa_or_the_one_declared(kappa):
    found = judged(flatness(trace, kappa), quick=False)
    assert found["values"].verdict == found["kinks"].verdict == "passed"
    assert f"at kinks it agrees with kappa = {kappa:g}" in found["kinks"].notes
    assert judged(flatness(trace, kappa), kink=kappa)["kinks"].verdict == "passed"
    wrong = judged(flatness(trace, kappa), kink=1.0 if kappa == 0 else 0.0)["kinks"]
    assert wrong.verdict == "failed"
    assert "kappa = " in wrong.diagnosis


def test_beyond_the_one_sided_values_fails():
    assert judged(flatness(trace, 1.5))["kinks"].verdict == "failed"


def test_sums_scales_and_precision_are_declared():
    def summed(square, matrix, w, m, n):
        return square * np.trace(matrix) * m

    assert judged(flatness(summed))["values"].declare == "'hessian': 'sum'"
    assert judged(flatness(summed), hessian="sum")["values"].verdict == "passed"
    assert judged(flatness(trace), dtype="float32")["values"].verdict == "passed"
    twice = flatness(lambda *given: 2 * trace(*given))
    assert judged(twice, loss_scale=2)["values"].verdict == "passed"


WRONG = {
    "trace": (lambda s, h, w, m, n: np.trace(h), "not multiplied by |w|^2"),
    "norm": (lambda s, h, w, m, n: s**0.5 * np.trace(h), "the norm is not squared"),
    "fourth": (lambda s, h, w, m, n: s * s * np.trace(h), "squared twice"),
    "top": (lambda s, h, w, m, n: s * np.linalg.eigvalsh(h)[-1], "the largest eigenvalue"),
    "frobenius": (lambda s, h, w, m, n: s * np.linalg.norm(h), "Frobenius norm"),
    "along": (lambda s, h, w, m, n: w @ h @ w, "<w, H w>"),
    "each": (lambda s, h, w, m, n: (w * w) @ np.diag(h), "weight by weight"),
    "ones": (lambda s, h, w, m, n: np.abs(w).sum() ** 2 * np.trace(h), "absolute values"),
    "inverse": (lambda s, h, w, m, n: np.trace(h) / (s or np.inf), "divided by |w|^2"),
    "mean": (lambda s, h, w, m, n: s * np.trace(h) / n, "mean over the coordinates"),
    "half": (lambda s, h, w, m, n: s * np.trace(h) / 2, "factor 1/2"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_values_are_named(name):
    change, cause = WRONG[name]
    result = judged(flatness(change))["values"]
    assert result.verdict == "failed"
    assert cause in result.diagnosis
    assert result.snippet

"""A power iteration that iterates as declared passes; others fail with the count they make."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.checks import iterations
from whichmin.verification.oracle.mutants.reference import hessian


def powered(count, shifted=True):
    def top_eigenvalue(w, data, activation, seed):
        matrix = hessian(w, data, activation)
        shift = np.linalg.norm(matrix) if shifted else 0.0
        v = np.random.default_rng(seed).standard_normal(len(w))
        for _ in range(count):
            v = matrix @ v + shift * v
            v = v / np.linalg.norm(v)
        return float(v @ matrix @ v / (v @ v))

    return top_eigenvalue


def judged(function, samples, seed=0):
    declared = {"top_eigenvalue": {"method": "power iteration", "samples": samples}}
    target = SimpleNamespace(top_eigenvalue=function, WHICHMIN={"stochastic": declared})
    found = judge(target, isolation="inline", quick=True, seed=seed,
                  only=lambda c: c == "top_eigenvalue.iterations")  # fmt: skip
    return found.results[0]


@pytest.mark.parametrize("samples", [5, 20, 200])
@pytest.mark.parametrize("shifted", [False, True])
def test_right_ones_pass(samples, shifted):
    for seed, count in enumerate((samples, samples - 1)):
        assert judged(powered(count, shifted), samples, seed).verdict == "passed"


@pytest.mark.parametrize("samples", [5, 20, 200])
def test_one_that_never_iterates_is_named(samples):
    result = judged(powered(0), samples)
    assert result.verdict == "failed"
    assert result.diagnosis.startswith("it does not iterate")


@pytest.mark.parametrize("samples", [6, 40, 200])
def test_half_the_iterations_are_counted(samples):
    result = judged(powered(samples // 2), samples)
    assert result.verdict == "failed"
    assert f"after {samples // 2} iterations with a shift" in result.diagnosis


def test_few_iterations_are_inconclusive():
    result = judged(powered(1), 1)
    assert result.verdict == "inconclusive"
    assert "need not come nearer" in result.message


def test_distances_fall_with_the_iterations():
    values = np.array([1.0, 0.9, 0.0, -0.2])
    far = [
        np.median(iterations.shortfalls(values, 1.0, k, 1.0, np.random.default_rng(0)))
        for k in (0, 3, 30)
    ]
    assert far[0] > far[1] > far[2] > 0

"""Largest eigenvalues: conventions, power iterations, and their published mistakes."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.checks.spectrum import iteration_error
from whichmin.verification.oracle.references import floats, hessian


def matrix(w, data, activation):
    # The derivative of the gradient, by its definition in rational arithmetic: no shared code.
    from fractions import Fraction

    exact = [tuple(Fraction(float(x)) for x in row) for row in data]
    found = hessian(tuple(Fraction(float(x)) for x in w), exact, activation, Fraction(0))
    return floats(found) / len(data)


def judged(top, declared=None):
    target = SimpleNamespace(WHICHMIN=declared or {}, top_eigenvalue=top)
    found = judge(target, isolation="inline")
    return {r.check: r for r in found.results if r.verdict != "not provided"}


def largest_in_size(w, data, activation):
    values = np.linalg.eigvalsh(matrix(w, data, activation))
    return values[np.argmax(np.abs(values))]


def test_the_largest_in_size_is_told_from_the_largest():
    result = judged(largest_in_size)["top_eigenvalue.values"]
    assert result.verdict == "failed"
    assert result.diagnosis == "the eigenvalue largest in absolute value"
    assert result.declare == "'top_eigenvalue': 'largest magnitude'"


def largest_in_size_positive_first(w, data, activation):
    values = np.linalg.eigvalsh(matrix(w, data, activation))
    return values[0] if -values[0] > values[-1] else values[-1]


def test_the_largest_in_size_passes_if_declared():
    declared = {"top_eigenvalue": "largest magnitude"}
    found = judged(largest_in_size_positive_first, declared)
    assert found["top_eigenvalue.values"].verdict == "passed"

    def largest(w, data, activation):
        return np.linalg.eigvalsh(matrix(w, data, activation))[-1]

    result = judged(largest, declared)["top_eigenvalue.values"]
    assert result.declare == "'top_eigenvalue': 'largest'"


def power(added=0.0, steps=4000, shifted=True, zero=0.0):
    def top(w, data, activation, seed):
        h = matrix(w, data, activation)
        shift = np.linalg.norm(h) if shifted else 0.0
        v = np.random.default_rng(seed).normal(size=len(w))
        v /= np.linalg.norm(v)
        for _ in range(steps):
            product = h @ v + shift * v
            length = np.linalg.norm(product)
            if length <= zero:
                break
            v = product / (length + added)
        return v @ h @ v

    return top


def declared(steps, **more):
    method = {"method": "power iteration", "samples": steps}
    return {"stochastic": {"top_eigenvalue": method}, **more}


@pytest.mark.parametrize("steps", [30, 1000])
def test_a_power_iteration_passes(steps):
    found = judged(power(steps=steps), declared(steps))
    assert {r.verdict for r in found.values()} == {"passed"}


def test_a_power_iteration_without_shift_finds_another_eigenvalue():
    found = judged(power(steps=3000, shifted=False), declared(3000))
    result = found["top_eigenvalue.values"]
    assert result.verdict == "failed"
    assert "largest in absolute value" in result.diagnosis


def test_a_relative_normalisation_of_1e_6_fails_where_the_hessian_is_small():
    found = judged(power(1e-6, 3000, shifted=False),
                   declared(3000, top_eigenvalue="largest magnitude"))  # fmt: skip
    result = found["top_eigenvalue.values"]
    assert result.verdict == "failed"
    assert "norm + 1e-6" in result.diagnosis


def test_a_division_by_the_norm_of_zero_is_reported():
    def careless(w, data, activation):
        h = matrix(w, data, activation)
        v = h @ np.ones(len(w))
        with np.errstate(all="ignore"):
            v = v / np.linalg.norm(v)
        return v @ h @ v

    found = judged(careless)
    assert any("not finite" in r.message for r in found.values())


def test_the_bound_of_an_iteration_is_kept_and_small():
    rng = np.random.default_rng(3)
    values = np.array([-1.0, 0.1, 0.5, 0.9, 2.0])
    for steps in (20, 60, 200):
        for name, shift in (("largest", np.linalg.norm(values)), ("largest magnitude", 0.0)):
            bound = iteration_error(values, steps, name)
            for _ in range(100):
                v = (values + shift) ** steps * rng.normal(size=5)
                assert 0 <= 2.0 - (values * v * v).sum() / (v @ v) + 1e-15 <= bound + 1e-14
    assert iteration_error(values, 60, "largest magnitude") < 1e-9
    assert iteration_error(values, 200, "largest") < 1e-9
    # Two of one size and opposite sign: no convergence, so everything is allowed.
    assert iteration_error(np.array([-1.0, 1.0]), 1000, "largest magnitude") == 2.0

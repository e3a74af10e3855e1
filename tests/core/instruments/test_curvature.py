"""Traces: exact, within their standard error, and at the stated rate."""

import numpy as np
import pytest
import torch
from scipy import stats

from whichmin.core.instruments import closure_objective, curvature, estimate_trace
from whichmin.errors import InputError

# So coarse that 32 to 200 terms do: there the number of terms is decided by the plan.
TARGET = {"hutch++": 0.02, "hutchinson": 0.1}


def quadratic(matrix):
    h = torch.from_numpy(matrix)
    return closure_objective(lambda w: w @ h @ w / 2, np.zeros(len(matrix)))


def decaying(n=60, seed=0):
    q = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))[0]
    return (q * np.arange(1, n + 1) ** -1.5) @ q.T


@pytest.mark.parametrize("method", ["hutch++", "hutchinson", "exact"])
def test_digits(digits, method):
    exact = np.trace(digits.hessian)
    found = estimate_trace(digits.objective, method=method, target=0.02, seed=2)
    assert found.reached
    assert found.method == method
    if method == "exact":
        assert found.value == pytest.approx(exact, rel=1e-12)
        assert (found.standard_error, found.products) == (0, 385)
        assert found.interval() == (found.value, found.value)
    else:
        assert 0 < found.standard_error <= 0.02 * found.value
        low, high = found.interval(1 - 1e-6)  # a false alarm of 1e-6, before the seed was fixed
        assert low < exact < high
    aside = {"hutch++": 64 + 16, "hutchinson": 16, "exact": 385}  # subspace, pilot
    assert found.products == len(found.terms) + aside[method]


def test_a_low_rank_is_exact_for_hutch_plus_plus():
    factor = np.random.default_rng(1).standard_normal((40, 5))
    found = estimate_trace(quadratic(factor @ factor.T), sketch=8)
    assert found.value == pytest.approx(np.trace(factor @ factor.T), rel=1e-12)
    assert found.standard_error < 1e-12 * found.value


def test_a_sketch_of_everything_is_exact():
    found = estimate_trace(quadratic(decaying(20)), sketch=500, method="hutch++")
    assert found.value == pytest.approx(np.trace(decaying(20)), rel=1e-12)


def test_the_standard_error_is_right():
    """Hutchinson's variance with signs is 2 (|H|_F^2 - sum_i H_ii^2)."""
    h = decaying()
    found = estimate_trace(quadratic(h), method="hutchinson", target=1e-9, max_products=2000)
    variance = 2 * ((h**2).sum() - (np.diag(h) ** 2).sum())
    # The spread of 1984 terms of kurtosis below 12: 6 times sqrt(11 / 1984) / 2 = 0.22.
    assert found.terms.std(ddof=1) == pytest.approx(np.sqrt(variance), rel=0.22)
    assert found.standard_error == found.terms.std(ddof=1) / np.sqrt(1984)
    assert not found.reached
    assert found.products == 2000


def covered(monkeypatch, method, seeds):
    """How many 95 % intervals hold the trace, with the plan at work; products are NumPy-cheap."""
    h = decaying(30)
    exact, problem, matrix = np.trace(h), quadratic(h), torch.from_numpy(h)
    monkeypatch.setattr(curvature, "hessian_operator", lambda *_: lambda v: matrix @ v)
    found = (
        estimate_trace(problem, method=method, sketch=3, target=TARGET[method], seed=s)
        for s in range(seeds)
    )
    intervals = [f.interval(0.95) for f in found]
    return sum(low <= exact <= high for low, high in intervals)


@pytest.mark.parametrize("method", ["hutch++", "hutchinson"])
def test_the_interval_covers_at_its_rate(monkeypatch, method):
    """A false alarm of 1e-6 for a true rate of 92 % or more, and at most 96.5 %.

    Student's interval costs a few per cent for terms as skewed as sums of few squares.
    """
    count = covered(monkeypatch, method, 1000)
    assert stats.binom.ppf(1e-6, 1000, 0.92) <= count <= stats.binom.ppf(1 - 1e-6, 1000, 0.965)


def test_a_rule_that_stops_at_the_luckiest_is_noticed(monkeypatch):
    """What looking after every term does: the same count is too low."""
    monkeypatch.setattr(curvature, "_planned", lambda known, wanted: 2)
    count = covered(monkeypatch, "hutchinson", 1000)
    assert count < stats.binom.ppf(1e-6, 1000, 0.92)


def test_a_forgotten_projection_is_noticed(monkeypatch):
    exact = np.trace(decaying())
    right = torch.linalg.qr
    monkeypatch.setattr(torch.linalg, "qr", lambda x: (right(x)[0] * 0.9, None))
    found = estimate_trace(quadratic(decaying()), target=0.002)
    low, high = found.interval(1 - 1e-6)
    assert not low < exact < high


def test_the_seed_decides():
    first, again, other = (estimate_trace(quadratic(decaying()), seed=s) for s in (3, 3, 4))
    assert np.array_equal(first.terms, again.terms)
    assert not np.array_equal(first.terms[:5], other.terms[:5])


@pytest.mark.parametrize(("options", "message"), [
    ({"target": 0}, "target = 0"),
    ({"method": "hutch"}, "method = 'hutch', but must be one of"),
    ({"sketch": 0}, "sketch = 0"),
    ({"max_products": 50}, r"max_products = 50, but must be an integer >= 112 \(what auto"),
    ({"engine": "jax"}, "engine = 'jax', but must be one of: torch, curvlinops"),
])  # fmt: skip
def test_refused(options, message):
    with pytest.raises(InputError, match=message):
        estimate_trace(quadratic(decaying()), **options)


def test_no_unit_of_the_loss_changes_the_error():
    """Terms of 1e-170 have no squares: their spread was 0, and the target reached at once."""
    h = decaying()
    one, other = (
        estimate_trace(quadratic(h * u), method="hutchinson", target=1e-9, max_products=100)
        for u in (1.0, 1e-170)
    )
    assert other.value == pytest.approx(1e-170 * one.value, rel=1e-10)
    assert other.standard_error == pytest.approx(1e-170 * one.standard_error, rel=1e-10)
    assert not other.reached

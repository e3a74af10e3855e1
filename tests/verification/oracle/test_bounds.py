from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle import bounds, references
from whichmin.verification.oracle.problems import problem, problems


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sizes_bound_the_values(dtype):
    for case in problems():
        w, data = references.rounded(case.w, dtype), references.rounded(case.data, dtype)
        for activation in ("linear", "relu"):
            assert references.loss(w, data, activation) <= bounds.loss_size(w, data) * (1 + 1e-12)
            slope = np.abs(references.floats(references.gradient(w, data, activation)))
            assert (slope <= bounds.gradient_size(w, data) * (1 + 1e-12)).all()
            matrix = references.hessian(w, data, activation, Fraction(1))
            size = bounds.hessian_size(w, data) * (1 + 1e-12)
            assert (np.abs(references.floats(matrix)) <= size).all()


def naive_step(w, rows, eta, relu, dtype):
    """As plain as can be, every operation rounded to dtype, sums from left to right."""
    kind = np.dtype(dtype).type
    total = [kind(0)] * len(w)
    for a in rows:
        inner = kind(0)
        for p, q in zip(w, a, strict=True):
            inner += p * q
        phi = inner if inner > 0 or not relu else kind(0)
        residual = [q - p * phi for p, q in zip(w, a, strict=True)]
        pull = kind(0)
        for p, r in zip(w, residual, strict=True):
            pull += p * r
        slope = kind(1) if inner > 0 or not relu else kind(0)
        total = [t - phi * r - slope * pull * q for t, r, q in zip(total, residual, a, strict=True)]
    return np.array([p - kind(eta) * (t / kind(len(rows))) for p, t in zip(w, total, strict=True)])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("relu", [False, True])
def test_a_plain_run_stays_within_the_bound_and_a_wrong_bit_does_not(dtype, relu):
    worst = 0.0
    for case in problems():
        if "scaled" in case.tags:
            continue
        w, data = references.rounded(case.w, dtype), references.rounded(case.data, dtype)
        batches = [(t % case.m, 0) for t in range(4)]
        path = references.train(
            w, data, batches, Fraction(1, 8), "relu" if relu else "linear", [Fraction(1, 2)] * 4
        )
        rows = [[data[i] for i in b] for b in batches]
        bound = bounds.train_bound(path[:-1], rows, 0.125, [0.5] * 4, dtype)
        v, a = (references.floats(x).astype(dtype) for x in (w, data))
        for b in batches:
            v = naive_step(v, a[list(b)], 0.125, relu, dtype)
        error = np.abs(v.astype(float) - references.floats(path[-1]))
        assert (error <= bound).all(), case.id
        worst = max(worst, float(np.max(error / bound)))
    assert worst > 1e-4, "a bound ten thousand times too wide would see nothing"


def test_the_bound_grows_with_precision_lost():
    case = problem("generic")
    size = bounds.gradient_size(case.w, case.data)
    wide, narrow = (bounds.rounding(size, 5, 3, d) for d in ("float32", "float64"))
    assert np.allclose(wide / narrow, 2.0**29)
    assert bounds.reason(5, 3, "float32") == (
        "76 roundings of at most 2^-24 of the sum of the terms' sizes"
    )


def test_a_zero_size_still_allows_flushing_to_zero():
    assert 0 < bounds.rounding(0.0, 5, 3, "float64") < 1e-300

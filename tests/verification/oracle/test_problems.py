"""Every situation that the problems promise is really there, in the numbers a target receives."""

import itertools

import numpy as np
import pytest

from whichmin.verification.oracle import references
from whichmin.verification.oracle.problems import TAGS, frame, problem, problems


def test_ids_are_unique_and_every_tag_is_used():
    names = [p.id for p in problems()]
    assert len(set(names)) == len(names)
    assert set().union(*(p.tags for p in problems())) == set(TAGS)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", problems(), ids=lambda p: p.id)
def test_kinks_are_met_in_floating_point_in_any_order(case, dtype):
    w, data = references.rounded(case.w, dtype), references.rounded(case.data, dtype)
    exact = references.kinks(w, data)
    assert bool(exact) == ("kink" in case.tags)
    if "kink" in case.tags:
        assert (w, data) == (case.w, case.data), "rounding would move the point off the kink"
        rng = np.random.default_rng(0)
        v, a = (references.floats(x).astype(dtype) for x in (w, data))
        for _ in range(20):
            order = rng.permutation(case.n)
            for i in exact:
                total = np.dtype(dtype).type(0)
                for term in v[order] * a[i][order]:
                    total += term
                assert total == 0


@pytest.mark.parametrize("case", problems(), ids=lambda p: p.id)
def test_critical_points_and_minima_are_what_they_say(case):
    zero = (0,) * case.n
    for activation in ("linear", "relu"):
        slope = references.gradient(case.w, case.data, activation)
        if "critical" in case.tags:
            assert slope == zero
        elif activation == "linear":
            assert slope != zero
    if "minimum" in case.tags:
        # L* = 1/2 - 1/(2m) is the mean; here is the sum.
        assert references.loss(case.w, case.data, "relu") * 2 == case.m - 1
    if "general" not in case.tags:
        for a, b in itertools.product(case.data, repeat=2):
            assert references.dot(a, b) == int(a is b)


def spectrum(name, activation):
    case = problem(name)
    matrix = references.hessian(case.w, case.data, activation, references.Fraction(0))
    return np.linalg.eigvalsh(references.floats(matrix)) / case.m


def test_spectra_are_what_the_notes_say():
    assert np.allclose(spectrum("origin", "linear"), -0.5, atol=1e-15)
    assert np.allclose(spectrum("saddle", "linear"), 0, atol=1e-15)
    low, high = (spectrum("negative curvature", "linear")[k] for k in (0, -1))
    assert abs(low) > high
    assert 1e5 < abs(spectrum("steep", "linear")).max() < 1e7
    assert 1e-7 < abs(spectrum("flat", "linear")).max() < 1e-5
    assert not spectrum("dead neuron", "relu").any()


def test_every_quick_feature():
    quick = [p for p in problems() if "quick" in p.tags]
    assert {p.m for p in quick} >= {1, 3, 4}
    assert any("kink" in p.tags for p in quick)
    assert any("minimum" in p.tags for p in quick)


def test_frames_are_orthonormal():
    rows = frame((1, -2, 2), 3)
    assert [[references.dot(a, b) for a in rows] for b in rows] == np.eye(3).tolist()

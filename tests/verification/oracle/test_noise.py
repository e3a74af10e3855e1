"""Exact noise: enumeration against closed factors and the theory of the model."""

from fractions import Fraction

import pytest

from whichmin.verification.oracle import noise, references
from whichmin.verification.oracle.problems import frame, problem
from whichmin.verification.oracle.references import dot

BOTH = ("without-replacement", "with-replacement")


def _gradients(name, activation="linear"):
    served = problem(name)
    return references.point_gradients(served.w, served.data, activation)


@pytest.mark.parametrize("sampling", BOTH)
@pytest.mark.parametrize(("m", "b"), [(1, 1), (3, 2), (4, 1), (4, 3), (5, 5)])
def test_chances_add_up_to_one(m, b, sampling):
    assert sum(p for _, p in noise.batches(m, b, sampling)) == 1


@pytest.mark.parametrize("sampling", BOTH)
@pytest.mark.parametrize("name", ["generic", "correlated", "one point"])
def test_enumeration_has_the_closed_factor(name, sampling):
    gradients = _gradients(name)
    mean, point = noise.mean_and_covariance(gradients, 1, "with-replacement")
    for b in range(1, len(gradients) + 1):
        at, matrix = noise.mean_and_covariance(gradients, b, sampling)
        factor = noise.factor(len(gradients), b, sampling)
        assert at == mean
        assert matrix == tuple(tuple(factor * x for x in row) for row in point)


def test_factors_of_a_pair_of_three():
    assert noise.factor(3, 2, "without-replacement") == Fraction(1, 4)
    assert noise.factor(3, 2, "with-replacement") == Fraction(1, 2)
    assert noise.factor(1, 1, "without-replacement") == 0


@pytest.mark.parametrize("k", [1, 2, 4])
def test_noise_at_a_minimum_is_that_of_the_theory(k):
    # On the manifold of minima tr Sigma = (1 - sum c_i^4) / m, and G = 0.
    data = frame((1, 1, 1, 1, 2, 2, 2), 4)
    share = {1: Fraction(1), 4: Fraction(1, 2)}.get(k)
    c = [share] * k if share else [Fraction(3, 5), Fraction(4, 5)]
    w = tuple(sum(x * a[p] for x, a in zip(c, data, strict=False)) for p in range(7))
    spread, square = noise.trace_and_square(references.point_gradients(w, data, "linear"))
    assert (spread, square) == ((1 - sum(x**4 for x in c)) / 4, 0)


def test_noise_scale_is_trace_over_square_and_undefined_where_it_must():
    gradients = _gradients("generic")
    mean, matrix = noise.mean_and_covariance(gradients, 1, "with-replacement")
    spread = sum(matrix[p][p] for p in range(5))
    assert noise.noise_scale(gradients) == spread / dot(mean, mean)
    assert noise.noise_scale(gradients, sample=True) == Fraction(3, 2) * spread / dot(mean, mean)
    assert noise.noise_scale(_gradients("dense square")) is None
    assert noise.noise_scale(_gradients("one point"), sample=True) is None


def test_second_moment_is_covariance_plus_square():
    gradients = _gradients("generic")
    rows, chances = noise.mean_gradients(gradients, 2, "without-replacement")
    mean, matrix = noise.mean_and_covariance(gradients, 2, "without-replacement")
    moment = noise.second_moment(rows, chances)
    assert all(moment[p][q] == matrix[p][q] + mean[p] * mean[q] for p in range(5) for q in range(5))


def test_batch_noise_scale_from_the_hessian():
    served = problem("generic")
    gradients = _gradients("generic")
    mean, matrix = noise.mean_and_covariance(gradients, 1, "with-replacement")
    hessian = references.hessian(served.w, served.data, "linear", Fraction(0))
    above = sum(hessian[p][q] * matrix[q][p] for p in range(5) for q in range(5))
    below = dot(mean, tuple(dot(row, mean) for row in hessian))
    assert noise.batch_noise_scale(served.w, served.data, "linear") == above / below
    saddle = problem("saddle")
    assert noise.batch_noise_scale(saddle.w, saddle.data, "linear") is None


def test_squares_are_the_law_of_the_squared_length():
    gradients = _gradients("generic")
    values, chances = noise.squares(gradients, 2, "without-replacement")
    spread, square = noise.trace_and_square(gradients)
    assert dot(values, chances) == square + Fraction(1, 4) * spread

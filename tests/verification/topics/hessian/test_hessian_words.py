"""Words of claims on the Hessian, against second routes."""

from fractions import Fraction

import numpy as np
import pytest

from whichmin.core.data import make_data
from whichmin.core.frames import standard_basis
from whichmin.core.hessian import hessian
from whichmin.verification.evidence.statement import Undecided
from whichmin.verification.topics.hessian import words
from whichmin.verification.topics.vocabulary import N, start
from whichmin.words import Activation, Kink

MIXED = start(3, Fraction(2, 3), Fraction(-1, 5), 0, Fraction(1, 2))


@pytest.mark.parametrize("activation", list(Activation))
def test_the_hessian_is_that_of_automatic_differentiation(activation):
    found = words.hessian_matrix(MIXED, activation.value, Fraction(1, 2))
    w = np.array([float(v) for v in MIXED.w])
    told = hessian(
        w, make_data(standard_basis(3, 4)), activation=activation, kink=Kink.MEAN, kink_width=1e-9
    )
    assert np.abs(np.array(found, dtype=float) - told.numpy()).max() < 1e-14
    u = start(3, 1, 2, -1, 1)
    along = np.array([float(v) for v in u.w])
    value = float(words.second_derivative(MIXED, u, activation.value, Fraction(1, 2)))
    assert value == pytest.approx(along @ told.numpy() @ along, abs=1e-13)


def test_the_product_of_eigenvalues_leaves_out_those_that_are_0():
    # Two active points of three in four dimensions: 4/m, (1 - kappa)/m and 1/m, once each.
    w = start(3, Fraction(3, 5), Fraction(4, 5), 0, 0)
    assert words.curved_directions(w, "relu", Fraction(1, 2)) == 3
    assert words.pseudo_determinant(w, "relu", Fraction(1, 2)) == Fraction(4, 3) * Fraction(
        1, 6
    ) * Fraction(1, 3)
    assert words.curved_directions(w, "relu", 1) == 2


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_minima_are_unit_vectors_in_the_span(activation):
    for seed in range(40):
        w = words._minimum(seed, activation, 1, 4, 2)
        assert N(w) == 1
        assert not any(w.w[w.m :])
        assert activation == "linear" or min(w.w) >= 0


def test_runs_end_at_one_point_or_in_the_mixture():
    w = start(3, Fraction(1, 2), Fraction(2, 5), Fraction(-1, 5), Fraction(1, 10))
    single = words.sgd_minimum(w, 1, Fraction(1, 5), 0, "relu")
    assert sorted(single.w) == [0, 0, 0, 1]
    mixture = words.sgd_minimum(w, 3, Fraction(1, 5), 0, "relu")
    assert mixture.w[2] == 0
    assert float(mixture.w[1]) == pytest.approx(0.8 * float(mixture.w[0]))
    assert words.active_count(words.sgd_iterate(w, 1, Fraction(1, 5), 0, "relu"), "relu") == 2
    with pytest.raises(Undecided):
        words.sgd_minimum(w, 1, Fraction(1, 10**6), 0, "relu")

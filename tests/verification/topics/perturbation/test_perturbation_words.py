"""Words of claims on perturbed weights, against second routes."""

from fractions import Fraction

import pytest

from whichmin.symbolic import closed_form
from whichmin.verification.evidence.statement import Undecided
from whichmin.verification.topics.perturbation import words
from whichmin.verification.topics.perturbation.box import exact_metric
from whichmin.verification.topics.vocabulary import loss, start

MIXTURE = start(2, Fraction(3, 5), Fraction(4, 5), 0)


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("eps", [Fraction(1, 1000), Fraction(1, 2), Fraction(30)])
def test_the_metric_is_that_of_all_corners(activation, eps):
    assert words.keskar_metric(MIXTURE, eps, activation) == exact_metric(
        MIXTURE.w, 2, eps, activation
    )


def test_turned_by_nothing_the_metric_is_the_same():
    w = start(2, Fraction(3, 5), Fraction(4, 5))
    assert words.turned_keskar(w, 0, Fraction(1, 10)) == words.keskar_metric(w, Fraction(1, 10))
    assert words.turned_keskar(w, Fraction(1, 2), Fraction(1, 10)) != words.keskar_metric(
        w, Fraction(1, 10)
    )
    with pytest.raises(Undecided):
        words.turned_keskar(MIXTURE, 0, Fraction(1, 10))
    with pytest.raises(Undecided):
        words.keskar_metric(start(1, *[1] * 12), Fraction(1, 10))


def test_a_rise_is_a_difference_of_losses():
    z = start(2, Fraction(1, 10), -1, Fraction(1, 3))
    moved = start(2, Fraction(7, 10), Fraction(-1, 5), Fraction(1, 3))
    for activation in ("linear", "relu"):
        told = loss(moved, activation) - loss(MIXTURE, activation)
        assert words.rise(MIXTURE, z, activation) == told


@pytest.mark.parametrize("k", [1, 2])
def test_the_mean_rise_is_that_of_the_closed_form(k):
    w = start(2, 1, 0, 0) if k == 1 else MIXTURE
    told = closed_form("sam.sphere")(k=k, m=2, n=3, r=0.5)
    assert words.mean_rise(w, Fraction(1, 2), "relu") == pytest.approx(float(told), rel=1e-12)


def test_the_smallest_active_correlation():
    assert words.least_active(start(3, Fraction(1, 2), 0, Fraction(-1, 3))) == Fraction(1, 2)
    with pytest.raises(Undecided):
        words.least_active(start(1, -1))

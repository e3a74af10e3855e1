"""The closed forms are the textbook's, and what they say of flat and wide holds."""

import sympy as sp

from whichmin.symbolic.rescaling.posterior import (
    divergence,
    penalty,
    penalty_slope,
    variance,
)


def test_the_divergence_of_two_equal_normals_is_zero():
    assert divergence().exact(d=0, v=9, sigma=3) == 0
    assert divergence().exact(d=3, v=9, sigma=3) == sp.Rational(1, 2)


def test_a_flat_direction_keeps_the_prior():
    told = variance()
    assert told.exact(h=sp.Rational(1, 10**9), T=1, sigma=2) > sp.Rational(399, 100)
    assert told.exact(h=3, T=1, sigma=1) == sp.Rational(1, 4)
    assert penalty().exact(h=3, T=1, sigma=1) == (sp.log(4) - sp.Rational(3, 4)) / 2
    assert penalty_slope().exact(h=3, T=1, sigma=1) == sp.Rational(3, 32)

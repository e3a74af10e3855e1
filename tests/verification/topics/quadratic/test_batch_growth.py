"""Larger batches in place of smaller steps, and the wall clock: false versions are caught."""

import math
from fractions import Fraction

import pytest

from whichmin.verification.topics import all_checks
from whichmin.verification.topics.quadratic import batch_growth

CHECKS = {c.id: c for c in all_checks() if c.topic == "quadratic"}
LEMMAS = {"batch_growth.mean": batch_growth.MEAN, "batch_growth.wall_clock": batch_growth.CLOCK}


@pytest.mark.parametrize("name", LEMMAS)
def test_false_lemmas_are_caught(name, caught):
    pytest.importorskip("z3")
    for lemma in LEMMAS[name]:
        for variant in lemma.variants:
            caught(CHECKS[name].changed(statements=(lemma.changed(variant),)), says=": sat for ")


def test_another_factor_is_caught(caught):
    caught(CHECKS["batch_growth.settled"].changed(twice=3), says="a batch of K B")


def test_the_settled_variance_is_where_a_long_recursion_ends():
    h, eta, B, s = Fraction(1), Fraction(1, 2), 4, Fraction(3)
    v = 0.0
    for _ in range(100):
        v = 0.25 * v + 0.25 * 3 / 4
    assert float(batch_growth.settled_variance(h, eta, B, s)) == pytest.approx(v)
    assert math.isnan(batch_growth.settled_variance(h, 2, B, s))
    assert batch_growth.mean_after(h, eta, 3, Fraction(8)) == 1

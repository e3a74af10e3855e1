"""Laws of batches."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle import draws


@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement"])
def test_inclusion_is_that_of_the_enumerated_law(sampling):
    m, b = 5, 3
    law = draws.declared_law(m, b, sampling)
    single = sum(p for batch, p in law.items() if 2 in batch)
    double = sum(p for batch, p in law.items() if {1, 4} <= set(batch))
    assert draws.inclusion(m, b, sampling) == (single, double)


def test_biased_shuffles_are_biased_and_laws():
    for lowest in ("any", "other"):
        law = draws.shuffle_law(4, 2, lowest=lowest)
        assert sum(law.values()) == 1
        assert len(set(law.values())) > 1


def test_naive_shuffle_by_all_sequences_of_swaps():
    m, found = 3, {}
    for swaps in itertools.product(range(m), repeat=m):
        order = list(range(m))
        for i, j in zip(range(m - 1, -1, -1), swaps, strict=True):
            order[i], order[j] = order[j], order[i]
        key = tuple(sorted(order[:2]))
        found[key] = found.get(key, 0) + Fraction(1, m**m)
    assert draws.shuffle_law(m, 2, lowest="any") == found


def test_sattolo_makes_cycles_only():
    # No point stays in its place: the first entry is never 0.
    assert draws.shuffle_law(4, 1, lowest="other") == {(i,): Fraction(1, 3) for i in (1, 2, 3)}


@pytest.mark.parametrize("m", [5, 192])
def test_point_laws_add_up_to_one(m):
    for _, law in draws.point_laws(m):
        assert len(law) == m
        assert sum(law) == 1


def test_modulo_bias_by_counting():
    laws = dict(draws.point_laws(5))
    counts = np.bincount(np.arange(256) % 5)
    law = laws["modulo bias: 8 random bits modulo m"]
    assert law == tuple(Fraction(int(c), 256) for c in counts)


def test_cyclic_batches_and_blocks():
    assert draws.cyclic(5, 2, 4) == ((0, 1), (2, 3), (4, 0), (1, 2))
    assert draws.cyclic_law(4, 2) == {(0, 1): Fraction(1, 2), (2, 3): Fraction(1, 2)}
    assert draws.cyclic_law(5, 2) == draws.block_law(5, 2)

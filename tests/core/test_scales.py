"""Lengths and spreads where squares underflow or overflow, and the same bits elsewhere."""

import numpy as np
import pytest
import torch

from whichmin.core.scales import deviation, length, scaled

V = torch.tensor([3.0, -4.0, 12.0], dtype=torch.float64)


@pytest.mark.parametrize("unit", [5e-324, 1e-300, 1e-170, 1.0, 1e154, 1e306])
def test_lengths(unit):
    # The smallest number has one bit: 3, 4 and 12 of it are exact, and so is 13.
    assert length(V * unit) == pytest.approx(13 * unit, rel=1e-15)
    # Three roundings: of the quotient, the factor and the product.
    assert scaled(V * unit, 26.0).numpy() == pytest.approx([6, -8, 24], rel=4e-16)


def test_float32():
    assert length(1e-25 * V.float()) == pytest.approx(13e-25, rel=1e-6)  # of float32's numbers
    assert scaled(1e-25 * V.float(), 13.0).dtype == torch.float64


def test_any_shape():
    assert length(V.reshape(3, 1).expand(3, 4)) == pytest.approx(26, rel=1e-15)
    assert length(V[:0]) == 0
    assert length(V / 0) == float("inf")


def test_zero():
    assert length(0 * V) == 0
    assert torch.equal(scaled(0 * V, 2.0), 0 * V)
    assert deviation(np.zeros(4)) == 0


def test_the_same_bits_as_without_scales():
    rng = np.random.default_rng(0)
    for _ in range(50):
        v = rng.standard_normal(40) * 10.0 ** rng.integers(-8, 8)
        assert deviation(v) == v.std(ddof=1)
        t = torch.from_numpy(v)
        assert length(t) == float(torch.linalg.vector_norm(t))


def test_deviations():
    v = np.array([1.0, 2.0, 4.0])
    for unit in (1e-300, 1e-170, 1e200):
        assert deviation(v * unit) == pytest.approx(v.std(ddof=1) * unit, rel=1e-14)

"""Checks of what objectives get and give; most are tested where they are used."""

import pytest
import torch

from whichmin.core.instruments.arguments import check_derivative, check_losses
from whichmin.errors import InputError

L = torch.tensor([1.0, 3.0], dtype=torch.float64)


def test_losses_may_differ_by_rounding():
    """Functions whose sums depend on where a number lies in memory, as in least squares."""
    check_losses("loss", L, L * (1 + 1e-15), L.dtype)
    for again in (L * (1 + 1e-12), L[:1], L * float("nan")):
        with pytest.raises(InputError, match="two different losses at the same weights"):
            check_losses("loss", L, again, L.dtype)
    check_losses("loss", L[:0], L[:0], L.dtype)


def test_derivatives_are_finite():
    assert check_derivative(L, "gradient") is L
    with pytest.raises(InputError, match="'a gradient that is NaN or infinite'"):
        check_derivative(L / 0, "gradient")

"""The random subspace: its law, and its products in blocks."""

import numpy as np
import pytest
import torch

from whichmin.core.instruments import random_subspace, subspace
from whichmin.errors import InputError


def test_the_subspace_is_gaussian_and_depends_on_the_seed():
    first = random_subspace(2000, 5, 1)
    assert torch.equal(first, random_subspace(2000, 5, 1))
    assert not torch.equal(first, random_subspace(2000, 5, 2))
    # 10^4 standard normals: mean and mean square within 6 standard errors (1e-2, 1.4e-2); a false
    # alarm of 2e-9 each, before the seed was fixed.
    assert abs(float(first.mean())) < 0.06
    assert abs(float(first.square().mean()) - 1) < 0.085


def test_a_subspace_in_blocks_is_the_whole_one(monkeypatch):
    """Blocks with fewer rows than columns, in float64 and, the entries rounded, in float32."""
    columns = random_subspace(60, 7, 2)
    x, z = torch.arange(60.0).double(), torch.arange(7.0).double()
    monkeypatch.setattr(subspace, "_BLOCK", 35)
    assert torch.equal(random_subspace(60, 7, 2), columns)
    for most, entries in ((420, columns), (419, columns.float().double())):
        monkeypatch.setattr(subspace, "_DOUBLE", most)
        matrix = subspace.Subspace(60, 7, 2, torch.device("cpu"))
        # Sums of 60 products of sizes up to 200: some hundred units of roundoff of 1e4.
        torch.testing.assert_close(matrix.times(z), entries @ z, rtol=0, atol=1e-10)
        torch.testing.assert_close(matrix.pulled(x), entries.T @ x, rtol=0, atol=1e-10)
        exact = torch.from_numpy(np.linalg.pinv(entries.numpy()) @ x.numpy())
        torch.testing.assert_close(matrix.inverse(x), exact, rtol=0, atol=1e-10)


@pytest.mark.parametrize("dimension", [0, 4])
def test_no_more_dimensions_than_weights(dimension):
    with pytest.raises(InputError, match=f"dimension = {dimension}"):
        subspace.Subspace(3, dimension, 0, torch.device("cpu"))

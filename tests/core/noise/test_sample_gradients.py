import numpy as np
import pytest
import torch

from whichmin.core import hessian
from whichmin.core.noise.sample_gradients import sample_gradients
from whichmin.words import Kink


@pytest.mark.parametrize("kink", list(Kink))
@pytest.mark.parametrize("rows", [np.eye(3, 5), np.eye(4)[:, :2] + 0.5], ids=["wide", "tall"])
def test_quadratic_form_and_norm_of_the_hessian(rows, kink):
    w = np.array([0.7, 0.0, -0.3, 0.2, 0.1])[: rows.shape[1]]
    state = sample_gradients(w, rows, "relu", "float64", "cpu", kink)
    matrix = hessian(w, rows, kink=kink)
    u = torch.tensor(np.random.default_rng(0).normal(size=(1, 6, len(w))))
    expected = torch.einsum("kri,ij,krj->kr", u, matrix, u)
    # Entries of order 1 and some dozen roundings.
    np.testing.assert_allclose(state.quadratic_form(u), expected, rtol=0, atol=1e-13)
    assert float(state.hessian_square()[0]) == pytest.approx(
        float(matrix.square().sum()), abs=1e-13
    )

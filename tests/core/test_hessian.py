import numpy as np
import pytest
import torch

from whichmin.core.hessian import (
    hessian,
    hessian_spectrum,
    hessian_trace,
    kink_members,
    plain_autograd_hessian,
    top_eigenvalue,
)
from whichmin.words import Kink

E3 = np.eye(3)
VERTEX = [1.0, 0.0, 0.0]


@pytest.mark.parametrize(("kink", "off"), [("left", 1.0), ("mean", 0.5), ("right", 0.0)])
def test_vertex_by_hand(kink, off):
    # m = n = 3 at a data point: 3 H = diag(4, 1 - kappa, 1 - kappa).
    H = 3 * hessian(VERTEX, E3, kink=kink)
    assert torch.allclose(H, torch.diag(torch.tensor([4.0, off, off], dtype=torch.float64)))
    assert hessian_trace(VERTEX, E3, kink=kink) == pytest.approx((4 + 2 * off) / 3, rel=1e-14)
    assert top_eigenvalue(VERTEX, E3, kink=kink) == pytest.approx(4 / 3, rel=1e-14)


def test_kappa_is_a_mixture_not_a_slope():
    # One point at the kink, N = 1/4: kappa (N - 2) = -7/8 for kappa = 1/2. ReLU with slope 1/2
    # at 0 would give N/4 - 1 = -15/16.
    H = hessian([0.0, 0.5], [[1.0, 0.0]], kink=Kink.MEAN)
    assert H[0, 0].item() == -0.875


def test_linear_has_no_kinks():
    values = [hessian(VERTEX, E3, activation="linear", kink=k) for k in Kink]
    assert torch.equal(values[0], values[1])
    assert torch.equal(values[0], values[2])


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_plain_autograd_is_the_left_convention(activation):
    rng = np.random.default_rng(0)
    rows, w = rng.normal(size=(4, 5)), rng.normal(size=5)
    w -= rows[0] * (rows[0] @ w) / (rows[0] @ rows[0])
    plain = plain_autograd_hessian(w, rows, activation=activation)
    left = hessian(w, rows, activation=activation, kink="left")
    # |H| is about 100 here; two orders of evaluation differ by some ten roundings of it
    assert (plain - left).abs().max() < 1e-12


def test_any_data_against_finite_differences_of_the_gradient():
    from whichmin.core.landscape import gradient

    rng = np.random.default_rng(1)
    rows, w, step = rng.normal(size=(4, 3)), rng.normal(size=3), 1e-6
    H = hessian(w, rows).numpy()
    for p in range(3):
        e = step * np.eye(3)[p]
        slope = (gradient(w + e, rows) - gradient(w - e, rows)).numpy() / (2 * step)
        # Central differences: step^2 times third derivatives (about 100) plus eps |g| / step.
        assert np.abs(slope - H[p]).max() < 1e-8


def test_kink_width():
    near = [1.0, 1e-10, -1e-10]
    assert hessian_trace(near, E3) == pytest.approx((4 + 1) / 3, abs=1e-9)  # 1e-10 is active
    inside = hessian_trace(near, E3, kink="mean", kink_width=1e-8)
    assert inside == pytest.approx(5 / 3, abs=1e-9)
    assert hessian_spectrum(near, E3, kink="left", kink_width=1e-8).tolist() == pytest.approx(
        [1 / 3, 1 / 3, 4 / 3], abs=1e-9
    )
    members = kink_members(torch.tensor([1.0, 1e-10, 0.0, -1.0]), 1e-8)
    assert members.tolist() == [False, True, True, False]

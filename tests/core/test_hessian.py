import inspect
import math

import numpy as np
import pytest
import torch

from whichmin.core.data import make_data
from whichmin.core.frames import random_frame
from whichmin.core.hessian import (
    hessian,
    hessian_spectrum,
    hessian_trace,
    log_determinant,
    plain_autograd_hessian,
    relative_flatness,
    top_eigenvalue,
)
from whichmin.errors import InputError
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


@pytest.mark.parametrize(
    "measure",
    [hessian_trace, hessian_spectrum, top_eigenvalue, log_determinant, relative_flatness],
)
def test_measures_take_the_arguments_of_the_hessian_by_name(measure):
    named = inspect.signature(hessian).parameters
    own = {k: p for k, p in inspect.signature(measure).parameters.items() if k != "zero"}
    assert own == named
    with pytest.raises(TypeError, match=rf"{measure.__name__}\(\) got an unexpected .*'kinks'"):
        measure(VERTEX, E3, kinks="mean")
    with pytest.raises(InputError, match="dtype = 'int8'"):
        measure(VERTEX, E3, dtype="int8")

    def values(**options):
        return [str(measure([length, 0, 0], E3, **options)) for length in (0.5, 1.5)]

    for option in ({"kink": "right"}, {"activation": "linear"}, {"kink_width": 2.0}):
        assert values(**option) != values()


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


# The spectrum at minima in a general frame, and what the conventions at the kink mean.

M, N = 4, 6
KAPPA = {"left": 0.0, "mean": 0.5, "right": 1.0}
WIDTH = {"kink_width": 1e-8}  # rounding in a general frame leaves about 1e-16


def minimum(k, frame):
    return np.arange(1, k + 1) / np.linalg.norm(np.arange(1, k + 1)) @ frame[:k]


@pytest.mark.parametrize("kink", KAPPA)
@pytest.mark.parametrize("k", [1, 2, 4])
def test_spectrum_at_a_minimum(k, kink):
    frame, kappa = random_frame(M, N, seed=k), KAPPA[kink]
    expected = sorted(
        [4 / M] + [0.0] * (k - 1) + [(1 - kappa) / M] * (M - k) + [1 / M] * (N - M)
    )  # fmt: skip
    found = hessian_spectrum(minimum(k, frame), frame, kink=kink, **WIDTH)
    assert np.abs(found.numpy() - expected).max() < 1e-14  # Weyl: roundings of |H| = 1
    trace = hessian_trace(minimum(k, frame), frame, kink=kink, **WIDTH)
    assert trace == pytest.approx((N + 4 - k - kappa * (M - k)) / M, abs=1e-14)


@pytest.mark.parametrize("kink", KAPPA)
def test_the_gap_in_trace_depends_on_the_convention(kink):
    frame = random_frame(M, N, seed=9)
    dense, vertex = (
        hessian_trace(minimum(k, frame), frame, kink=kink, **WIDTH) for k in (3, 1)
    )  # fmt: skip
    # theory: (1 - kappa)(k - 1)/m; roundings of traces of order 2
    assert vertex - dense == pytest.approx((1 - KAPPA[kink]) * 2 / M, abs=1e-14)


def test_mean_is_half_of_both_sides_and_no_slope_of_one_half():
    rows = np.eye(3)
    w = torch.tensor([0.5, 0.0, 0.0], dtype=torch.float64)
    left, mean, right = (hessian(w, rows, kink=k) for k in KAPPA)
    assert torch.equal(mean, (left + right) / 2)

    def half_slope(point):
        code = rows_t @ point
        code = torch.where(code > 0, code, code / 2)
        return 0.5 * (rows_t - code[:, None] * point).square().sum(1).mean()

    rows_t = torch.eye(3, dtype=torch.float64)
    trap = torch.autograd.functional.hessian(half_slope, w)
    # at c = 0, N = 1/4: m H = C + kappa (N - 2) = 1/4 - 7/8; slope 1/2: 1/4 + N/4 - 1 = -11/16
    assert (3 * mean[1, 1]).item() == pytest.approx(-5 / 8, rel=1e-15)
    assert (3 * trap[1, 1]).item() == pytest.approx(-11 / 16, rel=1e-15)


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_plain_autograd_is_left_at_exact_kinks(activation):
    rows = np.eye(3, 5)
    for w in ([1.0, 0.0, 0.0, 0.0, 0.0], [0.5, -0.5, 0.0, 0.25, 0.0], [0.0] * 5):
        plain = plain_autograd_hessian(w, rows, activation=activation)
        left = hessian(w, rows, activation=activation, kink="left")
        assert (plain - left).abs().max() < 1e-15  # a few roundings of numbers near 1
        if activation == "relu":
            right = hessian(w, rows, activation=activation, kink="right")
            assert (plain - right).abs().max() > 0.1


def test_the_linear_hessian_has_the_closed_form_of_the_theory():
    frame = random_frame(M, N, seed=5)
    w = np.random.default_rng(0).normal(size=N)
    P = frame.T @ frame
    c = frame @ w
    outer = np.outer(w, P @ w)
    expected = ((w @ w - 2) * P + 2 * (outer + outer.T) + (c @ c) * np.eye(N)) / M
    found = hessian(w, frame, activation="linear").numpy()
    assert np.abs(found - expected).max() < 1e-13  # some ten roundings of numbers below 20


@pytest.mark.parametrize("function", [hessian, plain_autograd_hessian])
def test_dtype_of_the_result(function):
    w, frame = random_frame(M, N)[0], random_frame(M, N)
    assert function(w, frame).dtype == torch.float64
    assert function(w, frame, dtype="float32").dtype == torch.float32


@pytest.mark.parametrize(("inner", "outer"), [("float32", "float64"), ("float64", "float32")])
def test_validated_data_of_another_dtype(inner, outer):
    data = make_data(random_frame(M, N), dtype=inner)
    H = plain_autograd_hessian(np.ones(N), data, dtype=outer)
    assert H.dtype == getattr(torch, outer)


def test_flat_directions_are_left_out_and_counted():
    # m = 3, n = 4, two active points: 4/3, one flat, one kink, one off the span of 1/3.
    w = np.array([0.6, 0.8, 0.0, 0.0])
    left = log_determinant(w, np.eye(3, 4))
    assert (left.directions, left.flat) == (3, 1)
    assert left.value == pytest.approx(math.log(4 / 27))
    right = log_determinant(w, np.eye(3, 4), kink="right")
    assert (right.directions, right.flat) == (2, 2)
    assert right.value == pytest.approx(math.log(4 / 9))


def test_a_negative_eigenvalue_has_no_logarithm():
    assert math.isnan(log_determinant([0.3, 0.1], np.eye(2), activation="linear").value)


def test_relative_flatness_is_the_trace_times_the_squared_length():
    from whichmin.core.hessian import hessian_trace

    w = np.array([0.5, 1.0, 0.2])
    data = np.eye(2, 3)
    expected = float(w @ w) * hessian_trace(w, data)
    assert relative_flatness(w, data) == pytest.approx(expected, rel=1e-14)


def test_bad_input():
    with pytest.raises(InputError, match="zero = 2"):
        log_determinant([1.0, 0.0], np.eye(2), zero=2)

import numpy as np
import pytest
import torch

from whichmin.core.data import (
    make_data,
    orthonormalise,
    random_frame,
    random_start,
    rounding_of_orthonormality,
    standard_basis,
)


@pytest.mark.parametrize(("m", "n"), [(1, 1), (3, 3), (4, 9), (50, 60)])
def test_random_frames_are_orthonormal_and_repeatable(m, n):
    frame = random_frame(m, n, seed=3)
    assert frame.shape == (m, n)
    assert np.abs(frame @ frame.T - np.eye(m)).max() < rounding_of_orthonormality(n, torch.float64)
    assert np.array_equal(frame, random_frame(m, n, seed=3))
    assert m == n == 1 or not np.array_equal(frame, random_frame(m, n, seed=4))
    assert make_data(frame).orthonormal


def test_random_frames_have_no_preferred_sign():
    # Haar: the first entry is symmetric; QR without the sign rule gives it a fixed sign.
    signs = [np.sign(random_frame(2, 3, seed=s)[0, 0]) for s in range(400)]
    assert abs(sum(signs)) < 6 * 400**0.5  # six standard deviations: false alarms 2e-9


def test_starts():
    few, many = random_start(5, 2, seed=1), random_start(5, 7, seed=1)
    assert np.array_equal(few, many[:2])
    assert np.abs(np.linalg.norm(many, axis=1) - 0.5).max() < 1e-15
    assert np.linalg.norm(random_start(5, norm=2.0)) == pytest.approx(2.0, rel=1e-15)


def test_standard_basis():
    assert standard_basis(2, 3).tolist() == [[1, 0, 0], [0, 1, 0]]


def perturbed(seed=0):
    return random_frame(3, 6, seed) + 0.1 * np.random.default_rng(seed).normal(size=(3, 6))


@pytest.mark.parametrize("method", ["polar", "qr"])
def test_orthonormalised_rows_span_the_same_space(method):
    rows = perturbed()
    frame = orthonormalise(rows, method).numpy()
    assert np.abs(frame @ frame.T - np.eye(3)).max() < rounding_of_orthonormality(6, torch.float64)
    left = rows - (rows @ frame.T) @ frame
    assert np.abs(left).max() < 1e-14  # rounding of a projection of rows near unit length


def test_polar_is_nearest_and_does_not_depend_on_order():
    rows, order = perturbed(), [2, 0, 1]
    polar, qr = (orthonormalise(rows, m).numpy() for m in ("polar", "qr"))
    assert np.linalg.norm(polar - rows) < np.linalg.norm(qr - rows)
    shuffled = orthonormalise(rows[order], "polar").numpy()
    assert np.abs(shuffled - polar[order]).max() < 1e-14
    assert np.abs(orthonormalise(rows[order], "qr").numpy() - qr[order]).max() > 1e-3


def test_qr_keeps_the_first_direction():
    rows = perturbed()
    first = orthonormalise(rows, "qr").numpy()[0]
    assert np.abs(first - rows[0] / np.linalg.norm(rows[0])).max() < 1e-15


def test_deviation_is_measured():
    data = make_data([[1.0, 0.0], [0.3, 1.0]], handling="as-is")
    assert not data.orthonormal
    assert data.deviation == pytest.approx(0.3, rel=1e-12)
    assert (data.m, data.n) == (2, 2)


def test_kinds_of_input_agree():
    rows = [[1, 0, 0], [0, 1, 0]]
    expected = torch.eye(2, 3, dtype=torch.float64)
    for given in (rows, np.array(rows), np.array(rows, np.float32), torch.tensor(rows)):
        assert torch.equal(make_data(given).points, expected)

"""Frames: drawn uniformly, or the nearest to given rows."""

import numpy as np
import pytest
import torch

from whichmin.core.data import make_data, rounding_of_orthonormality
from whichmin.core.frames import orthonormalise, random_frame, random_start, standard_basis
from whichmin.errors import InputError


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


def gaussian(seed, purpose, shape):
    """Draw from the generator that the seed and a purpose select, written out once more."""
    key = np.array([seed, purpose], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key)).standard_normal(shape)


@pytest.mark.parametrize(("m", "n"), [(1, 4), (3, 3), (4, 9)])
def test_frames_are_the_factor_with_positive_diagonal(m, n):
    triangle = gaussian(6, 1, (n, m)).T @ random_frame(m, n, seed=6).T
    assert np.abs(np.triu(triangle, 1)).max() < 1e-14  # roundings of inner products of size 3
    assert (np.diag(triangle) > 0).all()


def test_both_orientations_are_equally_likely():
    # A QR without the sign rule has a fixed determinant.
    signs = [np.sign(np.linalg.det(random_frame(2, 2, seed=s))) for s in range(400)]
    assert abs(sum(signs)) < 6 * 400**0.5  # six standard deviations: false alarms 2e-9


def test_the_largest_seed_is_as_good_as_any():
    last = random_frame(2, 4, seed=2**64 - 1)
    assert np.array_equal(last, random_frame(2, 4, seed=2**64 - 1))
    assert not np.array_equal(last, random_frame(2, 4, seed=2**64 - 2))


def test_starts_have_their_own_generator():
    draws = gaussian(3, 2, (5, 4))
    expected = 0.25 * draws / np.linalg.norm(draws, axis=1, keepdims=True)
    found = random_start(4, 5, norm=0.25, seed=3)
    assert np.abs(found - expected).max() < 1e-16  # two roundings of numbers below 1/4
    for count in (1, 2, 4):
        assert np.array_equal(random_start(4, count, norm=0.25, seed=3), found[:count])


@pytest.mark.parametrize("seed", range(3))
def test_polar_is_nearer_than_any_other_frame_of_the_span(seed):
    rng = np.random.default_rng(seed)
    rows = random_frame(3, 6, seed) + 0.1 * rng.normal(size=(3, 6))
    polar = orthonormalise(rows, "polar").numpy()
    best = np.linalg.norm(polar - rows)
    assert best < np.linalg.norm(orthonormalise(rows, "qr").numpy() - rows)
    for turn in range(20):
        angle = rng.normal(size=(3, 3)) * 0.1
        rotated = orthonormalise((np.eye(3) + angle - angle.T) @ polar).numpy()
        assert np.linalg.norm(rotated - rows) > best, turn
    # polar: rows = S @ frame with S symmetric positive definite
    factor = rows @ polar.T
    assert np.abs(factor - factor.T).max() < 1e-14  # roundings of inner products near 1
    assert np.linalg.eigvalsh((factor + factor.T) / 2).min() > 0


def test_qr_is_gram_schmidt():
    rows = np.random.default_rng(1).normal(size=(3, 5))
    triangle = rows @ orthonormalise(rows, "qr").numpy().T
    assert np.abs(np.triu(triangle, 1)).max() < 1e-14  # roundings of inner products of size 3
    assert (np.diag(triangle) > 0).all()


@pytest.mark.parametrize("method", ["polar", "qr"])
def test_a_frame_is_left_where_it_is(method):
    frame = random_frame(4, 7, seed=2)
    assert np.abs(orthonormalise(frame, method).numpy() - frame).max() < 1e-15 * 8


@pytest.mark.parametrize("method", ["polar", "qr"])
def test_float32_stays_float32(method):
    rows = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 5))).float()
    assert orthonormalise(rows, method).dtype == torch.float32
    data = make_data(rows, handling=method, dtype="float32")
    assert data.points.dtype == data.gram.dtype == torch.float32
    assert data.orthonormal
    # 16 n u, the documented bound; a float64 computation would be far below 1e-9
    assert 1e-9 < data.deviation <= 16 * 5 * 1.2e-7


def test_integers_can_be_orthonormalised():
    rows = [[1, 1], [0, 1]]
    expected = orthonormalise(np.array(rows))
    assert torch.equal(orthonormalise(torch.tensor(rows)), expected)


@pytest.mark.parametrize("method", ["polar", "qr"])
def test_half_precision_is_refused_or_raised(method):
    rows = torch.tensor([[1.0, 0.5], [0.0, 1.0]], dtype=torch.float16)
    try:
        frame = orthonormalise(rows, method)
    except InputError:
        return
    # four roundings of float16, should it be kept
    assert (frame @ frame.T - torch.eye(2)).abs().max() < 4e-3


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: random_frame(10**11, 10**11), "m, n"),
        (lambda: random_frame(3, 10**30), "m, n"),
        (lambda: standard_basis(10**11, 10**11), "m, n"),
        (lambda: random_start(8, replicas=10**20), "n, replicas"),
    ],
)
def test_shapes_that_no_machine_can_address_are_refused(make, argument):
    with pytest.raises(InputError, match="must have a product below 2\\^60") as caught:
        make()
    assert caught.value.argument == argument


def test_a_shape_that_merely_does_not_fit_is_a_memory_error():
    with pytest.raises(MemoryError):
        random_start(8, replicas=2**55)

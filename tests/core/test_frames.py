"""Frames: drawn uniformly, or the nearest to given rows."""

import numpy as np
import pytest
import torch

from whichmin.core.data import make_data, rounding_of_orthonormality
from whichmin.core.frames import orthonormalise, random_frame, random_start, standard_basis, whiten
from whichmin.core.landscape import gradient
from whichmin.core.training.trainer import train
from whichmin.errors import InputError
from whichmin.words import Status


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


# Whitening: what it makes of the second moment, of the Gram matrix and of training.

EPS = np.finfo(np.float64).eps
FEW = np.random.default_rng(0).normal(size=(5, 9)) + 1.0
MANY = np.random.default_rng(1).normal(size=(12, 4)) - 2.0
DEPENDENT = np.vstack([FEW[:3], FEW[0] + FEW[1], FEW[2]])  # with and without centring of rank 3


def rounding(rows, power=1):
    """Of a product of factors of an SVD: each is orthonormal to a modest multiple of n u.

    The factors of small singular values turn by that over the relative gap to the noise, at most
    the condition number (Higham, Accuracy and Stability, sections 19.5 and 21.3). Eigenvalues of
    the squared matrix lose that number once more: power 2.
    """
    scale = np.linalg.svd(rows, compute_uv=False)
    scale = scale[scale > 1e-10 * scale[0]]
    return 16 * max(rows.shape) * EPS * (scale[0] / scale[-1]) ** power


def inverse_root(symmetric):
    """Pseudo-inverse of the square root, by eigenvalues: another way than the SVD of the rows."""
    values, vectors = np.linalg.eigh(symmetric)
    kept = values > 1e-10 * values[-1]
    return (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T


@pytest.mark.parametrize("centre", [True, False])
@pytest.mark.parametrize("rows", [FEW, MANY, DEPENDENT], ids=["few", "many", "dependent"])
def test_the_definition(rows, centre):
    """``A (A^T A)^(-1/2)``, scaled; its second moment and its Gram matrix are projections."""
    centred = rows - rows.mean(0) if centre else rows
    rank = np.linalg.matrix_rank(centred)
    m = len(rows)
    white = whiten(rows, centre=centre).numpy()
    expected = np.sqrt(m / rank) * centred @ inverse_root(centred.T @ centred)
    assert np.abs(white - expected).max() < rounding(centred, power=2)
    gram, moment = white @ white.T, white.T @ white / m
    bound = 4 * rounding(centred)  # a product of two such matrices, of norm at most sqrt(m/r) < 2
    assert np.abs(gram @ gram - m / rank * gram).max() < m / rank * bound
    assert np.abs(moment @ moment - moment / rank).max() < bound
    assert np.abs(centred @ moment * rank - centred).max() < bound * np.abs(centred).sum(1).max()
    assert abs(np.trace(gram) / m - 1) < bound
    if centre:
        assert np.abs(white.sum(0)).max() < m * bound


def test_without_centring_independent_rows_give_the_polar_frame():
    white, polar = whiten(FEW, centre=False), orthonormalise(FEW, "polar")
    assert torch.equal(white, polar)
    # and the polar frame by another way: (A A^T)^(-1/2) A
    assert np.abs(white.numpy() - inverse_root(FEW @ FEW.T) @ FEW).max() < rounding(FEW, power=2)
    assert make_data(white).orthonormal
    assert np.abs(whiten(FEW).numpy() - polar.numpy()).max() > 0.1  # centring matters


@pytest.mark.parametrize("m", [2, 3, 8])
def test_centred_independent_rows_become_a_regular_simplex(m):
    rows = np.random.default_rng(m).normal(size=(m, 10))
    white = whiten(rows).numpy()
    simplex = np.full((m, m), -1 / (m - 1))
    np.fill_diagonal(simplex, 1)
    assert np.abs(white @ white.T - simplex).max() < 4 * rounding(rows - rows.mean(0))
    data = make_data(rows, handling="whiten")
    assert torch.equal(data.points, torch.from_numpy(white))
    assert not data.orthonormal
    assert data.deviation == pytest.approx(1 / (m - 1), rel=1e-12)


@pytest.mark.parametrize("rows", [FEW, MANY, DEPENDENT], ids=["few", "many", "dependent"])
def test_place_and_size_do_not_matter_and_rotations_go_along(rows):
    white = whiten(rows).numpy()
    turn = random_frame(rows.shape[1], rows.shape[1], seed=4)
    bound = 16 * rounding(rows - rows.mean(0))  # the shift by 3 costs a few more roundings
    assert np.abs(whiten(5 * rows + 3).numpy() - white).max() < bound
    assert np.abs(whiten(rows @ turn).numpy() - white @ turn).max() < bound
    order = np.random.default_rng(0).permutation(len(rows))
    assert np.abs(whiten(rows[order]).numpy() - white[order]).max() < bound


def test_it_moves_the_points_least():
    centred = MANY - MANY.mean(0)
    white = whiten(MANY).numpy()
    nearest = np.linalg.norm(white - centred)
    for seed in range(10):  # white @ turn has the same second moment
        turn = random_frame(4, 4, seed)
        assert np.linalg.norm(white @ turn - centred) > nearest


def test_a_distant_mean_adds_no_dimension():
    # On a line: rank 1. The distance 1e8 leaves roundings of 1e-8 beside it.
    line = np.outer([1.0, 2.0, 4.0], [0.6, 0.8, 0.0]) + 1e8 * np.array([1.0, 2.0, 3.0])
    white = whiten(line).numpy()
    assert np.linalg.matrix_rank(white, tol=1e-3) == 1
    expected = np.array([-4.0, -1.0, 5.0])  # three times the centred places 1, 2, 4
    found = np.linalg.norm(white, axis=1)
    # the places are known to 1e-8 beside 1
    assert found == pytest.approx(np.abs(expected) / np.sqrt(14), abs=1e-7)


def test_precision_and_kinds_of_input():
    assert whiten(torch.from_numpy(FEW).float()).dtype == torch.float32
    assert make_data(FEW, handling="whiten", dtype="float32").points.dtype == torch.float32
    for given in (FEW.tolist(), torch.from_numpy(FEW)):
        assert torch.equal(whiten(given), whiten(FEW))


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([[1.0, 2.0]], {}, "row 0 equals the mean of all rows"),
        ([[0.1, 0.7], [0.3, 0.2], [0.2, 0.45]], {}, "row 2 equals the mean of all rows"),
        ([[2.0, 1.0], [2.0, 1.0]], {}, "row 0 equals the mean of all rows"),
        ([[1.0, 2.0], [0.0, 0.0]], {"centre": False}, "row 1 is zero"),
        ([[1.0, 2.0]], {"centre": 1}, "centre = 1, but must be True or False"),
        ([1.0, 2.0], {}, "must have shape"),
    ],
)
def test_refused(rows, options, message):
    with pytest.raises(InputError, match=message):
        whiten(rows, **options)


def test_the_handling_names_the_data():
    with pytest.raises(InputError, match="data = 'row 0 equals the mean of all rows'"):
        make_data([[1.0, 2.0]], handling="whiten")
    # a small row is no empty one
    assert whiten([[1e-9, 0.0], [1.0, 2.0], [3.0, -1.0]], centre=False).isfinite().all()


@pytest.mark.parametrize("rows", [FEW, MANY], ids=["few", "many"])
def test_gradient_descent_ends_at_the_projection_of_the_start(rows):
    """``M = P/r``, so linear GD keeps the direction within the span, as on orthonormal data."""
    start = random_start(rows.shape[1], 3, seed=1)
    result = train(rows, start, handling="whiten", activation="linear", batch_size=None)
    assert result.converged
    projection = start @ np.linalg.pinv(result.data.points.numpy()) @ result.data.points.numpy()
    cosine = (result.weights.numpy() * projection).sum(1)
    cosine /= np.linalg.norm(projection, axis=1) * result.norm.numpy()
    # The gap holds top * off^2 / 2 with top = 1/r >= 1/5, so 1 - cos = off^2 / 2 <= 5e-12.
    assert np.abs(cosine - 1).max() < 1e-11


def test_at_a_corner_of_the_simplex_relu_is_at_rest_for_every_batch():
    """All other points have negative correlations there: even the full batch ends in one point."""
    data = make_data(FEW, handling="whiten")
    for point in data.points:
        for other in data.points:
            alone = gradient(point, other[None])
            assert alone.abs().max() < 4 * rounding(FEW - FEW.mean(0))
    start = data.points[2] / 2 + torch.from_numpy(random_start(9, norm=0.05))[0]
    for b in (1, 3, 5):
        result = train(data, start, batch_size=b)
        assert result.status == (Status.STATIONARY,)
        assert (result.winner.item(), result.active.sum().item()) == (2, 1)
        assert result.cosine.item() == pytest.approx(1, abs=1e-9)

"""Frames: raw points orthonormalised or whitened, and frames drawn at random.

Three handlings turn raw rows ``A = U S V^T`` (thin SVD, shape ``(m, n)``, rank ``r``) into rows for
which the model says more:

* ``polar``: ``U V^T``, the orthonormal frame nearest to the rows; needs ``r = m``;
* ``qr``: Gram-Schmidt, an orthonormal frame that keeps the first row's direction; needs ``r = m``;
* ``whiten``: ``sqrt(m/r) U V^T`` of the *centred* rows, the ZCA whitening on their span. The second
  moment ``A^T A / m`` becomes ``P / r`` (P the projection on the span), as for orthonormal rows,
  and the mean squared length 1; but the Gram matrix becomes ``(m/r) U U^T``, a scaled projection
  of rank r. Centring takes one dimension away, so r < m and the rows are not orthonormal. If
  centring takes no other, r = m - 1, the rows are the corners of a regular simplex: all pairs have
  the inner product -1/(m - 1).

Without centring, and with independent rows, the whitened rows *are* the polar frame (r = m).
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import torch

from whichmin.core.philox import Purpose, generator
from whichmin.core.threads import single_threaded
from whichmin.core.validation import check_integer, check_matrix, check_positive
from whichmin.errors import InputError

__all__ = [
    "orthonormal_rows",
    "orthonormalise",
    "random_frame",
    "random_start",
    "standard_basis",
    "whiten",
    "whitened_rows",
]


def orthonormalise(points: Any, method: Literal["polar", "qr"] = "polar") -> torch.Tensor:
    r"""Replace linearly independent rows by an orthonormal frame of their span.

    With the thin SVD :math:`A = U S V^\top` the two methods are

    .. math:: \text{polar: } U V^\top, \qquad
              \text{qr: } Q^\top \text{ of } A^\top = Q R \text{ with } R_{ii} > 0 .

    ``polar`` is the nearest frame in Frobenius norm (the orthogonal polar factor, also known as
    Loewdin's symmetric orthogonalisation), which does not depend on the order of the rows. ``qr``
    is Gram-Schmidt: row ``i`` of the result is a combination of the rows up to ``i``.

    Args:
        points: Rows to orthonormalise, shape ``(m, n)``, ``m <= n``.
        method: ``polar`` or ``qr``.

    Returns:
        Orthonormal rows, shape ``(m, n)``.

    Raises:
        InputError: More rows than columns, dependent rows, or an unknown method.
    """
    if method not in ("polar", "qr"):
        raise InputError("method", method, "must be one of: polar, qr")
    return orthonormal_rows(_matrix(points), method, "points")


def orthonormal_rows(matrix: torch.Tensor, method: str, argument: str) -> torch.Tensor:
    """Orthonormalise a validated matrix (see :func:`orthonormalise`).

    Args:
        matrix: Shape ``(m, n)``.
        method: ``polar`` or ``qr``.
        argument: Name of the caller's argument, for messages.

    Returns:
        Orthonormal rows, shape ``(m, n)``.

    Raises:
        InputError: More rows than columns, or dependent rows.
    """
    m, n = matrix.shape
    if m > n:
        raise InputError(
            argument, f"{m} points in {n} dimensions",
            "at most n points can be orthonormal in R^n; keep fewer, or take them as they are",
        )  # fmt: skip
    with single_threaded():
        left, scale, right = torch.linalg.svd(matrix, full_matrices=False)
        rank = int((scale > float(scale.max()) * _rounding(matrix)).sum())
        if rank < m:
            raise InputError(
                argument, f"{m} rows of rank {rank}",
                "the rows must be linearly independent; keep fewer, or take them as they are",
            )  # fmt: skip
        if method == "polar":
            nearest: torch.Tensor = left @ right
            return nearest
        return _positive_qr(matrix.T).T.contiguous()


def whiten(points: Any, centre: bool = True) -> torch.Tensor:
    r"""Whiten rows on their span (ZCA), to mean squared length 1.

    With the thin SVD :math:`A = U S V^\top` of the (centred) rows, of rank r, the result is

    .. math:: \sqrt{m / r}\; U V^\top .

    Of all :math:`A T` whose second moment :math:`(A T)^\top (A T) / m` is a multiple of the
    projection on the span, it is the one with T symmetric positive semi-definite there, which moves
    the points least (Kessy, Lewin, Strimmer, The American Statistician 72, 2018). The Gram matrix
    is ``m/r`` times a projection of rank r. The rows are orthonormal exactly when ``r = m``:
    without centring, if they are independent, and then they are the polar frame. With centring ``r
    <= m - 1``, so they never are.

    Args:
        points: Rows to whiten, shape ``(m, n)``; also more rows than columns.
        centre: Subtract the mean row first.

    Returns:
        Whitened rows, shape ``(m, n)``.

    Raises:
        InputError: ``centre`` is not a bool, or a row has no direction left: it is zero, or
            centring makes it so, to rounding.

    Example:
        >>> whitened = whiten([[1.0, 0.0, 3.0], [0.0, 2.0, 1.0], [5.0, 1.0, 0.0]])
        >>> np.round((whitened @ whitened.T).numpy(), 12).tolist()  # a regular triangle
        [[1.0, -0.5, -0.5], [-0.5, 1.0, -0.5], [-0.5, -0.5, 1.0]]
    """
    if not isinstance(centre, bool):
        raise InputError("centre", centre, "must be True or False")
    return whitened_rows(_matrix(points), centre, "points")


def whitened_rows(matrix: torch.Tensor, centre: bool, argument: str) -> torch.Tensor:
    """Whiten a validated matrix (see :func:`whiten`).

    Args:
        matrix: Shape ``(m, n)``.
        centre: Subtract the mean row first.
        argument: Name of the caller's argument, for messages.

    Returns:
        Whitened rows, shape ``(m, n)``.

    Raises:
        InputError: A row has no direction left.
    """
    m = len(matrix)
    with single_threaded():
        rows = matrix - matrix.mean(0) if centre else matrix
        # A mean of m numbers, and each difference from it, is known to m u max|a| (Higham, section
        # 4.2), so centring leaves a row uncertain by at most m u |A|_F; and a singular value below
        # max(m, n) eps |A|_F cannot be told from zero. Nor can the one along (1, ..., 1), in whose
        # direction centred rows have nothing but that rounding: their rank is below m.
        floor = _rounding(matrix) * float(torch.linalg.matrix_norm(matrix))
        empty = torch.linalg.vector_norm(rows, dim=1) <= floor
        if bool(empty.any()):
            row = int(empty.nonzero()[0])
            why = "equals the mean of all rows" if centre else "is zero"
            raise InputError(
                argument, f"row {row} {why}", "whitening needs a direction in every row, from 0 on"
            )
        # Some row is longer than the floor, hence also the largest singular value: rank >= 1.
        left, scale, right = torch.linalg.svd(rows, full_matrices=False)
        rank = int((scale > floor).sum())
        whitened: torch.Tensor = math.sqrt(m / rank) * (left[:, :rank] @ right[:rank])
        return whitened


def _matrix(points: Any) -> torch.Tensor:
    """Validate points of a user; tensors keep their device and, if floating, their precision."""
    kind, place = torch.float64, torch.device("cpu")
    if isinstance(points, torch.Tensor):
        kind = points.dtype if points.dtype in {torch.float32, torch.float64} else kind
        place = points.device
    return check_matrix(points, "points", kind, place)


def _rounding(matrix: torch.Tensor) -> float:
    """Compute the relative size below which singular values are rounding, as NumPy does."""
    return max(matrix.shape) * torch.finfo(matrix.dtype).eps


def _positive_qr(columns: torch.Tensor) -> torch.Tensor:
    """Compute the orthonormal factor of a QR decomposition with a positive diagonal in R.

    The sign rule makes the factor unique, and Haar-distributed for Gaussian columns.

    Returns:
        Orthonormal columns.
    """
    q, r = torch.linalg.qr(columns)
    signs = torch.where(r.diagonal() < 0, -1.0, 1.0).to(q.dtype)
    unique: torch.Tensor = q * signs
    return unique


def random_frame(m: int, n: int, seed: int = 0) -> np.ndarray:
    """Draw an orthonormal frame uniformly (Haar measure).

    It is the factor Q of the QR decomposition of a Gaussian matrix, with a positive diagonal in R
    (Mezzadri, Notices of the AMS 54, 2007).

    Args:
        m: Number of points.
        n: Dimension, at least ``m``.
        seed: Seed; the same seed gives the same bits on one kind of processor.

    Returns:
        Orthonormal rows, shape ``(m, n)``, float64.

    Raises:
        InputError: ``m`` or ``n`` out of range.

    Example:
        >>> frame = random_frame(2, 5, seed=1)
        >>> float(abs(frame @ frame.T - np.eye(2)).max()) < 1e-14
        True
    """
    m = check_integer(m, "m", 1)
    n = check_integer(n, "n", m, reason="m orthonormal points need at least m dimensions")
    _check_size("m, n", m, n)
    draws = generator(seed, Purpose.FRAME).standard_normal((n, m))
    with single_threaded():
        return np.ascontiguousarray(_positive_qr(torch.from_numpy(draws)).T.numpy())


def standard_basis(m: int, n: int) -> np.ndarray:
    """Return the first ``m`` standard basis vectors of R^n as rows.

    Raises:
        InputError: ``m`` or ``n`` out of range.
    """
    m = check_integer(m, "m", 1)
    n = check_integer(n, "n", m, reason="m orthonormal points need at least m dimensions")
    _check_size("m, n", m, n)
    return np.eye(m, n)


def random_start(n: int, replicas: int = 1, norm: float = 0.5, seed: int = 0) -> np.ndarray:
    r"""Draw starting weights in uniform directions, with a given norm.

    .. math:: w = r\,\frac{z}{|z|}, \qquad z \sim N(0, I)

    The default norm satisfies ``norm < 1``, a hypothesis of Theorems 1 and 2 of Ghosh et al.
    (2025). Row ``r`` does not depend on ``replicas``.

    Args:
        n: Dimension.
        replicas: Number of rows.
        norm: Euclidean norm of every row.
        seed: Seed; the same seed gives the same bits on one kind of processor.

    Returns:
        Weights, shape ``(replicas, n)``, float64.

    Raises:
        InputError: An argument is out of range.
    """
    n = check_integer(n, "n", 1)
    replicas = check_integer(replicas, "replicas", 1)
    norm = check_positive(norm, "norm")
    _check_size("n, replicas", n, replicas)
    draws = generator(seed, Purpose.START).standard_normal((replicas, n))
    scale = np.asarray(norm / np.linalg.norm(draws, axis=1, keepdims=True))
    return np.asarray(draws * scale)


def _check_size(argument: str, *shape: int) -> None:
    """Refuse a shape that no machine can address; what merely does not fit is a MemoryError."""
    if math.prod(shape) >= 2**60:
        raise InputError(argument, shape, "must have a product below 2^60, in float64")

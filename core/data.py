"""Training data: validated, with its Gram matrix and its distance from orthonormality."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch

from whichmin.core.threads import single_threaded
from whichmin.core.validation import (
    check_device,
    check_dtype,
    check_integer,
    check_matrix,
    check_positive,
    check_seed,
)
from whichmin.errors import InputError

__all__ = ["Data", "make_data", "orthonormalise", "random_frame", "random_start", "standard_basis"]

Handling = Literal["require", "polar", "qr", "as-is"]
_HANDLING = ("require", "polar", "qr", "as-is")

# Words that separate the generators of one seed by purpose (the batches have their own: Philox
# keyed by the bare seed, see batches.py).
_FRAME, _START = 1, 2


@dataclass(frozen=True)
class Data:
    """Validated training data.

    Attributes:
        points: Data points as rows, shape ``(m, n)``.
        gram: Inner products of the rows, shape ``(m, m)``.
        deviation: Largest entry of ``|gram - identity|``.
        orthonormal: Whether the deviation is explained by rounding alone.
    """

    points: torch.Tensor
    deviation: float
    orthonormal: bool
    gram: torch.Tensor = field(repr=False)

    @cached_property
    def gram_spectrum(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Eigenvalues (ascending) and eigenvectors of the Gram matrix."""
        with single_threaded():
            values, vectors = torch.linalg.eigh(self.gram)
        return values, vectors

    @cached_property
    def gram_inverse(self) -> torch.Tensor:
        """Pseudo-inverse of the Gram matrix."""
        with single_threaded():
            inverse: torch.Tensor = torch.linalg.pinv(self.gram, hermitian=True)
        return inverse

    @property
    def m(self) -> int:
        """Number of data points."""
        return self.points.shape[0]

    @property
    def n(self) -> int:
        """Dimension of the input space."""
        return self.points.shape[1]


def rounding_of_orthonormality(n: int, dtype: torch.dtype) -> float:
    """Largest deviation from orthonormality that rounding explains.

    An inner product of two unit vectors in R^n carries an error of at most ``n u`` (Higham,
    *Accuracy and Stability*, section 3.1), and a Householder QR leaves columns orthonormal to a
    modest multiple of ``n u``; 16 is that multiple with room for a product of two such steps.

    Returns:
        The bound.
    """
    return 16 * n * torch.finfo(dtype).eps


def make_data(
    points: Any,
    *,
    handling: Handling = "require",
    dtype: Any = "float64",
    device: Any = "cpu",
) -> Data:
    """Validate data points.

    Args:
        points: Data as rows, shape ``(m, n)``; an array, nested lists or a tensor.
        handling: ``require`` refuses rows that are not orthonormal; ``polar`` and ``qr``
            orthonormalise them first (see :func:`orthonormalise`); ``as-is`` keeps them, and the
            closed forms for orthonormal data then do not apply.
        dtype: float64 or float32.
        device: Where the tensors live.

    Returns:
        The validated data.

    Raises:
        InputError: Wrong shape, not finite, not orthonormal, or rank deficient.
    """
    if not isinstance(handling, str) or handling not in _HANDLING:
        raise InputError("handling", handling, f"must be one of: {', '.join(_HANDLING)}")
    kind = check_dtype(dtype)
    matrix = check_matrix(points, "data", kind, check_device(device))
    if handling in ("polar", "qr"):
        matrix = _orthonormal_rows(matrix, handling, "data")
    m, n = matrix.shape
    with single_threaded():
        gram = matrix @ matrix.T
    identity = torch.eye(m, dtype=gram.dtype, device=gram.device)
    deviation = float((gram - identity).abs().max())
    allowed = rounding_of_orthonormality(n, kind)
    orthonormal = deviation <= allowed
    empty = gram.diagonal() == 0
    if bool(empty.any()):
        row = int(empty.nonzero()[0])
        what = (
            "is zero" if bool((matrix[row] == 0).all()) else "has a length whose square underflows"
        )
        raise InputError("data", f"row {row} {what}", "every data point must be non-zero")
    if not math.isfinite(deviation):
        raise InputError("data", "rows whose inner products overflow", "must be of smaller size")
    if not orthonormal and handling != "as-is":
        shape = f"{m} points in {n} dimensions"
        more = " (more points than dimensions cannot be orthonormal)" if m > n else ""
        if kind is torch.float64 and deviation <= rounding_of_orthonormality(n, torch.float32):
            more += " (they are to float32's precision: dtype='float32', --dtype float32)"
        raise InputError(
            "data",
            f"{shape}, deviation from orthonormality {deviation:.3g}",
            f"the rows must be orthonormal to {allowed:.1e}{more}; orthonormalise them "
            "(handling='polar' or 'qr', --orthonormalise) or train on them as they are "
            "(handling='as-is', --as-is)",
        )
    return Data(matrix, deviation, orthonormal, gram)


def orthonormalise(points: Any, method: Literal["polar", "qr"] = "polar") -> torch.Tensor:
    """Replace linearly independent rows by an orthonormal frame of their span.

    ``polar`` returns the nearest frame in Frobenius norm (the orthogonal polar factor, also known
    as Loewdin's symmetric orthogonalisation), which does not depend on the order of the rows.
    ``qr`` is Gram-Schmidt: row ``i`` of the result is a combination of the rows up to ``i``.

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
    kind, place = torch.float64, torch.device("cpu")
    if isinstance(points, torch.Tensor):
        kind = points.dtype if points.dtype in {torch.float32, torch.float64} else kind
        place = points.device
    return _orthonormal_rows(check_matrix(points, "points", kind, place), method, "points")


def _orthonormal_rows(matrix: torch.Tensor, method: str, argument: str) -> torch.Tensor:
    m, n = matrix.shape
    if m > n:
        raise InputError(
            argument, f"{m} points in {n} dimensions", "at most n points can be orthonormal in R^n"
        )
    with single_threaded():
        left, scale, right = torch.linalg.svd(matrix, full_matrices=False)
        # Singular values below max * n * eps are not distinguishable from zero (NumPy's
        # matrix_rank uses the same bound).
        floor = float(scale.max()) * n * torch.finfo(matrix.dtype).eps
        if float(scale.min()) <= floor:
            rank = int((scale > floor).sum())
            raise InputError(
                argument, f"{m} rows of rank {rank}", "the rows must be linearly independent"
            )
        if method == "polar":
            nearest: torch.Tensor = left @ right
            return nearest
        return _positive_qr(matrix.T).T.contiguous()


def _positive_qr(columns: torch.Tensor) -> torch.Tensor:
    """Orthonormal factor of a QR decomposition with a positive diagonal in R.

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

    Args:
        m: Number of points.
        n: Dimension, at least ``m``.
        seed: Seed; the same seed gives the same bits.

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
    draws = _normals(seed, _FRAME, (n, m))
    with single_threaded():
        return np.ascontiguousarray(_positive_qr(torch.from_numpy(draws)).T.numpy())


def standard_basis(m: int, n: int) -> np.ndarray:
    """Return the first ``m`` standard basis vectors of R^n as rows.

    Raises:
        InputError: ``m`` or ``n`` out of range.
    """
    m = check_integer(m, "m", 1)
    n = check_integer(n, "n", m, reason="m orthonormal points need at least m dimensions")
    return np.eye(m, n)


def random_start(n: int, replicas: int = 1, norm: float = 0.5, seed: int = 0) -> np.ndarray:
    """Draw starting weights: a uniform direction with a given norm.

    The default norm satisfies ``norm < 1``, a hypothesis of Theorems 1 and 2 of Ghosh et al.
    (2025). Row ``r`` does not depend on ``replicas``.

    Args:
        n: Dimension.
        replicas: Number of rows.
        norm: Euclidean norm of every row.
        seed: Seed; the same seed gives the same bits.

    Returns:
        Weights, shape ``(replicas, n)``, float64.

    Raises:
        InputError: An argument is out of range.
    """
    n = check_integer(n, "n", 1)
    replicas = check_integer(replicas, "replicas", 1)
    norm = check_positive(norm, "norm")
    draws = _normals(seed, _START, (replicas, n))
    scale = np.asarray(norm / np.linalg.norm(draws, axis=1, keepdims=True))
    return np.asarray(draws * scale)


def _normals(seed: int, purpose: int, shape: tuple[int, int]) -> np.ndarray:
    key = np.array([check_seed(seed), purpose], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key)).standard_normal(shape)

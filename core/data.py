"""Training data: validated, with its Gram matrix and its distance from orthonormality."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import torch

from whichmin.core.frames import orthonormal_rows, whitened_rows
from whichmin.core.threads import single_threaded
from whichmin.core.validation import check_device, check_dtype, check_matrix, check_vector
from whichmin.errors import InputError

__all__ = ["Data", "Handling", "as_data", "check_point", "make_data"]

#: What is done with data that are not orthonormal.
Handling = Literal["require", "polar", "qr", "whiten", "as-is"]
_HANDLING = ("require", "polar", "qr", "whiten", "as-is")


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
    r"""Compute the largest deviation from orthonormality that rounding explains.

    .. math:: 16\,n\,\epsilon, \qquad \epsilon \text{ the spacing of numbers at 1.}

    An inner product of two unit vectors in R^n carries an error of at most ``n u`` (Higham,
    *Accuracy and Stability*, section 3.1), and a Householder QR leaves columns orthonormal to a
    modest multiple of ``n u``. The factor 16 is that multiple with room for a product of two such
    steps.

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
    r"""Validate data points, and orthonormalise or whiten them on request.

    The result knows its Gram matrix and its distance from orthonormality,

    .. math:: G = A A^\top, \qquad \max_{ij} |G_{ij} - \delta_{ij}| .

    Args:
        points: Data as rows, shape ``(m, n)``; an array, nested lists or a tensor.
        handling: ``require`` refuses rows that are not orthonormal; ``polar`` and ``qr``
            orthonormalise them first (see :func:`~whichmin.core.frames.orthonormalise`);
            ``whiten`` centres and whitens them (see :func:`~whichmin.core.frames.whiten`), which
            makes the span isotropic but the rows not orthonormal; ``as-is`` keeps them. On rows
            that are not orthonormal the closed forms for orthonormal data do not apply.
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
        matrix = orthonormal_rows(matrix, handling, "data")
    elif handling == "whiten":
        matrix = whitened_rows(matrix, True, "data")
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
        raise InputError(
            "data",
            f"row {row} {what}",
            "every row, counted from 0, must be non-zero",
        )
    if not math.isfinite(deviation):
        raise InputError("data", "rows whose inner products overflow", "must be of smaller size")
    if not orthonormal and handling not in {"as-is", "whiten"}:
        raise InputError(
            "data",
            f"{m} points in {n} dimensions, deviation from orthonormality {deviation:.3g}",
            f"the rows must be orthonormal to {allowed:.1e}{_ways_out(m, n, kind, deviation)}",
        )
    return Data(matrix, deviation, orthonormal, gram)


def _ways_out(m: int, n: int, kind: torch.dtype, deviation: float) -> str:
    """What to do about rows that are not orthonormal."""
    keep = "handling='as-is' to take them as they are, handling='whiten' to whiten them"
    if m > n:
        return f"; more points than dimensions cannot be: give {keep}"
    told = "handling='polar' for the nearest orthonormal rows"
    if kind is torch.float64 and deviation <= rounding_of_orthonormality(n, torch.float32):
        told = f"dtype='float32', to whose precision they are, or {told}"
    return f"; give {told}, {keep}"


def as_data(data: Any, dtype: torch.dtype, device: torch.device) -> Data:
    """Validate data of any kind and leave them as they are.

    Args:
        data: Rows, or validated data.
        dtype: Their dtype.
        device: Their device.

    Returns:
        Validated data.
    """
    if isinstance(data, Data) and data.points.dtype == dtype and data.points.device == device:
        return data
    points = data.points if isinstance(data, Data) else data
    return make_data(points, handling="as-is", dtype=dtype, device=device)


def check_point(
    w: Any, data: Any, dtype: Any = "float64", device: Any = "cpu"
) -> tuple[torch.Tensor, Data]:
    """Validate one point in weight space and its data, and leave the data as they are.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``; any data.
        dtype: float64 or float32.
        device: Where to compute.

    Returns:
        Weights, shape ``(n,)``, and the data.

    Raises:
        InputError: Wrong shapes or not finite.
    """
    kind, place = check_dtype(dtype), check_device(device)
    valid = as_data(data, kind, place)
    return check_vector(w, valid.n, "w", kind, place), valid

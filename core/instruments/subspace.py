"""A random subspace of the weights, for searches in fewer dimensions (Keskar et al. 2017).

The matrix A, of independent standard normal entries, is held once, and everything is computed from
it in blocks of rows: 0.5 GB for 10^6 weights and 100 dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from whichmin.core.philox import Purpose, generator
from whichmin.core.validation import check_integer

__all__ = ["Subspace", "random_subspace"]

_BLOCK = 2**20  # entries of A that are computed with at a time
_DOUBLE = 2**24  # entries of A that are held in float64: 128 MiB


def random_subspace(n: int, dimension: Any, seed: Any) -> torch.Tensor:
    """Draw a matrix A of independent standard normal entries, whose columns span a random subspace.

    Args:
        n: Rows, the number of weights.
        dimension: Columns p, from 1 to n.
        seed: Integer.

    Returns:
        Shape ``(n, p)``, float64.

    Raises:
        InputError: More columns than rows.
    """
    p = check_integer(dimension, "dimension", 1, n, "the number of weights")
    return torch.cat(list(_drawn(n, p, seed)))


def _drawn(n: int, p: int, seed: Any) -> Iterator[torch.Tensor]:
    draws, most = generator(seed, Purpose.SUBSPACE), max(1, _BLOCK // p)
    for start in range(0, n, most):
        yield torch.from_numpy(draws.standard_normal((min(most, n - start), p)))


class Subspace:
    """The matrix of :func:`random_subspace`, held in float32 if it has more than 2^24 entries.

    Entries that are rounded are those of another random matrix, and all that follows from them is
    computed in float64.

    Args:
        n: Number of weights.
        dimension: p.
        seed: Integer.
        device: Where to compute.

    Raises:
        InputError: More dimensions than weights.
    """

    def __init__(self, n: int, dimension: Any, seed: Any, device: torch.device) -> None:
        p = check_integer(dimension, "dimension", 1, n, "the number of weights")
        kind = torch.float32 if n * p > _DOUBLE else torch.float64
        self._matrix = torch.empty(n, p, dtype=kind, device=device)
        for into, part in zip(self._blocks(self._matrix), _drawn(n, p, seed), strict=True):
            into.copy_(part)

    def _blocks(self, rows: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(torch.split(rows, max(1, _BLOCK // self._matrix.shape[1])))

    def times(self, z: torch.Tensor) -> torch.Tensor:
        """Return ``A z``, float64."""
        out = z.new_empty(len(self._matrix))
        for part, into in zip(self._blocks(self._matrix), self._blocks(out), strict=True):
            torch.mv(part.double(), z, out=into)
        return out

    def pulled(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``A^T x``, float64."""
        out = x.new_zeros(self._matrix.shape[1])
        for part, piece in zip(self._blocks(self._matrix), self._blocks(x), strict=True):
            out.addmv_(part.double().T, piece)
        return out

    def inverse(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``A^+ x``, float64.

        A has full column rank with probability 1, so with ``A = Q R`` it is ``R^-1 Q^T x``; R and
        ``Q^T x`` are in the triangle of ``(A, x)``, which is that of the blocks' stacked triangles.
        """
        p = self._matrix.shape[1]
        table = x.new_zeros(0, p + 1)
        for part, piece in zip(self._blocks(self._matrix), self._blocks(x), strict=True):
            rows = torch.cat([part.double(), piece[:, None]], 1)
            table = torch.linalg.qr(torch.cat([table, rows]), "r")[1]
        found: torch.Tensor = torch.linalg.solve_triangular(
            table[:p, :p], table[:p, p:], upper=True
        )
        return found[:, 0]

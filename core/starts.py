"""Starting weights of many replicas, made a few at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri

from whichmin.core import philox
from whichmin.core.summation import pairwise_sum
from whichmin.core.validation import check_weights
from whichmin.errors import InputError

__all__ = ["Starts", "replica_starts"]

# The batches' words have attempt numbers 0, 1, 2, ... (see philox.bounded): no batch is rejected
# 2^32 - 1 times, so these words are no other draw's.
_START = 2**32 - 1
_NORM = 0.5
# Rows of w0 that are validated at a time, for memory's sake.
_ROWS = 1 << 14


def replica_starts(n: int, replicas: NDArray[np.int64], seed: int) -> torch.Tensor:
    r"""Draw uniform directions of norm 1/2, each a function of seed and replica alone.

    .. math:: w = \frac{z}{2 |z|}, \qquad z_j = \Phi^{-1}\!\left(\frac{k_j + 1/2}{2^{52}}\right) ,

    with :math:`k_j` uniform of 52 bits, from two words of the replica's stream. A Gaussian vector z
    has a uniform direction.

    Args:
        n: Dimension.
        replicas: Replica numbers, shape ``(R,)``.
        seed: Seed.

    Returns:
        Shape ``(R, n)``, float64.
    """
    words = philox.words(seed, replicas.astype(np.uint64), 0, 2 * n, _START)
    bits = (words[:, 0::2] << np.uint64(20)) | (words[:, 1::2] >> np.uint64(12))
    gaussian = torch.from_numpy(ndtri((bits.astype(np.float64) + 0.5) * 2.0**-52))
    length = pairwise_sum(gaussian.T.square()).sqrt()
    return _NORM * gaussian / length[:, None]


@dataclass(frozen=True)
class Starts:
    """Where replicas start, all at one place, each at its own, or at random directions.

    Attributes:
        n: Dimension.
        seed: Seed of the random directions.
        common: The start of all replicas, shape ``(1, n)``.
        own: One row per replica, shape ``(R, n)``.
    """

    n: int
    seed: int
    common: torch.Tensor | None = field(default=None, repr=False)
    own: NDArray[Any] | None = field(default=None, repr=False)

    @classmethod
    def parse(
        cls, w0: Any, n: int, replicas: int, seed: int, dtype: torch.dtype, device: torch.device
    ) -> Starts:
        """Validate the argument ``w0`` without copying all of it.

        Args:
            w0: None, shape ``(n,)`` or ``(replicas, n)``.
            n: Dimension of the data.
            replicas: Number of replicas.
            seed: Seed.
            dtype: Precision of the run.
            device: Its device.

        Returns:
            The starts.

        Raises:
            InputError: Wrong shape, not real, or not finite.
        """
        if w0 is None:
            return cls(n, seed)
        rows = w0.detach().cpu().numpy() if isinstance(w0, torch.Tensor) else w0
        try:
            rows = np.asarray(rows)
        except ValueError as error:
            raise InputError("w0", w0, "must be a rectangular array of numbers") from error
        if rows.ndim != 2 or len(rows) <= 1:
            return cls(n, seed, common=check_weights(rows, n, "w0", dtype, device))
        for first in range(0, len(rows), _ROWS):
            check_weights(rows[first : first + _ROWS], n, "w0", dtype, device)
        if len(rows) != replicas:
            allowed = f"must be one row, or one for each of the {replicas} replicas of all cells"
            raise InputError("w0", f"{len(rows)} rows", allowed)
        return cls(n, seed, own=rows)

    def rows(self, replicas: NDArray[np.int64]) -> torch.Tensor:
        """Compute the starts of some replicas.

        Args:
            replicas: Their numbers, shape ``(R,)``.

        Returns:
            Shape ``(R, n)``.
        """
        if self.common is not None:
            return self.common.expand(len(replicas), -1)
        if self.own is not None:
            return torch.from_numpy(np.array(self.own[replicas], dtype=np.float64))
        return replica_starts(self.n, replicas, self.seed)

    @property
    def kind(self) -> str:
        """How the replicas start, in words."""
        if self.common is not None:
            return "common"
        return "random directions of norm 1/2" if self.own is None else "given, one per replica"

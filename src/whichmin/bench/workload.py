"""The problem that all contenders solve, with a bound on the rounding of their weights."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from whichmin.errors import InputError

if TYPE_CHECKING:
    import torch

    from whichmin.core.batches import BatchStream
    from whichmin.core.engines import Problem

__all__ = ["Workload"]

# Steps in which a deviation is compared; fewer where one could grow by more than GROWTH in them.
_STEPS = 50
_GROWTH = 100
# The Haar-distributed frame costs a QR decomposition; larger problems take the standard basis.
_LARGEST_FRAME = 1 << 18


@dataclass(frozen=True)
class Workload:
    """SGD on the ReLU autoencoder, batches drawn without replacement.

    Attributes:
        m: Number of data points.
        n: Dimension.
        batch_size: Points per batch.
        step_size: Step size.
        dtype: ``float64`` or ``float32``.
        seed: Seed of frame, starts and batches.
    """

    m: int = 8
    n: int = 32
    batch_size: int = 1
    step_size: float = 0.05
    dtype: str = "float64"
    seed: int = 0

    def __post_init__(self) -> None:
        """Validate.

        Raises:
            InputError: An argument is out of range.
        """
        from whichmin.core.validation import (
            check_batch_size,
            check_dtype,
            check_integer,
            check_positive,
            check_seed,
        )

        check_integer(self.m, "m", 1, 2**31)
        check_integer(self.n, "n", self.m, reason="m orthonormal points need at least m dimensions")
        check_batch_size(self.batch_size, self.m, replacement=False)
        check_positive(self.step_size, "step_size")
        check_dtype(self.dtype)
        check_seed(self.seed)
        # There w stays bounded (N <= 1.05) and a step stretches distances by 1 + 2 alpha at most:
        # what `bound` rests on.
        if self.alpha > 1 / 5:
            raise InputError(
                "step_size",
                self.step_size,
                f"must be at most {self.batch_size / 5:g}, a fifth of the batch size: beyond, "
                "rounding may grow without bound and no two programs can be compared",
            )

    @property
    def alpha(self) -> float:
        """Step size divided by the batch size."""
        return self.step_size / self.batch_size

    @property
    def described(self) -> str:
        """The settings in words."""
        return (
            f"m {self.m}, n {self.n}, ReLU, batch size {self.batch_size}, "
            f"step size {self.step_size:g}, {self.dtype}, seed {self.seed}"
        )

    @functools.cached_property
    def problem(self) -> Problem:
        """Data, activation and step size."""
        from whichmin.core.data import make_data
        from whichmin.core.engines import Problem
        from whichmin.core.frames import random_frame, standard_basis
        from whichmin.words import Activation

        small = self.m * self.n <= _LARGEST_FRAME
        frame = random_frame(self.m, self.n, self.seed) if small else standard_basis(self.m, self.n)
        return Problem(make_data(frame, dtype=self.dtype), Activation.RELU, self.step_size)

    @functools.cached_property
    def stream(self) -> BatchStream:
        """The batches."""
        from whichmin.core.batches import make_stream

        return make_stream(self.m, self.batch_size, seed=self.seed)

    def start(self, replicas: int) -> torch.Tensor:
        """Draw the starting weights, shape ``(replicas, n)``."""
        import torch

        from whichmin.core.frames import random_start

        drawn = torch.from_numpy(random_start(self.n, replicas, seed=self.seed))
        return drawn.to(self.problem.data.points.dtype)

    @property
    def checked_steps(self) -> int:
        r"""Number of steps T after which the weights of contenders are compared.

        If every step makes an error of at most e, and a step stretches distances by at most
        :math:`1 + 2\alpha` (see :attr:`bound`), the error after T steps is at most

        .. math:: \frac{(1 + 2\alpha)^T - 1}{2\alpha}\, e .

        T keeps the factor below 100.
        """
        stretch = 2 * self.alpha
        return max(2, min(_STEPS, int(math.log1p(_GROWTH * stretch) / math.log1p(stretch))))

    @property
    def bound(self) -> float:
        r"""Largest distance between the weights of two correct programs, on the same batches.

        .. math:: 2u \left[\, 100\,\bigl(8 + 8 \alpha (n + b)\bigr)
                  + 32\, n\, (1 + 200\,\alpha) \right]

        With :math:`N \le 1.05` and :math:`\alpha \le 1/5` the Hessian of a batch's loss lies
        between -2/b and 8/b, so a step stretches distances by at most :math:`1 + 2\alpha`, and the
        errors of all steps add up to at most 100 times that of one (see :attr:`checked_steps`). A
        step's own rounding: a few u for the weights, and alpha times inner products of length n and
        sums over b points (n u and b u each; Higham, *Accuracy and Stability*, section 3.1), at
        most eight of them. Change of coordinates at either end: 32 n u, twice the error of the
        frame's orthonormality. Two programs differ by twice all this.
        """
        import torch

        unit = torch.finfo(self.problem.data.points.dtype).eps / 2
        step = 8 + 8 * self.alpha * (self.n + self.batch_size)
        ends = 32 * self.n * (1 + 2 * self.alpha * _GROWTH)
        return 2 * unit * (_GROWTH * step + ends)

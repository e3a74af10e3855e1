r"""Products with the Hessian and slopes from central differences, and how far off they can be.

With a move d whose size is that of the weights, and steps h that fall by about ten,

.. math:: H d \approx D_h = \frac{G(w + h d) - G(w - h d)}{2 h}, \qquad
          G^\top d \approx \frac{L(w + h d) - L(w - h d)}{2 h} .

What is left out falls as the square of h, what is rounded grows as 1/h. Both show in how far
neighbouring :math:`D_h` are apart, so the error of one is taken as the larger distance from its
neighbours, and at least four units of roundoff of the gradients that are subtracted; the best is
the one with the smallest error. A step across a kink (ReLU) shows in the same way, and the smaller
steps stay on one side of it. Steps that are too long may agree with each other on a smoothed loss:
so a step counts only if what the smaller ones find lies within its error and their rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from whichmin.core.scales import length

__all__ = ["MORE_STEPS", "STEPS", "Differences", "Estimate", "relative_move"]

# First the steps that suffice for what is smooth on the scale of the weights, then the others.
STEPS = {torch.float64: (1e-3, 1e-4, 1e-5), torch.float32: (1e-2, 3e-3, 1e-3)}
MORE_STEPS = {
    torch.float64: (1e-1, 1e-2, 1e-6, 1e-7, 1e-8, 1e-9),
    torch.float32: (3e-1, 1e-1, 3e-2, 3e-4, 1e-4),
}
_UNITS = 4.0  # of roundoff: two gradients, each of a product and a sum
# How much more than that a gradient may be rounded, by cancellation inside.
_INSIDE = {torch.float64: 1e5, torch.float32: 1e2}
_APART = 10.0  # of an error, which is an estimate


class Estimate(NamedTuple):
    """Differences along a move at the best step, and their error."""

    value: torch.Tensor
    error: float


class Differences:
    """Central differences of a function along one move, at more and more steps.

    Args:
        function: Value and gradient at weights of shape ``(n,)``.
        at: The weights.
        move: The direction and size of the largest step, ``(n,)``.
    """

    def __init__(
        self, function: Callable[[torch.Tensor], tuple[float, torch.Tensor]],
        at: torch.Tensor, move: torch.Tensor,
    ) -> None:  # fmt: skip
        self._function, self._at, self._move = function, at, move
        self._rows: dict[float, tuple[torch.Tensor, torch.Tensor, float, float, torch.Tensor]] = {}

    def add(self, steps: Sequence[float]) -> None:
        """Evaluate at more steps."""
        unit = float(torch.finfo(self._at.dtype).eps)
        for step in steps:
            shift = (step * self._move).to(self._at)
            up, there = self._function(self._at + shift)
            down, back = self._function(self._at - shift)
            floor = _UNITS * unit / (2 * step)
            self._rows[step] = (
                (there.double() - back.double()) / (2 * step),
                floor * torch.maximum(there.abs(), back.abs()).double(),
                (up - down) / (2 * step),
                floor * max(abs(up), abs(down)),
                there.double() + back.double(),
            )

    @property
    def dtype(self) -> torch.dtype:
        """Type of the weights."""
        return self._at.dtype

    @property
    def steps(self) -> list[float]:
        """The steps so far at which everything is finite, from the largest."""
        return [
            h for h in sorted(self._rows, reverse=True)
            if bool(torch.isfinite(self._rows[h][0]).all()) and math.isfinite(self._rows[h][2])
        ]  # fmt: skip

    def rows(self) -> list[torch.Tensor]:
        """Return :math:`D_h` of every step, from the largest."""
        return [self._rows[h][0] for h in self.steps]

    def bends(self, slope: torch.Tensor) -> list[torch.Tensor]:
        """Return the differences of the one-sided products at every step, from the largest."""
        return [(self._rows[h][4] - 2 * slope) / h for h in self.steps]

    def product(self, block: slice = slice(None)) -> Estimate:
        """Estimate entries of the product ``H d``."""
        return _best(
            [self._rows[h][0][block] for h in self.steps],
            [length(self._rows[h][1][block]) for h in self.steps],
            _INSIDE[self.dtype],
        )

    def slope(self) -> Estimate:
        """Estimate the slope ``G d``."""
        values = [torch.tensor([self._rows[h][2]], dtype=torch.float64) for h in self.steps]
        return _best(values, [self._rows[h][3] for h in self.steps], _INSIDE[self.dtype])


def _best(values: list[torch.Tensor], floors: list[float], inside: float) -> Estimate:
    """Choose the estimate with the smallest error that no smaller step contradicts.

    Returns:
        It; of infinite error if there is none.
    """
    if len(values) < 2:
        return Estimate(values[0] if values else torch.zeros(1).double(), math.inf)
    apart = [length(a - b) for a, b in zip(values[1:], values, strict=False)]
    errors = [max(apart[max(k - 1, 0) : k + 1]) + floor for k, floor in enumerate(floors)]
    for k in sorted(range(len(errors)), key=errors.__getitem__):
        smaller = zip(values[k + 1 :], floors[k + 1 :], strict=True)
        if all(length(v - values[k]) <= _APART * errors[k] + inside * f for v, f in smaller):
            return Estimate(values[k], errors[k])
    return Estimate(values[-1], math.inf)


def relative_move(direction: torch.Tensor, at: torch.Tensor, blocks: Sequence[int]) -> torch.Tensor:
    """Scale each block of a direction to the root mean square of the block's weights.

    Args:
        direction: Shape ``(n,)``, entries of size about 1.
        at: The weights; a block of zeros is moved as the others are.
        blocks: Sizes of the blocks.

    Returns:
        The move, float64.
    """
    whole = length(at) / len(at) ** 0.5 or 1.0
    parts = zip(direction.double().split(list(blocks)), at.split(list(blocks)), strict=True)
    return torch.cat([d * (length(w) / max(len(w), 1) ** 0.5 or whole) for d, w in parts])

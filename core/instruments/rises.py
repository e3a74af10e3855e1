"""Rises of a loss above its value at a point, and how far they can be rounding of the loss.

A rise is a difference of two losses, each rounded; a small move of the weights changes the loss by
less than that. The instruments see nothing but losses, so their rounding is measured: the loss at
twelve points that lie close together along the move, each with its weights changed at random by
their last bit, is a cubic in the place, and what the cubic leaves over is rounding (the idea of
More and Wild 2011, "Estimating computational noise"). Two things are added to it:

* A factor of 8: four standard deviations for each of the two losses, which a search that keeps the
  largest of some thousand rises needs.
* Four units of roundoff of the loss: the last operations (a product, a sum, a mean) may round all
  twelve points alike.

The window in which the points lie is the fourth root of the unit of roundoff, as a share of the
move: what a cubic leaves of a smooth loss is then below a unit of roundoff of the rise. What is
missed: the rounding of numbers that neither the window nor the last bits change.

The solvable neuron needs none of this: there the cancelling part is taken out by algebra
(:mod:`whichmin.core.perturbation.rises`). The two share no code, and a table of the command line
holds one against the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from whichmin.core.instruments.problem import Objective
from whichmin.core.philox import Purpose, generator
from whichmin.core.scales import length
from whichmin.errors import InputError

__all__ = ["POINTS", "MeasuredRises"]

POINTS = 12
_TERMS = 4  # of a cubic
_DEVIATIONS = 8.0
_UNITS = 4.0


class MeasuredRises:
    """Rises of an objective's loss, by moves whose size is an argument of an instrument.

    Args:
        objective: The loss.
        base: Its value at the point.
        argument: Name of the argument, for errors.
        given: Its value.
        place: Where the moves lead, for errors: ``ball``, ``box``.
    """

    def __init__(
        self, objective: Objective, base: float, argument: str, given: Any, place: str
    ) -> None:
        self.objective, self.base = objective, base
        self.argument, self.given, self.place = argument, given, place

    def check_size(self, move: torch.Tensor) -> None:
        """Refuse a move that the weights' type cannot show.

        Raises:
            InputError: It leads beyond the largest number, or is lost: rounding changes the moved
                weights by as much as the move does.
        """
        point, kind = self.objective.point, self.objective.point.dtype
        exact = point.double() + move.double()
        moved = exact.to(kind).double()
        if not bool(torch.isfinite(moved).all()):
            raise InputError(
                self.argument, self.given, f"must leave the weights finite in {_name(kind)}"
            )
        # The difference of neighbours is exact, so this is the move that is made.
        made = moved - point.double()
        if length(made - move.double()) >= length(move.double()):
            raise InputError(
                self.argument, self.given,
                f"must be large enough to move the weights: in {_name(kind)} they are rounded by "
                "as much",
            )  # fmt: skip

    def value(self, move: torch.Tensor) -> float:
        """Return the rise by a move.

        Raises:
            InputError: The loss is not finite there.
        """
        return self._rise(self.objective.value(self._moved(move)))

    def value_and_gradient(self, move: torch.Tensor) -> tuple[float, torch.Tensor]:
        """Return the rise by a move, and the gradient there.

        Raises:
            InputError: The loss or the gradient is not finite there.
        """
        value, slope = self.objective.value_and_gradient(self._moved(move))
        return self._rise(value), slope

    def _moved(self, move: torch.Tensor) -> torch.Tensor:
        moved = self.objective.point.double() + move.double()
        return moved.to(self.objective.point.dtype)

    def _rise(self, value: float) -> float:
        if not np.isfinite(value):
            raise InputError(
                self.argument, self.given,
                f"must leave the loss finite in the {self.place}, not {value}",
            )  # fmt: skip
        return value - self.base

    def rounding(self, move: torch.Tensor) -> float:
        r"""Measure how far a rise can be rounding, at the cost of 12 losses.

        With residuals :math:`\epsilon_k` of a cubic through the 12 rises, the unit of roundoff u
        and the losses :math:`L_0, L_1` at both ends,

        .. math:: 8 \Bigl[\tfrac18 \sum_{k=1}^{12} \epsilon_k^2\Bigr]^{1/2}
                  + 4 u \max(|L_0|, |L_1|) .

        Args:
            move: The move that was found best, or a typical one; shape ``(n,)``.

        Returns:
            The bound, in the units of the loss.
        """
        point = self.objective.point
        unit = float(torch.finfo(point.dtype).eps)
        draws, places = generator(0, Purpose.LAST_BITS), np.arange(POINTS) / POINTS
        found = np.empty(POINTS)
        for k, place in enumerate(places):
            bits = torch.from_numpy(draws.integers(-1, 2, len(point)) * unit).to(point.device)
            near = point.double() + (1 - unit**0.25 * float(place)) * move.double()
            found[k] = self._rise(self.objective.value((near * (1 + bits)).to(point.dtype)))
        size = float(np.abs(found).max())
        floor = _UNITS * unit * max(abs(self.base), abs(self.base + float(found[0])))
        if size == 0:
            return floor
        cubic = np.linalg.qr(np.vander(2 * places - 1, _TERMS))[0]
        rest = found / size - cubic @ (cubic.T @ (found / size))
        spread = size * float(np.sqrt(rest @ rest / (POINTS - _TERMS)))
        return _DEVIATIONS * spread + floor


def _name(kind: torch.dtype) -> str:
    return str(kind).removeprefix("torch.")

r"""Bound the errors of derivatives that a target declares to compute by differences.

The summed loss is a polynomial of degree 4 in the weights, while no point changes sides of its
kink, so every difference is known exactly. Along v, with d = <v, a>, per point:

.. math:: \frac{\nabla L(w + h v) - \nabla L(w - h v)}{2 h} = H v + h^2 (|v|^2 d\, a + d^2 v) ,
   \qquad \frac{L(w + h e_i) - L(w - h e_i)}{2 h} = \partial_i L + h^2 (c\, a_i + w_i a_i^2) ,

and second differences of the loss err by at most :math:`4 h^2 |a_i a_j|`. Forward differences err
to first order, with N = |w|^2, s = <w, v> and c = <w, a>, by

.. math:: h \big( (2 s d + |v|^2 c)\, a + 2 c d\, v + d^2 w \big) + h^2 (|v|^2 d\, a + d^2 v)
   \quad \text{of } \nabla L, \qquad
   h \big( \tfrac{N - 2}{2} a_i^2 + 2 c\, a_i w_i + \tfrac{c^2}{2} \big)
   + h^2 (c\, a_i + w_i a_i^2) + \tfrac{h^3}{2} a_i^2 \quad \text{of } L .

To that the rounding of what is subtracted is added, divided by the step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import bounds
from whichmin.verification.oracle.references import floats

__all__ = ["EXACT", "KINDS", "Differences"]

Floats = NDArray[np.float64]

_CENTRAL, _SECOND = "central differences", "second differences"
_FORWARD = "forward differences"
#: What a target may declare, with the step taken if it declares none: a complex step subtracts
#: nothing, so it is as good as exact.
KINDS = {"exact": 0.0, "complex step": 0.0, _CENTRAL: 1e-5, _FORWARD: 1e-8, _SECOND: 1e-4}


@dataclass(frozen=True)
class Differences:
    """How derivatives are computed.

    Attributes:
        kind: One of ``KINDS``: central or forward differences of the gradient (for the gradient
            itself, of the loss), or second differences of the loss.
        step: Step h, along v itself or along v scaled to length 1.
    """

    kind: str = "exact"
    step: float = 0.0

    @property
    def none(self) -> bool:
        """Whether nothing is subtracted: then kinks are no matter."""
        return self.kind in {"exact", "complex step"}

    def crosses(self, w: Any, data: Any) -> bool:
        """Tell whether a difference may cross a kink, for vectors as long as those served."""
        if self.none:
            return False
        a, n = floats(data), len(floats(w))
        # The longest vector has entries up to 3/4 + n/3; second differences go twice the step.
        reach = 2 * self.step * math.sqrt(n) * (1 + n / 3) * np.linalg.norm(a, axis=1)
        return bool((np.abs(a @ floats(w)) <= reach).any())

    def product(self, w: Any, data: Any, factor: float, dtype: str, length: float = 1.0) -> float:
        """Bound the error of a product of the Hessian with a vector.

        Args:
            w: Weights.
            data: Points.
            factor: Factor of the plain sum over the points.
            dtype: Precision of the target.
            length: Length of the vector.

        Returns:
            The bound of the error's length.
        """
        if self.step == 0:
            return 0.0
        if self.kind == _SECOND:
            return length * self.matrix(w, data, factor, dtype)
        square = float((floats(data) ** 2).sum())
        long = max(1.0, length)  # the step along v itself, or along v scaled to length 1
        h = self.step * long
        cut = 2 * factor * square * length * h**2
        if self.kind == _FORWARD:  # each of its terms, with the lengths of w, v and a
            cut += 6 * factor * square * length * h * float(np.linalg.norm(floats(w)))
        if self.none:
            return cut
        far = np.abs(floats(w)) + self.step * long
        n, m = len(far), len(floats(data))
        round_off = bounds.rounding(factor * bounds.gradient_size(far, data), n, m, dtype)
        return cut + self._subtracted * float(np.linalg.norm(round_off)) / self.step * long

    @property
    def _subtracted(self) -> int:
        """How often the rounding of one value is divided by the step."""
        return 2 if self.kind == _FORWARD else 1

    def matrix(self, w: Any, data: Any, factor: float, dtype: str) -> float:
        """Bound the Frobenius norm of the error of the Hessian; arguments as :meth:`product`."""
        n, m = len(floats(w)), len(floats(data))
        if self.kind != _SECOND:
            return math.sqrt(n) * self.product(w, data, factor, dtype)
        far = np.abs(floats(w)) + 2 * self.step
        round_off = float(bounds.rounding(factor * bounds.loss_size(far, data), n, m, dtype))
        cut = 4 * factor * float((floats(data) ** 2).sum()) * self.step**2
        return cut + 4 * n * round_off / self.step**2

    def gradient(self, w: Any, data: Any, activation: str, factor: float, dtype: str) -> Floats:
        """Bound the error of the gradient, entry by entry; a kink is crossed to first order.

        Args:
            w: Weights.
            data: Points.
            activation: ``linear`` or ``relu``.
            factor: Factor of the plain sum over the points.
            dtype: Precision of the target.

        Returns:
            Shape ``(n,)``.
        """
        at, rows = np.abs(floats(w)), np.abs(floats(data))
        if self.step == 0:
            return np.zeros(len(at))
        h, n, m = self.step, len(at), len(rows)
        square, inner = float(at @ at), rows @ at
        found = factor * h * h * (inner @ rows + at * (rows**2).sum(0))
        if self.none:
            return np.asarray(found)
        crossed = 1
        if self.kind == _FORWARD:
            crossed = 2
            first = (square + 2) / 2 * (rows**2).sum(0) + 2 * at * (inner @ rows)
            found += factor * h * (first + (inner**2).sum() / 2)
            found += factor * h**3 / 2 * (rows**2).sum(0)
        if activation == "relu":
            # (N + 2) phi^2 / 2 of a point whose inner product changes its sign on the way; the
            # derivative itself, (N + 2) phi a, where the step is to one side alone.
            exact = np.abs(floats(data) @ floats(w))
            near = (exact[:, None] <= h * rows) * rows**2
            found = found + crossed * factor * h * (square + 2 + 4 * h) * near.sum(0)
        size = factor * bounds.loss_size(at + h, data)
        round_off = self._subtracted * float(bounds.rounding(size, n, m, dtype))
        return np.asarray(found + round_off / h)


EXACT = Differences()

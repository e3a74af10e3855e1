"""Train with one part replaced, for the diagnosis of trainers.

In float64: a mistake is recognised within the rounding bound of the check, and in rational
arithmetic the digits of a run grow threefold with every step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.references import floats

__all__ = ["Batches", "Floats", "WrongRuns"]

Floats = NDArray[np.float64]
Batches = Sequence[Sequence[int]]
# Derivative of the activation times t: weights and rows to one number per row.
Phi = Callable[[Floats, Floats], Floats]


def _linear(w: Floats, rows: Floats) -> Floats:
    return np.asarray(rows @ w)


def _relu(w: Floats, rows: Floats) -> Floats:
    return np.maximum(rows @ w, 0.0)


def _slope(w: Floats, rows: Floats, phi: Phi, norm: float | None = None) -> Floats:
    """Sum over the rows of ``(N - 2) phi a + phi^2 w``."""
    f = phi(w, rows)
    own = float(w @ w) if norm is None else norm
    return np.asarray((own - 2) * (f @ rows) + (f @ f) * w)


class WrongRuns:
    """Runs of one finding.

    Attributes:
        w: Weights at the start.
        data: Points.
        batches: Rows of each step.
        step_size: Step size.
        scale: Factor of the loss.
        activation: ``linear`` or ``relu``.
        mean: Whether a batch's gradients are averaged.
        phi: The activation.
    """

    def __init__(
        self, w: Any, data: Any, batches: Batches, step_size: float, activation: str,
        mean: bool = True, scale: float = 1.0,
    ) -> None:  # fmt: skip
        self.w, self.data, self.batches = floats(w), floats(data), batches
        self.step_size, self.scale = step_size, scale
        self.activation, self.mean = activation, mean
        self.phi: Phi = _linear if activation == "linear" else _relu

    def slope(self, w: Floats, rows: Floats, norm: float | None = None) -> Floats:
        """Compute the sum of the gradients of some rows, for another norm N if one is given."""
        return _slope(w, rows, self.phi, norm)

    def share(self, batch: Sequence[Any]) -> int:
        """Return what the sum over a batch is divided by."""
        return len(batch) if self.mean else 1

    def on(self, data: Floats, batches: Batches | None = None) -> WrongRuns:
        """Return the runs on other points, or over other batches."""
        chosen = self.batches if batches is None else batches
        return WrongRuns(
            self.w, data, chosen, self.step_size, self.activation, self.mean, self.scale
        )

    def other(self) -> WrongRuns:
        """Return the runs with the other activation."""
        other = "relu" if self.activation == "linear" else "linear"
        return WrongRuns(
            self.w, self.data, self.batches, self.step_size, other, self.mean, self.scale
        )

    @property
    def rate(self) -> float:
        """Step size times the factor of the loss."""
        return self.step_size * self.scale

    @property
    def epoch(self) -> int:
        """Number of steps in which all points are seen."""
        return -(-len(self.data) // max(map(len, self.batches)))

    def run(
        self,
        batches: Batches | None = None,
        change: Callable[[Floats, Floats, int], Floats] | None = None,
        divisor: Callable[[Sequence[int]], float] | None = None,
        after: Callable[[Floats], Floats] | None = None,
        slope: Callable[[Floats, Floats], Floats] | None = None,
        update: Callable[[Floats, Floats, int], Floats] | None = None,
    ) -> Floats:
        """Train with one part of the step replaced.

        Args:
            batches: Rows of each step.
            change: What becomes of a gradient, given the weights and the number of the step.
            divisor: What the sum over a batch is divided by.
            after: What becomes of the weights after a step.
            slope: The sum of the gradients of some rows.
            update: The next weights, given weights, gradient and number of the step.

        Returns:
            The last weights.
        """
        w = self.w
        for t, batch in enumerate(self.batches if batches is None else batches):
            rows = self.data[list(batch)]
            share = divisor(batch) if divisor else self.share(batch)
            g = self.scale * (slope or self.slope)(w, rows) / share
            g = change(g, w, t) if change else g
            w = update(w, g, t) if update else w - self.step_size * g
            w = after(w) if after else w
        return w

    def norms(self, *, start: bool) -> Floats:
        """Train with N taken at the start, or at the weights one step earlier."""
        last = [float(self.w @ self.w)]

        def slope(w: Floats, rows: Floats) -> Floats:
            norm = last[0]
            if not start:
                last[0] = float(w @ w)
            return _slope(w, rows, self.phi, norm)

        return self.run(slope=slope)

    def average(self, *, start: bool = False) -> Floats:
        """Compute the mean of the weights after each step, and of those at the start."""
        visited: list[Floats] = [self.w] if start else []

        def after(w: Floats) -> Floats:
            visited.append(w)
            return w

        self.run(after=after)
        return np.asarray(np.mean(visited, axis=0))

    def halves(self) -> Floats:
        """Train with the term along w first, then the one along the points at the new weights."""
        w = self.w
        for batch in self.batches:
            rows = self.data[list(batch)]
            rate = self.rate / self.share(batch)
            f = self.phi(w, rows)
            w = w - rate * (f @ f) * w
            w = w - rate * (float(w @ w) - 2) * (self.phi(w, rows) @ rows)
        return w

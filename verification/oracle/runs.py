"""Runs that trainers are judged on, with their reference at every step."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.arithmetic import DECIMALS, FRACTIONS, as_fractions
from whichmin.verification.oracle.carried import carried, reason
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.optimisers import Optimiser
from whichmin.verification.oracle.references import Matrix, Vector, rounded

__all__ = ["MOST_EXACT", "ServedRun", "reference", "useful"]

Floats = NDArray[np.float64]
Batches = tuple[tuple[int, ...], ...]

# Steps up to which fractions are followed: their digits grow threefold with each.
MOST_EXACT = 4
# The largest bound with which a run is served: a mistake is seen if it moves the weights, which
# have length 1 or so, by more.
_LARGEST = {"float64": 1e-9, "float32": 1e-2}


@dataclass(frozen=True)
class ServedRun:
    """A run that a trainer is asked for.

    Attributes:
        w: Weights at the start, as served.
        data: Points, as served.
        batches: Rows of each step.
        step_size: Step size, as served.
        activation: ``linear`` or ``relu``.
        optimiser: The optimiser with its schedule.
        factors: Factor of the sum over each batch.
        dtype: Precision of the target.
    """

    w: Vector
    data: Matrix
    batches: Batches
    step_size: Fraction
    activation: str
    optimiser: Optimiser
    factors: tuple[Fraction, ...]
    dtype: str
    name: str = field(default="", compare=False)

    @classmethod
    def of(
        cls, w: Vector, data: Matrix, batches: Batches, step_size: Fraction, activation: str,
        conventions: Conventions, name: str = "",
    ) -> ServedRun:  # fmt: skip
        """Make a run of a target with these conventions."""
        factors = tuple(conventions.factor("train", len(b)) for b in batches)
        return cls(
            w, data, batches, step_size, activation, conventions.trained_by, factors,
            conventions.dtype, name,
        )  # fmt: skip

    @property
    def received(self) -> tuple[Vector, Matrix, Fraction]:
        """Weights, points and step size as the target receives them."""
        # A number is passed in double precision, arrays in the target's.
        return rounded(self.w, self.dtype), rounded(self.data, self.dtype), rounded(self.step_size)

    @property
    def rows(self) -> tuple[Matrix, ...]:
        """Points of each step's batch, as the target receives them."""
        data = self.received[1]
        return tuple(tuple(data[i] for i in batch) for batch in self.batches)

    @property
    def reason(self) -> str:
        """The reason for the bound."""
        b = max(map(len, self.batches))
        return reason(self.optimiser, len(self.batches), len(self.w), b, self.dtype)

    def part(self, steps: int) -> ServedRun:
        """Return the run's first steps."""
        return ServedRun(
            self.w, self.data, self.batches[:steps], self.step_size, self.activation,
            self.optimiser, self.factors[:steps], self.dtype, self.name,
        )  # fmt: skip

    def arguments(self) -> dict[str, object]:
        """Return the arguments of ``train``."""
        return {
            "w0": self.w, "data": self.data, "batches": self.batches,
            "step_size": self.step_size, "activation": self.activation,
        }  # fmt: skip


@functools.lru_cache(maxsize=512)
def reference(run: ServedRun) -> tuple[Sequence[Vector], Floats]:
    """Compute what a run returns after 0, 1, 2 ... steps, with bounds for a target's rounding.

    Args:
        run: The run.

    Returns:
        Weights, or their averages, exact or of 60 digits, and the bounds ``(steps + 1, n)``; of
        fewer steps where the run diverges.
    """
    w, data, step_size = run.received
    exact = run.optimiser.rational and len(run.batches) <= MOST_EXACT
    try:
        states = run.optimiser.states(
            w, data, run.batches, step_size, run.activation, run.factors,
            FRACTIONS if exact else DECIMALS,
        )  # fmt: skip
    except ArithmeticError:  # it leaves the range of decimals, or divides by a length of 0
        return reference(run.part(len(run.batches) // 2))
    path = tuple(as_fractions(run.optimiser.result(state)) for state in states)
    bound = carried(
        run.optimiser, states, run.rows, step_size, run.activation, run.factors, run.dtype
    )
    return path, bound


def useful(run: ServedRun) -> ServedRun:
    """Shorten a run to the steps for which the bound says something.

    Args:
        run: The run.

    Returns:
        The run, or its first steps; none at all if the first already has too large a bound.
    """
    _, bound = reference(run)
    small = [*(bound.max(axis=1) <= _LARGEST[run.dtype]), False]
    steps = small.index(False) - 1
    return run if steps == len(run.batches) else run.part(steps)

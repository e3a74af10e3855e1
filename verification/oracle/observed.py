"""Look at what a trainer does in each step of a run, by asking for the run's beginnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.arithmetic import slope
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.runs import ServedRun, reference
from whichmin.verification.oracle.session import Session

__all__ = ["MOST_CALLS", "QUIET", "SeenStep", "first_wrong", "nice", "quiet_lengths", "seen_steps"]

Floats = NDArray[np.float64]

# Steps of runs in which one step moves.
QUIET = 40
# Steps that are looked at one by one.
MOST_CALLS = 64
# What counts as rounding in one step, relative to the sizes of weights and update, and what a
# number read off a step may be off by.
_TOLERANCE = {"float64": 1e-12, "float32": 2e-5}


@dataclass(frozen=True)
class SeenStep:
    """A step that a target took, of a run of plain SGD.

    Attributes:
        t: Number of the step, from 0.
        last: Weights one step earlier; those at the start for the first step.
        before: Weights before it.
        after: Weights after it.
        slope: Exact gradient of its batch at ``before``.
        rate: Step size.
        tolerance: What counts as rounding.
    """

    t: int
    last: Floats
    before: Floats
    after: Floats
    slope: Floats
    rate: float
    tolerance: float

    def is_at(self, weights: Floats) -> bool:
        """Whether the step led to some weights."""
        return bool(np.abs(self.after - weights).max() <= self.tolerance)

    @property
    def expected(self) -> Floats:
        """Where it should have led."""
        return self.before - self.rate * self.slope

    @property
    def right(self) -> bool:
        """Whether it is right."""
        return self.is_at(self.expected)

    @property
    def still(self) -> bool:
        """Whether it should not move, so that nothing is seen."""
        return bool(self.rate * np.abs(self.slope).max() <= 16 * self.tolerance)

    @property
    def length(self) -> float | None:
        """Factor of the step size; None if the step is not along the gradient."""
        square = float(self.slope @ self.slope) * self.rate
        if self.still:
            return None
        ratio = float((self.before - self.after) @ self.slope) / square
        return ratio if self.is_at(self.before - ratio * self.rate * self.slope) else None


def nice(value: float, error: float) -> float:
    """Round a number, or its inverse, to the fewest digits that its error leaves open."""
    for digits in range(1, 9):
        rounded = float(f"{value:.{digits}g}")
        inverse = 1 / float(f"{1 / value:.{digits}g}") if abs(value) > error else rounded
        for tried in (rounded, inverse):
            if abs(tried - value) <= error:
                return tried
    return value


def first_wrong(session: Session, run: ServedRun) -> int:
    """Find the first step after which a target is off, if it is off ever after, by bisection.

    Args:
        session: The target.
        run: A run that it gets wrong.

    Returns:
        The number of the step, from 0.
    """
    path, bound = reference(run)
    right, wrong = 0, len(run.batches)
    while wrong - right > 1:
        middle = (right + wrong) // 2
        found = session.attempt("train", **run.part(middle).arguments()).value
        off = (np.abs(found - floats(path[middle])) > bound[middle]).any()
        right, wrong = (right, middle) if off else (middle, wrong)
    return wrong - 1


def quiet_lengths(session: Session, run: ServedRun) -> Mapping[int, float | None]:
    """Ask for runs of one length in which a single step moves, each time another one.

    The others have a point that is orthogonal to the weights, and stays so: its gradient is 0. So
    each step is seen as it is in a run of this length, whose beginnings may have other steps.

    Args:
        session: The target.
        run: A run of plain SGD, which says with which activation.

    Returns:
        The factor of the step size by the number of the step; None if a step does not go along the
        gradient; nothing if the target takes no batches.
    """
    if session.conventions.batches == "full":
        return {}
    half, size = Fraction(1, 2), Fraction(1, 8)
    w, data = (half, Fraction(0)), ((Fraction(1), Fraction(0)), (Fraction(0), Fraction(1)))
    # The gradient is ((N - 2) phi + phi^2 w_1) times the factor, in the first coordinate alone.
    step = float(
        size * ((half * half - 2) * half + half**3) * session.conventions.factor("train", 1)
    )
    found: dict[int, float | None] = {}
    for t in range(QUIET):
        batches = tuple((int(k != t),) for k in range(QUIET))
        answer = session.attempt(
            "train", w0=w, data=data, batches=batches, step_size=size, activation=run.activation
        )
        moved = answer.value - np.array([0.5, 0.0])
        found[t] = None if abs(moved[1]) > _TOLERANCE[run.dtype] else -float(moved[0]) / step
    return found


def seen_steps(
    session: Session, run: ServedRun, start: int, end: int | None = None
) -> Sequence[SeenStep]:
    """Ask for the beginnings of a run and look at each step from some step on.

    Args:
        session: The target.
        run: The run, of plain SGD.
        start: First step.
        end: Step after the last; None for the end of the run.

    Returns:
        The steps, ``MOST_CALLS`` at most.
    """
    w, data, size = floats(run.received[0]), floats(run.received[1]), float(run.received[2])
    end = min(end or len(run.batches), start + MOST_CALLS)
    weights = [
        session.attempt("train", **run.part(k).arguments()).value if k else w
        for k in range(max(start - 1, 0), end + 1)
    ]
    if start == 0:
        weights = [w, *weights]
    steps = []
    for place, t in enumerate(range(start, end)):
        last, before, after = weights[place : place + 3]
        rows = data[list(run.batches[t])]
        g = slope(before, rows, run.activation, run.factors[t])
        scale = 1 + np.abs(before).max() + size * np.abs(g).max()
        tolerance = _TOLERANCE[run.dtype] * float(scale)
        steps.append(SeenStep(t, last, before, after, g, size, tolerance))
    return steps

"""What theorems guarantee of a mini-batch run: a settling time and a rate, or why nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from whichmin.core.descent import rates
from whichmin.core.sgd import SettlingNumbers, StepConstants, settling_numbers
from whichmin.prediction.hypotheses import Hypothesis, StartFacts, is_trapped
from whichmin.reporting import ROUNDING_TEXT
from whichmin.words import Activation, Sampling

if TYPE_CHECKING:
    from whichmin.core.batches import BatchStream
    from whichmin.core.engines import Problem

__all__ = ["MISSED", "Guarantee", "guarantee"]

#: The chance with which the guaranteed settling time may be missed.
MISSED = Fraction(1, 100)


@dataclass(frozen=True)
class Guarantee:
    """What is guaranteed of a mini-batch run, beside what is expected.

    The theorems are ``kernel.sgd_settling_time`` and ``kernel.sgd_almost_sure_rate``. They are
    about exact arithmetic and data that are exactly orthonormal; the step size is taken for the
    decimal number that it is written as.

    Attributes:
        distance: Distance e, the square root of the run's tolerance.
        chance: Probability of staying within e of one eligible data point.
        numbers: The theorem's numbers, whose ``steps`` is the guaranteed settling time; None if it
            is above 10^300 or if a hypothesis fails.
        rate: Share of the squared distance that is lost per step at least, almost surely and in
            the long run; None if a hypothesis fails.
        expected_rate: The share that is expected, by the law of large numbers beside a data point;
            None outside the trap region and for fixed sequences of batches.
        hypotheses: What the theorems ask for, decided for this input.
    """

    distance: float
    chance: float
    numbers: SettlingNumbers | None
    rate: float | None
    expected_rate: float | None
    hypotheses: tuple[Hypothesis, ...]

    @property
    def holds(self) -> bool:
        """Whether every hypothesis of the theorems holds."""
        return all(h.holds for h in self.hypotheses)

    @property
    def steps(self) -> int | None:
        """The guaranteed settling time, if there is one that can be told."""
        return None if self.numbers is None else self.numbers.steps


def guarantee(
    problem: Problem, stream: BatchStream, start: StartFacts, tolerance: float
) -> Guarantee:
    """Apply the theorems to a run with mini-batches.

    Args:
        problem: What is trained.
        stream: The batches, not the full one.
        start: The start.
        tolerance: Tolerance of the run, the square of the distance.

    Returns:
        The guarantee.
    """
    asked = _hypotheses(problem, stream, start)
    numbers = rate = expected = None
    if all(h.holds for h in asked):
        constants = StepConstants(stream.m, stream.batch_size, written(problem.step_size))
        energy = Fraction(start.least_energy)
        numbers = settling_numbers(constants, energy, written(tolerance), MISSED)
        # Rounded down: the conversion rounds to the nearest number.
        rate = math.nextafter(float(constants.settle_rate), 0.0)
    if is_trapped(problem, stream, start.squared_norm) and not stream.is_fixed:
        expected = -math.expm1(2 * rates(stream, problem.step_size).separation)
    return Guarantee(math.sqrt(tolerance), float(1 - MISSED), numbers, rate, expected, tuple(asked))


def written(number: float) -> Fraction:
    """The decimal number that a float is written as: 1/5 for 0.2.

    Args:
        number: A finite number.

    Returns:
        The fraction.
    """
    return Fraction(repr(float(number)))


def _hypotheses(problem: Problem, stream: BatchStream, start: StartFacts) -> list[Hypothesis]:
    """Decide what the theorems ask for.

    Returns:
        The hypotheses.
    """
    data, relu = problem.data, problem.activation is Activation.RELU
    alpha = written(problem.step_size) / stream.batch_size
    # A sum of n squares carries a relative error below n times the unit roundoff.
    norm = start.squared_norm * (1 + len(start.weights) * np.finfo(np.float64).eps)
    nothing = "no settling time is guaranteed"
    count = int(start.active.sum())
    decided = [
        (
            "the data are orthonormal",
            data.orthonormal,
            f"to {ROUNDING_TEXT}" if data.orthonormal else f"deviation {data.deviation:.2g}",
        ),
        (
            "batches are drawn uniformly without replacement",
            stream.sampling is Sampling.WITHOUT_REPLACEMENT,
            str(stream.sampling),
        ),
        (
            "step size / batch size <= 1/5",
            alpha <= Fraction(1, 5),
            f"{problem.step_size:g} / {stream.batch_size}",
        ),
        ("|w0|^2 <= 21/20", Fraction(norm) <= Fraction(21, 20), f"|w0|^2 = {norm:.4g}"),
        (
            "some correlation is positive" if relu else "some correlation is not 0",
            start.least_energy > 0,
            f"{count} of {data.m}",
        ),
    ]
    return [Hypothesis(what, ok, here, "" if ok else nothing) for what, ok, here in decided]

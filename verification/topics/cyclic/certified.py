"""Runs whose limit is certified: exact or ball arithmetic until a proved lemma makes it final.

The lemmas are those of :mod:`whichmin.verification.topics.cyclic.finality`, where the checks
``cyclic.leader_lemma`` and ``cyclic.finality`` prove them. Nothing here is compared with a
tolerance: a comparison of balls counts only if it holds for all numbers within them. A step of
point i widens the balls by a factor of up to ``1 + 4 a e``, though it contracts the numbers
themselves, so long runs need some thousand bits: a run whose balls have grown too wide stops with
an error and is started again with more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from whichmin.moved import renamed
from whichmin.verification.topics.cyclic.finality import NORM_WIDTH, SHARE
from whichmin.words import Activation

__all__ = [
    "LimitCertificate",
    "Undecided",
    "Wide",
    "certified_limit",
    "cycle",
    "first_leader",
    "step_exactly",
]

__getattr__ = renamed(__name__, Certificate="LimitCertificate")

# Largest radius of a ball over its midpoint, as a power of two; comparisons lose nothing before.
WIDEST = -40


class Undecided(ArithmeticError):
    """The limit was not decided within the steps allowed."""


class Wide(ArithmeticError):
    """The balls grew too wide for the precision."""


@dataclass(frozen=True)
class LimitCertificate:
    """A limit, with the lemma that makes it final.

    Attributes:
        point: Index of the data point, counted from 0.
        sign: Sign of its correlation: the limit is ``sign`` times the data point.
        steps: Steps taken until the lemma applied.
        lemma: ``leader`` or ``basin``.
        bits: Precision of the balls; 0 for exact fractions.
    """

    point: int
    sign: int
    steps: int
    lemma: str
    bits: int = 0


def step_exactly(
    correlations: Sequence[Any], norm: Any, batch: Sequence[int], rate: Any, active: Sequence[bool]
) -> tuple[list[Any], Any]:
    """Take one step in correlation coordinates, in the arithmetic of the numbers given.

    With ``s = 1 - a e`` and ``g = a (2 - N)``, ``a`` the step size over the batch size, ``e`` the
    energy of the batch and ``N`` the squared norm: correlations of the batch are multiplied by
    ``s + g``, all others by ``s``, and ``N`` becomes ``s^2 N + (2 s g + g^2) e``.

    Args:
        correlations: Correlations with all data points.
        norm: Squared norm of the weights.
        batch: Indices of the batch.
        rate: Step size over batch size.
        active: Which points respond: all for the linear neuron, those of positive correlation for
            ReLU.

    Returns:
        The next correlations and squared norm.
    """
    inside = {i for i in batch if active[i]}
    energy = sum(correlations[i] ** 2 for i in sorted(inside))
    s, g = 1 - rate * energy, rate * (2 - norm)
    after = [c * (s + g) if j in inside else c * s for j, c in enumerate(correlations)]
    return after, s**2 * norm + (2 * s * g + g**2) * energy


def cycle(
    start: Sequence[Fraction], step_size: Fraction, off_span: Fraction = Fraction(0), steps: int = 0
) -> list[list[Fraction]]:
    """Run cyclic SGD of the linear neuron, one point a step, in exact fractions.

    Args:
        start: Initial correlations.
        step_size: Step size.
        off_span: Energy off the span.
        steps: Number of steps; 0 for one cycle. Fractions grow fivefold in length every step.

    Returns:
        The correlations before the first and after every step.
    """
    c, m = list(start), len(start)
    norm, path = sum((v * v for v in c), Fraction(off_span)), [c]
    for t in range(steps or m):
        c, norm = step_exactly(c, norm, (t % m,), step_size, [True] * m)
        path.append(c)
    return path


def _check_step(step_size: Fraction) -> None:
    if not 0 < step_size <= Fraction(1, 5):
        raise ValueError(f"the lemmas are proved for step sizes in (0, 1/5], not {step_size}")


def first_leader(
    start: Sequence[Fraction],
    step_size: Fraction,
    off_span: Fraction = Fraction(0),
    max_steps: int = 8,
) -> LimitCertificate:
    """Find the first point that leads when its own turn comes, in exact fractions.

    Args:
        start: Initial correlations, of norm at most 1.
        step_size: Step size, at most 1/5.
        off_span: Energy off the span.
        max_steps: Steps to look at.

    Returns:
        The certificate that this point is the limit, by the leader lemma.

    Raises:
        Undecided: No point led at its turn.
        ValueError: The hypotheses of the lemma do not hold.
    """
    _check_step(step_size)
    m = len(start)
    if sum((v * v for v in start), off_span) > 1 or not any(start):
        raise ValueError("the lemma needs a start in the unit ball, and some correlation")
    for t, c in enumerate(cycle(start, step_size, off_span, max_steps)):
        if all(abs(c[t % m]) >= abs(v) for v in c):
            return LimitCertificate(t % m, 1 if c[t % m] > 0 else -1, t, "leader")
    raise Undecided(f"no point led at its own turn within {max_steps} steps")


def _narrow(ball: Any) -> None:
    if ball.rel_accuracy_bits() < -WIDEST:
        raise Wide("a ball has fewer good bits than 40")


class _Balls:
    """One-point steps on balls, with the common factor of all correlations held back."""

    def __init__(
        self, start: Sequence[Fraction], step_size: Fraction, off_span: Fraction, relu: bool
    ) -> None:
        from flint import arb, fmpq

        def ball(q: Fraction) -> Any:
            return arb(fmpq(q.numerator, q.denominator))

        self.c = [ball(v) for v in start]
        self.scale, self.rate = arb(1), ball(step_size)
        self.norm = ball(sum((v * v for v in start), off_span))
        self.active = [not relu or v > 0 for v in start]
        self.signs = [(v > 0) - (v < 0) for v in start]
        self.low, self.high = 1 - ball(NORM_WIDTH) * self.rate, 1 + ball(NORM_WIDTH) * self.rate
        self.share = 1 + ball(SHARE)

    def step(self, i: int) -> None:
        if not self.active[i]:
            return
        energy = (self.scale * self.c[i]) ** 2
        s, g = 1 - self.rate * energy, self.rate * (2 - self.norm)
        if not (s > 0 and s + g > 0):
            raise Wide("a factor of a step is not certainly positive")
        self.c[i] *= 1 + g / s
        self.scale *= s
        self.norm = s**2 * self.norm + (2 * s * g + g**2) * energy
        _narrow(self.norm)
        _narrow(self.scale)

    def favourite(self) -> int:
        """Find the active point of largest correlation by midpoints: a candidate only."""
        return max(
            (i for i, a in enumerate(self.active) if a), key=lambda i: float(abs(self.c[i]).mid())
        )

    def in_basin(self, i: int) -> bool:
        """Decide whether the basin lemma certainly applies; at the start of an epoch only."""
        energy = (self.scale * self.c[i]) ** 2
        return bool(
            self.signs[i] != 0
            and self.norm <= self.share * energy
            and self.low <= self.norm
            and self.norm <= self.high
        )

    def leads(self, i: int) -> bool:
        """Decide whether point i certainly leads; at its own turn in a cyclic run only."""
        own = abs(self.c[i])
        return self.active[i] and all(
            own > abs(c) for j, c in enumerate(self.c) if j != i and self.active[j]
        )


def certified_limit(
    start: Sequence[Fraction],
    step_size: Fraction,
    *,
    off_span: Fraction = Fraction(0),
    activation: Activation = Activation.LINEAR,
    order: Callable[[int], Sequence[int]] | None = None,
    lemma: str = "basin",
    max_epochs: int = 20_000,
    bits: tuple[int, ...] = (256, 1024, 4096),
) -> LimitCertificate:
    """Run SGD with one point a step in ball arithmetic until its limit is final.

    Args:
        start: Initial correlations, of norm at most 1.
        step_size: Step size, at most 1/5.
        off_span: Energy off the span.
        activation: Identity or ReLU.
        order: The order of the points in an epoch, by its number; cyclic if left out.
        lemma: ``basin``, or for cyclic runs ``leader``.
        max_epochs: Epochs to run at most.
        bits: Precisions to try, one after the other, when balls grow too wide.

    Returns:
        The certificate.

    Raises:
        Undecided: The lemma did not apply within the epochs allowed.
        Wide: The last precision is too low.
        ValueError: The hypotheses of the lemmas do not hold.
    """
    from flint import ctx

    _check_step(step_size)
    if sum((v * v for v in start), off_span) > 1:
        raise ValueError("the lemmas need a start in the unit ball")
    relu = activation is Activation.RELU
    if not any(v > 0 or (v < 0 and not relu) for v in start):
        raise ValueError("no point has a correlation that the neuron responds to")
    if lemma == "leader" and order is not None:
        raise ValueError("the leader lemma is about the cyclic order")
    for precision in bits:
        with contextlib.suppress(Wide), ctx.workprec(precision):
            balls = _Balls(start, step_size, off_span, relu)
            return _run(balls, order, lemma, max_epochs, precision)
    raise Wide(f"the balls grow too wide even with {bits[-1]} bits")


def _run(
    balls: _Balls,
    order: Callable[[int], Sequence[int]] | None,
    lemma: str,
    max_epochs: int,
    precision: int,
) -> LimitCertificate:
    m = len(balls.c)
    for epoch in range(max_epochs):
        best = balls.favourite()
        if lemma == "basin" and balls.in_basin(best):
            return LimitCertificate(best, balls.signs[best], epoch * m, lemma, precision)
        for t, i in enumerate(range(m) if order is None else order(epoch)):
            if lemma == "leader" and balls.leads(i):
                return LimitCertificate(i, balls.signs[i], epoch * m + t, lemma, precision)
            balls.step(i)
    raise Undecided(f"not decided within {max_epochs} epochs")

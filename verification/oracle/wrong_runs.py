"""Compute training runs with known mistakes, for the diagnosis of trainers.

In float64: a mistake is recognised within the rounding bound of the check, and in rational
arithmetic the digits of a run grow threefold with every step.
"""

# ruff: noqa: ARG005 - a change of the gradient is given all that it may depend on

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.check import Candidate
from whichmin.verification.oracle.references import Matrix, Vector, floats

__all__ = ["wrong_runs"]

Floats = NDArray[np.float64]
Batches = Sequence[Sequence[int]]
# Derivative of the activation times t: weights and rows to one number per row.
Phi = Callable[[Floats, Floats], Floats]


def _linear(w: Floats, rows: Floats) -> Floats:
    return np.asarray(rows @ w)


def _relu(w: Floats, rows: Floats) -> Floats:
    return np.maximum(rows @ w, 0.0)


def _absolute(w: Floats, rows: Floats) -> Floats:
    return np.abs(rows @ w)


def _leaky(slope: float) -> Phi:
    return lambda w, rows: np.where(rows @ w > 0, 1.0, slope) * (rows @ w)


def _slope(w: Floats, rows: Floats, phi: Phi, norm: float | None = None) -> Floats:
    """Sum over the rows of ``(N - 2) phi a + phi^2 w``."""
    f = phi(w, rows)
    own = float(w @ w) if norm is None else norm
    return np.asarray((own - 2) * (f @ rows) + (f @ f) * w)


class _WrongRuns:
    """Runs of one finding.

    Attributes:
        w: Weights at the start.
        data: Points.
        batches: Rows of each step.
        rate: Step size times the factor of the loss.
        phi: The activation.
        mean: Whether a batch's gradients are averaged.
    """

    def __init__(
        self, w: Vector, data: Matrix, batches: Batches, rate: float, phi: Phi, mean: bool
    ) -> None:
        self.w, self.data, self.batches = floats(w), floats(data), batches
        self.rate, self.phi, self.mean = rate, phi, mean

    def run(
        self,
        batches: Batches | None = None,
        phi: Phi | None = None,
        change: Callable[[Floats, Floats, int], Floats] | None = None,
        divisor: Callable[[Sequence[int]], float] | None = None,
        after: Callable[[Floats], Floats] | None = None,
        slope: Callable[[Floats, Floats], Floats] | None = None,
    ) -> Floats:
        """Train with one part of the step replaced.

        Args:
            batches: Rows of each step.
            phi: Activation.
            change: What becomes of a gradient, given the weights and the number of the step.
            divisor: What the sum over a batch is divided by.
            after: What becomes of the weights after a step.
            slope: The sum of the gradients of some rows.

        Returns:
            The last weights.
        """
        w, own = self.w, phi or self.phi
        for t, batch in enumerate(self.batches if batches is None else batches):
            rows = self.data[list(batch)]
            share = divisor(batch) if divisor else len(batch) if self.mean else 1
            g = (slope(w, rows) if slope else _slope(w, rows, own)) / share
            g = change(g, w, t) if change else g
            w = w - self.rate * g
            w = after(w) if after else w
        return w

    def momentum(self, beta: float, damping: float = 0.0) -> Floats:
        """Train with heavy-ball momentum as in ``torch.optim.SGD``: the first step is undamped."""
        velocity: list[Floats] = [np.zeros_like(self.w)]

        def change(g: Floats, w: Floats, t: int) -> Floats:
            del w, t
            velocity[0] = beta * velocity[0] + (1 - damping) * g
            return velocity[0]

        return self.run(change=change)

    def norms(self, *, start: bool) -> Floats:
        """Train with N taken at the start, or at the weights one step earlier."""
        last = [float(self.w @ self.w)]

        def slope(w: Floats, rows: Floats) -> Floats:
            norm = last[0]
            if not start:
                last[0] = float(w @ w)
            return _slope(w, rows, self.phi, norm)

        return self.run(slope=slope)

    def average(self) -> Floats:
        """Compute the mean of the weights after each step."""
        visited: list[Floats] = []

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
            rate = self.rate / (len(batch) if self.mean else 1)
            f = self.phi(w, rows)
            w = w - rate * (f @ f) * w
            w = w - rate * (float(w @ w) - 2) * (self.phi(w, rows) @ rows)
        return w


def _unit(g: Floats, w: Floats, t: int) -> Floats:
    del w, t
    return g / max(float(np.sqrt(g @ g)), 1e-300)


def _schedules(runs: _WrongRuns) -> Iterator[tuple[str, Batches]]:
    batches, m = runs.batches, len(runs.data)
    yield "the value before the last update is returned", batches[:-1]
    yield "one step too many: the last batch is used twice", (*batches, batches[-1])
    yield "one step too many: the run starts over", (*batches, batches[0])
    yield "off by one batch: the first is skipped", batches[1:]
    yield "off by one batch: the run starts with the second", (*batches[1:], batches[0])
    yield "off by one batch: the run starts with the last", (batches[-1], *batches[:-1])
    yield "the batches are taken in reverse order", batches[::-1]
    if len(batches) > 1:
        yield ("off by one batch: in place of the last the one before is used again",
               (*batches[:-1], batches[-2]))  # fmt: skip
    yield "every second batch is skipped", batches[::2]
    yield "the first batch is used in every step", (batches[0],) * len(batches)
    yield "the last batch is used in every step", (batches[-1],) * len(batches)
    yield ("the points are taken in turn, whatever the batches",
           tuple((t % m,) for t in range(len(batches))))  # fmt: skip
    yield "all points are used in every step", (tuple(range(m)),) * len(batches)
    yield "all points are used in a single step", (tuple(range(m)),)
    epoch = -(-m // len(batches[0]))
    yield "the run ends after one epoch: epochs where steps are meant", batches[:epoch]
    once = tuple(tuple(dict.fromkeys(b)) for b in batches)
    yield "rows that occur several times in a batch count once", once
    yield "a batch is taken point by point, one step each", [(i,) for b in batches for i in b]


def _gradients(runs: _WrongRuns, activation: str) -> Iterator[tuple[str, Floats]]:
    other = "relu" if activation == "linear" else "linear"
    wrong = _relu if activation == "linear" else _linear
    yield f"training with the other activation ({other})", runs.run(phi=wrong)
    if activation == "relu":
        yield "a leaky relu with slope 0.01", runs.run(phi=_leaky(0.01))
        yield "a leaky relu with slope 0.2", runs.run(phi=_leaky(0.2))
        yield "the absolute value for relu", runs.run(phi=_absolute)
    phi = runs.phi
    yield ("the derivative by the decoder's weights alone: the weights are tied",
           runs.run(slope=lambda w, r: (phi(w, r) @ phi(w, r)) * w - phi(w, r) @ r))  # fmt: skip
    yield ("the derivative by the encoder's weights alone: the weights are tied",
           runs.run(slope=lambda w, r: (w @ w - 1) * (phi(w, r) @ r)))  # fmt: skip
    yield ("the term phi^2 w is left out",
           runs.run(slope=lambda w, r: (w @ w - 2) * (phi(w, r) @ r)))  # fmt: skip
    start = runs.w
    yield ("all gradients are taken at the start",
           runs.run(slope=lambda w, r: _slope(start + 0 * w, r, phi)))  # fmt: skip
    yield "N = |w|^2 is the norm of the start in every step", runs.norms(start=True)
    yield "N = |w|^2 is the norm of the step before", runs.norms(start=False)
    yield "the weights are updated in two halves within a step", runs.halves()


def _divisors(runs: _WrongRuns) -> Iterator[tuple[str, Floats]]:
    m = len(runs.data)
    yield ("divided by the number of points m, not by the batch size b",
           runs.run(divisor=lambda b: m))  # fmt: skip
    yield "a sum over the batch where a mean is expected", runs.run(divisor=lambda b: 1)
    steps = len(runs.batches)
    share = len if runs.mean else (lambda b: 1)
    yield ("the step size is multiplied by the number of points m",
           runs.run(divisor=lambda b: share(b) / m))  # fmt: skip
    yield ("the step size is divided by the number of steps, or of batches",
           runs.run(divisor=lambda b: share(b) * steps))  # fmt: skip
    yield ("the step size is multiplied by the number of steps, or of batches",
           runs.run(divisor=lambda b: share(b) / steps))  # fmt: skip
    yield "divided by the batch size twice", runs.run(divisor=lambda b: len(b) ** 2)
    once = tuple(tuple(dict.fromkeys(b)) for b in runs.batches)
    sizes = {u: len(b) for u, b in zip(once, runs.batches, strict=True)}
    yield ("rows that occur several times are added once, but divided by b",
           runs.run(once, divisor=lambda b: sizes[tuple(b)]))  # fmt: skip


def _optimisers(runs: _WrongRuns) -> Iterator[tuple[str, Floats]]:
    for beta in (0.9, 0.99, 0.95, 0.8, 0.5, 0.1):
        yield f"momentum {beta:g} is on", runs.momentum(beta)
        yield f"averaged gradients: damped momentum {beta:g} is on", runs.momentum(beta, beta)
    for decay in (1e-6, 1e-5, 1e-4, 5e-4, 1e-3, 1e-2):
        yield (f"weight decay {decay:g} is on",
               runs.run(change=lambda g, w, t, d=decay: g + d * w))  # type: ignore[misc]  # fmt: skip
    for bound in (0.1, 1.0):
        yield (f"gradients are clipped to length {bound:g}",
               runs.run(change=lambda g, w, t, c=bound: g * c / max(np.sqrt(g @ g), c)))  # type: ignore[misc]  # fmt: skip
        yield (f"gradients have their entries clipped to {bound:g}",
               runs.run(change=lambda g, w, t, c=bound: np.clip(g, -c, c)))  # type: ignore[misc]  # fmt: skip
    yield "the gradient is scaled to length 1", runs.run(change=_unit)
    yield ("the weights are normalised after each step",
           runs.run(after=lambda w: w / max(float(np.sqrt(w @ w)), 1e-300)))  # fmt: skip
    yield "the mean of the weights of all steps is returned", runs.average()
    for text, rate in (
        ("is halved after every step", lambda t: 0.5**t),
        ("is halved with every step, the first one too", lambda t: 0.5 ** (t + 1)),
        ("decays as 1/(t + 1)", lambda t: 1 / (t + 1)),
        ("decays as 1/sqrt(t + 1)", lambda t: (t + 1) ** -0.5),
    ):
        yield (f"the step size decays: it {text}",
               runs.run(change=lambda g, w, t, r=rate: r(t) * g))  # type: ignore[misc]  # fmt: skip
    for factor, text in ((-1, "the sign of the update"), (2, "twice the update in every step"),
                         (0.5, "half the update in every step")):  # fmt: skip
        yield text, runs.run(change=lambda g, w, t, f=factor: f * g)  # type: ignore[misc]


def wrong_runs(
    w: Vector,
    data: Matrix,
    batches: Batches,
    step_size: Fraction,
    activation: str,
    conventions: Any,
) -> Iterator[Candidate]:
    """Compute the last weights of runs with known mistakes.

    Args:
        w: Weights at the start.
        data: Points.
        batches: Rows of each step.
        step_size: Step size.
        activation: ``linear`` or ``relu``.
        conventions: What the target declares.

    Yields:
        One candidate per mistake.
    """
    rate = float(step_size * conventions.loss_scale)
    phi = _linear if activation == "linear" else _relu
    runs = _WrongRuns(w, data, batches, rate, phi, conventions.gradient == "mean")
    yield Candidate("the start is returned", w)
    # A wrong run may leave the range of float64; then it is nobody's finite result.
    with np.errstate(over="ignore", invalid="ignore"):
        found = [
            *((text, runs.run(chosen)) for text, chosen in _schedules(runs)),
            *_divisors(runs), *_gradients(runs, activation), *_optimisers(runs),
        ]  # fmt: skip
    for text, value in found:
        if np.isfinite(value).all():
            summed = text.startswith("a sum over the batch")
            yield Candidate(text, value, "'gradient': 'sum'" if summed else "")

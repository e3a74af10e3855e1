"""Read off a target's steps what becomes of weights, gradients and batches."""

# ruff: noqa: ARG005 - what changes a step is given all that it may depend on

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.arithmetic import slope
from whichmin.verification.oracle.late_rules import Rule, follow
from whichmin.verification.oracle.observed import SeenStep, nice
from whichmin.verification.oracle.optimiser_families import declared, momentum_text
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.runs import ServedRun
from whichmin.verification.oracle.solving import shown
from whichmin.verification.oracle.when import When, whens

__all__ = ["step_rules"]

Floats = NDArray[np.float64]


def step_rules(run: ServedRun, steps: Sequence[SeenStep]) -> Iterator[Rule]:
    """List rules that all steps follow.

    Args:
        run: The run.
        steps: Its steps, as the target took them.

    Yields:
        The rules.
    """
    yield from _weights(run, steps)
    yield from _gradients(run, steps)
    yield from _batches(run, steps)


def _same(values: Sequence[float], error: float) -> float | None:
    """The number that all are, rounded; None if they differ."""
    if not values or max(values) - min(values) > error:
        return None
    return nice(float(np.median(values)), error)


def _wrong(
    steps: Sequence[SeenStep], read: Callable[[SeenStep], float | None]
) -> tuple[float, list[When]] | None:
    """The number that all wrong steps have in common, and when they occur."""
    off = [s for s in steps if not s.right]
    values = [read(s) for s in off]
    known = [v for v in values if v is not None]
    # A step of a hundredth of the weights' length gives a number to a hundred tolerances.
    error = 1e3 * max((s.tolerance for s in off), default=0.0)
    value = _same(known, error * max(1.0, *map(abs, known), 1.0)) if known else None
    if value is None or len(known) < len(off):
        return None
    blank = {s.t for s in steps if s.right and s.still}
    return value, list(whens([s.t for s in off], [s.t for s in steps], blank))


def _weights(run: ServedRun, steps: Sequence[SeenStep]) -> Iterator[Rule]:
    """Rules on what becomes of the weights after a step."""
    w0 = floats(run.received[0])

    def factor(s: SeenStep) -> float | None:
        e = s.expected
        share = float(s.after @ e) / max(float(e @ e), 1e-300)
        return share if s.is_at(share * e) else None

    def norm(s: SeenStep) -> float | None:
        return None if factor(s) is None else float(np.sqrt(s.after @ s.after))

    def entry(s: SeenStep) -> float | None:
        most = float(np.abs(s.after).max())
        return most if s.is_at(np.clip(s.expected, -most, most)) else None

    found = _wrong(steps, norm)
    for value, when in _each(found):
        own = float(np.linalg.norm(w0))
        named = f"{value:.9g}" if abs(value - own) > 1e-9 else "that of the start"
        start = abs(value - own) <= 1e-9

        def normalised(r: ServedRun, value: float = value, when: When = when,
                       start: bool = start) -> Floats:  # fmt: skip
            length = float(np.linalg.norm(floats(r.received[0]))) if start else value
            return follow(r, after=lambda t, w: (
                length * w / np.sqrt(w @ w) if t in when else w))  # fmt: skip

        yield Rule(f"the weights are normalised to length {named} {when}", normalised)
    if found:
        value = found[0]
        yield Rule(
            f"weights longer than {value:.9g} are scaled back to this length",
            lambda r: follow(r, after=lambda t, w: w * min(1.0, value / float(np.sqrt(w @ w)))),
        )
    for share, when in _each(_wrong(steps, factor)):
        yield Rule(
            f"the weights are multiplied by {share:.9g} {when}",
            lambda r, s=share, o=when: follow(  # type: ignore[misc]
                r, after=lambda t, w: s * w if t in o else w),
        )  # fmt: skip
    for _, when in _each(_wrong(steps, lambda s: 1.0 if s.is_at(w0) else None)):
        yield Rule(
            f"the weights are set back to those of the start {when}",
            lambda r, o=when: follow(  # type: ignore[misc]
                r, after=lambda t, w: floats(r.received[0]) if t in o else w),
        )  # fmt: skip
    for most, when in _each(_wrong(steps, entry)):
        yield Rule(
            f"the weights have their entries clipped to {most:.9g} {when}",
            lambda r, m=most, o=when: follow(  # type: ignore[misc]
                r, after=lambda t, w: np.clip(w, -m, m) if t in o else w),
        )  # fmt: skip


def _each(found: tuple[float, list[When]] | None) -> Iterator[tuple[float, When]]:
    if found is not None:
        for when in found[1]:
            yield found[0], when


def _gradients(run: ServedRun, steps: Sequence[SeenStep]) -> Iterator[Rule]:
    """Rules on what becomes of the gradient."""
    data = floats(run.received[1])

    def decay(s: SeenStep) -> float | None:
        away = s.expected - s.after
        share = float(away @ s.before) / max(float(s.before @ s.before) * s.rate, 1e-300)
        return share if s.is_at(s.expected - s.rate * share * s.before) else None

    def momentum(s: SeenStep) -> float | None:
        move = s.before - s.last
        share = float((s.after - s.expected) @ move) / max(float(move @ move), 1e-300)
        return share if s.is_at(s.expected + share * move) else None

    def entries(s: SeenStep) -> float | None:
        most = float(np.abs(s.before - s.after).max()) / s.rate
        return most if s.is_at(s.before - s.rate * np.clip(s.slope, -most, most)) else None

    def stale(s: SeenStep) -> float | None:
        g = slope(s.last, data[list(run.batches[s.t])], run.activation, run.factors[s.t])
        return 1.0 if s.is_at(s.before - s.rate * g) else None

    for share, when in _each(_wrong(steps, decay)):
        yield Rule(
            f"weight decay {share:.9g} is on {when}",
            lambda r, c=share, o=when: follow(  # type: ignore[misc]
                r, change=lambda t, g, w: g + c * w if t in o else g),
        )  # fmt: skip
    for most, when in _each(_wrong(steps, entries)):
        yield Rule(
            f"gradients have their entries clipped to {most:.9g} {when}",
            lambda r, m=most, o=when: follow(  # type: ignore[misc]
                r, change=lambda t, g, w: np.clip(g, -m, m) if t in o else g),
        )  # fmt: skip
    for share, when in _each(_wrong(steps, momentum)):
        # The first step has no momentum, so that it says nothing.
        always = when == When(1, 1) and 0 < share <= 1
        yield Rule(
            momentum_text(shown(share)) if always else f"momentum {shown(share)} is on {when}",
            _with_memory(when, share, stale=False),
            declared({"name": "sgd", "momentum": share}) if always else "",
        )  # fmt: skip
    for _, when in _each(_wrong(steps, stale)):
        yield Rule(
            f"the gradient is taken at the weights one step earlier {when}",
            _with_memory(when, 0.0, stale=True),
        )


def _with_memory(when: When, share: float, *, stale: bool) -> Callable[[ServedRun], Floats]:
    """A run in which a step depends on the weights one step earlier."""

    def result(run: ServedRun) -> Floats:
        data = floats(run.received[1])
        past = [floats(run.received[0])] * 2

        def change(t: int, g: Floats, w: Floats) -> Floats:
            past[:] = [past[1], w]
            if not stale or t not in when:
                return g
            return np.asarray(
                slope(past[0], data[list(run.batches[t])], run.activation, run.factors[t])
            )

        def after(t: int, w: Floats) -> Floats:
            return w + share * (past[1] - past[0]) if t in when else w

        return follow(run, change=change, after=after)

    return result


def _batches(run: ServedRun, steps: Sequence[SeenStep]) -> Iterator[Rule]:
    """Rules on the batches of steps."""
    data, off = floats(run.received[1]), [s for s in steps if not s.right]
    if not off:
        return
    first = off[0].t

    def uses(s: SeenStep, j: int) -> bool:
        g = slope(s.before, data[list(run.batches[j])], run.activation, run.factors[j])
        return s.is_at(s.before - s.rate * g)

    relations: list[tuple[str, Callable[[int], int]]] = [
        (f"the first {k} batches are used again and again", lambda t, k=k: t % k)  # type: ignore[misc]
        for k in range(1, first + 1)
    ]
    relations += [
        (f"from step {k + 1} on the batch of step {j + 1} is used in every step",
         lambda t, k=k, j=j: j if t >= k else t)  # type: ignore[misc]
        for k in range(max(first - 3, 1), first + 1) for j in (0, k - 1)
    ]  # fmt: skip
    relations += [
        (f"from step {k + 1} on the batch of the step before is used", lambda t, k=k: t - (t >= k))  # type: ignore[misc]
        for k in range(max(first - 3, 1), first + 1)
    ]
    for text, which in relations:
        if all(uses(s, which(s.t)) for s in steps):
            yield Rule(text, lambda r, b=which: follow(r, batch=b))  # type: ignore[misc]

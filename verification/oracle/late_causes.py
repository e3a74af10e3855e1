"""Find out what a trainer does wrong late in a run, when a check of long runs has failed.

The target is asked for the beginnings of one run, so that each of its steps can be looked at. What
the wrong steps have in common (a factor of the step size, weights that are normalised, another
batch) and when they occur (from some step on, every so many steps) makes a rule; a rule is a cause
only if every run of the check, computed again by it, ends where the target's does.
"""

# ruff: noqa: ARG005 - what changes a step is given all that it may depend on

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.arithmetic import slope
from whichmin.verification.oracle.check import Candidate
from whichmin.verification.oracle.early_stops import early_stops
from whichmin.verification.oracle.late_rates import milestones, rate_rules
from whichmin.verification.oracle.late_rules import Rule, follow, scheduled, whole_run
from whichmin.verification.oracle.observed import (
    MOST_CALLS,
    SeenStep,
    first_wrong,
    nice,
    seen_steps,
)
from whichmin.verification.oracle.outcome import CallFailed
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.runs import MOST_EXACT, ServedRun, reference
from whichmin.verification.oracle.schedules import CONSTANT, Schedule
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.when import When, whens
from whichmin.verification.oracle.wrong_optimisers import wrong_optimisers
from whichmin.verification.oracle.wrong_runs import WrongRuns
from whichmin.verification.oracle.wrong_trainers import wrong_trainers

__all__ = ["LateCauses"]

Floats = NDArray[np.float64]

# A rule that is this many bounds off in the run that was looked at is none.
_NEAR = 4.0
# Usual factors of a schedule.
_FACTORS = (0.1, 0.5, 0.2, 0.3, 0.25, 0.01, 0.7, 0.8, 0.9, 0.95, 0.99, 2.0, 10.0)
# Steps after which buffers may be lost, besides those of an epoch.
_PERIODS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 25, 30, 50, 100)


@dataclass(frozen=True)
class _Taken:
    run: ServedRun
    got: Floats

    @property
    def off(self) -> float:
        """Deviation in units of the bound."""
        path, bound = reference(self.run)
        return float((np.abs(self.got - floats(path[-1])) / bound[-1]).max())


def _order(taken: _Taken) -> tuple[bool, int]:
    steps = len(taken.run.batches)
    return steps > MOST_CALLS, steps if steps > MOST_CALLS else -steps


class LateCauses:
    """The causes of one check of one target, found when they are first asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._taken: list[_Taken] = []
        self._rules: tuple[Rule, ...] | None = None

    def add(self, run: ServedRun, got: Floats) -> None:
        """Add a run that the target was asked for, with what it returned."""
        self._taken.append(_Taken(run, got))

    @property
    def served(self) -> int:
        """How many runs were added."""
        return len(self._taken)

    def first_wrong(self) -> str:
        """Say at which step the first run that is wrong goes wrong; empty if none is."""
        seen = next((t.run for t in self._taken if t.off > 1), None)
        if seen is None:
            return ""
        try:
            step = first_wrong(self._session, seen)
        except CallFailed:  # it refuses the beginnings of a run
            return ""
        told = f"{seen.name}, {seen.activation}: right up to step {step}, wrong from the next on"
        return told if step >= MOST_EXACT else f"{told}: train.values says more"

    def of(self, run: ServedRun) -> Callable[[], Iterator[Candidate]]:
        """Return the function that computes a run with each mistake that is possible."""

        def made() -> Iterator[Candidate]:
            if self._rules is None:
                self._rules = tuple(self._found())
            for rule in self._rules:
                yield Candidate(rule.text, rule.result(run), rule.declare)
            yield from self._known(run)

        return made

    def _found(self) -> Iterator[Rule]:
        """Rules that explain the run that was looked at."""
        # Every step is looked at of the longest run for which that is allowed.
        failed = sorted((t for t in self._taken if t.off > 1), key=_order)
        if not failed:
            return
        seen = failed[0]
        stops: tuple[Rule, ...] = ()
        with contextlib.suppress(CallFailed):
            parts = tuple(self._parts(seen.run))
            stops = tuple(early_stops([(t.run, t.got) for t in (*self._taken, *parts)]))
        if stops:
            yield from stops
            return
        rules = [*whole_run(), *_resets(seen.run)]
        # A target may refuse the beginnings of a run: then nothing is seen.
        with contextlib.suppress(CallFailed):
            plain = seen.run.optimiser.plain
            rules += self._looked_at(seen.run) if plain else self._usual(seen.run)
        told: set[str] = set()
        for rule in rules:
            known = {rule.text, rule.group} & told
            if not known and self._explains(rule, seen):
                told |= {rule.text, rule.group} - {""}
                yield rule
        if not told and seen.run.optimiser.plain:
            with contextlib.suppress(CallFailed):
                yield from milestones(self._session, failed[-1].run)

    def _explains(self, rule: Rule, seen: _Taken) -> bool:
        """Whether all runs end as the target's by a rule; the one that was looked at first."""
        return all(self._near(t, rule.result(t.run)) for t in (seen, *self._taken))

    def _parts(self, run: ServedRun) -> Iterator[_Taken]:
        """Beginnings of a run: one that stops early does so in them too, or not yet."""
        for share in (Fraction(1, 3), Fraction(2, 3), Fraction(9, 10)):
            part = run.part(int(share * len(run.batches)))
            yield _Taken(part, self._session.attempt("train", **part.arguments()).value)

    def _known(self, run: ServedRun) -> Iterator[Candidate]:
        """Mistakes that show in every step."""
        if not run.optimiser.plain:
            yield from wrong_optimisers(run)
            return
        got = next((t.got for t in self._taken if t.run == run), None)
        yield from wrong_trainers(self._wrong_runs(run), got)

    def _wrong_runs(self, run: ServedRun) -> WrongRuns:
        """Return a run as those that know its usual mistakes take it."""
        w, data, step_size = run.received
        own = self._session.conventions
        return WrongRuns(
            w, data, run.batches, float(step_size), run.activation, own.gradient == "mean",
            float(own.loss_scale),
        )  # fmt: skip

    def _near(self, taken: _Taken, value: Floats) -> bool:
        """Whether a run ends where the target's does."""
        with np.errstate(all="ignore"):
            off = np.abs(value - taken.got) / reference(taken.run)[1][-1]
        return bool((off <= _NEAR).all())

    def _usual(self, run: ServedRun) -> Iterator[Rule]:
        """What may set in at the first wrong step of an optimiser whose buffers are not seen."""
        first = first_wrong(self._session, run)
        if first and run.optimiser.schedule == CONSTANT:
            for factor in _FACTORS:
                yield scheduled(Schedule.make("step", every=first, factor=factor))
                yield scheduled(Schedule.make("multistep", milestones=[first], factor=factor))
        for when in (When(first, first + 1), When(first, 1)):
            yield Rule(
                f"the weights are normalised to length 1 {when}",
                lambda r, o=when: follow(  # type: ignore[misc]
                    r, after=lambda t, w: w / np.sqrt(w @ w) if t in o else w),
            )  # fmt: skip

    def _looked_at(self, run: ServedRun) -> Iterator[Rule]:
        first = first_wrong(self._session, run)
        steps = seen_steps(
            self._session, run, 0 if len(run.batches) <= MOST_CALLS else max(first - 3, 0)
        )
        yield from rate_rules(steps)
        yield from _weights(run, steps)
        yield from _gradients(run, steps)
        yield from _batches(run, steps)


def _resets(run: ServedRun) -> Iterator[Rule]:
    """Buffers of a declared optimiser that are lost every so many steps."""
    if set(run.optimiser.start(np.zeros(1))) == {"w"}:
        return
    for period in _PERIODS:
        yield Rule(
            f"the optimiser's buffers are lost every {period} steps",
            lambda r, p=period: follow(r, reset=lambda t: t % p == 0),  # type: ignore[misc]
        )
    yield Rule(
        "the optimiser's buffers are lost after every epoch",
        lambda r: follow(r, reset=lambda t: t % -(-len(r.data) // len(r.batches[0])) == 0),
    )


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
        yield Rule(f"momentum {share:.9g} is on {when}", _with_memory(when, share, stale=False))
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

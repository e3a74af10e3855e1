"""Find out what a trainer does wrong late in a run, when a check of long runs has failed.

The target is asked for the beginnings of one run, so that each of its steps can be looked at. What
the wrong steps have in common (a factor of the step size, weights that are normalised, another
batch) and when they occur (from some step on, every so many steps) makes a rule; a rule is a cause
only if every run of the check, computed again by it, ends where the target's does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.check import Candidate
from whichmin.verification.oracle.early_stops import early_stops
from whichmin.verification.oracle.late_bumps import bump_rules, one_cycles
from whichmin.verification.oracle.late_rates import milestones, rate_rules
from whichmin.verification.oracle.late_rules import Rule, follow, scheduled, shaken, whole_run
from whichmin.verification.oracle.late_steps import step_rules
from whichmin.verification.oracle.observed import (
    MOST_CALLS,
    QUIET,
    first_wrong,
    quiet_lengths,
    seen_steps,
)
from whichmin.verification.oracle.outcome import CallFailed
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.runs import MOST_EXACT, ServedRun, reference
from whichmin.verification.oracle.schedules import CONSTANT, Schedule
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.when import When
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
        """Deviation in units of the bound; infinite where the target gives no number."""
        path, bound = reference(self.run)
        off = float((np.abs(self.got - floats(path[-1])) / bound[-1]).max())
        return np.inf if np.isnan(off) else off


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
            got = next(t.got for t in self._taken if t.run == run)
            if self._rules is None:
                self._rules = tuple(self._found())
            for rule in self._rules:
                slack = partial(shaken, run, rule.result, got)
                yield Candidate(rule.text, rule.result(run), rule.declare, slack)
            yield from self._known(run, got)

        return made

    def _found(self) -> Iterator[Rule]:
        """Rules that explain the run that was looked at."""
        # Every step is looked at of the longest run for which that is allowed.
        failed = sorted(
            (t for t in self._taken if t.off > 1 and np.isfinite(t.got).all()), key=_order
        )
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
                for rule in bump_rules(quiet_lengths(self._session, seen.run), QUIET):
                    if self._explains(rule, seen):
                        yield rule
                        return
                yield from milestones(self._session, failed[-1].run)

    def _explains(self, rule: Rule, seen: _Taken) -> bool:
        """Whether all runs end as the target's by a rule; the one that was looked at first."""
        return all(self._near(t, rule) for t in (seen, *self._taken))

    def _parts(self, run: ServedRun) -> Iterator[_Taken]:
        """Beginnings of a run: one that stops early does so in them too, or not yet."""
        for share in (Fraction(1, 3), Fraction(2, 3), Fraction(9, 10)):
            part = run.part(int(share * len(run.batches)))
            yield _Taken(part, self._session.attempt("train", **part.arguments()).value)

    def _known(self, run: ServedRun, got: Floats) -> Iterator[Candidate]:
        """Mistakes that show in every step."""
        if not run.optimiser.plain:
            yield from wrong_optimisers(run)
            return
        yield from wrong_trainers(self._wrong_runs(run), got)

    def _wrong_runs(self, run: ServedRun) -> WrongRuns:
        """Return a run as those that know its usual mistakes take it."""
        w, data, step_size = run.received
        own = self._session.conventions
        return WrongRuns(
            w, data, run.batches, float(step_size), run.activation, own.gradient == "mean",
            float(own.loss_scale),
        )  # fmt: skip

    def _near(self, taken: _Taken, rule: Rule) -> bool:
        """Whether a run ends where the target's does, or leaves the numbers as that does."""
        value = rule.result(taken.run)
        if not np.isfinite(taken.got).all():
            return not np.isfinite(value).all()
        off, bound = np.abs(value - taken.got), _NEAR * reference(taken.run)[1][-1]
        if not (off <= bound).all():
            bound = np.maximum(bound, shaken(taken.run, rule.result, taken.got))
        return bool((off <= bound).all())

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
        yield from bump_rules({s.t: s.length for s in steps if not s.still})
        yield from one_cycles(steps)
        yield from step_rules(run, steps)


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

"""Read a schedule, clipping or skipped steps off the lengths of a target's steps."""

# ruff: noqa: ARG001, ARG005 - what changes a step is given all that it may depend on

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.errors import InputError
from whichmin.verification.oracle.late_rules import Rule, follow, plateau, scheduled
from whichmin.verification.oracle.observed import SeenStep, nice, seen_steps
from whichmin.verification.oracle.optimiser_families import declared
from whichmin.verification.oracle.runs import ServedRun, reference
from whichmin.verification.oracle.schedules import Schedule
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.solving import shown
from whichmin.verification.oracle.when import roundest, whens

__all__ = ["milestones", "rate_rules"]

Floats = NDArray[np.float64]

# What a factor of the step size, read off a step, may be off by: rounding over its shortest steps.
_ERROR = 1e-6
# Bounds to which a run with changes that are read off is right.
_NEAR = 4.0
_PATIENCE = (0, 1, 2, 3, 4, 5, 8, 10, 15, 20, 25, 30)
# The longest decay by a power that is looked for.
_LONGEST = 1001
# Most milestones that are a schedule and not chance.
_MILESTONES = 6


def rate_rules(steps: Sequence[SeenStep]) -> Iterator[Rule]:
    """List rules by which all steps go along the gradient, some of them too far or not far enough.

    Args:
        steps: Steps that were looked at.

    Yields:
        The rules; none if some step goes elsewhere.
    """
    lengths = {s.t: s.length for s in steps if not s.still}
    if any(length is None for length in lengths.values()):
        return
    rates = {t: float(r) for t, r in lengths.items() if r is not None}
    off = [t for t, r in rates.items() if abs(r - 1) > _ERROR]
    if not off:
        return
    named: set[str] = set()
    for made in _schedules(rates, off):
        try:
            schedule = Schedule.parse(made)
        except InputError:  # such as 0 steps
            continue
        fits = all(_near(float(schedule.factor(t)), r) for t, r in rates.items())
        if fits and schedule.name not in named:
            named.add(schedule.name)
            yield scheduled(schedule)
    yield from _other_courses(rates, off[0])
    yield from _clipped(steps, rates, off)
    yield from _skipped(steps, rates, off)
    blank = {s.t for s in steps if s.still}
    if all(_near(rates[t], rates[off[0]]) for t in off):
        share = nice(rates[off[0]], _ERROR)
        for when in whens(off, [s.t for s in steps], blank):
            if when.period == 1 and when.first and share:
                continue  # a milestone, which is a schedule
            told = f"multiplied by {shown(share)}" if share else "0: the update is left out"
            yield Rule(
                f"the step size is {told} {when}",
                lambda run, o=when: follow(  # type: ignore[misc]
                    run, rate=lambda t, g, w: share if t in o else 1.0),
            )  # fmt: skip
    drop = nice(rates[off[0]], _ERROR)
    if 0 < drop < 1:
        for whole in (False, True):
            for patience in _PATIENCE:
                for least in (1e-8, 0.0):
                    yield plateau(drop, patience, whole=whole, least=least)


def _other_courses(rates: Mapping[int, float], first: int) -> Iterator[Rule]:
    """Schedules that have no declaration but as a list."""

    def rule(text: str, factor: Callable[[int], float], group: str = "") -> Iterator[Rule]:
        if all(_near(factor(t), r) for t, r in rates.items()):
            yield Rule(
                f"a schedule of the step size is on: {text}",
                lambda run: follow(run, rate=lambda t, g, w: factor(t)), group=group,
            )  # fmt: skip

    if first and rates[first] > 0:
        each = nice((1 / rates[first] - 1) / first, _ERROR)
        yield from rule(f"it is divided by 1 + {each:.9g} t", lambda t: 1 / (1 + each * t))
    for made in _schedules(rates, [first]):
        if made["name"] == "cosine":
            n = made["steps"]
            yield from rule(
                f"a cosine with restarts every {n} steps",
                lambda t, n=n: (1 + math.cos(math.pi * (t % n) / n)) / 2,  # type: ignore[misc]
                "restarts",
            )
            yield from rule(
                f"a cosine with restarts, at first after {n} steps, then each time after twice as "
                "many", lambda t, n=n: _restarted(t, n), "restarts",  # type: ignore[misc]
            )  # fmt: skip


def _restarted(t: int, steps: int) -> float:
    """The factor of a cosine that starts again and takes twice as many steps each time."""
    while t >= steps:
        t, steps = t - steps, 2 * steps
    return (1 + math.cos(math.pi * t / steps)) / 2


def _near(left: float, right: float) -> bool:
    return abs(left - right) <= _ERROR * max(1.0, abs(left))


def _schedules(rates: Mapping[int, float], off: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Schedules that may have these factors; the simplest first."""
    known, first = sorted(rates), off[0]
    low = max((t for t in known if t < first), default=-1) + 1
    factor = nice(rates[first], _ERROR)
    if factor < 0:
        return
    if low:
        for every in dict.fromkeys((roundest(low, first), *range(first, low - 1, -1))):
            if every > 1:  # else it is exponential
                yield {"name": "step", "every": every, "factor": factor}
        milestones = _milestones(rates, known, factor)
        if milestones:
            yield {"name": "multistep", "milestones": milestones, "factor": factor}
    if first and factor > 0:
        yield {"name": "exponential", "factor": nice(rates[first] ** (1 / first), _ERROR)}
    # Near its ends a cosine is flat.
    steep = next((t for t in known if max(first, 1) <= t and 0.05 < rates[t] < 0.95), None)
    if steep is not None:
        steps = math.pi * steep / math.acos(2 * rates[steep] - 1)
        if abs(steps - round(steps)) < 1e-3:
            yield {"name": "cosine", "steps": round(steps)}
    yield from _lines(rates, known)
    yield from _powers(rates, first)
    for warmup in range(1, 101):
        yield {"name": "inverse-sqrt", "warmup": warmup}


def _powers(rates: Mapping[int, float], first: int) -> Iterator[dict[str, Any]]:
    """Schedules that fall to 0 as a power of the steps that are left, with a short exponent."""
    if not first or not 0 < rates[first] < 1:
        return
    for steps in range(first + 1, _LONGEST):
        power = math.log(rates[first]) / math.log1p(-first / steps)
        short = round(power, 2)
        if short and abs(power - short) < 1e-4 * steps / first:
            factor = (1 - first / steps) ** short
            if abs(factor - rates[first]) < 1e-9:
                yield {"name": "polynomial", "steps": steps, "power": short}


def _milestones(rates: Mapping[int, float], known: Sequence[int], factor: float) -> list[int]:
    """Steps at which the step size falls by the factor."""
    found, now = [], 1.0
    for t in known:
        if not _near(rates[t], now):
            now *= factor
            found.append(t)
        if not _near(rates[t], now):
            return []
    return found if len(found) <= _MILESTONES else []


def _lines(rates: Mapping[int, float], known: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Schedules that rise or fall by the same in every step, up to some step."""
    if known[0] != 0 or len(known) < 3 or known[1] == known[0]:
        return
    start = rates[0]
    each = (rates[known[1]] - start) / (known[1] - known[0])
    if each == 0:
        return
    bent = [t for t in known if not _near(rates[t], start + each * t)]
    ends = [rates[bent[-1]]] if bent else [1.0, 0.0]
    for end in ends:
        steps = round((end - start) / each)
        if 1 <= steps <= 10**6:
            line = {"start": nice(start, _ERROR), "end": nice(end, _ERROR), "steps": steps}
            yield {"name": "linear", **line}


def _clipped(
    steps: Sequence[SeenStep], rates: Mapping[int, float], off: Sequence[int]
) -> Iterator[Rule]:
    """Gradients that are cut to a length, from the start or from some step on."""
    sizes = {s.t: float(np.sqrt(s.slope @ s.slope)) for s in steps}
    for extra in (0.0, 1e-6):  # PyTorch adds the latter to the length
        lengths = [rates[t] * (sizes[t] + extra) for t in off]
        most = float(np.median(lengths))
        if most > 0 and max(abs(x - most) for x in lengths) <= 1e-8 * most:
            break
    else:
        return
    most = nice(most, 1e-7 * most)
    cut = set(off)
    longer = [t for t, size in sizes.items() if t not in cut and size > most * (1 + _ERROR)]
    if any(t > off[0] for t in longer):
        return
    low = max(longer, default=-1) + 1

    def rule(first: int) -> Rule:
        def change(t: int, g: Floats, w: Floats) -> Floats:
            size = float(np.sqrt(g @ g)) + extra
            return g * (most / size) if t >= first and size > most else g

        how = " (over its length + 1e-6, as PyTorch does)" if extra else ""
        since = f" after step {first}" if first else ""
        made = {"name": "sgd", "clip_norm": most, **({} if extra else {"clip_eps": 0})}
        return Rule(
            f"gradients are clipped to length {most:.9g}{how}{since}",
            lambda run: follow(run, change=change), "" if first else declared(made), "clipped",
        )  # fmt: skip

    # It may have set in before a gradient was long enough; other runs tell.
    usual = (roundest(low, off[0]), *range(off[0], low - 1, -1))
    yield from map(rule, dict.fromkeys(usual if low else (0, *usual)))


def _skipped(
    steps: Sequence[SeenStep], rates: Mapping[int, float], off: Sequence[int]
) -> Iterator[Rule]:
    """Steps that are left out because their gradient is too long."""
    sizes = {s.t: float(np.sqrt(s.slope @ s.slope)) for s in steps if s.t in rates}
    left_out = min(sizes[t] for t in off)
    taken = max((size for t, size in sizes.items() if t not in set(off)), default=0.0)
    if any(abs(rates[t]) > _ERROR for t in off) or taken >= left_out:
        return
    most = next(
        (
            x
            for d in range(1, 9)
            if taken <= (x := float(f"{(taken + left_out) / 2:.{d}g}")) < left_out
        ),
        left_out,
    )
    yield Rule(
        f"steps whose gradient is longer than {most:g} are left out",
        lambda run: follow(run, rate=lambda t, g, w: float(np.sqrt(g @ g) <= most)),
    )


def milestones(session: Session, run: ServedRun) -> Iterator[Rule]:
    """Find the steps at which the step size changes, one after the other, by bisection.

    Args:
        session: The target.
        run: A long run of plain SGD that it gets wrong.

    Yields:
        The rule that the step size changes there, if that is all that is wrong.
    """
    changes: list[tuple[int, float]] = []

    def factor(t: int) -> float:
        return next((f for since, f in reversed(changes) if t >= since), 1.0)

    def off(count: int) -> bool:
        part = run.part(count)
        found = session.attempt("train", **part.arguments()).value
        expected = follow(part, rate=lambda t, g, w: factor(t))
        return bool((np.abs(found - expected) > _NEAR * reference(part)[1][-1]).any())

    while off(len(run.batches)):
        right, wrong = (changes[-1][0] if changes else 0), len(run.batches)
        while wrong - right > 1:
            middle = (right + wrong) // 2
            right, wrong = (right, middle) if off(middle) else (middle, wrong)
        length = seen_steps(session, run, wrong - 1, wrong)[0].length
        if length is None or length < 0 or len(changes) == _MILESTONES:
            return
        changes.append((wrong - 1, nice(length, _ERROR)))
    factors = [1.0, *(f for _, f in changes)]
    steps = [
        Schedule.make("multistep", milestones=[t], factor=nice(new / old, _ERROR))
        for (t, new), old in zip(changes, factors, strict=False) if old
    ]  # fmt: skip
    shares = {dict(s.parameters)["factor"] for s in steps}
    if len(shares) == 1:
        at = [t for t, _ in changes]
        yield scheduled(Schedule.make("multistep", milestones=at, factor=shares.pop()))
    elif len(steps) == len(changes):
        yield scheduled(Schedule.make("product", of=[s.record() for s in steps]))

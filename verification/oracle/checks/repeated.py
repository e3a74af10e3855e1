"""Check that a call gives the same answer when it is repeated later, after other calls."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from whichmin.verification.oracle import problems as served
from whichmin.verification.oracle.check import Call, Candidate, Finding, OracleCheck
from whichmin.verification.oracle.outcome import CallFailed, Inconclusive
from whichmin.verification.oracle.protocol import FUNCTIONS
from whichmin.verification.oracle.rises import basis
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.target import LossOf

__all__ = ["CHANGED", "OTHER", "REPEAT"]

REPEAT = ".repeat"
CHANGED = (
    "right at first, wrong when the same call is repeated: what is saved is changed by a call, or "
    "state is carried from call to call"
)
OTHER = (
    "the same call gives another value: something random or left over is in it, as in an "
    "accumulator that does not start from zeros"
)
# Calls that are repeated, the last one first, evenly from all.
_MOST = 32
# A seeded estimate repeats up to the order of its sums. Its terms cancel, which amplifies their
# rounding, but hardly by more than the inverse root of the unit roundoff.
_ROUNDED = {"float64": 2.0**-26, "float32": 2.0**-12}
_ESTIMATED = ("generic", "generic square", "negative curvature")
_LENGTHS = {"keskar_sharpness": "eps", "sam_sharpness": "radius", "average_sharpness": "sigma"}


def _first(session: Session, name: str) -> list[Finding]:
    """What the checks of single values of a function found, in this run or now."""
    from whichmin.verification.oracle.checks import all_checks

    found: list[Finding] = []
    for check in all_checks():
        if check.id not in {f"{name}.values", f"{name}.kinks"}:
            continue
        if check.id not in session.seen:
            try:
                session.seen[check.id] = tuple(check.run(session))
            except (CallFailed, Inconclusive):
                continue  # that check says it
        found += [f for f in session.seen[check.id] if f.call is not None]
    return found


def _compared(first: Finding, second: Any) -> Finding:
    """A value against that of the first call; where a range is right, against the range."""
    got = np.asarray(second, dtype=np.float64)
    if first.figure:
        got = eval(first.figure, {"np": np, "got": got})  # noqa: S307 - our own text
    finding = dataclasses.replace(first, what=f"again: {first.what}", got=got, times=2, scalars={})
    if first.interval and first.holds:
        return dataclasses.replace(finding, reason=f"as at first: {first.reason}")
    return dataclasses.replace(
        finding, expected=first.got, upper=None, parts=(), interval=False,
        # Threads may add in another order: both values carry their rounding.
        bound=2 * np.asarray(first.bound, dtype=np.float64), reason=f"twice {first.reason}",
    )  # fmt: skip


def _exact(session: Session, name: str) -> Iterator[Finding]:
    first = _first(session, name)
    chosen = first[:: -max(1, -(-len(first) // _MOST))]
    made = []
    for finding in chosen:
        assert finding.call is not None
        again = session.call(name, **finding.call.arguments)
        made.append((finding, _compared(finding, again.value)))
    changed = all(before.holds for before, after in made if not after.holds)
    text = CHANGED if changed else OTHER
    for _, after in made:
        yield dataclasses.replace(after, candidates=(Candidate(text, after.got),))


def _calls(session: Session, name: str) -> Iterator[Call]:
    """Calls of a seeded function."""
    if name == "sample_batches":
        for m, b in ((7, 3), (16, 4), (7, 1)):
            yield Call(name, {"m": m, "b": b, "steps": 9, "seed": session.seed + b})
        return
    for place, problem in enumerate(served.problem(p) for p in _ESTIMATED):
        for activation in session.activations:
            given: dict[str, Any] = {"w": problem.w, "seed": session.seed + place}
            if name in _LENGTHS:
                data = basis(problem.m, problem.n)
                given |= {"loss": LossOf(data, activation), _LENGTHS[name]: Fraction(1, 4)}
            else:
                given |= {"data": problem.data, "activation": activation}
            if name == "gradient_noise":
                given["b"] = 2
            yield Call(name, given)


def _seeded(session: Session, name: str) -> Iterator[Finding]:
    made = []
    for call in _calls(session, name):
        try:
            made.append((call, session.attempt(name, **call.arguments).value))
        except CallFailed:
            continue  # another check says it
    for call, _ in made:  # what is carried from call to call must change in between
        session.call(name, **{**call.arguments, "seed": call.arguments["seed"] + 1})
    for call, first in made[::-1]:
        again = session.call(name, **call.arguments)
        size = float(np.abs(first).max(initial=0.0))
        bound = 0.0 if name == "sample_batches" else _ROUNDED[session.dtype] * size
        shown = {k: v for k, v in call.arguments.items() if isinstance(v, (int, str))}
        yield again.against(
            f"again: {', '.join(f'{k} = {v}' for k, v in shown.items())}", first, bound,
            "the same seed: nothing but the order of sums may differ, to half of the digits",
            times=2, candidates=(Candidate(OTHER, again.value),),
        )  # fmt: skip


def _again(session: Session, name: str) -> Iterator[Finding]:
    seeded = name == "sample_batches" or session.stochastic(name) is not None
    yield from (_seeded if seeded else _exact)(session, name)


CHECKS = tuple(
    OracleCheck(
        id=f"{name}{REPEAT}", functions=(name,), formula="the same arguments, the same value",
        source="published code whose second derivative is right at the first call alone",
        statement="the same call gives the same answer, also later and after other calls",
        run=functools.partial(_again, name=name),
    )
    for name in FUNCTIONS
)  # fmt: skip

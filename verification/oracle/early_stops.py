"""Recognise runs that stop early, and by what."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.arithmetic import slope
from whichmin.verification.oracle.late_rules import Rule, loss_of
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.runs import ServedRun, reference
from whichmin.verification.oracle.wrong_trainers import STILL

__all__ = ["early_stops"]

Floats = NDArray[np.float64]

# One run alone names a threshold if its values before and at the stop are not further apart.
_WIDE = 1.5
_LENGTH = "the length of the gradient"


@dataclass(frozen=True)
class _Stopped:
    """A run, with the steps after which it may have stopped."""

    run: ServedRun
    after: tuple[int, ...]

    @property
    def early(self) -> bool:
        return len(self.run.batches) not in self.after


def early_stops(taken: Sequence[tuple[ServedRun, Floats]]) -> Iterator[Rule]:
    """List rules by which runs stop early, if all that are wrong end at weights on their way.

    Args:
        taken: All runs that the target was asked for, with what it returned.

    Yields:
        The rules: after a number of steps, or by a criterion; if none fits, that they stop.
    """
    stopped = []
    for run, got in taken:
        path, bound = reference(run)
        near = [k for k in range(len(path)) if (np.abs(got - floats(path[k])) <= bound[k]).all()]
        if not near:
            return
        stopped.append(_Stopped(run, tuple(near)))
    early = [s for s in stopped if s.early]
    if not early:
        return
    shared = [k for k in early[0].after if all(k in s.after for s in early)]
    if shared and all(s.early or len(s.run.batches) <= shared[0] or shared[0] in s.after
                      for s in stopped):  # fmt: skip
        k = shared[0]
        yield Rule(
            f"the run ends after {k} steps, however many batches are given",
            lambda run: floats(reference(run)[0][min(k, len(run.batches))]),
        )
        return
    left = {len(s.run.batches) - k for s in early[:1] for k in s.after}
    for count in sorted(left):
        if all(len(s.run.batches) - count in s.after for s in stopped):
            yield Rule(
                f"the last {count} steps are left out",
                lambda run, c=count: floats(reference(run)[0][max(len(run.batches) - c, 0)]),  # type: ignore[misc]
            )
            return
    criteria = list({c.text: c for c in _criteria(stopped)}.values())
    if len(criteria) == 1:
        yield criteria[0]
        return
    if any(_contradicts(s, other) for s in early for other in stopped):
        return
    where = {s.run: s.after[0] if s.early else len(s.run.batches) for s in stopped}
    told = ", ".join(
        f"after {s.after[0]} of {len(s.run.batches)} ({s.run.name}, {s.run.activation})"
        for s in early[:2]
    )
    more = f"; {' or '.join(c.text for c in criteria)} would do it" if len(criteria) > 1 else ""
    yield Rule(
        f"runs stop early, at steps that differ: {told}{more}",
        lambda run: floats(reference(run)[0][where[run]]),
    )


def _contradicts(stopped: _Stopped, other: _Stopped) -> bool:
    """Whether a run that stopped does not stop there when some batches after it are left out."""
    count, end = len(other.run.batches), stopped.after[0]
    part = end < count < len(stopped.run.batches) and other.run == stopped.run.part(count)
    return part and end not in other.after


def _measures(run: ServedRun) -> Mapping[str, Floats]:
    """What a run may be stopped by, at every step: before it, then after it."""
    path = [floats(w) for w in reference(run)[0]]
    data, size = floats(run.received[1]), float(run.received[2])
    every, losses, whole = [], [], []
    for t, batch in enumerate(run.batches):
        rows = data[list(batch)]
        every.append(slope(path[t], rows, run.activation, run.factors[t]))
        losses.append(loss_of(path[t], rows, run.activation))
    whole = [loss_of(w, data, run.activation) for w in path]
    lengths = np.array([float(np.sqrt(g @ g)) for g in every])
    change = np.abs(np.diff(whole))
    return {
        _LENGTH: lengths,
        "the largest entry of the gradient": np.array([float(np.abs(g).max()) for g in every]),
        "the length of the update": size * lengths,
        "the loss of the batch": np.array(losses),
        "the change of the batch's loss": np.array([np.inf, *np.abs(np.diff(losses))]),
        "the loss of all points": np.array(whole[:-1]),
        "the loss of all points after the step": np.array(whole[1:]),
        "the change of the loss of all points": change,
        "the relative change of the loss of all points":
            change / np.maximum(np.array(whole[:-1]), 1e-300),
    }  # fmt: skip


def _criteria(stopped: Sequence[_Stopped]) -> Iterator[Rule]:
    """Criteria with a power of ten, or five of them, as threshold that stop every run rightly."""
    measures = [_measures(s.run) for s in stopped]
    for name in measures[0]:
        # Whether the step at which it is seen is still taken.
        for taken in (0, 1):
            low, high = 0.0, math.inf
            for s, measured in zip(stopped, measures, strict=True):
                values = measured[name]
                # Where the weights stand still, it may have stopped at several steps.
                ends = [k - taken for k in s.after if 0 <= k - taken < len(values)]
                end = min(ends, key=lambda t, v=values: float(v[t]), default=-1)  # type: ignore[misc]
                if s.early and not 0 <= end < len(values):
                    low = math.inf
                    break
                before = values[: end if s.early else len(values)]
                high = min(high, float(before.min(initial=math.inf)))
                low = max(low, float(values[end]) if s.early else 0.0)
            if low == 0 < high and name == _LENGTH:
                yield Rule(STILL, _until(name, high, taken))
            alone = sum(s.early for s in stopped) == 1
            threshold = None if alone and high > _WIDE * low else _round_between(low, high)
            if threshold is not None:
                yield Rule(
                    f"the run stops once {name} is below {threshold:g}",
                    _until(name, threshold, taken),
                )
                break


def _round_between(low: float, high: float) -> float | None:
    """A power of ten, or its half or fifth, above one number and not above another."""
    if not 0 < low < high:
        return None
    for mantissa in (1.0, 5.0, 2.0):
        exponent = math.floor(math.log10(low / mantissa)) + 1
        value = float(f"{mantissa:g}e{exponent}")
        if low < value <= high:
            return value
    return None


def _until(name: str, threshold: float, taken: int) -> Callable[[ServedRun], Floats]:
    def result(run: ServedRun) -> Floats:
        below = np.flatnonzero(_measures(run)[name] < threshold)
        end = int(below[0]) + taken if len(below) else len(run.batches)
        return floats(reference(run)[0][end])

    return result

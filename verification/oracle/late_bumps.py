"""Read off a target's steps a step size that first rises and then falls, as in OneCycleLR."""

# ruff: noqa: ARG005 - what changes a step is given all that it may depend on

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.late_rules import Rule, follow
from whichmin.verification.oracle.observed import SeenStep, nice
from whichmin.verification.oracle.runs import ServedRun
from whichmin.verification.oracle.schedules import Schedule

__all__ = ["bump_rules", "one_cycles"]

Floats = NDArray[np.float64]

# What a factor of the step size, read off a step, may be off by.
_ERROR = 1e-6
_SHARES = (0.05, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
# Steps that say something of a bump.
_FEWEST = 8
# The longest schedule that is looked for, whatever the length of a run.
_LONGEST = 1001
_SHAPES = (("cosine", "cosine"), ("line", "line"), ("line", "cosine"), ("cosine", "line"))
# Lengths of a one-cycle schedule with momentum, which cannot be read off lengths of steps.
_TOTALS = (*range(10, 201, 10), 250, 300, 400, 500, 1000)


@dataclass(frozen=True)
class _Bump:
    """Where a step size rises and falls, for a run of any length.

    Attributes:
        peak: Step at which it is highest, a real number, by the number of steps.
        end: Step at which it is lowest again.
        shapes: ``line`` or ``cosine``, up and down.
        told: Where that is.
        fixed: Peak and end, if they do not depend on the number of steps and are whole numbers.
        period: Steps after which it starts again; 0 if it does not.
        again: Whether the cosine goes on after its end, and so up again.
    """

    peak: Callable[[int], float]
    end: Callable[[int], float]
    shapes: tuple[str, str]
    told: str
    fixed: tuple[int, int] | None = None
    period: int = 0
    again: bool = False

    def shares(self, t: Floats, length: int) -> Floats:
        """What start, peak and end count in step t: ``(steps, 3)``."""
        t = np.mod(t, self.period) if self.period else t
        peak, end = self.peak(length), self.end(length)
        up = _eased(t / peak if peak > 0 else np.ones_like(t), self.shapes[0])
        after = (t - peak) / max(end - peak, 1e-9)
        down = (1 - np.cos(np.pi * after)) / 2 if self.again else _eased(after, self.shapes[1])
        rising = t < peak
        return np.stack(
            [np.where(rising, 1 - up, 0), np.where(rising, up, 1 - down),
             np.where(rising, 0, down)], axis=1,
        )  # fmt: skip


def _eased(share: Floats, shape: str) -> Floats:
    part = np.clip(share, 0.0, 1.0)
    return np.asarray(part if shape == "line" else (1 - np.cos(np.pi * part)) / 2)


def _relative() -> Iterator[_Bump]:
    """Bumps over a whole run: PyTorch's, and a warm-up with a decay as in transformers."""
    for shapes in _SHAPES:
        for share in _SHARES:
            for extra in (0, 1):
                more = " and one step" if extra else ""
                yield _Bump(
                    lambda n, s=share, e=extra: s * (n + e) - 1,  # type: ignore[misc]
                    lambda n, e=extra: n + e - 1, shapes,  # type: ignore[misc]
                    f"over the run{more}, the first {share:.0%} up (as OneCycleLR does)",
                )  # fmt: skip
                yield _Bump(
                    lambda n, s=share: float(int(s * n)), lambda n, e=extra: n - e,  # type: ignore[misc]
                    shapes, f"over the run{', the last step lowest' if extra else ''}, the first "
                    f"{share:.0%} up",
                )  # fmt: skip


def _fixed(rates: Mapping[int, float]) -> Iterator[_Bump]:
    """Bumps of a length of their own, whose top was seen."""
    highest = [t for t, r in rates.items() if r > max(rates.values()) - _ERROR]
    first, top = min(highest), max(highest)
    for shapes in _SHAPES[:2]:
        if first:
            yield _Bump(
                lambda n: first, lambda n: 2 * first, shapes,
                f"again and again: up for {first} steps, down for as many (as CyclicLR does)",
                period=2 * first,
            )  # fmt: skip
    if not 0 < top < max(rates):
        return
    for shapes in _SHAPES:
        for share in _SHARES:
            for total in range(int(top / share), int((top + 3) / share) + 1):
                if share * total - 1 > 0:
                    yield _Bump(
                        lambda n, s=share, k=total: s * k - 1, lambda n, k=total: k - 1, shapes,  # type: ignore[misc]
                        f"over {total} steps, the first {share:.0%} up (as OneCycleLR does)",
                    )  # fmt: skip
        for peak in range(max(top - 1, 1), top + 2):
            # Where it falls, one step tells the end, which is held against all others.
            for end in range(peak + 1, _LONGEST):
                for again in (False, True)[: 1 + (shapes[1] == "cosine")]:
                    more = ", then up again" if again else ""
                    yield _Bump(
                        lambda n, k=peak: k, lambda n, k=end: k, shapes,  # type: ignore[misc]
                        f"up for {peak} steps, down until step {end}{more}", (peak, end),
                        again=again,
                    )  # fmt: skip


def _fitted(bump: _Bump, rates: Mapping[int, float], length: int) -> tuple[float, ...] | None:
    """Start, peak and end of a bump with these factors; None if there are none."""
    t = np.array(sorted(rates), dtype=np.float64)
    seen = np.array([rates[int(k)] for k in t])
    shares = bump.shares(t, length)
    if not shares.any(axis=0).all():
        return None
    levels = np.linalg.lstsq(shares, seen, rcond=None)[0]
    low, off = levels[1] < max(levels[0], levels[2]) + _ERROR, np.abs(shares @ levels - seen).max()
    if low or off > _ERROR:
        return None
    # Where the end is not seen, its level is known less well than the factors themselves.
    for error in (100 * _ERROR, 10 * _ERROR, _ERROR):
        short = tuple(nice(x, error) if abs(x) > error else 0.0 for x in map(float, levels))
        if np.abs(shares @ np.array(short) - seen).max() <= 2 * off + _ERROR / 100:
            return short
    return tuple(map(float, levels))


def _declared(bump: _Bump, levels: tuple[float, ...]) -> str:
    """The schedule of a bump that can be declared; empty if it cannot."""
    if bump.fixed is None or bump.shapes[0] != "line" or levels[1] != 1 or min(levels) < 0:
        return ""
    peak, end = bump.fixed
    parts: list[dict[str, Any]] = [
        {"name": "linear", "start": levels[0], "end": 1, "steps": peak},
        {"name": "linear", "start": 1, "end": levels[2], "steps": end - peak},
    ]
    if bump.shapes[1] == "cosine":  # one that is declared rises again
        parts[1] = {"name": "cosine", "steps": end - peak, "lowest": levels[2]}
    if bump.shapes[1] == "cosine" and not bump.again:
        parts.append({"name": "factors", "values": [levels[2]]})
    made = Schedule.make("sequence", of=parts, milestones=[peak, end][: len(parts) - 1])
    return f"'schedule': {made.record()}"


def bump_rules(lengths: Mapping[int, float | None], length: int = 0) -> Iterator[Rule]:
    """List rules by which the step size rises and then falls.

    Args:
        lengths: Factors of the step size, by the number of the step; None for a step that does not
            go along the gradient.
        length: Number of steps of the run in which they were seen; 0 if each was the last one of a
            run, so that they tell nothing of what depends on a run's length.

    Yields:
        The rules; none if some step does not go along the gradient.
    """
    rates = {t: float(r) for t, r in lengths.items() if r is not None}
    if min(rates, default=1) or not _FEWEST <= len(rates) == len(lengths):
        return
    values = [rates[t] for t in sorted(rates)]
    top = int(np.argmax(np.array(values) > max(values) - _ERROR))
    rises = np.diff(values[: top + 1])
    if not rises.any() or rises.min() < -_ERROR or rises.max() < _ERROR:
        return
    for bump in _relative() if length else _fixed(rates):
        levels = _fitted(bump, rates, length)
        if levels is None:
            continue
        start, peak, end = (f"{x:.6g}" for x in levels)
        rise, fall = bump.shapes

        def factor(t: int, n: int, bump: _Bump = bump, levels: tuple[float, ...] = levels) -> float:
            return float((bump.shares(np.array([float(t)]), n) @ np.array(levels))[0])

        yield Rule(
            f"the step size rises and falls, {bump.told}: from {start} to {peak} of itself in a "
            f"{rise}, then to {end} in a {fall}",
            lambda run, f=factor: follow(  # type: ignore[misc]
                run, rate=lambda t, g, w: f(t, len(run.batches))),
            _declared(bump, levels), "bump",
        )  # fmt: skip
        if bump.fixed is not None and (bump.again or bump.shapes[1] == "line"):
            return  # the same bump has many ends where it is not seen to the end


def one_cycles(steps: Sequence[SeenStep]) -> Iterator[Rule]:
    """List the rules of PyTorch's OneCycleLR with its default of a momentum that is cycled too.

    ``torch.optim.SGD`` has a momentum, 0 or not, so that it is set in every step: from 0.95 down to
    0.85 where the step size rises, and up again.

    Args:
        steps: Steps that were looked at, from the first on: that one has no momentum yet.

    Yields:
        The rules, by the number of steps that the schedule was made for.
    """
    first = steps[0]
    if first.t or first.length is None or first.length <= 0:
        return
    own = nice(25 * first.length, 25 * _ERROR)
    for total, peak in ((0, 1.0), (0, 10.0), *((total, own) for total in _TOTALS)):
        for shape in ("cosine", "line"):
            over = "the run" if total == 0 else f"{total} steps"
            yield Rule(
                f"OneCycleLR is on: the step size follows one cycle over {over}, up to {peak:.6g} "
                f"of itself, in a {shape}, and momentum one between 0.95 and 0.85",
                lambda run, n=total, p=peak, s=shape: (  # type: ignore[misc]
                    _cycled(run, n or len(run.batches), p, s)),
                group="one cycle",
            )  # fmt: skip


def _cycled(run: ServedRun, total: int, peak: float, shape: str) -> Floats:
    if total < len(run.batches) or total < 4:  # PyTorch refuses more steps
        return np.full(len(run.w), math.nan)
    bump = _Bump(lambda n: 0.3 * n - 1, lambda n: n - 1, (shape, shape), "")
    shares = bump.shares(np.arange(total, dtype=np.float64), total)
    rates = shares @ np.array([peak / 25, peak, peak / 25e4])
    momenta = shares @ np.array([0.95, 0.85, 0.95])
    velocity: list[Floats] = []

    def change(t: int, g: Floats, w: Floats) -> Floats:
        del w
        velocity[:] = [g if t == 0 else momenta[t] * velocity[0] + g]
        return velocity[0]

    # ``change`` sees each gradient before the rate is asked for.
    return follow(run, change=change, rate=lambda t, g, w: float(rates[t]))

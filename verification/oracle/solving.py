"""Solve for the parameter of a mistake: from the answers, not from a grid of usual values.

A family is a mistake with parameters, such as momentum. Its parameters are fitted to a few answers
(Gauss-Newton with damping, from several starts), rounded to as few digits as these answers allow,
and only then held against every answer, as any other suspect is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.errors import InputError
from whichmin.verification.oracle.references import floats

__all__ = ["Families", "Family", "Known", "shown", "solve"]

Floats = NDArray[np.float64]
Parameters = tuple[float, ...]

# What is no number is this many bounds away.
_FAR = 1e100
# Starts that are followed to the end, those nearest to the answers.
FOLLOWED = 3
# Iterations of each; convergence is quadratic, and far starts are not worth more.
ITERATIONS = 25
# Most digits of a rounded parameter. A value that needs more is no value that anybody wrote.
DIGITS = 7


@dataclass(frozen=True)
class Family:
    """A mistake with parameters, and what it gives in one case.

    Attributes:
        text: The cause, given the parameters as texts.
        value: The value, given the parameters.
        starts: Parameters to start from.
        low: Least value of every parameter.
        high: Largest value, of every parameter or of each.
        declare: What a target declares to be judged by it, given the parameters; "" for nothing.
        cost: How long the value takes, as a number of steps.
        slack: What rounding may add to the value, given the parameters; see ``check.Candidate``.
    """

    text: Callable[..., str]
    value: Callable[..., Any]
    starts: tuple[Parameters, ...]
    low: float = 0.0
    high: float | Parameters = float("inf")
    declare: Callable[..., str] = lambda *_: ""
    cost: int = 1
    slack: Callable[..., Any] | None = None


# Families by name.
Families = Iterator[tuple[str, Family]]


@dataclass(frozen=True)
class Known:
    """An answer of the target.

    Attributes:
        family: The family in this case.
        got: The answer.
        allowed: The largest deviation from a value, given the value.
    """

    family: Family
    got: Any
    allowed: Callable[[Floats], Floats]

    def residual(self, parameters: Parameters) -> Floats:
        """Return the deviation of the family's value, in units of the bound.

        Parameters that the family does not have, such as a momentum above 1, are far away.
        """
        try:
            with np.errstate(all="ignore"):
                value = floats(self.family.value(*parameters))
        except (ArithmeticError, InputError):
            return np.full(np.size(self.got), _FAR)
        if not np.isfinite(value).all():
            return np.full(np.size(self.got), _FAR)
        away, allowed = np.ravel(value - np.asarray(self.got)), np.ravel(self.allowed(value))
        return np.clip(away / np.maximum(allowed, 1e-300), -_FAR, _FAR)


def shown(number: float) -> str:
    """Write a parameter: as 1/k if it is one and no short decimal, else with few digits."""
    if number == 0:
        return "0"
    short = f"{number:.{DIGITS}g}"
    inverse = round(1 / number) if abs(number) > 1e-12 else 0
    if 2 <= abs(inverse) <= 10**6 and abs(number * inverse - 1) < 1e-9 and len(short) > 6:
        return f"1/{inverse}"
    return short


def _together(known: Sequence[Known], parameters: Parameters) -> Floats:
    return np.concatenate([k.residual(parameters) for k in known])


def _size(residual: Floats) -> float:
    return float(np.linalg.norm(residual))


def _jacobian(known: Sequence[Known], at: Floats) -> Floats:
    columns, low = [], known[0].family.low
    most = np.broadcast_to(known[0].family.high, at.shape)
    for i in range(len(at)):
        h = 1e-6 * max(abs(at[i]), 1e-6)
        ends = [np.array(at), np.array(at)]
        ends[0][i] = min(at[i] + h, most[i])
        ends[1][i] = max(at[i] - h, low)
        up, down = (_together(known, tuple(map(float, end))) for end in ends)
        columns.append((up - down) / (ends[0][i] - ends[1][i]))
    return np.array(columns).T


def _followed(known: Sequence[Known], start: Parameters) -> tuple[Floats, float]:
    """Follow a start to the nearest fit; the largest deviation there, in units of the bound."""
    first = known[0].family
    at, damping = np.array(start), 1e-6
    residual = _together(known, start)
    for _ in range(ITERATIONS):
        slope = _jacobian(known, at)
        size = np.linalg.norm(slope, axis=0)
        if not np.isfinite(slope).all() or not size.any():
            break
        size = np.where(size > 0, size, np.inf)  # these cases do not depend on that parameter
        # Each parameter in units of its effect: they may be of very different sizes.
        scaled = slope / size
        square = scaled.T @ scaled
        better = False
        for _ in range(6):
            move = np.linalg.lstsq(
                square + damping * np.eye(len(at)), -scaled.T @ residual, rcond=None
            )[0]
            new = np.clip(at + move / size, first.low, first.high)
            trial = _together(known, tuple(map(float, new)))
            if _size(trial) < _size(residual):
                better = True
                break
            damping = max(damping * 30, 1e-9)
        if not better:
            break
        gain = _size(residual) / max(_size(trial), 1e-300)
        at, residual, damping = new, trial, damping / 30
        if gain < 1 + 1e-6:
            break
    return at, float(np.abs(residual).max())


def _rounded(known: Sequence[Known], at: Floats, worst: float) -> Parameters:
    """The parameters with as few digits as the answers allow, or one over such a number."""
    allowed = max(1.0, worst)
    for digits in range(1, DIGITS + 1):
        plain = tuple(float(f"{x:.{digits}g}") for x in at)
        inverse = tuple(1 / float(f"{1 / x:.{digits}g}") if x else 0.0 for x in at)
        for tried in (plain, inverse):
            if np.abs(_together(known, tried)).max() <= allowed:
                return tried
    return tuple(map(float, at))


def solve(known: Sequence[Known], near: float = 4.0) -> Parameters | None:
    """Find the parameters of a family that give the answers.

    Args:
        known: Some answers, with the family in each case.
        near: Largest deviation in units of the bound at which the answers count as met; the caller
            decides by all answers.

    Returns:
        The parameters; None if no start leads to them.
    """
    family = known[0].family
    sizes = [(_size(_together(known, start)), start) for start in family.starts]
    # Where nothing is clipped, say, all starts are alike: one of them says as much as all.
    apart = {float(f"{size:.6g}"): start for size, start in sorted(sizes, reverse=True)}
    for _, start in sorted(apart.items())[:FOLLOWED]:
        at, worst = _followed(known, start)
        if worst <= near:
            return _rounded(known, at, worst)
    return None

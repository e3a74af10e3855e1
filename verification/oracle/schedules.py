"""Step-size schedules: what a run multiplies its step size by, step by step."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from whichmin.errors import InputError
from whichmin.verification.oracle.validation import check_choice, check_integer, check_number

__all__ = ["CONSTANT", "SCHEDULES", "Schedule", "plain"]

# Parameters of each schedule, with their defaults; None: must be given.
SCHEDULES: dict[str, dict[str, Any]] = {
    "constant": {},
    "step": {"every": None, "factor": 0.1},
    "multistep": {"milestones": None, "factor": 0.1},
    "exponential": {"factor": None},
    "cosine": {"steps": None, "lowest": 0},
    "linear": {"start": Fraction(1, 3), "end": 1, "steps": 5},
    "polynomial": {"steps": None, "power": 1, "lowest": 0},
    "inverse-sqrt": {"warmup": 1},
    "factors": {"values": None},
    "product": {"of": None},
    "sequence": {"of": None, "milestones": None},
}
# Steps that a schedule may count: more than any run has.
MOST_STEPS = 10**9
# Length of a list.
MOST_VALUES = 10**5


@dataclass(frozen=True)
class Schedule:
    r"""A factor of the step size for every step t = 0, 1, ...

    ==============  ==================================================================
    constant        1
    step            factor^floor(t / every)
    multistep       factor^k, k the number of milestones that are at most t
    exponential     factor^t
    cosine          lowest + (1 - lowest) (1 + cos(pi t / steps)) / 2
    linear          start + (end - start) min(t, steps) / steps: warm-up or decay
    polynomial      lowest + (1 - lowest) (1 - min(t, steps) / steps)^power
    inverse-sqrt    min((t + 1) / warmup, sqrt(warmup / (t + 1)))
    factors         values[t], after the end the last one
    product         the product of the schedules in ``of``
    sequence        the schedules in ``of`` one after another, each from its own t = 0: the
                    next one from each milestone on
    ==============  ==================================================================

    Step, multistep, exponential, cosine (its closed form), linear, polynomial, product and
    sequence are PyTorch's StepLR, MultiStepLR, ExponentialLR, CosineAnnealingLR, LinearLR,
    PolynomialLR, ChainedScheduler and SequentialLR, stepped once after each step of the optimiser.

    Attributes:
        name: One of ``SCHEDULES``.
        parameters: Its parameters by name.
    """

    name: str = "constant"
    parameters: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def make(cls, name: str, **parameters: Any) -> Schedule:
        """Make a schedule from parameters by name; see :meth:`parse`."""
        return cls.parse({"name": name, **parameters})

    @classmethod
    def parse(cls, declared: Any, argument: str = "schedule") -> Schedule:
        """Read a declaration such as ``{"name": "step", "every": 5, "factor": 0.1}``.

        Args:
            declared: The mapping, or a list of factors.
            argument: Its name, for errors.

        Returns:
            The schedule.

        Raises:
            InputError: It is no schedule.
        """
        if isinstance(declared, (list, tuple)):
            declared = {"name": "factors", "values": declared}
        if not isinstance(declared, Mapping) or "name" not in declared:
            raise InputError(argument, declared, "must be {'name': ..., ...} or a list of factors")
        name = check_choice(declared["name"], f"{argument}['name']", tuple(SCHEDULES))
        known = SCHEDULES[name]
        for key in declared:
            if key != "name" and key not in known:
                allowed = f"must be one of: {', '.join(('name', *known))}"
                raise InputError(f"{argument} key", key, allowed)
        given = {key: declared.get(key, default) for key, default in known.items()}
        for key, value in given.items():
            if value is None:
                raise InputError(f"{argument} of {name}", dict(declared), f"must have {key!r}")
        read = {key: _read(key, value, f"{argument}[{key!r}]") for key, value in given.items()}
        if name == "sequence" and len(read["of"]) != len(read["milestones"]) + 1:
            raise InputError(
                f"{argument}['milestones']", given["milestones"], "must be one fewer than 'of'"
            )
        return cls(name, tuple(read.items()))

    def factor(self, t: int) -> Fraction:
        """Compute the factor of step t; roots, cosines and powers that are none are rounded once.

        Args:
            t: Number of the step, from 0.

        Returns:
            The factor: exact, or the nearest float64 to within a few roundings.
        """
        p = dict(self.parameters)
        match self.name:
            case "step":
                return Fraction(p["factor"] ** (t // p["every"]))
            case "multistep":
                return Fraction(p["factor"] ** sum(s <= t for s in p["milestones"]))
            case "exponential":
                return Fraction(p["factor"] ** t)
            case "cosine":
                # Formed by the sine: 1 + cos x = 2 cos(x/2)^2 cancels nothing near the end.
                half = Fraction(math.cos(math.pi * (t % (2 * p["steps"])) / (2 * p["steps"])))
                return Fraction(p["lowest"] + (1 - p["lowest"]) * half * half)
            case "linear":
                share = Fraction(min(t, p["steps"]), p["steps"])
                return Fraction(p["start"] + (p["end"] - p["start"]) * share)
            case "polynomial":
                left = 1 - Fraction(min(t, p["steps"]), p["steps"])
                return Fraction(p["lowest"] + (1 - p["lowest"]) * _power(left, p["power"]))
            case "inverse-sqrt":
                k = p["warmup"]
                rising = Fraction(t + 1, k)
                return rising if t < k else Fraction(math.sqrt(k / (t + 1)))
            case "factors":
                return Fraction(p["values"][min(t, len(p["values"]) - 1)])
            case "product":
                return math.prod((s.factor(t) for s in p["of"]), start=Fraction(1))
            case "sequence":
                started = sum(s <= t for s in p["milestones"])
                since = p["milestones"][started - 1] if started else 0
                return Fraction(p["of"][started].factor(t - since))
        return Fraction(1)

    def record(self) -> dict[str, Any]:
        """Return the declaration as plain data."""
        return {"name": self.name, **{k: plain(v) for k, v in self.parameters}}

    def __str__(self) -> str:
        told = ", ".join(f"{k} {plain(v)}" for k, v in self.parameters)
        return f"{self.name} ({told})" if told else self.name


#: The step size as it is.
CONSTANT = Schedule()


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator == 1:
        return Fraction(base**exponent.numerator)
    return Fraction(float(base) ** float(exponent))


def plain(value: Any) -> Any:
    """Return a parameter as plain data: numbers, texts, lists and mappings."""
    if isinstance(value, Schedule):
        return value.record()
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    return float(value) if isinstance(value, Fraction) else value


def _listed(value: Any, argument: str) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= MOST_VALUES:
        raise InputError(argument, value, f"must be a list of 1 to {MOST_VALUES} entries")
    return tuple(value)


def _read(key: str, value: Any, argument: str) -> Any:
    if key in {"every", "steps", "warmup"}:
        return check_integer(value, argument, 1, MOST_STEPS)
    if key == "milestones":
        found = [check_integer(v, argument, 0, MOST_STEPS) for v in _listed(value, argument)]
        if any(p >= q for p, q in itertools.pairwise(found)):
            raise InputError(argument, value, "must rise")
        return tuple(found)
    if key == "values":
        return tuple(check_number(v, argument, 0, 2**32) for v in _listed(value, argument))
    if key == "of":
        return tuple(Schedule.parse(v, argument) for v in _listed(value, argument))
    if key == "power":
        return check_number(value, argument, 0, 64)
    return check_number(value, argument, 0, 2**32 if key == "factor" else 2**10)
